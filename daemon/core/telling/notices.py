"""Notices: who a target is, and what is put into the outbox for them.

A notice's key follows from its incident, its type, how many times something was told of that
incident before, the channel and the recipient; so deciding the same again (a replay, a
restart before the commit) makes the same key, and nothing is sent twice. How long a notice
is of use depends on its type: nobody wants yesterday's page, but an "it is over" closes
what the page opened, also days later.

It stands between escalation and groups, which decide, and the outbox, which delivers.
"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterable
from typing import Final

from daemon.core.chronicle import Notice, NoticeType
from daemon.core.model import DAY, HOUR, Alert, Incident, Instant, Millis, Told
from daemon.core.oncall.schedules import on_call
from daemon.core.plan import Contact, PersonPlan, Plan
from daemon.core.record import record
from daemon.core.severity import Severity

ALERTS_SHOWN: Final = 100
"""How many alerts a notice carries at most, the gravest first."""

USEFUL_FOR: Final[dict[NoticeType, Millis]] = {
    NoticeType.FIRING: DAY,
    NoticeType.ESCALATED: DAY,
    NoticeType.REPEATED: HOUR,
    NoticeType.UPDATED: DAY,
    NoticeType.ACKNOWLEDGED: HOUR,
    NoticeType.RESOLVED: 7 * DAY,
    NoticeType.HANDOVER: 12 * HOUR,
    NoticeType.SILENCE: HOUR,
    NoticeType.REPORT: 7 * DAY,
}
"""How long after it was decided a notice is still worth delivering."""

ALARMING: Final = frozenset(
    {NoticeType.FIRING, NoticeType.ESCALATED, NoticeType.REPEATED, NoticeType.UPDATED}
)
"""The types that call somebody to an incident; never sent while it is muted."""


@record(frozen=True, slots=True)
class Recipient:
    """Somebody on a channel; the channel itself where `name` is empty."""

    channel: str
    name: str = ""
    address: str | None = None

    @property
    def words(self) -> str:
        """For the timeline: `ops-slack`, or `ana via sms`."""
        return f"{self.name} via {self.channel}" if self.name else self.channel


def recipient_of(told: Told) -> Recipient:
    """Whom this was told."""
    return Recipient(told.channel, told.recipient, told.address)


def recipients(
    plan: Plan, targets: Iterable[str], severity: Severity, now: Instant
) -> tuple[list[Recipient], list[str]]:
    """Whom the targets (`channel:NAME`, `person:`, `team:`, `schedule:`) name at this moment,
    each once, in order.

    Contacts with a delay are not among them (`daemon.core.telling.contacts`).

    Returns:
        The recipients, and of the targets that nobody is reached by, at once or later, what to
        say of them: the configuration has them no longer, or without any contact, or nobody is
        on call.
    """
    found: dict[tuple[str, str], Recipient] = {}
    missing = []
    for target in targets:
        ways = _reached(plan, target, severity, now)
        ways = [(to, after) for to, after in ways if to.channel in plan.channels]
        if not ways:
            missing.append(_why_nobody(plan, target))
        for recipient, after in ways:
            if not after:
                found.setdefault((recipient.channel, recipient.name), recipient)
    return list(found.values()), missing


def persons(plan: Plan, target: str, now: Instant) -> tuple[str, ...]:
    """The names of the persons that a target stands for at this moment."""
    kind, _, name = target.partition(":")
    if kind == "person":
        return (name,)
    if kind == "team" and name in plan.teams:
        return plan.teams[name].members
    if kind == "schedule" and name in plan.schedules:
        return on_call(plan.schedules[name], now)
    return ()


def _reached(
    plan: Plan, target: str, severity: Severity, now: Instant
) -> list[tuple[Recipient, Millis]]:
    """The ways to whom the target names, and after how long each is used."""
    if target.startswith("channel:"):
        return [(Recipient(target.removeprefix("channel:")), 0)]
    known = (plan.persons.get(name) for name in persons(plan, target, now))
    return [
        (Recipient(way.channel, person.name, way.address), way.after)
        for person in known
        if person is not None
        for way in contacts(person, severity)
    ]


def _why_nobody(plan: Plan, target: str) -> str:
    kind, _, name = target.partition(":")
    is_empty = kind == "schedule" and name in plan.schedules
    return f"{target}, where nobody is on call" if is_empty else target


def contacts(person: PersonPlan, severity: Severity) -> tuple[Contact, ...]:
    """How this person is reached for an incident of this severity."""
    if severity >= Severity.CRITICAL:
        return person.high or person.low
    return person.low or person.high


def fallback_recipient(plan: Plan, channel: str, name: str) -> Recipient | None:
    """Where to turn when this channel failed: its fallback, for a person at their address
    there if they have one. None if it has no fallback."""
    spec = plan.channels.get(channel)
    if spec is None or spec.fallback is None or spec.fallback not in plan.channels:
        return None
    person = plan.persons.get(name)
    for way in (*person.high, *person.low) if person is not None else ():
        if way.channel == spec.fallback:
            return Recipient(spec.fallback, name, way.address)
    return Recipient(spec.fallback)


def notice_key(incident: Incident, kind: NoticeType, to: Recipient) -> str:
    """The idempotency key of what is told now: `msg_` and 24 hexadecimal digits."""
    return _digest(incident.key, kind.value, str(incident.sequence), to.channel, to.name)


def fallback_key(failed: str, to: Recipient) -> str:
    """The key of the one notice that is sent in place of `failed`."""
    return _digest("fallback", failed, to.channel, to.name)


def _digest(*parts: str) -> str:
    return "msg_" + hashlib.sha256("\x00".join(parts).encode()).hexdigest()[:24]


def gravest(alerts: Iterable[Alert]) -> tuple[Alert, ...]:
    """Those of the alerts that a notice carries, in its order."""
    found = list(alerts)
    if len(found) > ALERTS_SHOWN:
        return tuple(heapq.nsmallest(ALERTS_SHOWN, found, key=_rank))
    return tuple(sorted(found, key=_rank))


def _rank(alert: Alert) -> tuple[int, Instant, str]:
    return -alert.effective, alert.fired_at or 0, alert.key


def notice(
    incident: Incident,
    kind: NoticeType,
    to: Recipient,
    alerts: Iterable[Alert],
    now: Instant,
    *,
    reason: str,
    level: int | None = None,
    fallback_of: str | None = None,
    stays: bool = False,
    personal: bool = False,
) -> Notice:
    """What is put into the outbox: the incident and its alerts as they are now."""
    return Notice(
        key=notice_key(incident, kind, to)
        if fallback_of is None
        else fallback_key(fallback_of, to),
        type=kind,
        channel=to.channel,
        recipient=to.name,
        address=to.address,
        at=now,
        reason=reason,
        incident=incident,
        alerts=gravest(alerts),
        level=level,
        expires_at=now + USEFUL_FOR[kind],
        fallback_of=fallback_of,
        stays=stays,
        personal=personal,
    )
