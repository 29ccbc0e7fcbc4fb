"""Patterns of escalation."""

from __future__ import annotations

from daemon.analysis.escalations import patterns
from daemon.core.model import DAY, HOUR, MINUTE
from daemon.store.reading.escalated import Climb

MONDAY = 4 * DAY
"""1970-01-05 is one."""


def test_policies_and_services_are_told_by_what_escalates() -> None:
    found = patterns(
        [
            Climb(MONDAY, "day", 0, "shop", MONDAY + MINUTE),
            Climb(MONDAY, "day", -1, "shop", None),
            Climb(MONDAY + HOUR, "night", 2, "shop", MONDAY + 2 * HOUR),
            Climb(MONDAY + HOUR, "night", 1, "db", None),
            Climb(MONDAY + HOUR, "night", 1, None, None),
        ],
        "UTC",
        most=1,
    )
    assert (found.total, found.escalated) == (5, 3)
    night, day = found.policies
    assert (night.name, night.total, night.deepest, night.answered) == ("night", 3, [0, 2, 1], 1)
    assert (day.name, day.deepest, day.escalated) == ("day", [1], 0)
    assert (day.to_acknowledge.median, night.share) == (MINUTE, 1)
    assert [one.name for one in found.services] == ["db"]
    assert {hour: count for hour, count in enumerate(found.by_hour_of_week) if count} == {1: 3}


def test_without_incidents_there_is_nothing_to_tell() -> None:
    found = patterns([], "UTC", most=5)
    assert (found.total, found.policies, found.services) == (0, [], [])
