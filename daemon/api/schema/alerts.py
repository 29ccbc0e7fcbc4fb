"""Shapes of alerts, and of what keeps an alert or an incident from being told."""

from __future__ import annotations

from typing import Literal

from daemon.api.schema.base import SeverityWord, Shape, Time


class Mute(Shape):
    """Why something is not told, and until when."""

    by: str
    reason: str
    until: Time | None
    kind: str = "silence"


class RelatedView(Shape):
    """A kind of alerts that tends to fire together with an alert or an incident's: `score` from 0,
    never, to 1, always; `together` how often, less for what is long ago; those that fire now."""

    alertname: str
    service: str
    score: float
    together: float
    firing: list[str]


class CorrelationView(Shape):
    """Two kinds of alerts that tend to fire together."""

    alertname: str
    service: str
    other_alertname: str
    other_service: str
    score: float
    together: float


class AlertView(Shape):
    """An alert; `severity` is the effective one."""

    fingerprint: str
    name: str
    state: Literal["pending", "firing", "resolved"]
    severity: SeverityWord
    labels: dict[str, str]
    annotations: dict[str, str]
    fired_at: Time | None
    resolved_at: Time | None
    incident: str | None
    muted: list[Mute]
    pending_at: Time | None = None
    source: str = ""
    storm: str | None = None
    """The correlation rule whose storm it belongs to."""
