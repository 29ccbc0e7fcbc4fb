"""What an incident is about, in a word: which templates tell of it.

Read from the alerts that a notice carries, the gravest first. It chooses words only; what is told
to whom never follows from it.
"""

from __future__ import annotations

import enum
from typing import Final

from daemon.core.chronicle import Notice, NoticeType
from daemon.core.model import Alert


class AlertKind(enum.StrEnum):
    """The middle part of a template's name: `body.outage.txt`."""

    OUTAGE = "outage"
    DEGRADATION = "degradation"
    SLA = "sla"
    SECURITY = "security"
    DEPLOYMENT = "deployment"
    RECOVERY = "recovery"
    DIGEST = "digest"
    HANDOVER = "handover"


DIGEST_GROUP: Final = "digest"
"""The group of an incident that is none, but many told as one."""
_CATEGORIES: Final = {
    "security": AlertKind.SECURITY,
    "deployment": AlertKind.DEPLOYMENT,
    "sla": AlertKind.SLA,
}
"""Values of the label `category` (and names of contexts) that say it outright."""


def kind_of(notice: Notice) -> AlertKind:
    """What the notice is about: that it is over, what its alerts say outright, else whether
    anything is down."""
    if notice.type in {NoticeType.HANDOVER, NoticeType.SILENCE, NoticeType.REPORT}:
        return AlertKind.HANDOVER
    if notice.incident.group == DIGEST_GROUP:
        return AlertKind.DIGEST
    if notice.type is NoticeType.RESOLVED:
        return AlertKind.RECOVERY
    firing = [alert for alert in notice.alerts if alert.resolved_at is None] or notice.alerts
    for alert in firing[:1]:
        said = _CATEGORIES.get(alert.labels.get("category", ""))
        if said is not None:
            return said
        if alert.source.startswith("sla:"):
            return AlertKind.SLA
    context = _CATEGORIES.get(notice.incident.context or "")
    if context is not None:
        return context
    return AlertKind.OUTAGE if any(map(_is_down, firing)) else AlertKind.DEGRADATION


def _is_down(alert: Alert) -> bool:
    return alert.annotations.get("status") == "down"
