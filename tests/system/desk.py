"""A terminal beside a real daemon, where commands are run and read, and what it watches.

A switch, a file, says whether the shop is up.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from daemon.api import schema
from daemon.cli.app import run
from tests.cli.conftest import Said
from tests.system.running import Tocsin

NOBODY = 65_534

SHOP = """
[defaults]
every = "200ms"
retry_every = "50ms"
down_after = 1
flap_start = 99.0
flap_stop = 98.0

[[service]]
name = "shop"
impact = "Customers cannot pay"

[[check]]
name = "web"
service = "shop"
kind = "exec"
run = ["sh", "-c", "test -e {home}/open || exit 2"]

[[check]]
name = "clock"
kind = "exec"
run = ["true"]

[channel.console]
kind = "log"
file = "told.log"

[person.ana]
contact = {{ high = ["console"] }}

[policy.duty]
[[policy.duty.level]]
after = "0s"
notify = ["channel:console"]
[[policy.duty.level]]
after = "1h"
notify = ["channel:console"]

[[route]]
policy = "duty"
group_interval = "1s"

[[sla]]
name = "shop-month"
service = "shop"
target = 99.9

[access]
viewer = ["nobody"]
"""


class Desk:
    """A terminal beside the daemon."""

    def __init__(self, tocsin: Tocsin, capture: pytest.CaptureFixture[str]) -> None:
        self.tocsin = tocsin
        self._capture = capture
        self._switch = tocsin.home / "open"

    def __call__(self, *words: str) -> Said:
        """Run a command against the daemon."""
        return self.alone(*words, "--socket", str(self.tocsin.socket))

    def alone(self, *words: str) -> Said:
        """Run a command that is not told where the daemon is."""
        self._capture.readouterr()
        code = run(words)
        said = self._capture.readouterr()
        assert "Traceback" not in said.err
        assert all(line.startswith("tocsin: ") for line in said.err.splitlines())
        return Said(code, said.out, said.err)

    def outage(self) -> str:
        """The shop is down; the id of its incident, which nobody has taken."""
        opened = asyncio.run(self.tocsin.state()).incidents
        if not self._switch.exists() and not any(one.state == "triggered" for one in opened):
            self.calm()
        self._switch.unlink(missing_ok=True)
        return asyncio.run(self.tocsin.incident("shop")).id

    def calm(self) -> None:
        """All is up, and nothing fires."""
        self._switch.touch()
        asyncio.run(self.tocsin.until(_is_calm))


def _is_calm(state: schema.State) -> bool:
    well = all(one.status == "up" and one.hard for one in state.checks)
    return well and not state.incidents and not state.alerts


@contextmanager
def nobody() -> Iterator[None]:
    """As a user without any rights."""
    groups = os.getgroups()
    os.setgroups([])
    os.setegid(NOBODY)
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)
        os.setgroups(groups)
