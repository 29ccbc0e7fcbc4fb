"""Where alerts come from: Tocsin's own reports, and whether a source still exists.

What the service reports of itself (`self:database`, ...) is known to its present process
alone, so it does not outlive a restart. Five are the engine's own findings and follow from
what is stored: the lost uplink, a channel that does not deliver (`self:delivery:CHANNEL`), a
policy that found nobody to tell (`self:nobody:POLICY`), a response that is stopped
(`self:response:RESPONSE`), and an incident that was not answered in time
(`self:slow:ack:INCIDENT`, `self:slow:fix:INCIDENT`). What an operator opens by hand comes
from `manual:ID`, what one fires as a test from `test:ID`.
"""

from __future__ import annotations

from typing import Final

from msgspec import structs

from daemon.core.events import SelfReport
from daemon.core.labels import match_all
from daemon.core.model import Incident, Instant
from daemon.core.plan import Plan
from daemon.core.severity import Severity
from daemon.core.sla import alarms
from daemon.core.turn import Condition

SERVICE: Final = "tocsin"
"""The service that all alerts about Tocsin itself belong to."""

UPLINK: Final = "self:uplink"
_DELIVERY: Final = "self:delivery:"
_NOBODY: Final = "self:nobody:"
_SLOW: Final = "self:slow:"
_RESPONSE: Final = "self:response:"
BY_HAND: Final = "manual:"
"""What the sources of alerts that operators make begin with."""
TEST: Final = "test:"
"""What the sources of test alerts begin with: `test:ID`, or `test:ID.NUMBER`."""


def self_condition(report: SelfReport, now: Instant) -> Condition:
    """What Tocsin says of itself, as a condition: `TocsinDatabase`, severity high."""
    name = "Tocsin" + "".join(word.capitalize() for word in report.problem.split("_"))
    return Condition(
        source=f"self:{report.problem}",
        name=name,
        labels={"alertname": name, "service": SERVICE},
        severity=Severity.HIGH,
        holds=report.holds,
        since=now,
        annotations={"summary": report.message},
    )


def delivery_condition(channel: str, holds: bool, detail: str, now: Instant) -> Condition:
    """Whether this channel failed for good the last time a notice was settled."""
    return structs.replace(
        self_condition(SelfReport("delivery", holds, f"{channel} does not deliver: {detail}"), now),
        source=f"{_DELIVERY}{channel}",
        labels={"alertname": "TocsinDelivery", "channel": channel, "service": SERVICE},
    )


def response_condition(response: str, holds: bool, detail: str, now: Instant) -> Condition:
    """Whether this response is stopped, because it did not help."""
    words = f"response {response} is stopped: {detail}" if holds else f"{response}: {detail}"
    return structs.replace(
        self_condition(SelfReport("response", holds, words), now),
        source=f"{_RESPONSE}{response}",
        labels={"alertname": "TocsinResponse", "response": response, "service": SERVICE},
    )


def nobody_condition(policy: str, holds: bool, detail: str, now: Instant) -> Condition:
    """Whether this policy came to its end without anybody to tell, when it last ran."""
    return structs.replace(
        self_condition(SelfReport("nobody", holds, f"policy {policy} tells nobody: {detail}"), now),
        source=f"{_NOBODY}{policy}",
        labels={"alertname": "TocsinNobody", "policy": policy, "service": SERVICE},
    )


def lateness_condition(late: str, incident: Incident, holds: bool, now: Instant) -> Condition:
    """Whether this incident was not taken (`ack`) or not mended (`fix`) in time, as an alert of
    its service, as grave as the incident is."""
    name = f"TocsinSlow{late.capitalize()}"
    labels = {"alertname": name, "incident": incident.key, "service": incident.service or SERVICE}
    if incident.context is not None:
        labels["context"] = incident.context
    done = "acknowledged" if late == "ack" else "resolved"
    return Condition(
        source=f"{_SLOW}{late}:{incident.key}",
        name=name,
        labels=labels,
        severity=incident.severity,
        holds=holds,
        since=now,
        annotations={"summary": f"{incident.title}: not {done} in time ({incident.key})"},
    )


def is_about_lateness(source: str) -> bool:
    """Whether an alert says that an incident was not answered in time: nothing is timed by it."""
    return source.startswith(_SLOW)


def is_by_hand(source: str) -> bool:
    """Whether an operator made the alert: it is over when they say so."""
    return source.startswith(BY_HAND)


def service_of(source: str, plan: Plan) -> str | None:
    """The service that a source's alerts belong to, as far as the configuration says it: of
    `check:NAME`, `rule:NAME:CHECK`, `sla:burn:SLA`, `sla:level:SLA`, and of Tocsin's own."""
    kind, _, rest = source.partition(":")
    if kind == "self":
        return SERVICE
    if kind == "sla":
        sla = plan.slas.get(rest.partition(":")[2])
        return None if sla is None else sla.labels.get("service")
    name = rest if kind == "check" else rest.rpartition(":")[2] if kind == "rule" else ""
    check = plan.checks.get(name)
    return None if check is None else check.service


def test_of(source: str) -> str | None:
    """The id of the test that fired this alert; None if it is none of a test."""
    return source.removeprefix(TEST).partition(".")[0] if source.startswith(TEST) else None


def stands_alone(source: str) -> bool:
    """Whether its alert is never grouped with others: what is said of an incident would be a
    part of it and keep it open, and what an operator opens is what they called it."""
    return source.startswith((_SLOW, BY_HAND))


def is_about_response(source: str) -> bool:
    """Whether an alert says that a response is stopped: none is begun about that."""
    return source.startswith(_RESPONSE)


def policy_of(source: str) -> str | None:
    """The policy that tells nobody, where an alert says so."""
    return source.removeprefix(_NOBODY) if source.startswith(_NOBODY) else None


def outlives_restart(source: str) -> bool:
    """Whether the engine itself can tell when this is over; a report of the service watch
    is made anew by the next process if it still holds."""
    own = (UPLINK, _DELIVERY, _SLOW, _NOBODY, _RESPONSE)
    return not source.startswith("self:") or source.startswith(own)


def lives(source: str, plan: Plan) -> bool:
    """Whether the plan still has the check, the rule and a check that it selects, the uplink,
    the channel, the policy, or the response."""
    if source == UPLINK:
        return plan.uplink is not None
    if source.startswith(_DELIVERY):
        return source.removeprefix(_DELIVERY) in plan.channels
    if source.startswith(_NOBODY):
        return source.removeprefix(_NOBODY) in plan.policies
    if source.startswith(_RESPONSE):
        return source.removeprefix(_RESPONSE) in plan.responses
    kind, _, rest = source.partition(":")
    if kind == "sla":
        return alarms.lives(source, plan.slas)
    if kind == "check":
        return rest in plan.checks
    if kind != "rule":
        return True
    parts = rest.split(":")
    splits = ((":".join(parts[:cut]), ":".join(parts[cut:])) for cut in range(1, len(parts)))
    return any(_selects(plan, rule, check) for rule, check in splits)


def _selects(plan: Plan, rule: str, check: str) -> bool:
    """A name may hold colons itself, so the halves are looked up, not guessed."""
    if rule not in plan.rules or check not in plan.checks:
        return False
    spec = plan.checks[check]
    seen = {**spec.labels, "check": check, "kind": spec.kind}
    return match_all(plan.rules[rule].select, seen)
