"""Handlers of what is seldom asked are loaded with the first request."""

from __future__ import annotations

import subprocess
import sys

import pytest

from daemon.api.later import Later, summary
from daemon.api.routes.table import endpoints

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
