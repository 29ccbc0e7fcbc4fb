"""The figures of a report: objectives, services and incidents over the period.

Every rule of counting is the core's (`daemon.core.availability`, `daemon.core.sla`); here it is
decided what is counted. Incidents count as the period saw them: one that was acknowledged after the
period's end was not acknowledged in it. So what is told of a closed period stays as it is.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from checks.result import Status
from daemon.core.availability import figures, merge_spans, service_status
from daemon.core.maintenance import Calendar
from daemon.core.model import MINUTE, Amendment, AmendmentKind, Instant, Millis
from daemon.core.plan import Plan, ServicePlan, SlaKind, SlaPlan
from daemon.core.sla.failing import Costs, outages, reliability
from daemon.core.sla.minutes import ENTITY, GRACE
from daemon.core.sla.together import Together
from daemon.core.sla.values import Handled, Reliability, SlaFigures
from daemon.core.timeline import Timeline, Totals
from daemon.core.works import Works
from daemon.report.past import past_of, timeline_of
from daemon.report.periods import Period, Span
from daemon.report.question import Question, objectives_of, services_of
from daemon.report.slots import Unit, slots, strip, unit_of
from daemon.store.spans import intervals_of
from daemon.store.standing import Seen, amendments, incidents_seen, need_present_version, works

TREND = {"month": 5, "quarter": 4, "year": 2, None: 3}
"""So many earlier periods are shown beside one."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """An objective's share in an earlier period; None where nothing was counted."""

    label: str
    share: Fraction | None


@dataclass(frozen=True, slots=True)
class Answered:
    """The incidents of something in a period.

    Attributes:
        acknowledged: Of them, within the period; likewise `resolved`.
    """

    total: int
    acknowledged: int
    resolved: int
    mtta_ms: Millis | None
    mttr_ms: Millis | None
    by_severity: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Objective:
    """An objective over the period."""

    plan: SlaPlan
    zone: str
    figures: SlaFigures
    planned: Sequence[Span]
    strip: str
    trend: Sequence[Earlier]
    answered: Answered


@dataclass(frozen=True, slots=True)
class Service:
    """A service over the period, whatever is promised; `totals` are of what is not excluded."""

    plan: ServicePlan
    totals: Totals
    excluded_ms: Millis
    reliability: Reliability
    strip: str
    answered: Answered


@dataclass(frozen=True, slots=True)
class Reckoned:
    """All figures of a report.

    Attributes:
        until: Up to when is counted.
        final: Nothing can change these figures any more but people: exclusions, other
            configuration.
    """

    question: Question
    span: Span
    until: Instant
    final: bool
    unit: Unit
    objectives: Sequence[Objective]
    services: Sequence[Service]
    answered: Answered


def reckon(connection: sqlite3.Connection, question: Question) -> Reckoned:
    """The figures.

    Raises:
        StoreUnusable: The file has another version's tables.
        sqlite3.Error: It cannot be read.
    """
    need_present_version(connection)
    return _Reckoner(connection, question).all()


class _Reckoner:
    """One report on its way."""

    def __init__(self, connection: sqlite3.Connection, question: Question) -> None:
        self.connection = connection
        self.question = question
        plan, period = question.plan, question.period
        self.services = services_of(question)
        self.slas = objectives_of(question, self.services)
        spans = [period.bounds(), *(_bounds(period, sla) for sla in self.slas)]
        self.whole = min(low for low, _ in spans), max(high for _, high in spans)
        self.reach = self._reach(), self.whole[1]
        members = {one for sla in self.slas for one in sla.members}
        names = [name for name in plan.services if name in members.union(self._names())]
        self.past = past_of(connection, plan, names, self.reach, question.now)
        self.amendments = _by_sla(amendments(connection), question.at)
        self.calendar = Calendar(plan.maintenance)
        self.works = Works(Plan(maintenance=plan.maintenance))
        self.works.restore(works(connection), question.now)
        self.seen = incidents_seen(connection, *self.whole)
        self.by_service: dict[str | None, list[Seen]] = {}
        for one in self.seen:
            self.by_service.setdefault(one.service, []).append(one)
        self.counting = self._counting()
        self.slots: dict[tuple[Span, str], list[Span]] = {}

    def all(self) -> Reckoned:
        question, span = self.question, self.question.period.bounds()
        unit = unit_of(span)
        until = max(span[0], min(question.at, span[1]))
        mine = self._names()
        scoped = question.service is not None or question.organization is not None
        seen = [one for one in self.seen if not scoped or one.service in mine]
        return Reckoned(
            question=question,
            span=span,
            until=until,
            final=self._is_final(),
            unit=unit,
            objectives=[self._objective(sla, unit) for sla in self.slas],
            services=[self._service(one, span, until, unit) for one in self.services],
            answered=_answered(seen, span[0], until),
        )

    def _names(self) -> set[str]:
        return {one.name for one in self.services}

    def _reach(self) -> Instant:
        """The oldest moment that is looked at: the beginning of the oldest trend's period."""
        if not self.slas:
            return self.whole[0]
        oldest = self.question.period.earlier(TREND[self.question.period.word])
        return min([self.whole[0], *(_bounds(oldest, sla)[0] for sla in self.slas)])

    def _counting(self) -> Mapping[str, Timeline]:
        """The timelines of the objectives that count runs."""
        names = [sla.name for sla in self.slas if sla.kind is not SlaKind.AVAILABILITY]
        written = intervals_of(self.connection, ENTITY, *self.reach, names)
        return {name: timeline_of(pieces) for name, pieces in written.items()}

    def _timeline(self, sla: SlaPlan) -> Timeline:
        if sla.kind is not SlaKind.AVAILABILITY:
            return self.counting[sla.name]
        if not sla.is_group:
            return self.past.timelines.get(sla.service) or Timeline()
        together = Together(service_status)
        together.replan([sla], self.past.timelines)
        return together.timeline(sla)

    def _is_final(self) -> bool:
        question, end = self.question, self.whole[1]
        if question.at < end or any(at < end for at in self.past.confirmed.values()):
            return False
        open_ms = [
            2 * GRACE + (sla.metric.window if sla.metric is not None else MINUTE)
            for sla in self.slas
            if sla.kind is not SlaKind.AVAILABILITY
        ]
        return question.at >= end + max(open_ms, default=0)

    def _planned(self, services: Iterable[str], span: Span) -> list[Span]:
        found: list[Span] = []
        for name in services:
            found += self.calendar.excluded(name, *span, self.works)
        return merge_spans(found, *span)

    def _objective(self, sla: SlaPlan, unit: Unit) -> Objective:
        question, zone = self.question, _zone(question_period := self.question.period, sla)
        start, end = span = _bounds(question_period, sla)
        timeline, until = self._timeline(sla), max(start, min(question.at, end))
        said = self.amendments.get(sla.name, [])
        approved = [(a.start, a.end) for a in said if a.kind is AmendmentKind.EXCLUSION]
        away = self._planned(sla.members, (self.reach[0], end))
        planned = merge_spans(away, start, end)
        incidents = [one for name in sla.members for one in self.by_service.get(name, ())]
        answered = _answered(incidents, start, until)
        handled = [
            Handled(one.fired_at, _within(one.acknowledged_at, until))
            for one in incidents
            if start <= one.fired_at < until
        ]
        every = merge_spans([*away, *approved], self.reach[0], end)
        return Objective(
            plan=sla,
            zone=zone,
            figures=figures(
                sla,
                timeline,
                question.at,
                planned,
                amendments=said,
                handled=handled,
                period=span,
            ),
            planned=merge_spans(planned, start, until),
            strip=strip(timeline, self._slots(span, unit, zone), until, merge_spans(every, *span)),
            trend=list(self._trend(sla, timeline, every)),
            answered=answered,
        )

    def _trend(self, sla: SlaPlan, timeline: Timeline, away: Sequence[Span]) -> Iterable[Earlier]:
        costs, period = Costs.of(sla), self.question.period
        for count in range(TREND[period.word], 0, -1):
            earlier = period.earlier(count)
            start, end = _bounds(earlier, sla)
            totals = _totals(timeline, start, end, merge_spans(away, start, end))
            counted = costs.counted(totals)
            share = 1 - Fraction(costs.spent(totals)) / counted if counted else None
            yield Earlier(earlier.label, share)

    def _service(self, plan: ServicePlan, span: Span, until: Instant, unit: Unit) -> Service:
        timeline = self.past.timelines[plan.name]
        start, zone = span[0], self.question.period.zone
        away = self._planned([plan.name], (start, until)) if start < until else []
        totals = _totals(timeline, start, until, away)
        pieces = [
            one
            for low, high in _gaps(start, until, away)
            for one in timeline.pieces(low, high)
            if one.status is Status.DOWN
        ]
        lasts = until < span[1] and timeline.at(until) is Status.DOWN
        failing = outages(pieces, until if lasts else None)
        counted = totals[Status.UP] + totals[Status.DEGRADED]
        seen = self.by_service.get(plan.name, ())
        return Service(
            plan=plan,
            totals=totals,
            excluded_ms=sum(high - low for low, high in away),
            reliability=reliability(failing, counted, ()),
            strip=strip(timeline, self._slots(span, unit, zone), until, away),
            answered=_answered(seen, start, until),
        )

    def _slots(self, span: Span, unit: Unit, zone: str) -> list[Span]:
        known = self.slots.get((span, zone))
        if known is None:
            known = self.slots[span, zone] = slots(span, unit, zone)
        return known


def _zone(period: Period, sla: SlaPlan) -> str:
    """Whose calendar an objective goes by: a rolling one has none of its own."""
    return period.zone if isinstance(sla.period, int) else sla.timezone


def _bounds(period: Period, sla: SlaPlan) -> Span:
    return period.bounds(_zone(period, sla))


def _by_sla(found: Iterable[Amendment], at: Instant) -> dict[str, list[Amendment]]:
    known: dict[str, list[Amendment]] = {}
    for one in found:
        if one.made_at <= at:
            known.setdefault(one.sla, []).append(one)
    return known


def _gaps(start: Instant, end: Instant, away: Sequence[Span]) -> Iterable[Span]:
    """What of [start, end) is in none of these spans."""
    for low, high in away:
        if start < low:
            yield start, low
        start = high
    if start < end:
        yield start, end


def _totals(timeline: Timeline, start: Instant, end: Instant, away: Sequence[Span]) -> Totals:
    """Time in each status in [start, end) without these spans, which are disjoint."""
    up, degraded, unknown, down = timeline.totals(start, end)
    for low, high in away:
        gone = timeline.totals(low, high)
        up, degraded = up - gone[0], degraded - gone[1]
        unknown, down = unknown - gone[2], down - gone[3]
    return (up, degraded, unknown, down)


def _within(at: Instant | None, until: Instant) -> Instant | None:
    return at if at is not None and at <= until else None


def _answered(seen: Iterable[Seen], start: Instant, until: Instant) -> Answered:
    """What became, until then, of the incidents that fired since `start`."""
    mine = [one for one in seen if start <= one.fired_at < until]
    taken = [
        one.acknowledged_at - one.fired_at
        for one in mine
        if one.acknowledged_at is not None and one.acknowledged_at <= until
    ]
    ended = [
        one.resolved_at - one.fired_at
        for one in mine
        if one.resolved_at is not None and one.resolved_at <= until
    ]
    return Answered(
        total=len(mine),
        acknowledged=len(taken),
        resolved=len(ended),
        mtta_ms=_mean(taken),
        mttr_ms=_mean(ended),
        by_severity=dict(sorted(Counter(one.severity for one in mine).items())),
    )


def _mean(spans: Sequence[Millis]) -> Millis | None:
    """The mean, rounded up; a clock that was set back counts as no time."""
    return -(-sum(max(0, one) for one in spans) // len(spans)) if spans else None
