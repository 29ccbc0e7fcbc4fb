"""The daily report in the API's shape, which all forms are made of and which is kept."""

from __future__ import annotations

import hashlib
import sqlite3
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

import msgspec

from daemon.analysis.health import Health
from daemon.analysis.noise import noisy
from daemon.api.schema.daily import (
    DailyView,
    DayHour,
    DayNoise,
    DayService,
    DaySeverity,
    LostMoney,
)
from daemon.api.schema.reports import ReportPeriod
from daemon.api.times import stamp
from daemon.api.views.analysis import noise_view, top_view
from daemon.core.alerting.sources import service_of
from daemon.core.plan import SeverityPlan
from daemon.core.severity import Severity
from daemon.report.daily.comparing import compared
from daemon.report.daily.measured import Measured, measured
from daemon.report.daily.method import rules
from daemon.report.daily.muting import mutes, still_muted
from daemon.report.daily.people import deliveries, on_call, pages, sent
from daemon.report.daily.question import DayQuestion
from daemon.report.daily.standing import Seen, answers, incident_view, money, seen, worst_first
from daemon.report.slots import slots
from daemon.store.reading.alerts import SHORT, AlertTotals, alert_totals
from daemon.store.reading.day import incidents_on, takers
from daemon.store.reading.standing import need_present_version

MOST_INCIDENTS: Final = 100
"""So many incidents stand in a report by themselves; likewise services, and alerts."""
MOST_SERVICES: Final = 30
MOST_ALERTS: Final = 10
MOST_SHORTEST: Final = 5
EXCELLENT: Final = 95
"""A service that did so well, and of which nothing fired, is not listed."""

_FORM: Final = 1
_NO_FIGURES: Final = frozenset(
    {"generated_at", "as_of", "digest", "method", "acknowledged_by", "by", "reason", "detail"}
    | {"title", "person", "persons", "pages", "on_call", "what", "id", "made_by", "advice"}
)
"""What is no figure: words, names of persons, when it was made."""


def make_daily(connection: sqlite3.Connection, question: DayQuestion) -> DailyView:
    """The whole report. To be asked in a process of its own (`Analysis.ask_apart`).

    Raises:
        StoreUnusable: The file has another version's tables.
        sqlite3.Error: It cannot be read.
    """
    need_present_version(connection)
    return _Maker(connection, question).view()


class _Maker:
    """One report on its way."""

    def __init__(self, connection: sqlite3.Connection, question: DayQuestion) -> None:
        self.connection, self.question = connection, question
        self.start, self.end = question.day.span
        self.until = question.until
        self.measured: Measured = measured(connection, question)
        down = {name: one.down for name, one in self.measured.services.items()}
        on_day = incidents_on(connection, self.start, self.until)
        self.seen = worst_first(seen(question, on_day, down))
        self.fired = [one for one in self.seen if one.fired_on]
        self.alerts, self.incidents = compared(connection, question)
        self.totals = self._totals()

    def view(self) -> DailyView:
        question, day = self.question, self.question.day
        notices = sent(self.connection, question)
        foreign = [one for one in self.totals if not _is_own(one)]
        made = DailyView(
            period=ReportPeriod(
                label=day.label, start=stamp(self.start), end=stamp(self.end), timezone=day.zone
            ),
            generated_at=stamp(question.now),
            as_of=stamp(self.until),
            final=self.measured.final,
            digest="",
            fired=len(self.fired),
            resolved=sum(one.ended_at is not None for one in self.seen),
            open=sum(one.ended_at is None for one in self.seen),
            escalated=sum(_is_escalated(one) for one in self.fired),
            coverage=self.measured.coverage(),
            earlier_days=len(self.alerts.weeks),
            hours=self._hours(),
            total=self._severity(None),
            severities=[
                self._severity(one)
                for one in reversed(Severity)
                if self.alerts.today.by_severity.get(one.word)
                or self.incidents.today.by_severity.get(one.word)
            ],
            services=list(self._services()),
            incidents=self._shown(),
            left_out=max(0, len(self.seen) - MOST_INCIDENTS),
            pages=pages(notices, question),
            deliveries=deliveries(notices),
            noise=self._noise(foreign),
            mutes=mutes(self.connection, question),
            muted=still_muted(self.connection, self.seen, self.until),
            top=[top_view(one, question.plan) for one in foreign[:MOST_ALERTS]],
            tocsin=[top_view(one, question.plan) for one in self.totals if _is_own(one)],
            on_call=on_call(self.connection, question),
            lost=list(self._lost()),
            method=list(rules(question)),
            service=question.service,
            organization=question.organization,
        )
        made.digest = digest(made)
        return made

    def _totals(self) -> Sequence[AlertTotals]:
        question, plan = self.question, self.question.plan
        found = alert_totals(self.connection, self.start, self.until, self.until)
        if question.is_of_all:
            return found
        return [one for one in found if question.covers(service_of(one.source, plan))]

    def _shown(self) -> list[Any]:
        shown = self.seen[:MOST_INCIDENTS]
        known = takers(self.connection, [one.stood.key for one in shown if one.taken_at])
        return [incident_view(one, known) for one in shown]

    def _severity(self, severity: Severity | None) -> DaySeverity:
        if severity is None:
            mine, targets = self.fired, SeverityPlan()
            alerts, incidents = self.alerts.total(), self.incidents.total()
        else:
            word = severity.word
            mine = [one for one in self.fired if one.stood.severity == word]
            targets = self.question.plan.severities.get(severity, SeverityPlan())
            alerts, incidents = self.alerts.of_severity(word), self.incidents.of_severity(word)
        return DaySeverity(
            severity=None if severity is None else severity.word,  # type: ignore[arg-type]  # the literal's words
            alerts=alerts,
            incidents=incidents,
            acknowledged=answers(mine, targets.mtta, "ack"),
            resolved=answers(mine, targets.mttr, "fix"),
        )

    def _services(self) -> Iterator[DayService]:
        """The worst first: of which something fired, or which were not well."""
        fired: dict[str, Counter[str]] = {}
        for one in self.fired:
            fired.setdefault(one.stood.service or "", Counter())[one.stood.severity] += 1
        scores = {
            name: self.measured.health(name, fired.get(name, {}))
            for name, one in self.measured.services.items()
            if name in fired or one.down_ms or one.degraded_ms or one.unknown_ms
        }
        names = {
            *self.alerts.today.by_service,
            *self.incidents.today.by_service,
            *(name for name, health in scores.items() if (health.score or 100) < EXCELLENT),
        }
        ranked = sorted(names, key=lambda name: (_rank(scores.get(name)), *self._weight(name)))
        for name in ranked[:MOST_SERVICES]:
            yield self._service(name, scores.get(name))

    def _weight(self, name: str) -> tuple[int, int, str]:
        """Among equals the longest down, then what fired most often."""
        one = self.measured.services.get(name)
        down_ms = 0 if one is None else one.down_ms
        return -down_ms, -self.alerts.today.by_service.get(name, 0), name

    def _service(self, name: str, health: Health | None) -> DayService:
        alerts, incidents = self.alerts.of_service(name), self.incidents.of_service(name)
        one = self.measured.services.get(name)
        if one is None or not one.known_ms:
            return DayService(service=name, alerts=alerts, incidents=incidents)
        health = self.measured.health(name, {}) if health is None else health
        return DayService(
            service=name,
            alerts=alerts,
            incidents=incidents,
            score=health.score,
            band=None if health.band is None else health.band.value,
            shown=one.shown,
            down_ms=one.down_ms,
            unknown_ms=one.unknown_ms,
            lost=money(one.lost),
            currency=one.plan.currency if one.lost is not None else None,
        )

    def _noise(self, totals: Sequence[AlertTotals]) -> DayNoise:
        plan = self.question.plan
        contexts = {
            name: service.context
            for name, check in plan.checks.items()
            if (service := plan.services.get(check.service)) is not None and service.context
        }
        brief = [one for one in totals if one.shortest_ms is not None and one.shortest_ms < SHORT]
        brief.sort(key=lambda one: (one.shortest_ms or 0, one.name, one.source))
        return DayNoise(
            unacknowledged=sum(one.unacknowledged for one in totals),
            again=sum(one.again for one in totals),
            short=sum(one.short for one in totals),
            shortest=[top_view(one, plan) for one in brief[:MOST_SHORTEST]],
            alerts=[noise_view(one, plan) for one in noisy(totals, contexts)[:MOST_ALERTS]],
        )

    def _hours(self) -> list[DayHour]:
        """23, 24 or 25 of them."""
        hours = slots((self.start, self.end), "hour", self.question.day.zone)
        lows = [low for low, _ in hours]
        fired = Counter(bisect_right(lows, one.stood.fired_at) - 1 for one in self.fired)
        return [
            DayHour(start=stamp(low), fired=fired[number], letter=letter)
            for number, (low, letter) in enumerate(
                zip(lows, self.measured.letters(hours), strict=True)
            )
        ]

    def _lost(self) -> Iterator[LostMoney]:
        amounts: dict[str | None, Decimal] = {}
        for one in self.measured.services.values():
            if one.lost:
                amounts[one.plan.currency] = amounts.get(one.plan.currency, Decimal(0)) + one.lost
        for currency, amount in sorted(amounts.items(), key=lambda pair: pair[0] or ""):
            yield LostMoney(currency=currency, amount=money(amount) or "0.00")


def digest(view: DailyView) -> str:
    """SHA-256 over its figures, 64 hexadecimal digits."""
    unnamed = msgspec.structs.replace(view, name=None)
    figures = [_FORM, _figures(msgspec.to_builtins(unnamed))]
    return hashlib.sha256(msgspec.json.encode(figures, order="deterministic")).hexdigest()


def _figures(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _figures(one) for key, one in value.items() if key not in _NO_FIGURES}
    return [_figures(one) for one in value] if isinstance(value, list) else value


def _is_own(one: AlertTotals) -> bool:
    return one.source.startswith("self:")


def _is_escalated(one: Seen) -> bool:
    steps = one.stood.facts.escalation
    return steps is not None and steps.level > 0


def _rank(health: Health | None) -> int:
    return 101 if health is None or health.score is None else health.score
