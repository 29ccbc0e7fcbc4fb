"""The engine's records as the API shows them: pure functions from values to shapes.

Between the core, which counts in milliseconds and enums, and everything outside, which
reads words and RFC 3339. `publish` calls these for the stream, the routes for answers, so
both always say the same. (`incident` holds the incident, the largest of them.)
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from math import isfinite
from typing import Any, Final

from checks.result import Result, Status
from daemon.api import schema
from daemon.api.times import stamp, stamp_or_none
from daemon.core.chronicle import Audit, Entry, Notice
from daemon.core.labels import Matcher, MatchOp, match_all
from daemon.core.model import Alert, AlertState, CheckState, Instant, Mute, ServiceState, Silence
from daemon.core.plan import CheckPlan, ServicePlan

_STATUS: Final[dict[Status, schema.StatusWord]] = {
    Status.UP: "up",
    Status.DEGRADED: "degraded",
    Status.UNKNOWN: "unknown",
    Status.DOWN: "down",
}


def status_word(status: Status) -> schema.StatusWord:
    """The word of a status, as a literal."""
    return _STATUS[status]


def _plain(labels: Mapping[str, Any]) -> dict[str, Any]:
    """The encoder wants a dict; most mappings are one already."""
    return labels if type(labels) is dict else dict(labels)


def _numbers(metrics: Mapping[str, Any]) -> dict[str, Any]:
    """Metrics without what JSON has no number for."""
    for value in metrics.values():
        if type(value) is float and not isfinite(value):
            break
    else:
        return _plain(metrics)
    return {
        name: value
        for name, value in metrics.items()
        if type(value) is not float or isfinite(value)
    }


def _latency(latency_ms: float | None) -> float | None:
    return None if latency_ms is None or not isfinite(latency_ms) else round(latency_ms, 3)


def last_view(result: Result) -> schema.Last:
    """A result."""
    return schema.Last(
        time=stamp(result.at),
        status=_STATUS[result.status],
        latency_ms=_latency(result.latency_ms),
        message=result.message,
        metrics=_numbers(result.metrics),
        phases={name: round(ms, 3) for name, ms in result.phases.items() if isfinite(ms)},
    )


def check_view(plan: CheckPlan, state: CheckState, last: Result | None) -> schema.CheckView:
    """A check with its newest result."""
    return schema.CheckView(
        name=plan.name,
        kind=plan.kind,
        service=plan.service,
        status=_STATUS[state.status],
        hard=state.hard,
        since=stamp_or_none(state.since),
        last=None if last is None else last_view(last),
        cause=state.cause,
        unreachable=state.unreachable,
        flapping=state.flapping,
        attempts=state.attempts,
        down_after=plan.down_after,
        every_ms=plan.every,
        labels=_plain(plan.labels),
    )


def service_view(plan: ServicePlan, state: ServiceState, slas: Sequence[str]) -> schema.ServiceView:
    """A service; `slas` are the names of its SLAs."""
    return schema.ServiceView(
        name=plan.name,
        status=_STATUS[state.status],
        since=stamp_or_none(state.since),
        checks=list(plan.checks),
        slas=list(slas),
        context=plan.context,
        organization=plan.organization,
        owner=plan.owner,
        unreachable=state.unreachable,
        depends_on=[parent for group in plan.parents for parent in group],
        impact=plan.impact,
        runbook=plan.runbook,
        rank=plan.rank,
    )


def mute_views(mutes: Iterable[Mute]) -> list[schema.Mute]:
    """Why something is not told."""
    return [
        schema.Mute(
            by=mute.by, reason=mute.reason, until=stamp_or_none(mute.until), kind=mute.kind.value
        )
        for mute in mutes
    ]


def alert_view(alert: Alert) -> schema.AlertView:
    """An alert with its effective severity."""
    return schema.AlertView(
        fingerprint=alert.key,
        name=alert.name,
        state=alert.state.value,
        severity=alert.effective.word,  # type: ignore[arg-type]  # the enum's words are the literal's
        labels=_plain(alert.labels),
        annotations=_plain(alert.annotations),
        fired_at=stamp_or_none(alert.fired_at),
        resolved_at=stamp_or_none(alert.resolved_at),
        incident=alert.incident,
        muted=mute_views((*alert.muted, *alert.held_back)),
        pending_at=stamp_or_none(alert.pending_at),
        source=alert.source,
        storm=None if alert.storm is None else alert.storm.partition("/")[0],
    )


_JSON_OPS: Final = {
    MatchOp.EQUAL: (False, True),
    MatchOp.NOT_EQUAL: (False, False),
    MatchOp.REGEX: (True, True),
    MatchOp.NOT_REGEX: (True, False),
}
"""Alertmanager's `isRegex` and `isEqual` for each operator."""


def matcher_view(matcher: Matcher) -> schema.MatcherView:
    """A matcher as Alertmanager writes it in JSON."""
    is_regex, is_equal = _JSON_OPS[matcher.op]
    return schema.MatcherView(
        name=matcher.name, value=matcher.value, isRegex=is_regex, isEqual=is_equal
    )


def matcher_of(name: str, value: str, *, is_regex: bool, is_equal: bool) -> Matcher:
    """The matcher that such JSON means.

    Raises:
        ValueError: The regular expression is not valid RE2.
    """
    wanted = (is_regex, is_equal)
    op = next(op for op, flags in _JSON_OPS.items() if flags == wanted)
    return Matcher(name, op, value)


def matched_count(silence: Silence, alerts: Iterable[Alert]) -> int:
    """How many firing alerts a silence's matchers select."""
    return sum(
        alert.state is AlertState.FIRING and match_all(silence.matchers, alert.matchable)
        for alert in alerts
    )


def silence_view(silence: Silence, now: Instant, matched: int) -> schema.SilenceView:
    """A silence as Alertmanager's."""
    return schema.SilenceView(
        id=silence.key,
        matchers=[matcher_view(matcher) for matcher in silence.matchers],
        startsAt=stamp(silence.starts_at),
        endsAt=stamp(silence.ends_at),
        updatedAt=stamp(silence.updated_at),
        createdBy=silence.created_by,
        comment=silence.comment,
        status=schema.SilenceStatus(state=silence.state(now)),  # type: ignore[arg-type]  # its three words
        matched=matched,
        recur=None if silence.recurs is None else silence.recurs.cron,
        duration_ms=None if silence.recurs is None else silence.recurs.lasts,
        timezone=None if silence.recurs is None else silence.recurs.timezone,
    )


def entry_view(entry: Entry) -> schema.EntryView:
    """A line of an incident's timeline."""
    return schema.EntryView(
        time=stamp(entry.at),
        kind=entry.kind.value,
        by=entry.actor.name,
        origin=entry.actor.origin,
        text=entry.text,
    )


def operator_view(audit: Audit) -> schema.Operator:
    """An operator's action."""
    return schema.Operator(
        time=stamp(audit.at),
        by=audit.actor.name,
        origin=audit.actor.origin,
        action=audit.action,
        subject=audit.subject,
        detail=audit.detail,
    )


def queued_view(notice: Notice) -> schema.DeliveryView:
    """A notice as it entered the outbox."""
    return schema.DeliveryView(
        id=notice.key,
        incident=notice.incident.key,
        type=notice.type.value,
        channel=notice.channel,
        recipient=notice.recipient,
        state="queued",
        attempts=0,
        created_at=stamp(notice.at),
        next_at=stamp(notice.at),
        sent_at=None,
        detail=notice.reason,
    )


def count_by(words: Iterable[str], all_words: Collection[str]) -> dict[str, int]:
    """How often each word occurs; every one of `all_words` is there, if only with 0."""
    counts = dict.fromkeys(all_words, 0)
    for word in words:
        counts[word] += 1
    return counts


Maker = Callable[[], schema.Shape]
"""Makes a shape when somebody first wants to read it."""
