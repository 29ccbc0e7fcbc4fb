"""The rows of the API's table that are about the past: all below `/alerts`."""

from __future__ import annotations

from typing import Any, Final

from daemon.api import inputs, schema
from daemon.api.access import Role
from daemon.api.call import Endpoint, Handler
from daemon.api.inputs import analysis as asks
from daemon.api.inputs import daily as inputs_daily
from daemon.api.later import Later
from daemon.api.routes import incidents
from daemon.api.schema.daily import DailyView

_ALERTS: Final = "/api/v1/alerts"


def _row(
    method: str, path: str, role: Role, handler: Handler, answer: Any, **more: Any
) -> Endpoint:
    return Endpoint(method, _ALERTS + path, role, handler, answer, **more)


def _read(path: str, handler: Handler, answer: Any, **more: Any) -> Endpoint:
    durable = answer is not None  # an export has gone out when its handler ends
    return _row("GET", path, Role.VIEWER, handler, answer, durable=durable, **more)


def _act(path: str, handler: Handler, **more: Any) -> Endpoint:
    return _row("PUT", path, Role.OPERATOR, handler, schema.IncidentView, **more)


def rows() -> list[Endpoint]:
    """All of them."""
    return [
        _read("/history", Later("history.history"), schema.HistoryView, query=asks.HistoryQuery),
        _read("/history/{id}", incidents.incident, schema.IncidentDetail),
        _act("/history/{id}/acknowledge", incidents.ack, body=inputs.AckBody),
        _act("/history/{id}/escalate", incidents.escalate),
        _act("/history/{id}/resolve", incidents.resolve, body=inputs.CommentBody),
        _read(
            "/statistics",
            Later("analysis.statistics"),
            schema.StatisticsView,
            query=asks.StatisticsQuery,
        ),
        _read(
            "/top-alerts",
            Later("analysis.top_alerts"),
            list[schema.TopAlertView],
            query=asks.TopQuery,
        ),
        _read("/noise", Later("analysis.noise"), list[schema.NoiseView], query=asks.NoiseQuery),
        _read(
            "/escalations",
            Later("analysis.escalations"),
            schema.EscalationsView,
            query=asks.EscalationsQuery,
        ),
        _read("/trends", Later("analysis.trends"), schema.TrendsView, query=asks.TrendsQuery),
        _read(
            "/service-health",
            Later("scores.all_health"),
            list[schema.HealthView],
            query=asks.SpanQuery,
        ),
        _read(
            "/service-health/{service}",
            Later("scores.service_health"),
            schema.HealthView,
            query=asks.SpanQuery,
        ),
        _read("/report/daily", Later("daily.daily"), DailyView, query=inputs_daily.DailyQuery),
        _read("/export/csv", Later("exports.export_csv"), None, query=asks.ExportQuery),
        _read("/export/json", Later("exports.export_json"), None, query=asks.ExportQuery),
        _row(
            "DELETE",
            "/history/cleanup",
            Role.ADMIN,
            Later("history.clean_up"),
            schema.CleanupView,
            query=asks.CleanupQuery,
        ),
    ]
