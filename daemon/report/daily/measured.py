"""What the services were on the day, and of which time nothing is known at all.

A day on which the daemon was off must not look quiet: time in which no service was measured is
found here, and stands in the report before anything else.
"""

from __future__ import annotations

import sqlite3
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction

from checks.result import Status
from daemon.analysis.health import Health, Vitals, health_of
from daemon.api.schema.daily import DayCoverage
from daemon.api.schema.slas import Period
from daemon.api.times import stamp
from daemon.core.model import HOUR, Instant, Millis
from daemon.core.plan import ServicePlan
from daemon.core.record import record
from daemon.core.sla.availability import merge_spans
from daemon.core.sla.showing import cut, percent_text
from daemon.core.sla.timeline import Timeline
from daemon.report.daily.question import DayQuestion
from daemon.report.past import past_of
from daemon.report.periods import Span
from daemon.report.slots import AHEAD, DEGRADED, DOWN, UNKNOWN, UP


@record(frozen=True, slots=True)
class OfService:
    """A service on the day: for how long it was what, and how well that is."""

    plan: ServicePlan
    timeline: Timeline
    up_ms: Millis
    degraded_ms: Millis
    unknown_ms: Millis
    down_ms: Millis
    degraded: Sequence[Span]
    down: Sequence[Span]

    @property
    def known_ms(self) -> Millis:
        """For how long it was measured."""
        return self.up_ms + self.degraded_ms + self.down_ms

    @property
    def shown(self) -> str | None:
        """Its availability in percent, cut; degraded time counts as up."""
        if not self.known_ms:
            return None
        return percent_text(Fraction(100 * (self.up_ms + self.degraded_ms), self.known_ms))

    @property
    def lost(self) -> Decimal | None:
        """What its down time cost."""
        per_hour = self.plan.revenue_per_hour
        return None if per_hour is None else per_hour * self.down_ms / HOUR


@record(frozen=True, slots=True)
class Measured:
    """All services of the question over the day.

    Attributes:
        span: The day as far as it is past.
        final: Nothing can change any more what is known of it.
    """

    services: Mapping[str, OfService]
    span: Span
    final: bool

    def coverage(self) -> DayCoverage:
        """What of the day was measured."""
        start, end = self.span
        each = self.services.values()
        whole = (end - start) * len(self.services)
        known = sum(one.known_ms for one in each)
        blind = self.blind()
        return DayCoverage(
            services=len(self.services),
            unmeasured=[one.plan.name for one in each if not one.known_ms],
            share=float(cut(Fraction(100 * known, whole))) if whole else None,
            blind_ms=sum(high - low for low, high in blind) if self.services else None,
            blind=[Period(start=stamp(low), end=stamp(high)) for low, high in blind],
        )

    def blind(self) -> list[Span]:
        """When no service was measured; of an estate without services nothing is said."""
        start, end = self.span
        if not self.services or any(not one.unknown_ms for one in self.services.values()):
            return []
        known = merge_spans(
            (
                (piece.start, piece.end)
                for one in self.services.values()
                for piece in one.timeline.pieces(start, end)
                if piece.status is not Status.UNKNOWN
            ),
            start,
            end,
        )
        bounds = [start, *(at for span in known for at in span), end]
        return [
            (low, high) for low, high in zip(bounds[::2], bounds[1::2], strict=True) if low < high
        ]

    def health(self, name: str, incidents: Mapping[str, int]) -> Health:
        """How well a service did, with so many incidents by their severities."""
        one, (start, end) = self.services[name], self.span
        return health_of(
            Vitals(
                status=one.timeline.at(max(start, end - 1)),
                span_ms=max(1, end - start),
                up_ms=one.up_ms,
                degraded_ms=one.degraded_ms,
                down_ms=one.down_ms,
                incidents=incidents,
            )
        )

    def letters(self, hours: Sequence[Span]) -> str:
        """What the services were at worst in each of these hours, which follow each other; not
        measured only where none was for all of it."""
        until, lows = self.span[1], [low for low, _ in hours]
        letters = [AHEAD if low >= until else UP if self.services else UNKNOWN for low in lows]
        for letter, spans in self._bad():
            for low, high in spans:
                for index in range(max(0, bisect_right(lows, low) - 1), bisect_left(lows, high)):
                    letters[index] = letter
        for low, high in self.blind():
            for index, (start, end) in enumerate(hours):
                if low <= start < until and min(end, until) <= high:
                    letters[index] = UNKNOWN
        return "".join(letters)

    def _bad(self) -> Iterator[tuple[str, Iterable[Span]]]:
        """The worst last."""
        for one in self.services.values():
            yield DEGRADED, one.degraded
        for one in self.services.values():
            yield DOWN, one.down


def measured(connection: sqlite3.Connection, question: DayQuestion) -> Measured:
    """What the services of the question were."""
    plan, (start, end) = question.plan, question.day.span
    names = [name for name in plan.services if question.covers(name)]
    until = question.until
    past = past_of(connection, plan, dict.fromkeys(names, start), end, question.now)
    is_over = question.now >= end and all(at >= end for at in past.confirmed.values())
    return Measured(
        services={
            name: _service(plan.services[name], past.timelines[name], start, until)
            for name in names
        },
        span=(start, until),
        final=is_over,
    )


def _service(plan: ServicePlan, timeline: Timeline, start: Instant, until: Instant) -> OfService:
    up, degraded, unknown, down = timeline.totals(start, until)
    spans: dict[Status, list[Span]] = {Status.DEGRADED: [], Status.DOWN: []}
    for piece in timeline.pieces(start, until) if degraded or down else ():
        if piece.status in spans:
            spans[piece.status].append((piece.start, piece.end))
    bad = spans[Status.DEGRADED], spans[Status.DOWN]
    return OfService(plan, timeline, up, degraded, unknown, down, *bad)
