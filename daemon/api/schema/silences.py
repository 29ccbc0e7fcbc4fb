"""Shapes of what operators silence and of planned work.

Silences are written as Alertmanager writes them, so that its tools read them; hence their
fields in its spelling.
"""

from __future__ import annotations

from typing import Literal

from daemon.api.schema.alerts import AlertView
from daemon.api.schema.base import Shape, Time


class MatcherView(Shape):
    """A matcher as Alertmanager writes it in JSON."""

    name: str
    value: str
    isRegex: bool  # noqa: N815  # Alertmanager's name
    isEqual: bool = True  # noqa: N815  # Alertmanager's name


class SilenceStatus(Shape):
    """A silence's state."""

    state: Literal["pending", "active", "expired"]


class SilenceView(Shape):
    """A silence, as Alertmanager's."""

    id: str
    matchers: list[MatcherView]
    startsAt: Time  # noqa: N815  # Alertmanager's name
    endsAt: Time  # noqa: N815  # Alertmanager's name
    updatedAt: Time  # noqa: N815  # Alertmanager's name
    createdBy: str  # noqa: N815  # Alertmanager's name
    comment: str
    status: SilenceStatus
    matched: int = 0
    """How many firing alerts it matches now."""
    recur: str | None = None
    """When it begins again and again; `startsAt` and `endsAt` are of this time, or the next."""
    duration_ms: int | None = None
    timezone: str | None = None


class SilencePreview(Shape):
    """What a silence would mute now: how many of the alerts that fire, some of them, and the
    incidents that nothing else would tell."""

    matched: int
    firing: int
    alerts: list[AlertView]
    incidents: list[str]


class MaintenanceView(Shape):
    """A window of planned work: the active one, the next, or one that is over.

    `match` holds matchers where it is not about `services`; `excludes` names the services
    whose SLAs do not count its time. `created_by` announced it (null for what the configuration
    has come), `ended_by` ended it before its time.
    """

    name: str
    state: Literal["active", "pending", "expired"]
    start: Time
    end: Time | None
    """Null while it goes on for longer than is looked ahead."""
    services: list[str]
    match: list[str]
    excludes: list[str]
    recur: str | None
    timezone: str
    reason: str
    id: str = ""
    created_by: str | None = None
    ended_by: str | None = None
