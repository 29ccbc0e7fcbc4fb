"""The figures of a report: objectives, services and incidents over the period.

Every rule of counting is the core's (`daemon.core.sla.availability`, `daemon.core.sla`); here it is
decided what is counted. Incidents count as the period saw them: one that was acknowledged after the
period's end was not acknowledged in it. So what is told of a closed period stays as it is.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache

from checks.result import Status
from daemon.core.model import MINUTE, Amendment, AmendmentKind, Instant, Millis
from daemon.core.muting.maintenance import Calendar
from daemon.core.muting.works import Works
from daemon.core.plan import Plan, ServicePlan, SlaKind, SlaPlan
from daemon.core.record import record
from daemon.core.sla.availability import BURN_WINDOW, figures, merge_spans, service_status
from daemon.core.sla.failing import Costs, counted_stretches, outages, reliability
from daemon.core.sla.minutes import ENTITY, GRACE
from daemon.core.sla.timeline import Timeline, Totals
from daemon.core.sla.together import Together
from daemon.core.sla.values import Outage, Reliability, SlaFigures
from daemon.report.answered import Answered, Incidents
from daemon.report.before import totals_before
from daemon.report.past import past_of
from daemon.report.periods import Period, Span
from daemon.report.question import Question, objectives_of, services_of
from daemon.report.slots import Unit, slots, strip, unit_of
from daemon.store.reading.service_days import services_due
from daemon.store.reading.spans import stretches_of
from daemon.store.reading.standing import amendments, need_present_version, works

TREND = {"month": 5, "quarter": 4, "year": 2, None: 3}
"""So many earlier periods are shown beside one."""


@record(frozen=True, slots=True)
class Earlier:
    """An objective's share in an earlier period; None where nothing was counted."""

    label: str
    share: Fraction | None


@record(frozen=True, slots=True)
class Objective:
    """An objective over the period."""

    plan: SlaPlan
    zone: str
    figures: SlaFigures
    planned: Sequence[Span]
    strip: str
    trend: Sequence[Earlier]
    answered: Answered


@record(frozen=True, slots=True)
class Service:
    """A service over the period, whatever is promised; `totals` are of what is not excluded."""

    plan: ServicePlan
    totals: Totals
    excluded_ms: Millis
    reliability: Reliability
    strip: str
    answered: Answered


@record(frozen=True, slots=True)
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


@record(frozen=True, slots=True)
class Away:
    """The time that an objective does not count: planned work, and with what operators excluded;
    from the oldest moment that is looked at on."""

    planned: Sequence[Span]
    every: Sequence[Span]


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
        self.earlier = [period.earlier(count) for count in range(TREND[period.word], 0, -1)]
        self.slas = objectives_of(question, self.services)
        spans = [period.bounds(), *(_bounds(period, sla) for sla in self.slas)]
        self.whole = min(low for low, _ in spans), max(high for _, high in spans)
        self.reach = self._reach(), self.whole[1]
        self.amendments = _by_sla(amendments(connection), question.at)
        self.calendar = Calendar(plan.maintenance)
        self.works = Works(Plan(maintenance=plan.maintenance))
        self.works.restore(works(connection), question.now)
        self.away = {sla.name: self._away(sla) for sla in self.slas}
        self.by_days = self._by_days()
        self.past = past_of(connection, plan, self._since(), self.whole[1], question.now)
        self.before = totals_before(connection, self.past, self._before())
        self.incidents = Incidents(connection, self.past.timelines)
        self.counting = self._counting()
        self.slots: dict[tuple[Span, str], list[Span]] = {}
        self.same: dict[
            tuple[str, Span, str, tuple[Span, ...]], tuple[str, tuple[Outage, ...]]
        ] = {}
        """Strip and outages by service, span, zone and what is excluded: an objective and its
        service mostly ask for the same."""

    def all(self) -> Reckoned:
        question, span = self.question, self.question.period.bounds()
        unit = unit_of(span)
        until = max(span[0], min(question.at, span[1]))
        scoped = question.service is not None or question.organization is not None
        return Reckoned(
            question=question,
            span=span,
            until=until,
            final=self._is_final(),
            unit=unit,
            objectives=[self._objective(sla, unit) for sla in self.slas],
            services=[self._service(one, span, until, unit) for one in self.services],
            answered=self.incidents.of([one.name for one in self.services], span[0], until)
            if scoped
            else self.incidents.all(span[0], until),
        )

    def _away(self, sla: SlaPlan) -> Away:
        """All that the objective does not count, from the oldest moment on to its period's end."""
        end = _bounds(self.question.period, sla)[1]
        planned = self._planned(sla.members, (self.reach[0], end))
        said = self.amendments.get(sla.name, [])
        approved = [(a.start, a.end) for a in said if a.kind is AmendmentKind.EXCLUSION]
        return Away(planned, merge_spans([*planned, *approved], self.reach[0], end))

    def _by_days(self) -> set[str]:
        """The objectives whose earlier periods are sums of a service's days: exactly, since
        nothing is excluded there, and no day is to be made anew."""
        due = services_due(self.connection)
        return {
            sla.name
            for sla in self.slas
            if sla.kind is SlaKind.AVAILABILITY
            and not sla.is_group
            and sla.service in self.question.plan.services
            and sla.service not in due
            and not any(low < self.whole[0] for low, _ in self.away[sla.name].every)
        }

    def _since(self) -> dict[str, Instant]:
        """From when on each service's pieces are asked for: a burn rate may look back beyond the
        period's beginning."""
        far = {one for sla in self.slas if sla.name not in self.by_days for one in sla.members}
        wanted = {one for sla in self.slas for one in sla.members} | self._names()
        near = self.whole[0] - BURN_WINDOW
        return {
            name: min(self.reach[0], near) if name in far else near
            for name in self.question.plan.services
            if name in wanted
        }

    def _before(self) -> dict[Span, set[str]]:
        """The earlier periods that are sums of days, and of which services."""
        found: dict[Span, set[str]] = {}
        for sla in self.slas:
            if sla.name in self.by_days:
                for earlier in self.earlier:
                    found.setdefault(_bounds(earlier, sla), set()).add(sla.service)
        return found

    def _names(self) -> set[str]:
        return {one.name for one in self.services}

    def _reach(self) -> Instant:
        """The oldest moment that is looked at: the beginning of the oldest trend's period."""
        if not self.slas:
            return self.whole[0]
        oldest = self.earlier[0]
        return min([self.whole[0], *(_bounds(oldest, sla)[0] for sla in self.slas)])

    def _counting(self) -> Mapping[str, Timeline]:
        """The timelines of the objectives that count runs."""
        names = [sla.name for sla in self.slas if sla.kind is not SlaKind.AVAILABILITY]
        written = stretches_of(self.connection, ENTITY, *self.reach, names)
        return {name: Timeline.of(pieces) for name, pieces in written.items()}

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
        away = self.away[sla.name]
        planned = merge_spans(away.planned, start, end)
        found = figures(
            sla,
            timeline,
            question.at,
            planned,
            amendments=self.amendments.get(sla.name, ()),
            period=span,
        )
        shown = strip(
            timeline, self._slots(span, unit, zone), until, merge_spans(away.every, *span)
        )
        if timeline is self.past.timelines.get(sla.service) and question.at != end:
            asked = sla.service, span, zone, tuple(merge_spans(away.every, start, until))
            self.same[asked] = shown, found.reliability.outages
        return Objective(
            plan=sla,
            zone=zone,
            figures=found,
            planned=merge_spans(planned, start, until),
            strip=shown,
            trend=list(self._trend(sla, timeline)),
            answered=self.incidents.of(sla.members, start, until),
        )

    def _trend(self, sla: SlaPlan, timeline: Timeline) -> Iterable[Earlier]:
        costs, every = Costs.of(sla), self.away[sla.name].every
        for earlier in self.earlier:
            span = _bounds(earlier, sla)
            if sla.name in self.by_days:
                totals = self.before[sla.service, span]
            else:
                totals = _totals(timeline, *span, merge_spans(every, *span))
            yield Earlier(earlier.label, costs.share(totals))

    def _service(self, plan: ServicePlan, span: Span, until: Instant, unit: Unit) -> Service:
        timeline = self.past.timelines[plan.name]
        start, zone = span[0], self.question.period.zone
        away = self._planned([plan.name], (start, until)) if start < until else []
        totals = _totals(timeline, start, until, away)
        known = self.same.get((plan.name, span, zone, tuple(away)))
        shown, failing = known or self._failing(timeline, span, until, away, unit)
        counted = totals[Status.UP] + totals[Status.DEGRADED]
        return Service(
            plan=plan,
            totals=totals,
            excluded_ms=sum(high - low for low, high in away),
            reliability=reliability(failing, counted),
            strip=shown,
            answered=self.incidents.of([plan.name], start, until),
        )

    def _failing(
        self, timeline: Timeline, span: Span, until: Instant, away: Sequence[Span], unit: Unit
    ) -> tuple[str, tuple[Outage, ...]]:
        """A service's strip and outages, which an objective about it may have had already."""
        lasts = until < span[1] and timeline.at(until) is Status.DOWN
        pieces = counted_stretches(timeline, span[0], until, away)
        shown = strip(timeline, self._slots(span, unit, self.question.period.zone), until, away)
        return shown, outages(pieces, until if lasts else None)

    def _slots(self, span: Span, unit: Unit, zone: str) -> list[Span]:
        known = self.slots.get((span, zone))
        if known is None:
            known = self.slots[span, zone] = slots(span, unit, zone)
        return known


def _zone(period: Period, sla: SlaPlan) -> str:
    """Whose calendar an objective goes by: a rolling one has none of its own."""
    return period.zone if isinstance(sla.period, int) else sla.timezone


def _bounds(period: Period, sla: SlaPlan) -> Span:
    return _bounds_in(period, _zone(period, sla))


@lru_cache(maxsize=256)
def _bounds_in(period: Period, zone: str) -> Span:
    """Remembered: a thousand objectives have a few zones."""
    return period.bounds(zone)


def _by_sla(found: Iterable[Amendment], at: Instant) -> dict[str, list[Amendment]]:
    known: dict[str, list[Amendment]] = {}
    for one in found:
        if one.made_at <= at:
            known.setdefault(one.sla, []).append(one)
    return known


def _totals(timeline: Timeline, start: Instant, end: Instant, away: Sequence[Span]) -> Totals:
    """Time in each status in [start, end) without these spans, which are disjoint."""
    up, degraded, unknown, down = timeline.totals(start, end)
    for low, high in away:
        gone = timeline.totals(low, high)
        up, degraded = up - gone[0], degraded - gone[1]
        unknown, down = unknown - gone[2], down - gone[3]
    return (up, degraded, unknown, down)
