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
