"""The storyteller's lines."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from daemon.api.schema import (
    Budget,
    CheckView,
    EscalationView,
    IncidentView,
    Money,
    Mute,
    Period,
    ServiceView,
    SlaView,
)
from daemon.demo import lines

NOW = datetime(2026, 11, 21, 10, 10, 5, tzinfo=UTC)


def incident(**changes: Any) -> IncidentView:
    facts: dict[str, Any] = {
        "id": "a1",
        "state": "triggered",
        "severity": "critical",
        "service": "orders-db",
        "title": "orders-db is down",
        "summary": "",
        "fired_at": "2026-11-21T10:10:00.000Z",
        "acknowledged_at": None,
        "acknowledged_by": None,
        "resolved_at": None,
        "escalation": None,
        "muted": [],
        "alerts": [],
        "version": 1,
    }
    return IncidentView(**(facts | changes))


def escalation(**changes: Any) -> EscalationView:
    facts: dict[str, Any] = {
        "policy": "on-call",
        "level": 1,
        "levels": 3,
        "next_at": "2026-11-21T10:10:12.000Z",
        "next_notify": ["person:ben"],
    }
    return EscalationView(**(facts | changes))


@pytest.mark.parametrize(
    ("old", "new", "news"),
    [
        (None, {}, "firing: CRITICAL orders-db is down"),
        ({}, {}, None),
        ({}, {"severity": "emergency"}, "now emergency: EMERGENCY orders-db is down"),
        (
            {},
            {"state": "acknowledged", "acknowledged_by": "eve"},
            "acknowledged by eve: CRITICAL orders-db is down",
        ),
        ({"state": "acknowledged"}, {}, "open again: CRITICAL orders-db is down"),
        ({}, {"state": "resolved"}, "resolved: CRITICAL orders-db is down"),
        ({"state": "resolved"}, {"state": "resolved"}, None),
    ],
)
def test_only_what_changed_is_news(
    old: dict[str, Any] | None, new: dict[str, Any], news: str | None
) -> None:
    before = None if old is None else incident(**old)
    assert lines.incident_news(before, incident(**new)) == news


def test_the_board_shows_the_countdown_and_the_money_of_the_worst() -> None:
    cost = Money(per_hour="48000", lost="66.66", currency="GBP", as_of="2026-11-21T10:10:05.000Z")
    worst = incident(escalation=escalation(), money=cost)
    others = [incident(id="b", severity="low"), incident(id="c", state="acknowledged")]
    assert lines.board([*others, worst], NOW) == (
        "CRITICAL orders-db is down: level 1 of 3, person:ben in 7 s, GBP 66.66 lost"
    )
    assert lines.board([], NOW) == "all is well"


def test_money_is_lost_by_the_second_while_the_service_is_down() -> None:
    cost = Money(per_hour="3600", lost="1.00", currency="GBP", as_of="2026-11-21T10:10:00.000Z")
    down = incident(money=cost, down_since="2026-11-21T10:09:59.000Z")
    assert lines.money(down, NOW) == ", GBP 6.00 lost"
    assert lines.money(incident(money=cost), NOW) == ", GBP 1.00 lost"
    assert lines.money(incident(), NOW) == ""


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"escalation": escalation(next_at=None, spent=True)}, "everybody was told"),
        ({"escalation": escalation(next_at=None, paused=True)}, "at rest"),
        ({}, "no policy"),
        (
            {"muted": [Mute(by="r", reason="recommendations-http flaps", until=None)]},
            "muted, recommendations-http flaps",
        ),
        ({"state": "acknowledged", "acknowledged_by": "eve"}, "taken by eve"),
    ],
)
def test_no_countdown_has_its_reason(changes: dict[str, Any], words: str) -> None:
    assert lines.countdown(incident(**changes), NOW) == words


def test_the_gauge_shows_what_is_left_of_the_budget_and_never_less_than_nothing() -> None:
    def sla(left_ms: int) -> SlaView:
        period = Period(start="2026-11-20T10:10:00.000Z", end="2026-11-21T10:10:00.000Z")
        return SlaView(
            name="orders",
            service="orders-db",
            kind="availability",
            target=99.9,
            period=period,
            value=99.95,
            met=True,
            up_ms=1,
            down_ms=0,
            degraded_ms=0,
            unknown_ms=0,
            excluded_ms=0,
            coverage=100.0,
            budget=Budget(total_ms=86_400, left_ms=left_ms),
            burn_rate=1.0,
            violations=[],
        )

    assert lines.gauge(sla(43_200), 10) == (
        "orders-db 99.9500 % of 99.9 % [#####-----] 50% of the budget left"
    )
    assert "[----------] 0%" in lines.gauge(sla(-5), 10)


def test_the_estate_names_causes_and_flapping() -> None:
    def service(name: str, status: Any, **more: Any) -> ServiceView:
        return ServiceView(name=name, status=status, since=None, checks=[], slas=[], **more)

    check = CheckView(
        name="r",
        kind="http",
        service="recommendations",
        status="up",
        hard=True,
        since=None,
        last=None,
        flapping=True,
    )
    shop = [
        service("orders-db", "down"),
        service("checkout", "unknown", unreachable="orders-db"),
        service("search", "up"),
    ]
    assert lines.estate(shop, [check]) == (
        "down: orders-db; unknown: checkout (orders-db is down); flapping: recommendations"
    )
    assert lines.estate([], []) == "every service is up"


def test_a_line_from_outside_cannot_steer_the_terminal() -> None:
    assert "\x1b" not in lines.line(1_000, "mail", "evil \x1b[2J\ntext")
