"""Objectives that count runs: how many were fast enough, how many did not fail.

Theory. Runs are counted by the minute in which they began. A minute in which 1 of 6 runs was bad
counts as down for a sixth of its length (rounded up), at its beginning, and as up for the rest; a
minute without runs is unknown. So such an objective has a timeline as every other has, and
budget, burn rate, violations, exclusions and alerts need no second arithmetic. That a failing
check runs more often than a good one weighs nothing: a minute is a minute.

An objective of a metric has windows of whole minutes in the place of minutes, each of them good or
bad as a whole (`metrics`).

A minute is closed `GRACE` after its end and its pieces are written then, as intervals of the
entity `sla`; a piece that goes on is written again, longer, under the same start. A run that ends
later than that counts in the oldest minute that is still open. What the minutes had that were open
when the daemon was killed is unknown afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from checks.result import Result, Status
from daemon.core.chronicle import Interval
from daemon.core.deadlines import Deadlines
from daemon.core.model import MINUTE, Instant, Millis
from daemon.core.plan import Plan, SlaKind, SlaPlan
from daemon.core.sla.metrics import Sample, is_good, sample
from daemon.core.sla.timeline import Timeline
from daemon.core.turn import Turn

ENTITY: Final = "sla"
GRACE: Final = MINUTE
"""A minute is closed so long after its end: the runs that began in it have mostly ended."""


def is_bad(plan: SlaPlan, result: Result) -> bool | None:
    """Whether this run breaks what is promised; None if it says nothing of it."""
    if result.status is Status.UNKNOWN:
        return None
    if plan.kind is SlaKind.ERROR_RATE:
        return result.status is Status.DOWN
    if result.status is Status.DOWN or result.latency_ms is None or plan.under is None:
        return None
    return result.latency_ms > plan.under


class _Book:
    """One objective's timeline, and the minutes (or windows) that are still open, by number: for
    each of their runs whether it was bad, or its sample."""

    def __init__(self, plan: SlaPlan) -> None:
        self.plan = plan
        self.timeline = Timeline()
        self.open: dict[int, list[bool | Sample]] = {}
        self.closed_to: Instant = 0

    @property
    def length(self) -> Millis:
        return MINUTE if self.plan.metric is None else self.plan.metric.window

    def observe(self, result: Result) -> bool:
        """A run ended; whether it says anything."""
        metric = self.plan.metric
        said = is_bad(self.plan, result) if metric is None else sample(metric, result)
        if said is None:
            return False
        window = max(result.at, self.closed_to) // self.length
        self.open.setdefault(window, []).append(said)
        return True

    def due(self) -> Instant | None:
        """When the oldest that is open is closed."""
        return (min(self.open) + 1) * self.length + GRACE if self.open else None

    def close(self, now: Instant, turn: Turn) -> None:
        """Close those that are over, and write their pieces."""
        for window in sorted(self.open):
            if (window + 1) * self.length + GRACE > now:
                break
            self._enter(window * self.length, self.open.pop(window), turn)
        over = (now - GRACE) // self.length * self.length
        self.closed_to = max(self.closed_to, over)

    def _bad_ms(self, said: Sequence[bool | Sample]) -> Millis | None:
        """How much of the window counts as down; None if that cannot be told."""
        metric = self.plan.metric
        if metric is None:
            return -(-sum(one is True for one in said) * self.length // len(said))
        good = is_good(metric, [one for one in said if isinstance(one, tuple)])
        return None if good is None else (0 if good else self.length)

    def _enter(self, start: Instant, said: Sequence[bool | Sample], turn: Turn) -> None:
        bad, end = self._bad_ms(said), start + self.length
        if bad is None:
            return
        for low, high, status in ((start, start + bad, Status.DOWN), (start + bad, end, Status.UP)):
            if low < high:
                self.timeline.replace(low, status)
                begun = self.timeline.since
                assert begun is not None  # noqa: S101  # it was just given a piece
                turn.append(Interval(ENTITY, self.plan.name, begun, high, status))
        self.timeline.replace(end, Status.UNKNOWN)


class Minutes:
    """The timelines of the objectives that count runs."""

    def __init__(self) -> None:
        self._books: dict[str, _Book] = {}
        self._of_check: dict[str, list[_Book]] = {}
        self._deadlines = Deadlines()

    def replan(self, plan: Plan) -> None:
        """These are the objectives now; what was counted stays as it was."""
        before, self._books, self._of_check = self._books, {}, {}
        for sla in plan.slas.values():
            if sla.kind is SlaKind.AVAILABILITY:
                continue
            known = before.get(sla.name)
            book = known if known is not None and known.plan.kind is sla.kind else _Book(sla)
            if book.plan.metric != sla.metric:
                book.open.clear()  # they are numbered by another window
            book.plan = sla
            self._books[sla.name] = book
            for service in sla.members:
                for check in plan.services[service].checks if service in plan.services else ():
                    self._of_check.setdefault(check, []).append(book)
        for name in before.keys() - self._books.keys():
            self._deadlines.set(name, None)

    def restore(self, intervals: Iterable[Interval]) -> None:
        """Take in what was written, in order of time."""
        for one in intervals:
            book = self._books.get(one.name)
            if one.entity == ENTITY and book is not None:
                book.timeline.replace(one.start, one.status)
                book.timeline.replace(one.end, Status.UNKNOWN)
                book.closed_to = max(book.closed_to, one.end)

    def observe(self, result: Result) -> None:
        """A run ended."""
        for book in self._of_check.get(result.check, ()):
            if book.observe(result):
                self._deadlines.set(book.plan.name, book.due())

    def tick(self, turn: Turn) -> list[str]:
        """Close the minutes that are due; the names of the objectives that changed."""
        if not self._deadlines.may_be_due(turn.now):
            return []
        due = [name for name, _ in list(self._deadlines.take_due(turn.now))]
        for name in due:
            self._books[name].close(turn.now, turn)
            self._deadlines.set(name, self._books[name].due())
        return due

    def next_deadline(self) -> Instant | None:
        """When the next minute is closed."""
        return self._deadlines.next()

    def timeline(self, sla: str) -> Timeline:
        """That of one objective."""
        return self._books[sla].timeline

    def forget(self, sla: str, before: Instant) -> None:
        """Nobody asks about what was before."""
        if sla in self._books:
            self._books[sla].timeline.forget(before)
