"""The demo's configuration: the shop as Tocsin is told of it, with seconds for minutes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import tomli_w

from daemon.demo.shop import HEARTBEAT, Addresses

_WIKI: Final = "https://wiki.shop.example"
_TARGETS: Final = tuple(map(Decimal, ("99.5", "99.9", "99.95", "99.99", "99.995", "99.999")))
_BUDGET_S: Final = 90.0
_SOON_S: Final = 12 * 3_600


def configuration(
    directory: Path, shop: Addresses, mail_port: int, webhook_port: int, now: datetime
) -> dict[str, Any]:
    """The configuration as tables, for a demo that begins at `now` (UTC); `write` makes the
    file."""
    return {
        "daemon": {
            "socket": str(directory / "tocsin.sock"),
            "database": str(directory / "tocsin.db"),
        },
        "defaults": {
            "every": "1s",
            "timeout": "900ms",
            "retry_every": "500ms",
            "every_down": "1s",
            "down_after": 2,
        },
        "context": _contexts(),
        "severity": {
            "emergency": {"mtta": "1m", "mttr": "5m", "update_every": "2m"},
            "critical": {"mtta": "2m", "mttr": "10m"},
        },
        "service": _services(now),
        "check": _checks(shop),
        "rule": _rules(),
        "route": _routes(),
        "policy": _policies(),
        "person": _people(),
        "schedule": {"first": _in_turn(now, "ana", "ben"), "second": _in_turn(now, "ben", "ana")},
        "channel": _channels(mail_port, webhook_port),
        "sla": _slas(now),
    }


def write(path: Path, tables: dict[str, Any]) -> None:
    """Write the configuration as a file only this user can read."""
    path.touch(mode=0o600)
    path.write_text(tomli_w.dumps(tables), encoding="utf-8")


def _contexts() -> dict[str, Any]:
    return {
        "revenue_critical": {
            "rank": 1,
            "severity": {"down": "emergency", "degraded": "high", "unknown": "medium"},
        },
        "customer_facing": {
            "rank": 2,
            "severity": {"down": "critical", "degraded": "medium", "unknown": "low"},
        },
        "back_office": {
            "rank": 3,
            "severity": {"down": "high", "degraded": "low", "unknown": "low"},
        },
    }


def _services(now: datetime) -> list[dict[str, Any]]:
    sale_ends = (now.astimezone(UTC) + timedelta(days=7)).strftime("%Y-%m-%dT18:00")
    money = {"currency": "GBP", "organization": "shop"}
    return [
        {
            "name": "orders-db",
            "context": "revenue_critical",
            "owner": "platform",
            "revenue_per_hour": 48000,
            "impact": "Nobody can order anything.",
            "runbook": "Press a to take this incident, n to write a note, e to tell the next.",
            "recovery_sla": "20s",
            **money,
        },
        {
            "name": "checkout",
            "context": "revenue_critical",
            "owner": "payments",
            "depends_on": ["orders-db"],
            "revenue_per_hour": 36000,
            "impact": "Customers cannot pay.",
            "runbook": "Press w to go to the worst incident, a to take it, enter to look at it.",
            "recovery_sla": "30s",
            "at_risk": [{"value": 250000, "until": sale_ends, "what": "the sale ends"}],
            **money,
        },
        {
            "name": "search",
            "context": "customer_facing",
            "owner": "discovery",
            "revenue_per_hour": 6000,
            "impact": "Customers find nothing, or too late",
            "runbook": f"{_WIKI}/search",
            **money,
        },
        {
            "name": "recommendations",
            "context": "back_office",
            "owner": "discovery",
            "impact": "Customers see no recommendations",
            **money,
        },
        {
            "name": "invoices",
            "context": "back_office",
            "owner": "finance",
            "depends_on": ["orders-db"],
            "impact": "Invoices go out late",
            "runbook": f"{_WIKI}/invoices",
            **money,
        },
        {
            "name": "backup",
            "context": "back_office",
            "owner": "platform",
            "impact": "Last night's data has no copy",
            "runbook": f"{_WIKI}/backup",
        },
        {"name": "this-host", "context": "back_office", "owner": "platform"},
    ]


def _checks(shop: Addresses) -> list[dict[str, Any]]:
    base = f"http://127.0.0.1:{shop.web_port}"
    return [
        {
            "name": "orders-db-tcp",
            "service": "orders-db",
            "kind": "tcp",
            "host": "127.0.0.1",
            "port": shop.database_port,
        },
        {
            "name": "checkout-http",
            "service": "checkout",
            "kind": "http",
            "url": f"{base}/checkout/health",
            "expect": ["status == 200", "json.ok == true"],
        },
        {
            "name": "search-http",
            "service": "search",
            "kind": "http",
            "url": f"{base}/search",
            "expect": ["status == 200"],
            "degraded_if": ["latency_ms > 500.0"],
        },
        {
            "name": "recommendations-http",
            "service": "recommendations",
            "kind": "http",
            "url": f"{base}/recommendations",
            "expect": ["status == 200"],
        },
        {
            "name": "invoices-unsent",
            "service": "invoices",
            "kind": "sqlite",
            "path": str(shop.invoices),
            "query": "SELECT count(*) AS unsent FROM invoices WHERE sent = 0",
            "degraded_if": ["value > 40"],
        },
        {
            "name": HEARTBEAT,
            "service": "backup",
            "kind": "heartbeat",
            "period": "4s",
            "grace": "3s",
        },
        {"name": "this-host", "service": "this-host", "kind": "host", "every": "2s"},
    ]


def _rules() -> list[dict[str, Any]]:
    return [
        {
            "name": "search-slow",
            "select": ['check="search-http"'],
            "when": "p95('latency_ms','10s') > 200.0",
            "clear_when": "p95('latency_ms','10s') < 100.0",
            "for": "2s",
            "severity": "high",
            "annotations": {"summary": "Searches take longer than 200 ms"},
        }
    ]


def _routes() -> list[dict[str, Any]]:
    return [
        {
            "match": ['severity=~"emergency|critical"'],
            "channels": ["shop-chat"],
            "policy": "on-call",
            "group_by": ["service"],
            "group_wait": "0s",
            "group_interval": "5s",
            "repeat_interval": "1m",
        },
        {
            "channels": ["shop-chat"],
            "policy": "office",
            "group_by": ["service"],
            "group_wait": "2s",
            "group_interval": "10s",
            "repeat_interval": "2m",
        },
    ]


def _policies() -> dict[str, Any]:
    return {
        "on-call": {
            "level": [
                {"after": "0s", "notify": ["schedule:first"]},
                {"after": "10s", "notify": ["schedule:second"]},
                {"after": "20s", "notify": ["channel:managers"]},
            ],
            "rounds": 1,
            "round_every": "15s",
        },
        "office": {
            "level": [
                {"after": "0s", "notify": ["schedule:first"]},
                {"after": "25s", "notify": ["schedule:second"]},
            ]
        },
    }


def _people() -> dict[str, Any]:
    ways = {"high": ["mail"], "low": ["mail"]}
    return {
        "ana": {"contact": ways, "mail": "ana@shop.example"},
        "ben": {"contact": ways, "mail": "ben@shop.example"},
    }


def _in_turn(now: datetime, *persons: str) -> dict[str, Any]:
    """Persons who take turns by the day, the first of them today: a demo tells the same story
    every day, unless it is shown over midnight."""
    start = now.astimezone(UTC).strftime("%Y-%m-%dT00:00")
    layer = {"rotation": "daily", "start": start, "people": list(persons)}
    return {"timezone": "UTC", "layer": [layer]}


def _channels(mail_port: int, webhook_port: int) -> dict[str, Any]:
    mail = {
        "kind": "email",
        "host": "127.0.0.1",
        "port": mail_port,
        "tls": "none",
        "sender": "Tocsin <tocsin@shop.example>",
    }
    return {
        "mail": {**mail, "fallback": "shop-chat"},
        "managers": {**mail, "to": ["managers@shop.example"], "audience": "stakeholder"},
        "shop-chat": {"kind": "webhook", "url": f"http://127.0.0.1:{webhook_port}/shop-chat"},
    }


def objective(now: datetime) -> tuple[str, Decimal]:
    """A time zone and a target with which this month's budget is a minute or two.

    A month's budget counts the time that is still to come, and what came before the demo is
    unknown. So the target depends on how much of the month is left; near its end the zone is
    one where the next month has begun.
    """
    zone, left_s = "UTC", _left_of_month_s(now)
    if left_s < _SOON_S:
        zone = "Etc/GMT-14"  # POSIX's sign: fourteen hours ahead of UTC
        left_s = _left_of_month_s(now + timedelta(hours=14))
    return zone, min(_TARGETS, key=lambda target: _distance(left_s, target))


def _left_of_month_s(now: datetime) -> float:
    first = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    following = (first + timedelta(days=32)).replace(day=1)
    return (following - now).total_seconds()


def _distance(left_s: float, target: Decimal) -> float:
    """How far the budget of a target is from the one the demo wants, as a ratio."""
    budget_s = left_s * float(1 - target / 100)
    return max(budget_s / _BUDGET_S, _BUDGET_S / budget_s)


def _slas(now: datetime) -> list[dict[str, Any]]:
    """Each outage visibly eats from a budget of this size."""
    zone, target = objective(now)
    return [
        {
            "name": f"{service}-availability",
            "service": service,
            "target": float(target),
            "period": "month",
            "timezone": zone,
        }
        for service in ("orders-db", "checkout", "search")
    ]
