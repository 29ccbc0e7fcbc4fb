"""Everything as it stood at a moment, in the API's shapes: what `GET /state?at=` answers with.

Made of the values that the API's own views are made of, by the same views, so that the past looks
like the present. What cannot be known of the past is empty, and named in `PastView.unknown`.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from checks.result import Result, Status
from daemon.api import schema, views
from daemon.api.matching import Firing
from daemon.api.order import alert_order, in_order
from daemon.api.times import stamp, stamp_or_none
from daemon.api.views.incident import incident_view
from daemon.api.views.response import live_views
from daemon.api.views.sla import sla_view
from daemon.core.model import CheckState, Incident, Instant, ServiceState, Silence
from daemon.core.oncall.overrides import KEEP
from daemon.core.plan import CheckPlan, Plan, ServicePlan
from daemon.past.incidents import Happening, happening_at
from daemon.past.objectives import LISTED, objectives_at
from daemon.past.question import NoHistory, PastQuestion, Picture
from daemon.store.reading.moments import Around, around
from daemon.store.reading.past_open import runs_live
from daemon.store.reading.past_status import (
    Lasting,
    Statuses,
    Stood,
    curves_at,
    results_at,
    statuses_at,
)

_encode: Final = msgspec.json.Encoder().encode

ALWAYS_UNKNOWN: Final = ("pending alerts", "flapping", "what the daemon and its channels did")
"""Of this nothing is kept."""


def picture(connection: sqlite3.Connection, question: PastQuestion) -> Picture | NoHistory:
    """The picture of this moment.

    Raises:
        sqlite3.Error: The database cannot be read.
    """
    plan, at = question.plan, question.at
    seen = around(connection, at)
    if seen.oldest is None or at < seen.oldest:
        return NoHistory(seen.oldest)
    stood = statuses_at(connection, plan.services, at)
    found = happening_at(connection, plan, stood.checks, at)
    last = results_at(connection, stood.checks, at)
    services = _known(plan.services, stood.services)
    parts: Mapping[str, Any] = {
        "checks": list(_checks(plan, stood, last)),
        "services": list(_services(plan, services, stood)),
        "alerts": [views.alert_view(one) for one in sorted(found.alerts, key=alert_order)],
        "incidents": [_incident(one, plan, at) for one in in_order(found.incidents, plan, at)],
        "silences": list(_silences(found, at)),
        "slas": [sla_view(one) for one in objectives_at(connection, plan, stood.tails, at)],
        "runs": live_views(runs_live(connection, at)),
        "history": _curves(connection, plan, services, at),
        "past": _past(question, seen, last.values()),
    }
    return Picture({name: _encode(part) for name, part in parts.items()})


def _known(configured: Iterable[str], stood: Iterable[str]) -> list[str]:
    """The names of which something is known, in the configuration's order; those that it has no
    longer follow."""
    known = set(stood)
    mine = [name for name in configured if name in known]
    return [*mine, *sorted(known.difference(mine))]


def _checks(
    plan: Plan, stood: Statuses, last: Mapping[str, Result | Lasting]
) -> Iterator[schema.CheckView]:
    for name in _known(plan.checks, stood.checks):
        was, newest = stood.checks[name], last.get(name)
        result = newest if isinstance(newest, Result) else None
        state = CheckState(
            name,
            status=was.status,
            since=was.since,
            hard=_is_hard(was, result),
            cause=_cause(was, stood.states.get(name)),
            unreachable=_unreachable(was, stood.states.get(name)),
        )
        shown = views.check_view(plan.checks.get(name) or _former(name), state, result)
        if isinstance(newest, Lasting):
            shown.last = _lasting_view(newest, was)
        yield shown


def _incident(incident: Incident, plan: Plan, at: Instant) -> schema.IncidentView:
    shown = incident_view(incident, plan, at)
    shown.on_unmute = None  # what its groups had told then is not kept
    return shown


def _former(name: str) -> CheckPlan:
    """A check that is not configured any more: what is known of it is its name."""
    return CheckPlan(name, "", "", 0, 0, 0, 1, 1, {})


def _is_hard(was: Stood, result: Result | None) -> bool:
    """Whether the newest run did not disagree with the status that was confirmed; what was
    unknown had another reason than a run."""
    if result is None or was.status is Status.UNKNOWN:
        return True
    return result.status is was.status or result.at < (was.since or 0)


def _lasts(was: Stood, state: CheckState | None) -> CheckState | None:
    """The newest record, if it is of this very time."""
    same = state is not None and (state.status, state.since) == (was.status, was.since)
    return state if same else None


def _cause(was: Stood, state: CheckState | None) -> str | None:
    lasting = _lasts(was, state)
    return None if lasting is None else lasting.cause


def _unreachable(was: Stood, state: CheckState | None) -> str | None:
    lasting = _lasts(was, state)
    return None if lasting is None else lasting.unreachable


def _lasting_view(found: Lasting, was: Stood) -> schema.Last:
    return schema.Last(
        time=stamp(found.end),
        status=views.status_word(was.status),
        latency_ms=None if found.mean_ms is None else round(found.mean_ms, 3),
        message=f"mean of the {found.unit}; single results are not kept so long",
    )


def _services(plan: Plan, names: Iterable[str], stood: Statuses) -> Iterator[schema.ServiceView]:
    slas: dict[str, list[str]] = {}
    for sla in plan.slas.values():
        for member in sla.members:
            slas.setdefault(member, []).append(sla.name)
    for name in names:
        was = stood.services[name]
        service = plan.services.get(name) or ServicePlan(name, ())
        state = ServiceState(name, was.status, was.since)
        yield views.service_view(service, state, slas.get(name, ()))


def _silences(found: Happening, at: Instant) -> Iterator[schema.SilenceView]:
    muted = Counter(mute.by for alert in found.alerts for mute in alert.muted)
    firing = Firing(found.alerts)

    def matched(silence: Silence) -> int:
        is_active = silence.state(at) == "active"
        return muted[silence.key] if is_active else firing.count(silence)

    for silence in sorted(found.silences, key=lambda one: one.ends_at):
        if silence.state(at) != "expired":
            yield views.silence_view(silence, at, matched(silence))


def _curves(
    connection: sqlite3.Connection, plan: Plan, services: Sequence[str], at: Instant
) -> dict[str, msgspec.Raw]:
    """Each service's latencies: those of the first of its checks that had any."""
    mine = {name: plan.services[name].checks for name in services if name in plan.services}
    curves = dict(curves_at(connection, (one[0] for one in mine.values() if one), at))
    others = [check for one in mine.values() if one and one[0] not in curves for check in one[1:]]
    curves |= curves_at(connection, others, at)
    first = {
        name: next((curves[check] for check in checks if check in curves), None)
        for name, checks in mine.items()
    }
    return {name: msgspec.Raw(line.encode()) for name, line in first.items() if line is not None}


def _past(
    question: PastQuestion, seen: Around, last: Iterable[Result | Lasting]
) -> schema.PastView:
    at, unknown = question.at, list(ALWAYS_UNKNOWN)
    results = list(last)
    if not any(isinstance(one, Result) for one in results):
        unknown.append("single results")
    if seen.incidents_from is None:
        unknown.append("incidents and alerts that are no longer kept")
    elif at < seen.incidents_from:
        unknown.append(f"incidents and alerts (kept: since {stamp(seen.incidents_from)})")
    if question.now - at > KEEP:
        unknown.append("overrides of schedules")
    if len(question.plan.slas) > LISTED:
        unknown.append("violations and outages of SLAs (too many for one picture)")
    return schema.PastView(
        at=stamp(at),
        before=stamp_or_none(seen.before),
        after=stamp_or_none(seen.after),
        oldest=stamp_or_none(seen.oldest),
        unknown=unknown,
    )
