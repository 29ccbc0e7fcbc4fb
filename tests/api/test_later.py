"""Handlers of what is seldom asked are loaded with the first request."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import cast

import pytest

import daemon
from daemon.api.call import Call
from daemon.api.later import Later, summary
from daemon.api.problems import Busy
from daemon.api.routes.table import endpoints
from daemon.installed import replaced_by

STARTED = """
import sys, daemon.service.app
from daemon.api.routes.table import endpoints
endpoints()
dear = ("daemon.report.view", "daemon.past", "daemon.analysis", "daemon.service.reporter",
        "daemon.service.workers.pool", "pickle", "statistics", "csv")
print(*[name for name in dear if name in sys.modules])
"""


def test_a_daemon_is_made_without_what_few_are_asked_for() -> None:
    done = subprocess.run([sys.executable, "-c", STARTED], capture_output=True, text=True)
    assert (done.stdout.strip(), done.stderr) == ("", "")


LATE = [row for row in endpoints() if isinstance(row.handler, Later)]


@pytest.mark.parametrize("row", LATE, ids=lambda row: f"{row.method} {row.path}")
def test_each_name_in_the_table_leads_to_a_handler_that_says_what_it_does(row) -> None:  # type: ignore[no-untyped-def]  # a row of the table
    handler = row.handler
    assert isinstance(handler, Later)
    assert handler.load() is handler.load()
    assert summary(handler).endswith((".", "?"))


def test_there_are_handlers_that_come_late() -> None:
    assert len(LATE) > 10


async def test_modules_of_another_version_are_not_loaded_beside_those_that_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What was installed over a daemon that runs is said, and not mixed with it."""
    there = tmp_path / "__init__.py"
    there.write_text('"""Words."""\n\n__version__ = "99.0"\n')
    monkeypatch.setattr(daemon, "__file__", str(there))
    assert replaced_by() == "99.0"
    handler = Later("reports.keep")
    with pytest.raises(Busy, match=r"version 99\.0 was installed over .*, which runs; restart it"):
        await handler(cast("Call", None))
    monkeypatch.undo()
    assert replaced_by() is None
    assert handler.load()
