"""The SLAs of a moment: what their periods had come to by then.

The rules of counting are the core's (`daemon.core.sla.availability`), over the pieces of history
that are written and what services' checks say behind them. Exclusions count that had been made by
then and were not withdrawn since.

A picture must not take long. With more than `LISTED` objectives their violations and outages are
left out, and whole days of services are taken from what is kept of days: the same figures, without
a look at each piece. Where time was excluded, it matters when something was, and the pieces
are looked at all the same.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from checks.result import Status
from daemon.core.model import DAY, HOUR, Amendment, Instant
from daemon.core.muting.maintenance import Calendar
from daemon.core.muting.works import Works
from daemon.core.plan import Plan, SlaKind, SlaPlan
from daemon.core.sla.availability import figures, merge_spans, service_status
from daemon.core.sla.failing import Span
from daemon.core.sla.minutes import ENTITY
from daemon.core.sla.periods import period_at
from daemon.core.sla.timeline import Stretch, Timeline
from daemon.core.sla.together import Together
from daemon.core.sla.values import SlaFigures
from daemon.store.reading.service_days import Known, day_sums, services_due
from daemon.store.reading.spans import stretches_of
from daemon.store.reading.standing import amendments, works

LISTED: Final = 100
"""Up to so many objectives have all of their violations and outages shown."""

_EVER: Final[Instant] = -(1 << 62)


def objectives_at(
    connection: sqlite3.Connection, plan: Plan, tails: Mapping[str, Timeline], at: Instant
) -> Sequence[SlaFigures]:
    """The figures of every objective by this moment.

    Args:
        tails: What of services' histories is not written yet.
    """
    return list(_Reckoning(connection, plan, tails, at).all()) if plan.slas else []


class _Reckoning:
    """One moment's figures on their way."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        plan: Plan,
        tails: Mapping[str, Timeline],
        at: Instant,
    ) -> None:
        self.connection = connection
        self.plan = plan
        self.tails = tails
        self.at = at
        self.listed = len(plan.slas) <= LISTED
        self.said = _by_sla(amendments(connection), at)
        self.calendar = Calendar(plan.maintenance)
        self.works = Works(Plan(maintenance=plan.maintenance))
        self.works.restore(works(connection), at)
        self.planned = {sla.name: self._planned(sla) for sla in plan.slas.values()}
        self.lines = self._lines()
        self.counting = self._counting()
        self.together = Together(service_status)
        self.together.replan(
            [sla for sla in plan.slas.values() if sla.is_group],
            {name: line for (name, is_whole), line in self.lines.items() if is_whole},
        )

    def all(self) -> Iterator[SlaFigures]:
        for sla in self.plan.slas.values():
            yield figures(
                sla,
                self._line(sla),
                self.at,
                self.planned[sla.name],
                amendments=self.said.get(sla.name, ()),
                listed=self.listed,
            )

    def _start(self, sla: SlaPlan) -> Instant:
        return min(period_at(sla.period, sla.timezone, self.at)[0], self.at - HOUR)

    def _planned(self, sla: SlaPlan) -> list[Span]:
        span = self._start(sla), period_at(sla.period, sla.timezone, self.at)[1]
        found: list[Span] = []
        for name in sla.members:
            found += self.calendar.excluded(name, *span, self.works)
        return merge_spans(found, *span)

    def _needs_whole(self, sla: SlaPlan) -> bool:
        """Whether it matters when in its period a service was what."""
        excluded = self.planned[sla.name] or self.said.get(sla.name)
        return self.listed or sla.is_group or bool(excluded)

    def _lines(self) -> dict[tuple[str, bool], Timeline]:
        """The services' timelines, by name and whether they are whole: as far back as an
        objective asks."""
        starts: dict[tuple[str, bool], Instant] = {}
        for sla in self.plan.slas.values():
            if sla.kind is SlaKind.AVAILABILITY:
                for name in sla.members:
                    key = name, self._needs_whole(sla)
                    starts[key] = min(self._start(sla), starts.get(key, self.at))
        found: dict[tuple[str, bool], Timeline] = {}
        for is_whole in (True, False):
            for start in sorted({one for key, one in starts.items() if key[1] is is_whole}):
                names = [
                    n for (n, whole), one in starts.items() if (whole, one) == (is_whole, start)
                ]
                made = self._whole(names, start) if is_whole else self._by_days(names, start)
                found |= {(name, is_whole): line for name, line in made.items()}
        return found

    def _whole(self, names: Sequence[str], start: Instant) -> Mapping[str, Timeline]:
        written = stretches_of(self.connection, "service", start, self.at, names)
        return {name: self._ended(name, pieces) for name, pieces in written.items()}

    def _ended(self, name: str, written: Iterable[Stretch]) -> Timeline:
        """The timeline of what is written, and of what the checks say behind it."""
        line, tail = Timeline.of(written), self.tails.get(name, Timeline())
        for moment in tail.changes(_EVER):
            line.replace(moment, tail.at(moment))
        return line

    def _by_days(self, names: Sequence[str], start: Instant) -> Mapping[str, Timeline]:
        """Timelines that are right about how long, not about when: the whole days of a period one
        status after the other, the rest in its pieces."""
        first, last = -(-start // DAY), (self.at - HOUR) // DAY
        due = services_due(self.connection) if first < last else set(names)
        late = [name for name in names if name in due]
        names = [name for name in names if name not in due]
        days = day_sums(self.connection, names, first, last)
        before = stretches_of(self.connection, "service", start, first * DAY, names)
        after = stretches_of(self.connection, "service", last * DAY, self.at, names)
        return dict(self._whole(late, start)) | {
            name: self._ended(
                name,
                [
                    *_cut(before[name], start, first * DAY),
                    *_laid(days.get(name, (0, 0, 0)), first * DAY),
                    *_cut(after[name], last * DAY, self.at),
                ],
            )
            for name in names
        }

    def _counting(self) -> Mapping[str, Timeline]:
        """The timelines of the objectives that count runs."""
        mine = [sla for sla in self.plan.slas.values() if sla.kind is not SlaKind.AVAILABILITY]
        if not mine:
            return {}
        start = min(map(self._start, mine))
        names = [sla.name for sla in mine]
        written = stretches_of(self.connection, ENTITY, start, self.at, names)
        return {name: Timeline.of(pieces) for name, pieces in written.items()}

    def _line(self, sla: SlaPlan) -> Timeline:
        if sla.kind is not SlaKind.AVAILABILITY:
            return self.counting[sla.name]
        if sla.is_group:
            return self.together.timeline(sla)
        return self.lines[sla.service, self._needs_whole(sla)]


def _by_sla(found: Iterable[Amendment], at: Instant) -> dict[str, list[Amendment]]:
    known: dict[str, list[Amendment]] = {}
    for one in found:
        if one.made_at <= at:
            known.setdefault(one.sla, []).append(one)
    return known


def _cut(pieces: Iterable[Stretch], start: Instant, end: Instant) -> Iterator[Stretch]:
    """What of the pieces is in [start, end)."""
    for low, high, status in pieces:
        if low < end and high > start:
            yield max(low, start), min(high, end), status


def _laid(totals: Known, start: Instant) -> Iterator[Stretch]:
    """So much up, degraded and down time, one after the other."""
    for status, span in zip((Status.UP, Status.DEGRADED, Status.DOWN), totals, strict=True):
        if span:
            yield start, start + span, status
            start += span
