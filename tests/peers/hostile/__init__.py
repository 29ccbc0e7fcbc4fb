"""Targets that do everything wrong, each on a port of its own, in a process of its own.

`start_hostile()` gives a running `Hostile` with the port of each hostility by name. The names
and what they do are in `streams` (any protocol), `web` (HTTP), `secured` (TLS) and `databases`.
A process of its own, so that what is measured in a test is the check and not the target.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HOME = Path(__file__).parents[3]


@dataclass(frozen=True, slots=True)
class Hostile:
    """The running process.

    Attributes:
        ports: Where each hostility is.
    """

    ports: dict[str, int]
    host: str = "127.0.0.1"


@contextmanager
def start_hostile() -> Iterator[Hostile]:
    """Serve them all until the block ends."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.peers.hostile"],
        cwd=HOME,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    with process.stdout, process.stdin:
        try:
            yield Hostile(json.loads(process.stdout.readline()))
        finally:
            process.kill()
            process.wait()
