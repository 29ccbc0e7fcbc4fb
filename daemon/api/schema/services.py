"""Shapes of services."""

from __future__ import annotations

from daemon.api.schema.alerts import AlertView
from daemon.api.schema.base import Shape, StatusWord, Time
from daemon.api.schema.checks import CheckView
from daemon.api.schema.incidents import IncidentView
from daemon.api.schema.slas import SlaView


class ServiceView(Shape):
    """A service; `slas` are names of its SLAs."""

    name: str
    status: StatusWord
    since: Time | None
    checks: list[str]
    slas: list[str]
    context: str | None = None
    organization: str | None = None
    owner: str | None = None
    unreachable: str | None = None
    depends_on: list[str] = []
    impact: str | None = None
    runbook: str | None = None
    rank: int = 0


class ServiceDetail(Shape):
    """A service with what belongs to it; alerts and incidents are the open ones."""

    service: ServiceView
    checks: list[CheckView]
    alerts: list[AlertView]
    incidents: list[IncidentView]
    slas: list[SlaView]
