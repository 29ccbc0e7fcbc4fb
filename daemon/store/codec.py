"""Records as rows and back: which table keeps what, and in which columns.

A record is stored whole, as JSON in the `record` column, from the values of
`daemon.core.model`; the other columns repeat what people and indexes look for. A field that
gets a default in the model can be read from older rows; anything else needs a migration.
What cannot be encoded is left out and told by name (`batch`); it keeps no other row out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from daemon.core.chronicle import Notice
from daemon.core.labels import Matcher, MatchOp
from daemon.core.model import (
    Alert,
    Amendment,
    CheckState,
    Group,
    Handover,
    Incident,
    Instant,
    Kin,
    Override,
    Record,
    Recurrence,
    ResponseRun,
    ResponseState,
    ServiceState,
    Silence,
    Storm,
    Turnabout,
    Work,
)
from daemon.core.record import record
from daemon.store.table import Row, Table

_encode: Final = msgspec.json.Encoder().encode


def _json(record: object) -> str:
    return _encode(record).decode()


@record(frozen=True, slots=True)
class _StoredSilence:
    """A silence with its matchers as name, operator, value: a compiled one is no data."""

    key: str
    matchers: tuple[tuple[str, str, str], ...]
    starts_at: Instant
    ends_at: Instant
    created_by: str
    comment: str
    updated_at: Instant
    recurs: Recurrence | None = None
    warned_at: Instant | None = None


def _encode_silence(silence: Silence) -> str:
    stored = _StoredSilence(
        silence.key,
        tuple((m.name, m.op.value, m.value) for m in silence.matchers),
        silence.starts_at,
        silence.ends_at,
        silence.created_by,
        silence.comment,
        silence.updated_at,
        silence.recurs,
        silence.warned_at,
    )
    return _json(stored)


def _decode_silence(text: str) -> Silence:
    stored = msgspec.json.decode(text, type=_StoredSilence)
    return Silence(
        stored.key,
        tuple(Matcher(name, MatchOp(op), value) for name, op, value in stored.matchers),
        stored.starts_at,
        stored.ends_at,
        stored.created_by,
        stored.comment,
        stored.updated_at,
        stored.recurs,
        stored.warned_at,
    )


def _check_row(state: CheckState) -> Row:
    return (state.key, state.status.word, state.since, int(state.hard), state.cause, _json(state))


def _service_row(state: ServiceState) -> Row:
    return (state.key, state.status.word, state.since, state.unreachable, _json(state))


def _alert_row(alert: Alert) -> Row:
    return (
        alert.key,
        alert.name,
        alert.state.value,
        alert.effective.word,
        alert.source,
        alert.incident,
        alert.fired_at,
        alert.resolved_at,
        _json(alert),
    )


def _incident_row(incident: Incident) -> Row:
    return (
        incident.key,
        incident.state.value,
        incident.severity.word,
        incident.service,
        incident.title,
        incident.fired_at,
        incident.acknowledged_at,
        incident.acknowledged_by,
        incident.resolved_at,
        incident.escalation.next_at if incident.escalation else None,
        _json(incident),
    )


def _group_row(group: Group) -> Row:
    return (group.key, group.route, group.incident, group.flush_at, _json(group))


def _silence_row(silence: Silence) -> Row:
    return (
        silence.key,
        " ".join(map(str, silence.matchers)),
        silence.starts_at,
        silence.ends_at,
        silence.created_by,
        silence.comment,
        _encode_silence(silence),
    )


def _override_row(override: Override) -> Row:
    return (
        override.key,
        override.schedule,
        override.start,
        override.end,
        ", ".join(override.persons),
        override.created_by,
        _json(override),
    )


def _amendment_row(one: Amendment) -> Row:
    return (
        one.key,
        one.kind.value,
        one.sla,
        one.start,
        one.end,
        one.text,
        one.made_by.name,
        one.made_at,
        _json(one),
    )


def _run_row(run: ResponseRun) -> Row:
    return (
        run.key,
        run.response,
        run.incident,
        run.state.value,
        run.trigger,
        run.asked_by.name,
        run.decided_at,
        run.started_at,
        run.ended_at,
        run.exit_code,
        run.detail,
        _json(run),
    )


def _decoder(kind: type[Record]) -> Callable[[str], Record]:
    return msgspec.json.Decoder(kind).decode


TABLES: Final[Mapping[type, Table]] = {
    CheckState: Table(
        "check_state", "key, status, since, hard, cause, record", _check_row, _decoder(CheckState)
    ),
    ServiceState: Table(
        "service_state",
        "key, status, since, unreachable, record",
        _service_row,
        _decoder(ServiceState),
    ),
    Alert: Table(
        "alert",
        "key, name, state, severity, source, incident, fired_at, resolved_at, record",
        _alert_row,
        _decoder(Alert),
    ),
    Incident: Table(
        "incident",
        "key, state, severity, service, title, fired_at, acknowledged_at, acknowledged_by,"
        " resolved_at, next_step_at, record",
        _incident_row,
        _decoder(Incident),
        keeps=True,
    ),
    Group: Table("grp", "key, route, incident, flush_at, record", _group_row, _decoder(Group)),
    Override: Table(
        "oncall_override",
        "key, schedule, starts_at, ends_at, persons, created_by, record",
        _override_row,
        _decoder(Override),
        keeps=True,
    ),
    Turnabout: Table(
        "turnabout",
        "key, last, record",
        lambda one: (one.key, one.last, _json(one)),
        _decoder(Turnabout),
    ),
    Handover: Table(
        "handover",
        "key, persons, record",
        lambda one: (one.key, ", ".join(one.persons), _json(one)),
        _decoder(Handover),
    ),
    Amendment: Table(
        "amendment",
        "key, kind, sla, start_at, end_at, text, made_by, made_at, record",
        _amendment_row,
        _decoder(Amendment),
        keeps=True,
    ),
    Storm: Table(
        "storm",
        "key, rule, incident, began_at, last_at, record",
        lambda one: (one.key, one.rule, one.incident, one.began_at, one.last_at, _json(one)),
        _decoder(Storm),
    ),
    ResponseRun: Table(
        "response_run",
        "key, response, incident, state, cause, asked_by, decided_at, started_at, ended_at,"
        " exit_code, detail, record",
        _run_row,
        _decoder(ResponseRun),
        keeps=True,
    ),
    ResponseState: Table(
        "response_state",
        "key, runs, failed, stopped_at, record",
        lambda one: (one.key, one.runs, one.failed, one.stopped_at, _json(one)),
        _decoder(ResponseState),
    ),
    Kin: Table(
        "kin",
        "key, count, at, record",
        lambda one: (one.key, one.count, one.at, _json(one)),
        _decoder(Kin),
    ),
    Work: Table(
        "work",
        "key, name, services, start_at, end_at, created_by, ended_by, reason, record",
        lambda one: (
            one.key,
            one.name,
            ", ".join(one.services or one.match),
            one.start,
            one.end,
            one.created_by,
            one.ended_by,
            one.reason,
            _json(one),
        ),
        _decoder(Work),
        keeps=True,
    ),
    Silence: Table(
        "silence",
        "key, matchers, starts_at, ends_at, created_by, comment, record",
        _silence_row,
        _decode_silence,
        keeps=True,
    ),
}
"""Where each kind of record is kept."""

decode_alert: Final = msgspec.json.Decoder(Alert).decode
decode_incident: Final = msgspec.json.Decoder(Incident).decode
decode_run: Final = msgspec.json.Decoder(ResponseRun).decode
decode_notice: Final = msgspec.json.Decoder(Notice).decode


def occurrence_row(alert: Alert, row: Row | None = None) -> Row:
    """A row of `alert_history`: one time that the alert fired.

    Args:
        row: Its row of `alert`, if that is at hand: what is encoded in it is not again.
    """
    same = row is not None and row[0] == alert.key and row[6] == alert.fired_at
    return (
        alert.key,
        alert.fired_at,
        alert.resolved_at,
        alert.name,
        alert.effective.word,
        alert.source,
        alert.incident,
        row[-1] if same and row is not None else _json(alert),
    )


def notice_row(notice: Notice) -> Row:
    """A row of `delivery`: a notice that was just decided."""
    return (
        notice.key,
        notice.incident.key,
        notice.type.value,
        notice.channel,
        notice.recipient,
        notice.address,
        notice.reason,
        notice.at,
        notice.at,
        _json(notice),
    )
