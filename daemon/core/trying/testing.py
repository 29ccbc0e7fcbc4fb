"""Test alerts: marked alerts that an operator fires to see the real way from alert to page.

Theory. A test alert carries the labels of a check of its service, so it takes the routes, the
policy and the mutes that the failure of that check would; its own labels `test="true"` and
`test_id` tell it from the check's. It is grouped only with alerts of the same test, mutes
nobody else and starts no response, so a test changes nothing about what is real; its incident
is marked, costs no money and is timed by nothing. Its condition is stated as having held and
being away again, kept firing for as long as was asked: so it resolves by itself, also over a
restart, or as soon as an operator resolves it.

It stands where checks and rules stand, before the alerts: `stated` makes what they state.
"""

from __future__ import annotations

import hashlib
from typing import Final

from msgspec import structs

from checks.result import Status
from daemon.core.alerting.sources import TEST
from daemon.core.alerting.titles import lasting
from daemon.core.chronicle import Audit
from daemon.core.errors import Invalid, NotFound
from daemon.core.events import FireTest
from daemon.core.model import HOUR, Instant, Millis
from daemon.core.plan import DEFAULT_SEVERITY, CheckPlan, Plan, ServicePlan
from daemon.core.ruling.conditions import CHECK_FAILING
from daemon.core.severity import Severity
from daemon.core.turn import Condition, Turn

MOST: Final = 2_000
"""So many alerts one test may fire."""
LONGEST: Final[Millis] = 24 * HOUR
"""So long it may go on."""

MARK: Final = "test"
"""The label that marks a test alert; its value is `true`."""
MARK_ID: Final = "test_id"
"""The label that tells the alerts of a test from all others: the test's id, and a number where
it has several."""


def id_of(event: FireTest, now: Instant) -> str:
    """The id of the test that begins with this: eight hexadecimal digits."""
    told = f"{event.actor.name}|{'|'.join(event.services)}|{event.alerts}|{now}"
    return hashlib.sha256(told.encode()).hexdigest()[:8]


def fire(plan: Plan, event: FireTest, turn: Turn) -> None:
    """Put what the test states into the turn.

    Raises:
        NotFound, Invalid: See `check`.
    """
    check(plan, event)
    key = id_of(event, turn.now)
    for number in range(event.alerts):
        mark = key if event.alerts == 1 else f"{key}.{number + 1}"
        turn.conditions += stated(plan, event, number, turn.now, mark)
    count = "" if event.alerts == 1 else f"{event.alerts} alerts "
    detail = f"test {key}: {count}for {lasting(event.lasts)}"
    turn.append(Audit(turn.now, event.actor, "test alert", ", ".join(event.services), detail))


def check(plan: Plan, event: FireTest) -> None:
    """Hold a test against what there is.

    Raises:
        NotFound: There is no such service.
        Invalid: It has too many alerts, or lasts for no time or too long.
    """
    missing = [name for name in event.services if name not in plan.services]
    if missing or not event.services:
        known = ", ".join(list(plan.services)[:10]) or "none"
        raise NotFound(f"there is no service {''.join(missing[:1])[:100]!r}; known: {known}")
    if not 0 < event.alerts <= MOST:
        raise Invalid(f"a test fires 1 to {MOST} alerts")
    if not 0 < event.lasts <= LONGEST:
        raise Invalid("a test lasts for up to 24 hours")


def stated(
    plan: Plan, event: FireTest, number: int, now: Instant, mark: str
) -> tuple[Condition, Condition]:
    """The condition of one of the alerts (from 0) as it holds, and as it is away."""
    service, found = _subject(plan, event, number)
    held = _condition(service, found, event, now, mark)
    return held, structs.replace(held, holds=False)


def like(plan: Plan, event: FireTest, number: int) -> int:
    """The first of the alerts that is about the same check of the same service."""
    services = len(event.services)
    checks = len(_checks(plan, plan.services[event.services[number % services]])) or 1
    return number % services + (number // services % checks) * services


def _subject(plan: Plan, event: FireTest, number: int) -> tuple[ServicePlan, CheckPlan | None]:
    """The services in turn, and of each its checks in turn."""
    service = plan.services[event.services[number % len(event.services)]]
    known = _checks(plan, service)
    turn = number // len(event.services)
    return service, known[turn % len(known)] if known else None


def _checks(plan: Plan, service: ServicePlan) -> list[CheckPlan]:
    return [plan.checks[name] for name in service.checks if name in plan.checks]


def _condition(
    service: ServicePlan, check: CheckPlan | None, event: FireTest, now: Instant, mark: str
) -> Condition:
    """A check of the service is down; the service itself, where it has none."""
    name = service.name if check is None else check.name
    return Condition(
        source=f"{TEST}{mark}",
        name=CHECK_FAILING,
        labels=_labels(service, check) | {MARK: "true", MARK_ID: mark},
        severity=event.severity or _severity(check),
        holds=True,
        since=now,
        annotations={
            "summary": f"[TEST] {name} is down: a test by {event.actor.name}",
            "status": Status.DOWN.word,
            "message": f"a test by {event.actor.name}; nothing is wrong",
        },
        keep_for=event.lasts,
        acknowledgeable=check is None or check.acknowledgeable,
    )


def _severity(check: CheckPlan | None) -> Severity:
    grades = DEFAULT_SEVERITY if check is None else check.severity
    return grades.get(Status.DOWN, DEFAULT_SEVERITY[Status.DOWN])


def _labels(service: ServicePlan, check: CheckPlan | None) -> dict[str, str]:
    """Those that the failing check's own alert would have."""
    if check is not None:
        return {**check.labels, "alertname": CHECK_FAILING}
    own = {
        "alertname": CHECK_FAILING,
        "service": service.name,
        "context": service.context,
        "organization": service.organization,
        "owner": service.owner,
    }
    return {**service.labels, **{name: value for name, value in own.items() if value is not None}}
