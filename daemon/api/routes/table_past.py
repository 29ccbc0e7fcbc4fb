"""The rows of the API's table that are about the past: all below `/alerts`."""

from __future__ import annotations

from typing import Any, Final

from daemon.api import inputs, schema
from daemon.api.access import Role
from daemon.api.call import Endpoint, Handler
from daemon.api.inputs import analysis as asks
from daemon.api.inputs import daily as inputs_daily
from daemon.api.routes import analysis, daily, exports, history, incidents, scores
from daemon.api.schema.daily import DailyView

_ALERTS: Final = "/api/v1/alerts"


def _row(
    method: str, path: str, role: Role, handler: Handler, answer: Any, **more: Any
) -> Endpoint:
    summary = (handler.__doc__ or "").strip().partition("\n")[0]
    return Endpoint(method, _ALERTS + path, role, handler, summary, answer, **more)


def _read(path: str, handler: Handler, answer: Any, **more: Any) -> Endpoint:
    durable = answer is not None  # an export has gone out when its handler ends
    return _row("GET", path, Role.VIEWER, handler, answer, durable=durable, **more)


def _act(path: str, handler: Handler, **more: Any) -> Endpoint:
    return _row("PUT", path, Role.OPERATOR, handler, schema.IncidentView, **more)


def rows() -> list[Endpoint]:
    """All of them."""
    return [
        _read("/history", history.history, schema.HistoryView, query=asks.HistoryQuery),
        _read("/history/{id}", incidents.incident, schema.IncidentDetail),
        _act("/history/{id}/acknowledge", incidents.ack, body=inputs.AckBody),
        _act("/history/{id}/escalate", incidents.escalate),
        _act("/history/{id}/resolve", incidents.resolve, body=inputs.CommentBody),
        _read(
            "/statistics",
            analysis.statistics,
            schema.StatisticsView,
            query=asks.StatisticsQuery,
        ),
        _read("/top-alerts", analysis.top_alerts, list[schema.TopAlertView], query=asks.TopQuery),
        _read("/noise", analysis.noise, list[schema.NoiseView], query=asks.NoiseQuery),
        _read(
            "/escalations",
            analysis.escalations,
            schema.EscalationsView,
            query=asks.EscalationsQuery,
        ),
        _read("/trends", analysis.trends, schema.TrendsView, query=asks.TrendsQuery),
        _read("/service-health", scores.all_health, list[schema.HealthView], query=asks.SpanQuery),
        _read(
            "/service-health/{service}",
            scores.service_health,
            schema.HealthView,
            query=asks.SpanQuery,
        ),
        _read("/report/daily", daily.daily, DailyView, query=inputs_daily.DailyQuery),
        _read("/export/csv", exports.export_csv, None, query=asks.ExportQuery),
        _read("/export/json", exports.export_json, None, query=asks.ExportQuery),
        _row(
            "DELETE",
            "/history/cleanup",
            Role.ADMIN,
            history.clean_up,
            schema.CleanupView,
            query=asks.CleanupQuery,
        ),
    ]
