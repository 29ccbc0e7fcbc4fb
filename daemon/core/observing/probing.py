"""The runs of probes: which start now, which are due when, and which never came back.

It joins the `schedule` with the checks' records, since how soon a check runs again follows
from its status: in doubt after `retry_every`, hard down every `every_down`, else every
`every` on its grid. The observatory tells it when a run ended; what it starts goes into the
turn as `StartProbe`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from checks.result import Status
from daemon.core.deadlines import Deadlines, soonest
from daemon.core.effects import StartProbe
from daemon.core.model import SECOND, CheckState, Instant, Millis
from daemon.core.observing.estate import Estate
from daemon.core.observing.health import decide, unmeasured
from daemon.core.observing.schedule import (
    RUN_SLACK,
    Run,
    Schedule,
    following_slot,
    grain,
    phase,
    soon,
)
from daemon.core.plan import CheckPlan
from daemon.core.turn import Turn

BATCH = 16
"""So many checks that are to run at once do so; the others follow `STEP` ms apart."""

STEP: Millis = 5


@dataclass(slots=True)
class Watch:
    """A probed check's plan with its phases, and since when it is watched."""

    plan: CheckPlan
    offset: Millis
    offset_down: Millis
    since: Instant


class Probing:
    """The runs of all checks that are probed.

    Attributes:
        watches: The probed checks of the plan.
    """

    __slots__ = ("_estate", "_overdue", "_schedule", "watches")

    def __init__(self, estate: Estate) -> None:
        self._estate = estate
        self._schedule = Schedule()
        self._overdue = Deadlines()
        self.watches: dict[str, Watch] = {}

    def run_of(self, name: str) -> Run | None:
        """The run of this check that is under way."""
        return self._schedule.run_of(name)

    def due(self, name: str) -> Instant | None:
        """When this check runs next; None while it runs."""
        return self._schedule.due_of(name)

    def next_deadline(self) -> Instant | None:
        """When a run is due, or a result overdue."""
        return soonest(self._schedule.first(), self._overdue.next())

    def watch_all(self, turn: Turn) -> None:
        """Watch the plan's probed checks: new and changed ones are arranged anew, those that
        are the same keep their next run, and those that are gone are forgotten."""
        planned = {n: c for n, c in self._estate.plan.checks.items() if c.heartbeat is None}
        for name in [name for name in self.watches if name not in planned]:
            del self.watches[name]
            self._schedule.forget(name)
            self._overdue.set(name, None)
        size = grain(check.every for check in planned.values())
        for name, check in planned.items():
            watch = self.watches.get(name)
            offset = offset_down = phase(name, check.every, size)
            if check.every_down != check.every:
                offset_down = phase(name, check.every_down, size)
            since = turn.now if watch is None else watch.since
            self.watches[name] = Watch(check, offset, offset_down, since)
            if watch is None or watch.plan != check:
                self._arrange_first(name, turn.now)

    def _arrange_first(self, name: str, now: Instant) -> None:
        """A check without results runs soon; one with goes on with its slots, or runs soon
        if it missed one."""
        watch, last = self.watches[name], self._estate.last.get(name)
        state = self._estate.checks[name]
        every = self._interval(watch, state)
        if last is None:
            due = soon(name, every, now)
        elif not state.hard:
            due = max(now, last.at + every)
        else:
            due = following_slot(self._offset(watch, state), every, last.at, last.at)
            due = due if due > now else soon(name, every, now)
        self._schedule.plan(name, due)
        self._overdue.set(name, self._overdue_at(name))

    def ended(self, name: str) -> Run | None:
        """The run has ended; `arrange` must follow."""
        return self._schedule.end(name)

    def arrange(self, name: str, watch: Watch, due: Instant, now: Instant) -> None:
        """Choose the slot after a run that was due at `due` and has ended now."""
        state, plan = self._estate.checks[name], watch.plan
        if not state.hard:
            slot = now + plan.retry_every
        elif state.status is Status.DOWN:
            slot = following_slot(watch.offset_down, plan.every_down, due, now)
        else:
            slot = following_slot(watch.offset, plan.every, due, now)
        self._schedule.plan(name, slot)

    def start_due(self, turn: Turn) -> None:
        """Start every run that is due."""
        if not self._schedule.may_be_due(turn.now):
            return
        now, watches, effects = turn.now, self.watches, turn.effects
        for name, due in self._schedule.take_due(now):
            self._schedule.begin_taken(name, Run(due, now, watches[name].plan.timeout))
            effects.append(StartProbe(name, due))

    def start(self, names: Iterable[str], turn: Turn) -> None:
        """Run these checks at once (the seventeenth and on a little later), unless they run."""
        index = 0
        for name in names:
            if name not in self.watches or self._schedule.run_of(name) is not None:
                continue
            if index < BATCH:
                self._schedule.begin(name, turn.now, turn.now, self.watches[name].plan.timeout)
                turn.effects.append(StartProbe(name, turn.now))
            else:
                self._schedule.plan(name, turn.now + (index - BATCH + 1) * STEP)
            index += 1

    # -- what does not come ------------------------------------------------------------

    def expect(self, name: str) -> None:
        """The check's interval may have changed: see anew by when its result is overdue."""
        self._overdue.set(name, self._overdue_at(name))

    def _interval(self, watch: Watch, state: CheckState) -> Millis:
        if not state.hard:
            return watch.plan.retry_every
        return watch.plan.every_down if state.status is Status.DOWN else watch.plan.every

    def _offset(self, watch: Watch, state: CheckState) -> Millis:
        return watch.offset_down if state.status is Status.DOWN else watch.offset

    def _last_sign(self, name: str) -> Instant:
        last = self._estate.last.get(name)
        return self.watches[name].since if last is None else last.at

    def _overdue_at(self, name: str) -> Instant:
        """Two intervals after the newest result, but not before the run that is to bring the
        next one had its chance; on a full second, so that all checks are looked at together."""
        watch = self.watches[name]
        interval = self._interval(watch, self._estate.checks[name])
        at = self._last_sign(name) + 2 * interval
        if (run := self._schedule.run_of(name)) is not None:
            at = max(at, run.started + run.timeout + RUN_SLACK)
        elif (due := self._schedule.due_of(name)) is not None:
            at = max(at, due + interval)
        return at + -at % SECOND

    def take_overdue(self, turn: Turn) -> Iterator[CheckState]:
        """What becomes of the checks whose result is overdue. A run that never came back is
        given up, and that is a finding: unknown, and alerted on. That none was started is
        our own fault, and only says that nothing was measured."""
        if not self._overdue.may_be_due(turn.now):
            return
        for name, _ in list(self._overdue.take_due(turn.now)):
            at = self._overdue_at(name)
            if at > turn.now:
                self._overdue.set(name, at)
                continue
            lost = self._schedule.end(name)
            if lost is not None:
                self._schedule.plan(name, soon(name, self.watches[name].plan.every, turn.now))
            yield self._without_result(name, turn.now, stuck=lost is not None)
            self._overdue.set(name, turn.now + 2 * self.watches[name].plan.every)

    def _without_result(self, name: str, now: Instant, *, stuck: bool) -> CheckState:
        state, watch = self._estate.freed(name), self.watches[name]
        if state.unreachable is not None or (state.measured and state.status is Status.UNKNOWN):
            return state
        since = min(now, self._last_sign(name) + self._interval(watch, state))
        blind = unmeasured(state, since, "no result for two intervals")
        if not stuck:
            return blind
        return decide(state, Status.UNKNOWN, blind.since or since, "its probe does not come back")

    def missed(self, turn: Turn, intervals: int) -> Iterator[CheckState]:
        """After a gap: the checks without a result for so many intervals, as unmeasured since
        the newest one plus an interval. What was due runs soon, all else keeps its slot.

        A check in doubt is not called missed for a retry that did not come.
        """
        for name, watch in self.watches.items():
            state, last = self._estate.checks[name], self._estate.last.get(name)
            every = watch.plan.every_down if state.status is Status.DOWN else watch.plan.every
            due = self._schedule.due_of(name)
            if due is not None and not turn.now < due <= turn.now + watch.plan.every + every:
                self._schedule.plan(name, soon(name, watch.plan.every, turn.now))
            self._overdue.set(name, max(self._overdue_at(name), turn.now + 2 * watch.plan.every))
            if last is None or state.unreachable is not None:
                continue
            if last.at + intervals * every <= turn.now:
                yield unmeasured(state, last.at + every, "nothing was measured in a gap")
