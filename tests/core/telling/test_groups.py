"""When a group tells its channels: the decision table, and the looks that time brings."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from daemon.core.chronicle import NoticeType
from daemon.core.model import HOUR, MINUTE, SECOND, Group, Told
from daemon.core.severity import Severity
from daemon.core.telling.groups import NOTICE_TYPE, TABLE, Look, Reason, next_look, verdict
from tests.core.deciding import START


def told(*firing: str, at: int = START, severity: Severity = Severity.HIGH) -> Told:
    return Told("slack", "", at, firing, severity)


def look(entry: Told | None = None, *firing: str, **more: Any) -> Look:
    keys = frozenset(firing)
    base = Look(
        entry, keys, keys, Severity.HIGH if keys else None, False, True, HOUR, START + MINUTE
    )
    return replace(base, **more)


@pytest.mark.parametrize(
    ("seen", "reason"),
    [
        (look(None), None),
        (look(None, "a"), Reason.FIRST),
        (look(told(), "a"), Reason.FIRST),
        (look(told("a"), "a"), None),
        (look(told("a"), "a", "b"), Reason.NEW),
        (look(told("a"), "b"), Reason.NEW),
        (look(told("a", severity=Severity.LOW), "a"), Reason.RAISED),
        (look(told("a", severity=Severity.CRITICAL), "a"), None),
        (look(told("a", "b"), "a"), Reason.SOME),
        (look(told("a", "b"), "a", send_resolved=False), None),
        (look(told("a", "b"), "a", still=frozenset("ab")), None),
        (look(told("a")), Reason.SOME),
        (look(told("a"), still=frozenset("a")), None),
        (look(told("a", at=START - HOUR), "a"), Reason.REPEAT),
        (look(told("a", at=START + MINUTE - HOUR), "a"), Reason.REPEAT),
        (look(told("a", at=START + MINUTE - HOUR + 1), "a"), None),
        (look(told("a", at=START - HOUR), "a", acknowledged=True), None),
        (look(told("a", at=START - HOUR), "a", known=False), None),
        (look(told("a"), "a", "b", acknowledged=True), Reason.NEW),
        (look(told("a"), "a", reopened=True), Reason.REOPENED),
        (look(told("a"), still=frozenset("a"), reopened=True), None),
        (look(told("a", at=START - HOUR), still=frozenset("a")), None),
    ],
)
def test_the_decision_table(seen: Look, reason: Reason | None) -> None:
    assert verdict(seen) is reason


def test_every_reason_has_its_row_and_its_type() -> None:
    assert {reason for reason, _ in TABLE} == set(Reason) - {Reason.ALL}
    assert set(NOTICE_TYPE) == set(Reason)
    assert NOTICE_TYPE[Reason.FIRST] is NoticeType.FIRING


def group(flushed_at: int | None = None, flush_at: int | None = None) -> Group:
    return Group(
        "k", "0", {}, "i", True, ("a",), START, flush_at, flushed_at,
        channels=("slack",), wait=30 * SECOND, interval=5 * MINUTE, repeat=HOUR,
    )  # fmt: skip


NOW = START + 7 * MINUTE


def test_the_first_look_is_when_the_wait_is_over() -> None:
    assert next_look(group(), [look(None, "a")], START) == START + 30 * SECOND


def test_a_change_is_told_at_the_next_interval_after_the_last_telling() -> None:
    seen = [look(told("a"), "a", "b", now=NOW)]
    assert next_look(group(START + MINUTE), seen, NOW) == START + 11 * MINUTE


def test_a_rise_of_severity_is_told_at_once() -> None:
    seen = [look(told("a", severity=Severity.LOW), "a", now=NOW)]
    assert next_look(group(START + MINUTE), seen, NOW) == NOW


def test_nothing_new_is_told_again_when_the_repeat_interval_is_over_on_a_tick() -> None:
    seen = [look(told("a", at=START + MINUTE), "a", now=NOW)]
    assert next_look(group(START + MINUTE), seen, NOW) == START + 61 * MINUTE
    odd = [look(told("a", at=START + 2 * MINUTE), "a", now=NOW)]
    assert next_look(group(START + MINUTE), odd, NOW) == START + 66 * MINUTE


def test_an_acknowledged_group_with_nothing_new_does_not_look() -> None:
    seen = [look(told("a"), "a", acknowledged=True, now=NOW)]
    assert next_look(group(START), seen, NOW) is None


def test_a_group_whose_alerts_are_muted_does_not_look() -> None:
    assert next_look(group(), [look(None, still=frozenset("a"), now=NOW)], NOW) is None


def test_a_look_that_is_due_is_not_put_off() -> None:
    seen = [look(told("a"), "a", "b", now=NOW)]
    assert next_look(group(START + MINUTE, flush_at=NOW), seen, NOW) == NOW


def test_the_soonest_of_its_channels_counts() -> None:
    seen = [look(told("a"), "a", now=NOW), look(None, "a", now=NOW)]
    assert next_look(group(START + MINUTE), seen, NOW) == START + 11 * MINUTE


def test_without_channels_there_is_nothing_to_look_at() -> None:
    assert next_look(group(), [], NOW) is None
