"""Hindsight taken back: an incident's story, as far as it had come at a moment.

The daemon tells a story whole. Whoever looks at the past must not read in it what was not known
then, so later entries and deliveries are left out, and what was under way is shown as under way.
Pure; so a story is asked for once, whatever moments are looked at.
"""

from __future__ import annotations

import msgspec

from daemon.api.schema import AlertView, DeliveryView, IncidentDetail, IncidentView
from daemon.core.model import Instant
from tui.drawing.words import instant


def as_of(story: IncidentDetail, incident: IncidentView, at: Instant) -> IncidentDetail:
    """The story at a moment.

    Args:
        incident: The incident as it was then.
    """
    return IncidentDetail(
        incident=incident,
        alerts=[_alert(one, at) for one in story.alerts if one.fingerprint in incident.alerts],
        timeline=[one for one in story.timeline if _is_over(one.time, at)],
        deliveries=[_delivery(one, at) for one in story.deliveries if _is_over(one.created_at, at)],
    )


def _is_over(time: str | None, at: Instant) -> bool:
    then = instant(time)
    return then is not None and then <= at


def _alert(alert: AlertView, at: Instant) -> AlertView:
    """An alert that had not ended; why it was muted then is not known."""
    if alert.state == "resolved" and _is_over(alert.resolved_at, at):
        return alert
    return msgspec.structs.replace(alert, state="firing", resolved_at=None, muted=[])


def _delivery(delivery: DeliveryView, at: Instant) -> DeliveryView:
    """A delivery that had not arrived; how often it had been tried by then is not known. When one
    was given up is not told, so it stays failed."""
    if delivery.state == "failed" or _is_over(delivery.sent_at, at):
        return delivery
    return msgspec.structs.replace(
        delivery, state="queued", attempts=0, next_at=None, sent_at=None, detail=""
    )
