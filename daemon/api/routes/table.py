"""Everything the API offers, one row each: the routing and the OpenAPI document are made of
this and nothing else."""

from __future__ import annotations

from typing import Any, Final

from daemon.api import inputs, schema
from daemon.api.access import Role
from daemon.api.call import Endpoint, Handler
from daemon.api.inputs import oncall as inputs_oncall
from daemon.api.inputs import reports as inputs_reports
from daemon.api.inputs import sla as inputs_sla
from daemon.api.inputs import testing as inputs_testing
from daemon.api.inputs import workflow as inputs_workflow
from daemon.api.inputs import works as inputs_works
from daemon.api.later import Later
from daemon.api.routes import (
    admin,
    channels,
    checks,
    incidents,
    maintenance,
    metrics,
    picture,
    ping,
    related,
    responses,
    schedules,
    silences,
    slas,
    stream,
    table_past,
    testing,
    workflow,
)
from daemon.api.schema import reports as schema_reports
from daemon.api.schema.daily import AnyReport

_V1: Final = "/api/v1"


def _row(
    method: str, path: str, role: Role, handler: Handler, answer: Any = None, **inputs_: Any
) -> Endpoint:
    return Endpoint(method, path, role, handler, answer, **inputs_)


def _read(path: str, handler: Handler, answer: Any, **inputs_: Any) -> Endpoint:
    durable = handler is not stream.events  # which shows only what is durable anyway
    return _row("GET", _V1 + path, Role.VIEWER, handler, answer, durable=durable, **inputs_)


def _act(path: str, handler: Handler, answer: Any, **inputs_: Any) -> Endpoint:
    return _row("POST", _V1 + path, Role.OPERATOR, handler, answer, **inputs_)


def _rule(path: str, handler: Handler, **inputs_: Any) -> Endpoint:
    return _row("POST", path, Role.ADMIN, handler, dict[str, Any], **inputs_)


def _pings() -> list[Endpoint]:
    handler = ping.Pings().ping
    return [
        _row(method, f"/ping/{{token}}{more}", Role.NONE, handler)
        for method in ("GET", "POST")
        for more in ("", "/{signal}")
    ]


def _reports() -> list[Endpoint]:
    return [
        _read(
            "/reports",
            Later("reports.reports"),
            schema_reports.ReportView | list[schema_reports.ReportLine],
            query=inputs_reports.ReportsQuery,
        ),
        _act(
            "/reports",
            Later("reports.keep"),
            schema_reports.ReportView,
            body=inputs_reports.ReportBody,
        ),
        _read("/reports/{id}", Later("reports.kept"), AnyReport),
    ]


def endpoints() -> list[Endpoint]:
    """All rows."""
    silence = {"body": inputs.SilenceBody}
    return [
        _read("/state", picture.state, schema.State, query=inputs.StateQuery),
        _read("/status", picture.status, schema.StatusView),
        _read("/events", stream.events, None, query=inputs.EventsQuery),
        _read(
            "/incidents",
            incidents.incidents,
            list[schema.IncidentView],
            query=inputs.IncidentsQuery,
        ),
        _read("/incidents/{id}", incidents.incident, schema.IncidentDetail),
        _act("/incidents/{id}/ack", incidents.ack, schema.IncidentView, body=inputs.AckBody),
        _act("/incidents/{id}/unack", incidents.unack, schema.IncidentView),
        _act(
            "/incidents/{id}/snooze",
            incidents.snooze,
            schema.IncidentView,
            body=inputs.SnoozeBody,
        ),
        _act(
            "/incidents/{id}/assign",
            incidents.assign,
            schema.IncidentView,
            body=inputs.AssignBody,
        ),
        _act("/incidents/{id}/note", incidents.note, schema.IncidentView, body=inputs.NoteBody),
        _act(
            "/incidents/{id}/resolve",
            incidents.resolve,
            schema.IncidentView,
            body=inputs.CommentBody,
        ),
        _act("/incidents/{id}/escalate", incidents.escalate, schema.IncidentView),
        _act("/incidents", workflow.open_, schema.IncidentView, body=inputs_workflow.OpenBody),
        _act(
            "/incidents/{id}/merge",
            workflow.merge,
            schema.IncidentView,
            body=inputs_workflow.MergeBody,
        ),
        _act(
            "/incidents/{id}/split",
            workflow.split,
            schema.IncidentView,
            body=inputs_workflow.SplitBody,
        ),
        _act(
            "/incidents/{id}/role",
            workflow.role,
            schema.IncidentView,
            body=inputs_workflow.RoleBody,
        ),
        _act(
            "/incidents/{id}/update",
            workflow.update,
            schema.IncidentView,
            body=inputs_workflow.UpdateBody,
        ),
        _read("/incidents/{id}/postmortem", workflow.postmortem, None),
        _read("/alerts", incidents.alerts, list[schema.AlertView], query=inputs.AlertsQuery),
        _read("/alerts/related/{id}", related.related, list[schema.RelatedView]),
        _row(
            "POST",
            f"{_V1}/alerts/correlations",
            Role.VIEWER,
            related.correlations,
            list[schema.CorrelationView],
            body=inputs.CorrelationsBody,
        ),
        _act(
            "/alerts/{fingerprint}/ack",
            incidents.ack_alert,
            schema.IncidentView,
            body=inputs.AckBody,
        ),
        _read(
            "/deliveries",
            incidents.deliveries,
            list[schema.DeliveryView],
            query=inputs.DeliveriesQuery,
        ),
        _read("/responses", responses.responses, list[schema.ResponseView]),
        _read("/responses/runs", responses.runs, list[schema.RunView], query=inputs.RunsQuery),
        _read("/responses/runs/{run}", responses.run, schema.RunDetail),
        _act("/responses/runs/{run}/approve", responses.approve, schema.RunView),
        _act(
            "/responses/runs/{run}/refuse",
            responses.refuse,
            schema.RunView,
            body=inputs.CommentBody,
        ),
        _act("/responses/{name}/reset", responses.reset, schema.ResponseView),
        _act(
            "/incidents/{id}/respond",
            responses.respond,
            schema.RunView,
            body=inputs.RespondBody,
        ),
        _read("/persons", incidents.persons, list[schema.PersonView]),
        _read(
            "/schedules",
            schedules.schedules,
            list[schema.ScheduleView],
            query=inputs_oncall.OnCallQuery,
        ),
        _read("/schedules/{name}.ics", schedules.calendar, None, query=inputs.ShiftsQuery),
        _read(
            "/schedules/{name}/overrides",
            schedules.overrides,
            list[schema.OverrideView],
            query=inputs_oncall.OverridesQuery,
        ),
        _act(
            "/schedules/{name}/overrides",
            schedules.override,
            schema.OverrideView,
            body=inputs_oncall.OverrideBody,
        ),
        _row(
            "DELETE",
            f"{_V1}/schedules/{{name}}/overrides/{{id}}",
            Role.OPERATOR,
            schedules.end_override,
            schema.OverrideView,
        ),
        _read(
            "/schedules/{name}",
            schedules.schedule,
            schema.ScheduleDetail,
            query=inputs.ShiftsQuery,
        ),
        _read("/channels", channels.channels, list[schema.ChannelView]),
        _act(
            "/channels/{name}/test",
            channels.test,
            schema.ChannelTest,
            body=inputs.ChannelTestBody,
        ),
        _act(
            "/maintenance",
            maintenance.begin,
            schema.MaintenanceView,
            body=inputs_works.MaintenanceBody,
        ),
        _act("/maintenance/{name}/end", maintenance.end, schema.MaintenanceView),
        _row(
            "DELETE",
            f"{_V1}/maintenance/{{name}}",
            Role.OPERATOR,
            maintenance.end,
            schema.MaintenanceView,
        ),
        _read("/silences", silences.silences, list[schema.SilenceView], query=inputs.SilencesQuery),
        _read("/silences/{id}", silences.silence, schema.SilenceView),
        _row(
            "POST",
            f"{_V1}/silences/preview",
            Role.VIEWER,
            silences.preview,
            schema.SilencePreview,
            body=inputs.PreviewBody,
        ),
        _act("/silences", silences.make, schema.SilenceView, **silence),
        _row(
            "PUT",
            f"{_V1}/silences/{{id}}",
            Role.OPERATOR,
            silences.change,
            schema.SilenceView,
            **silence,
        ),
        _row(
            "DELETE",
            f"{_V1}/silences/{{id}}",
            Role.OPERATOR,
            silences.expire,
            schema.SilenceView,
        ),
        _read(
            "/maintenance",
            maintenance.maintenance,
            list[schema.MaintenanceView],
            query=inputs.MaintenanceQuery,
        ),
        _read("/checks", checks.checks, list[schema.CheckView]),
        _read("/checks/{name}", checks.check, schema.CheckDetail, query=inputs.ResultsQuery),
        _act("/checks/{name}/run", checks.run, schema.CheckView),
        _read("/services", checks.services, list[schema.ServiceView]),
        _read("/services/{name}", checks.service, schema.ServiceDetail),
        _act(
            "/services/{name}/test-alert",
            testing.test_alert,
            schema.AlertTest,
            body=inputs_testing.AlertTestBody,
        ),
        _act(
            "/test-storm",
            testing.test_storm,
            schema.AlertTest,
            body=inputs_testing.StormTestBody,
        ),
        *_reports(),
        _read("/sla", slas.slas, list[schema.SlaView], query=inputs.SlaQuery),
        _read("/sla/{name}", slas.sla, schema.SlaView),
        _read(
            "/sla/{name}/course",
            slas.course,
            schema.SlaCourseView,
            query=inputs_sla.CourseQuery,
        ),
        _read("/sla/{name}/exclusions", slas.exclusions, list[schema.AmendmentView]),
        _read(
            "/sla/{name}/exclusions/preview",
            slas.preview,
            schema.ExclusionPreview,
            query=inputs_sla.StretchQuery,
        ),
        _act(
            "/sla/{name}/exclusions",
            slas.exclude,
            schema.AmendmentView,
            body=inputs_sla.ExclusionBody,
        ),
        _act("/sla/{name}/notes", slas.note, schema.AmendmentView, body=inputs_sla.SlaNoteBody),
        _row(
            "DELETE",
            f"{_V1}/sla/{{name}}/exclusions/{{id}}",
            Role.OPERATOR,
            slas.withdraw,
            schema.AmendmentView,
        ),
        _rule(f"{_V1}/reload", admin.reload),
        _rule("/-/reload", admin.reload),
        _rule(f"{_V1}/db/backup", admin.backup, body=inputs.BackupBody),
        _rule(f"{_V1}/db/verify", admin.verify),
        _rule(f"{_V1}/db/prune", admin.prune),
        _rule(f"{_V1}/forget", admin.forget, body=inputs.ForgetBody),
        _row("GET", "/-/healthy", Role.NONE, admin.healthy),
        _row("GET", "/-/ready", Role.NONE, admin.ready),
        _row("GET", "/metrics", Role.VIEWER, metrics.metrics),
        *table_past.rows(),
        *_pings(),
    ]
