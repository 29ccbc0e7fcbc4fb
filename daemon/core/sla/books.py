"""The books: every service's history in time, and what its SLAs say of it.

The observatory states facts about checks in the turn (`Fact`: from a time on, looking back
where a failure was confirmed late, the check is this); the books turn them into a timeline
for each check, compose the services' timelines from those, and write down what is final.

What is final:

- A fact ends its check's present piece, and the piece before its start is written at once
  as an interval of the check. No fact reaches back beyond the start of the present piece.
- A service's piece is written once it has ended and all its checks are *confirmed* up to its
  end. A check that is up or degraded is confirmed up to the newest result that said so, or
  the first that began to doubt it, since a good result is never taken back; one that is
  down or unknown only up to where that began, since an outage may yet be explained by a
  parent's; and every check up to a day ago, so that memory does not grow with an outage.
- A changed composition (a reload) writes the past of the service as the old one had it.

So the store holds, at any moment, what a restart needs: final pieces as intervals, the
present pieces as `CheckState`s, and the rest of a service's past is composed again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from checks.result import Result, Status
from daemon.core.chronicle import Interval
from daemon.core.deadlines import soonest
from daemon.core.effects import Observed
from daemon.core.model import DAY, CheckState, Instant, Millis
from daemon.core.plan import Plan, ServicePlan, SlaPlan
from daemon.core.sla.availability import BURN_WINDOW, service_status
from daemon.core.sla.burning import reach
from daemon.core.sla.ledger import Ledger
from daemon.core.sla.minutes import ENTITY
from daemon.core.sla.periods import period_at
from daemon.core.sla.timeline import Timeline
from daemon.core.sla.values import SlaFigures
from daemon.core.turn import Fact, Turn

SETTLE_WITHIN: Final[Millis] = DAY
"""What happened longer ago than this is final, confirmed or not."""

_EVER: Final[Instant] = -(1 << 62)
_GOOD: Final = frozenset({Status.UP, Status.DEGRADED})


@dataclass(slots=True)
class _CheckBook:
    """A check's timeline; its intervals are written up to `settled`, where its present
    piece begins. `agreed`: up to here results say what the timeline says; `doubted`: the
    newest did not."""

    timeline: Timeline = field(default_factory=Timeline)
    settled: Instant | None = None
    agreed: Instant = _EVER
    doubted: bool = False

    def observe(self, at: Instant, status: Status) -> None:
        """A run that began at `at` said `status`."""
        agrees = status is self.timeline.status
        if at > self.agreed and (agrees or not self.doubted):
            self.agreed = at
        self.doubted = not agrees

    def confirmed(self, now: Instant) -> Instant:
        """Up to when nothing that is still to come can change this check's past."""
        since = self.timeline.since
        known = _EVER if since is None else since
        if self.timeline.status in _GOOD:
            known = max(known, self.agreed)
        return max(known, now - SETTLE_WITHIN)


@dataclass(slots=True)
class _ServiceBook:
    """A service's timeline; its intervals are written up to `settled`."""

    plan: ServicePlan
    slas: tuple[SlaPlan, ...]
    timeline: Timeline = field(default_factory=Timeline)
    settled: Instant | None = None

    def first_open(self) -> Instant | None:
        """Where the first piece begins that is not written yet."""
        if self.settled is not None:
            return self.settled
        return next(iter(self.timeline.changes(_EVER)), None)

    def reach(self, now: Instant) -> Instant:
        """The oldest moment that its SLAs ask about."""
        return min([*(reach(sla, now) for sla in self.slas), now - BURN_WINDOW])

    def same_composition(self, plan: ServicePlan | None) -> bool:
        """Whether the other plan would make the same status of the same checks."""
        return (
            plan is not None
            and plan.quorum == self.plan.quorum
            and set(plan.checks) == set(self.plan.checks)
        )


class Books:
    """Keeps the timelines of a plan's checks and services. Call `take`, then `settle`, once
    in every turn, after the observatory.

    A service is *open* while a piece of it that has ended may not be written yet; a result that
    changes nothing costs the others nothing.

    Attributes:
        ledger: The SLAs over these timelines.
    """

    def __init__(self, plan: Plan) -> None:
        self._checks: dict[str, _CheckBook] = {}
        self._services: dict[str, _ServiceBook] = {}
        self._owners: dict[str, list[str]] = {}
        self._rollover: Instant | None = None
        self._rolled = False
        self._changed: set[str] = set()
        self._open: set[str] = set()
        self._timelines: dict[str, Timeline] = {}
        self.ledger = Ledger(lambda: self._timelines)
        self._adopt(plan)
        self.ledger.replan(plan, 0)

    def _adopt(self, plan: Plan) -> None:
        """Make a book for every check and service of the plan; keep those there are."""
        self._plan = plan
        slas: dict[str, list[SlaPlan]] = {}
        for sla in plan.slas.values():
            for member in sla.members:
                slas.setdefault(member, []).append(sla)
        self._owners = {}
        for name, service in plan.services.items():
            book = self._services.setdefault(name, _ServiceBook(service, ()))
            book.plan, book.slas = service, tuple(slas.get(name, ()))
            self._timelines[name] = book.timeline
            for check in service.checks:
                self._checks.setdefault(check, _CheckBook())
                self._owners.setdefault(check, []).append(name)

    def restore(
        self,
        intervals: Iterable[Interval],
        states: Mapping[str, CheckState],
        now: Instant,
        last: Mapping[str, Result] | None = None,
    ) -> None:
        """Rebuild the timelines from what was written and from the checks' present states.

        Args:
            intervals: Of services, as far back as the SLAs reach; of checks, those that end
                after their service's last one. In order of time.
            last: Each check's newest result; without it the services' pieces are written a
                little later than they would have been.
        """
        kept = list(intervals)
        self.ledger.restore(kept)
        for interval in kept:
            if interval.entity == ENTITY:
                continue
            books = self._checks if interval.entity == "check" else self._services
            if (book := books.get(interval.name)) is not None:
                book.timeline.replace(interval.start, interval.status)
                book.timeline.replace(interval.end, Status.UNKNOWN)
                book.settled = interval.end
        for name, check in self._checks.items():
            state = states.get(name)
            if state is not None and state.since is not None:
                start = state.since if check.settled is None else max(state.since, check.settled)
                check.timeline.replace(start, state.status)
                check.settled = start
                if not state.hard and state.soft_since is not None:
                    check.agreed, check.doubted = state.soft_since, True
                elif (seen := (last or {}).get(name)) and seen.status is state.status:
                    check.observe(seen.at, seen.status)
        for service in self._services.values():
            self._compose(service, _EVER)
        self.ledger.replan(self._plan, now)
        self._roll(now)

    def replan(self, plan: Plan, turn: Turn) -> None:
        """The configuration changed: what is past stays as it was, the new plan counts from now."""
        changed = [
            name
            for name, book in self._services.items()
            if not book.same_composition(plan.services.get(name))
        ]
        for name in changed:
            self._close(name, turn)
        for name in self._services.keys() - plan.services.keys():
            del self._services[name], self._timelines[name]
            self._open.discard(name)
        new = plan.services.keys() - self._services.keys()
        kept = {check for service in plan.services.values() for check in service.checks}
        for name in sorted(self._checks.keys() - kept):
            self._end_piece(name, self._checks.pop(name), turn.now, turn)
        self._adopt(plan)
        for name in sorted(new.union(changed) & self._services.keys()):
            self._services[name].settled = turn.now
            self._compose(self._services[name], turn.now)
        self.ledger.replan(plan, turn.now)
        self._roll(turn.now)

    def take(self, turn: Turn) -> None:
        """Enter the turn's facts, and write the checks' pieces that they end. A service is
        composed once, from its first change on: a start has a fact of every check."""
        starts: dict[str, Instant] = {}
        for fact in turn.facts:
            start = self._enter(fact, turn)
            if start is not None:
                for name in self._owners[fact.check]:
                    starts[name] = min(start, starts.get(name, start))
        for name, start in starts.items():
            self._compose(self._services[name], start)
        self._changed.update(starts)
        self.ledger.changed(starts, turn.now)
        if not self._rolled or (self._rollover is not None and turn.now >= self._rollover):
            self._roll(turn.now)
        self.ledger.tick(turn)

    def settle(self, turn: Turn) -> None:
        """Write the services' pieces that this turn made final."""
        touched: set[str] = set()
        for effect in turn.effects:
            if type(effect) is Observed:
                result = effect.result
                self.ledger.observe(result)
                check = self._checks.get(result.check)
                if check is not None:
                    check.observe(result.at, result.status)
                if self._open:
                    touched.update(self._owners.get(result.check, ()))
        if self._open:
            touched.update(self._changed)
            for name in sorted(touched & self._open):
                self._settle(name, turn)
        self._changed.clear()

    def next_deadline(self) -> Instant | None:
        """When the next calendar period of an SLA begins, and its figures start anew, or an SLA
        is to be looked at."""
        return soonest(self._rollover, self.ledger.next_deadline())

    def sla(self, name: str, now: Instant, *, listed: bool = True) -> SlaFigures:
        """The figures of this SLA in the period around `now`.

        Args:
            listed: With violations and outages.

        Raises:
            KeyError: The plan has no such SLA.
        """
        return self.ledger.figures(name, now, listed=listed)

    def timeline(self, service: str) -> Timeline:
        """A service's history, as far back as its SLAs reach; empty if there is none."""
        book = self._services.get(service)
        return book.timeline if book is not None else Timeline()

    def settled(self, service: str) -> Instant | None:
        """Up to when this service's history is final and written."""
        book = self._services.get(service)
        return book.settled if book is not None else None

    def confirmed(self, service: str, now: Instant) -> Instant:
        """Up to when nothing that is still to come can change this service's past."""
        book = self._services.get(service)
        names = () if book is None else book.plan.checks
        return min((self._checks[name].confirmed(now) for name in names), default=now)

    def present(self, now: Instant) -> Mapping[str, Sequence[Interval]]:
        """Each service's pieces that are not written yet, up to `now`, in order."""
        found: dict[str, list[Interval]] = {}
        for name, service in self._services.items():
            start = service.first_open()
            pieces = () if start is None else service.timeline.pieces(start, now)
            found[name] = [
                Interval("service", name, one.start, one.end, one.status) for one in pieces
            ]
        return found

    def _enter(self, fact: Fact, turn: Turn) -> Instant | None:
        """Let a fact change its check's timeline; from when on it did, or None."""
        check = self._checks.get(fact.check)
        if check is None or check.timeline.status is fact.status:
            return None
        start = fact.start if check.settled is None else max(fact.start, check.settled)
        self._end_piece(fact.check, check, start, turn)
        check.timeline.replace(start, fact.status)
        check.settled = start
        return start

    def _end_piece(self, name: str, check: _CheckBook, end: Instant, turn: Turn) -> None:
        """Write the check's present piece, which ends here."""
        if check.settled is not None and check.settled < end:
            turn.append(Interval("check", name, check.settled, end, check.timeline.status))

    def _compose(self, service: _ServiceBook, start: Instant) -> None:
        """Make the service's timeline anew from `start` on; what is settled stays."""
        self._open.add(service.plan.name)
        if service.settled is not None:
            start = max(start, service.settled)
        timelines = [self._checks[check].timeline for check in service.plan.checks]
        statuses = [timeline.at(start) for timeline in timelines]
        steps = [
            (moment, number, status)
            for number, timeline in enumerate(timelines)
            for moment, status in timeline.steps(start)
        ]
        steps.sort()
        moment, quorum = start, service.plan.quorum
        for at, number, status in steps:
            if at != moment:
                service.timeline.replace(moment, service_status(statuses, quorum))
                moment = at
            statuses[number] = status
        service.timeline.replace(moment, service_status(statuses, quorum))

    def _settle(self, name: str, turn: Turn) -> None:
        service = self._services[name]
        start, since = service.first_open(), service.timeline.since
        if start is None or since is None or start >= since:
            self._open.discard(name)
            return
        confirmed = min(self._checks[check].confirmed(turn.now) for check in service.plan.checks)
        for piece in service.timeline.pieces(start, since):
            if piece.end > confirmed:
                break
            turn.append(Interval("service", name, piece.start, piece.end, piece.status))
            service.settled = piece.end
        self._forget(service, turn.now)

    def _close(self, name: str, turn: Turn) -> None:
        """Write all of a service's past up to now, the piece that lasts included."""
        service = self._services[name]
        start = service.first_open()
        if start is None:
            return
        for piece in service.timeline.pieces(start, turn.now):
            turn.append(Interval("service", name, piece.start, piece.end, piece.status))

    def _forget(self, service: _ServiceBook, now: Instant) -> None:
        """Give up what neither an SLA asks about nor a late fact can change."""
        if service.settled is None:
            return
        service.timeline.forget(min(service.settled, service.reach(now)))
        for check in service.plan.checks:
            owners = (self._services[owner].settled for owner in self._owners[check])
            self._checks[check].timeline.forget(min(s if s is not None else _EVER for s in owners))

    def _roll(self, now: Instant) -> None:
        """A calendar period began: find the next one's beginning, and forget the one before."""
        self._rolled = True
        slas = self._plan.slas.values()
        ends = [period_at(sla.period, sla.timezone, now)[1] for sla in slas]
        self._rollover = min((end for end in ends if end > now), default=None)
        for service in self._services.values():
            self._forget(service, now)
        self.ledger.forget(now)
