"""What persons are told that belongs to no incident: that they come on call, that a silence ends.

Such a notice carries an incident of its own making, that says what is to be said and that no book
has. It goes out at once over a person's contacts for what is not urgent, and never over a channel
that only tells trouble, as a telephone call.
"""

from __future__ import annotations

import hashlib
from typing import Final

from daemon.core.chronicle import Notice, NoticeType
from daemon.core.effects import Enqueue
from daemon.core.model import Incident, IncidentState, Instant
from daemon.core.plan import Plan
from daemon.core.record import record
from daemon.core.severity import Severity
from daemon.core.telling import notices
from daemon.core.turn import Turn

_PAGERS: Final = frozenset({"pagerduty", "voice"})
"""Kinds of channels that only tell trouble."""


@record(frozen=True, slots=True)
class Aside:
    """What is to be said.

    Attributes:
        group: What kind of thing it is about, `silence`.
        about: The key or the name of the thing.
        from_: When it comes about; it is of use for a while after that.
    """

    type: NoticeType
    group: str
    about: str
    title: str
    text: str
    reason: str
    from_: Instant


def tell_aside(plan: Plan, person: str, aside: Aside, turn: Turn) -> None:
    """Tell a person of the plan."""
    to, _ = notices.recipients(plan, (f"person:{person}",), Severity.INFO, turn.now)
    said = _incident(aside, turn.now)
    for recipient in to:
        if plan.channels[recipient.channel].kind in _PAGERS:
            continue
        notice = Notice(
            key=notices.notice_key(said, aside.type, recipient),
            type=aside.type,
            channel=recipient.channel,
            recipient=recipient.name,
            address=recipient.address,
            at=turn.now,
            reason=aside.reason,
            incident=said,
            alerts=(),
            expires_at=aside.from_ + notices.USEFUL_FOR[aside.type],
        )
        turn.emit(Enqueue(notice))


def _incident(aside: Aside, now: Instant) -> Incident:
    key = hashlib.sha256(f"{aside.about}\0{now}".encode()).hexdigest()[:12]
    return Incident(
        key=f"{aside.group}-{key}",
        group=aside.group,
        state=IncidentState.TRIGGERED,
        severity=Severity.INFO,
        title=aside.title,
        summary=aside.text,
        fired_at=now,
    )
