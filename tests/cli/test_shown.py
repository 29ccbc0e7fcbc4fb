"""Rows for people do not say what was not measured."""

from __future__ import annotations

import pytest

from daemon.api.schema import CheckView, Last, StatusWord
from daemon.cli import shown

NOW = 1_800_000_000_000


@pytest.mark.parametrize(
    ("status", "latency"), [("up", "12ms"), ("degraded", "12ms"), ("down", "–"), ("unknown", "–")]
)
def test_a_failed_run_has_no_latency(status: StatusWord, latency: str) -> None:
    last = Last(time="2026-11-21T10:00:00.000Z", status=status, latency_ms=12.0, message="words")
    check = CheckView(
        name="web",
        kind="http",
        service="web",
        status=status,
        hard=True,
        since="2026-11-21T10:00:00.000Z",
        last=last,
    )
    assert shown.check(check, NOW)[shown.CHECKS.index("LATENCY")] == latency
    assert shown.result(last)[shown.RESULTS.index("LATENCY")] == latency
