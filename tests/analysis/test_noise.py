"""What is called noise, and what is to be changed."""

from __future__ import annotations

from fractions import Fraction

from daemon.analysis.noise import noisy
from daemon.store.reading.alerts import AlertTotals


def totals(source: str = "rule:disk:host", **changes: int) -> AlertTotals:
    """An alert that fired ten times, was always answered, and lasted."""
    counts = {"count": 10, "escalated": 0, "unacknowledged": 0, "short": 0, "again": 0} | changes
    return AlertTotals(
        name="disk",
        source=source,
        open=0,
        firing_ms=0,
        longest_ms=0,
        shortest_ms=0,
        worst="high",
        **counts,
    )


def test_what_was_answered_and_lasted_is_no_noise() -> None:
    assert noisy([totals(unacknowledged=4, short=4, again=4)], {}) == []


def test_what_fired_twice_is_not_judged() -> None:
    assert noisy([totals(count=2, unacknowledged=2)], {}) == []


def test_each_reason_names_the_key_of_what_made_the_alert() -> None:
    def keys(source: str, **counts: int) -> list[tuple[str, str]]:
        (found,) = noisy([totals(source, **counts)], {"web": "money"})
        return [(one.table, one.key) for one in found.advice]

    rule, check = '[[rule]] name = "disk:all"', '[[check]] name = "web"'
    every = {"unacknowledged": 5, "short": 6, "again": 7}
    assert keys("rule:disk:all:web", **every) == [
        (rule, "severity"),
        (rule, "keep_for"),
        (rule, "for"),
    ]
    assert keys("check:web", **every) == [
        ("[context.money]", "severity"),
        (check, "up_after"),
        (check, "down_after"),
    ]


def test_what_disturbed_most_for_nothing_is_first() -> None:
    found = noisy(
        [
            totals("check:a", count=10, short=10),
            totals("check:b", count=100, short=60),
            totals("self:x", count=100, short=100),
        ],
        {},
    )
    assert [(one.totals.source, one.noise) for one in found] == [
        ("check:b", Fraction(3, 5)),
        ("check:a", 1),
    ]
