"""The life of an incident: a state machine, as a table.

Theory. An incident is *triggered* when the first alert of its group fires, and visible from
then on. It is *acknowledged* when somebody takes it and *triggered* again when they give it
back, when the acknowledgement expires (a snooze is one that must), or when it turns out to
be more than they took: a graver severity, or an alert they have not seen. It is *resolved*
when its last alert is, or by hand; that is the end of it: what fires later is a new incident.
Whom it is assigned to is not part of that life.

Every pair of a state and a happening has its row in `TABLE`. The functions below it make the
next value of an incident and tell nobody; `daemon.core.incidents.course` and
`daemon.core.incidents.commands` do.
"""

from __future__ import annotations

import enum
import hashlib
from collections.abc import Iterable, Mapping
from typing import Final

from daemon.core.alerting import titles
from daemon.core.alerting.sources import is_about_lateness, test_of
from daemon.core.changing import replace
from daemon.core.errors import NotAllowed
from daemon.core.model import ENGINE, Actor, Alert, Incident, IncidentState, Instant, Mute
from daemon.core.plan import Plan
from daemon.core.record import record

MUTES_SHOWN: Final = 20
"""How many reasons a muted incident shows at most."""


class Happening(enum.Enum):
    """What can happen to an incident; the value completes `cannot be ...`."""

    JOIN = "joined by another alert"
    RAISE = "raised in severity"
    CLEAR = "cleared by its last alert"
    ACK = "acknowledged"
    SNOOZE = "snoozed"
    ASSIGN = "assigned"
    UNACK = "un-acknowledged"
    EXPIRE = "given back by time"
    NOTE = "noted on"
    STAFF = "staffed"
    UPDATE = "told of"
    MERGE = "merged"
    SPLIT = "split"
    RESOLVE = "resolved"
    ESCALATE = "escalated"


@record(frozen=True, slots=True)
class Go:
    """The incident is in this state afterwards, maybe the one it was in."""

    to: IncidentState


@record(frozen=True, slots=True)
class Refuse:
    """The operator is refused, for this reason."""

    why: str


@record(frozen=True, slots=True)
class Ignore:
    """It means nothing in this state."""


_T, _A, _R = IncidentState.TRIGGERED, IncidentState.ACKNOWLEDGED, IncidentState.RESOLVED
_H = Happening

TABLE: Final[Mapping[tuple[IncidentState, Happening], Go | Refuse | Ignore]] = {
    (_T, _H.JOIN): Go(_T),
    (_T, _H.RAISE): Go(_T),
    (_T, _H.CLEAR): Go(_R),
    (_T, _H.ACK): Go(_A),
    (_T, _H.SNOOZE): Go(_A),
    (_T, _H.ASSIGN): Go(_T),
    (_T, _H.UNACK): Refuse("it is not acknowledged"),
    (_T, _H.EXPIRE): Ignore(),
    (_T, _H.NOTE): Go(_T),
    (_T, _H.STAFF): Go(_T),
    (_T, _H.UPDATE): Go(_T),
    (_T, _H.MERGE): Go(_T),
    (_T, _H.SPLIT): Go(_T),
    (_T, _H.RESOLVE): Go(_R),
    (_T, _H.ESCALATE): Go(_T),
    (_A, _H.JOIN): Go(_T),
    (_A, _H.RAISE): Go(_T),
    (_A, _H.CLEAR): Go(_R),
    (_A, _H.ACK): Go(_A),
    (_A, _H.SNOOZE): Go(_A),
    (_A, _H.ASSIGN): Go(_A),
    (_A, _H.UNACK): Go(_T),
    (_A, _H.EXPIRE): Go(_T),
    (_A, _H.NOTE): Go(_A),
    (_A, _H.STAFF): Go(_A),
    (_A, _H.UPDATE): Go(_A),
    (_A, _H.MERGE): Go(_A),
    (_A, _H.SPLIT): Go(_A),
    (_A, _H.RESOLVE): Go(_R),
    (_A, _H.ESCALATE): Go(_T),
    (_R, _H.JOIN): Ignore(),
    (_R, _H.RAISE): Ignore(),
    (_R, _H.CLEAR): Ignore(),
    (_R, _H.ACK): Refuse("it is already resolved"),
    (_R, _H.SNOOZE): Refuse("it is already resolved"),
    (_R, _H.ASSIGN): Refuse("it is already resolved"),
    (_R, _H.UNACK): Refuse("it is already resolved"),
    (_R, _H.EXPIRE): Ignore(),
    (_R, _H.NOTE): Go(_R),
    (_R, _H.STAFF): Refuse("it is already resolved"),
    (_R, _H.UPDATE): Refuse("it is already resolved"),
    (_R, _H.MERGE): Refuse("it is already resolved"),
    (_R, _H.SPLIT): Refuse("it is already resolved"),
    (_R, _H.RESOLVE): Refuse("it is already resolved"),
    (_R, _H.ESCALATE): Refuse("it is already resolved"),
}


def after(incident: Incident, happening: Happening) -> IncidentState | None:
    """The state that follows; None if the happening means nothing now.

    Raises:
        NotAllowed: An operator's action that this state does not allow.
    """
    row = TABLE[incident.state, happening]
    if isinstance(row, Refuse):
        raise NotAllowed(f"incident {incident.key} cannot be {happening.value}: {row.why}")
    return row.to if isinstance(row, Go) else None


def incident_id(group: str, fired_at: Instant) -> str:
    """The id of the incident that this group begins at this time: 12 hexadecimal digits."""
    return hashlib.sha256(f"{group}|{fired_at}".encode()).hexdigest()[:12]


def opened(alert: Alert, key: str, group: str, plan: Plan, now: Instant) -> Incident:
    """The incident that begins with this alert."""
    name = alert.labels.get("service")
    service = plan.services.get(name) if name is not None else None
    bare = Incident(
        key=key,
        group=group,
        state=IncidentState.TRIGGERED,
        severity=alert.effective,
        title="",
        summary="",
        fired_at=now,
        service=name,
        context=service.context if service is not None else alert.labels.get("context"),
        organization=service.organization if service is not None else None,
        alerts=(alert.key,),
        firing=(alert.key,),
        muted=alert.muted,
        acknowledgeable=alert.terms.acknowledgeable,
        is_timed=not (is_about_lateness(alert.source) or test_of(alert.source)),
        is_test=test_of(alert.source) is not None,
    )
    if service is not None and bare.is_timed:
        bare = replace(
            bare,
            revenue_per_hour=service.revenue_per_hour,
            currency=service.currency,
            at_risk=service.at_risk,
        )
    counted = counting(described(bare, [alert]), [alert], now)
    if service is None or service.recovery_sla is None or not bare.is_timed:
        return counted
    start = now if counted.down_since is None else counted.down_since
    return replace(counted, recovery_due=start + service.recovery_sla)


def joined(incident: Incident, keys: tuple[str, ...]) -> Incident:
    """The incident with more firing alerts, looked at no further (see `reviewed`)."""
    known, again = frozenset(incident.alerts), frozenset(keys)
    return replace(
        incident,
        alerts=(*incident.alerts, *(key for key in keys if key not in known)),
        firing=(*(key for key in incident.firing if key not in again), *keys),
    )


def is_unseen(incident: Incident, alert: Alert) -> bool:
    """Whether nobody who acknowledged the incident can have seen this alert of it: it fired
    later, and was not moved into it since, by somebody who saw both."""
    if incident.acknowledged_at is None:
        return False
    return (alert.fired_at or 0) > max(incident.acknowledged_at, alert.merged_at or 0)


def reviewed(
    incident: Incident, firing: list[Alert], now: Instant, ended: Instant | None = None
) -> Incident:
    """The incident as its firing alerts make it: severity, words, mutes, down time.

    Args:
        ended: When the last outage that ended was seen well; None for now.
    """
    if not firing:
        return counting(replace(incident, firing=()), [], now, ended)
    keys = tuple(alert.key for alert in firing)
    still = frozenset(keys)
    seen = replace(
        incident,
        firing=keys,
        told=tuple(replace(t, firing=_kept(t.firing, still)) for t in incident.told),
        severity=max(alert.effective for alert in firing),
        muted=_common(firing),
        acknowledgeable=all(alert.terms.acknowledgeable for alert in firing),
    )
    return counting(described(seen, firing), firing, now, ended)


def described(incident: Incident, firing: list[Alert]) -> Incident:
    """The incident with the words of the worst of its firing alerts."""
    speaker = titles.worst(firing)
    if speaker is None:
        return incident
    words = titles.summary(speaker, len(firing) - 1)
    return replace(incident, title=titles.title(speaker), summary=words)


def counting(
    incident: Incident, firing: Iterable[Alert], now: Instant, ended: Instant | None = None
) -> Incident:
    """The incident with its confirmed down time brought up to date.

    Overlapping outages count once. Down time starts with the earliest failure of the alerts
    that are down, and ends at `ended`, when the last of them was seen well, or now.
    """
    starts = [
        alert.terms.since if alert.terms.since is not None else now
        for alert in firing
        if alert.holds and alert.terms.down
    ]
    if starts:
        start = max(min(starts), incident.down_until or 0)
        if incident.down_since is not None:
            start = min(start, incident.down_since)
        return replace(incident, down_since=start)
    if incident.down_since is None:
        return incident
    end = min(max(incident.down_since, now if ended is None else ended), now)
    return replace(
        incident,
        down_since=None,
        down_until=end,
        down_ms=incident.down_ms + end - incident.down_since,
    )


def _kept(known: tuple[str, ...], firing: frozenset[str]) -> tuple[str, ...]:
    """What was told and fires still: an alert that comes back is news."""
    return tuple(key for key in known if key in firing)


def _common(firing: list[Alert]) -> tuple[Mute, ...]:
    """Why the incident is muted: all reasons of its alerts, if every one of them has some."""
    if not all(alert.muted for alert in firing):
        return ()
    reasons = {(mute.kind, mute.by): mute for alert in firing for mute in alert.muted}
    return tuple(reasons.values())[:MUTES_SHOWN]


def responses_of_both(into: Incident, other: Incident) -> tuple[tuple[str, str], ...]:
    """What responses did about either, so that one takes in the other's alerts with what was done
    about them already."""
    return tuple({**dict(other.responses), **dict(into.responses)}.items())


def acknowledged(
    incident: Incident, actor: Actor, comment: str, until: Instant | None, now: Instant
) -> Incident:
    """Taken by somebody; taken anew keeps when it was first acknowledged this time."""
    again = incident.state is IncidentState.ACKNOWLEDGED
    return replace(
        incident,
        state=IncidentState.ACKNOWLEDGED,
        acknowledged_at=incident.acknowledged_at if again else now,
        first_acknowledged_at=incident.first_acknowledged_at or now,
        acknowledged_by=actor.name,
        ack_comment=comment or None,
        ack_until=until,
    )


def triggered(incident: Incident) -> Incident:
    """Nobody's any more."""
    return replace(
        incident,
        state=IncidentState.TRIGGERED,
        acknowledged_at=None,
        acknowledged_by=None,
        ack_comment=None,
        ack_until=None,
    )


def resolved(incident: Incident, actor: Actor, now: Instant) -> Incident:
    """Over. What was acknowledged stays so on record; nothing fires or is muted any more.
    `resolved_by` is None where it ended by itself."""
    return replace(
        counting(incident, (), now),
        state=IncidentState.RESOLVED,
        resolved_at=now,
        resolved_by=None if actor == ENGINE else actor.name,
        firing=(),
        muted=(),
        ack_until=None,
    )
