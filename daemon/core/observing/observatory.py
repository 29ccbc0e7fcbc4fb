"""The observing half of the engine: which probe runs when, and what its results mean.

It starts probes (`probing`), holds every result against the check's record (`health`), tells
flapping from failing, causes from symptoms (`estate`, `doubt`) and a lost uplink from lost
targets (`cutoff`), and watches for what does not come: a result (`probing`), a ping
(`heartbeat`). What it finds goes into the turn: effects (`StartProbe`, `Observed`, `Save`),
facts for the timelines, and conditions that alerts are made of.

A result that changes nothing costs a few dictionary look-ups and a heap push. No event
costs more with more checks, except those that concern all of them (a gap, a reload).
`docs/semantics/status.md` states the meaning for operators.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from checks.result import Fault, Result, Status, changed
from daemon.core.changing import replace
from daemon.core.deadlines import soonest
from daemon.core.effects import Observed
from daemon.core.errors import NotAllowed, NotFound
from daemon.core.events import Ping
from daemon.core.model import CheckState, Instant, Record, ServiceState
from daemon.core.observing import adoption, cutoff, doubt, flapping
from daemon.core.observing.estate import Estate
from daemon.core.observing.health import RECORDED, Action, Step, failing_since, step, unmeasured
from daemon.core.observing.heartbeat import Heartbeats
from daemon.core.observing.probing import Probing
from daemon.core.observing.schedule import Run
from daemon.core.observing.uplink import CAUSE
from daemon.core.plan import CheckPlan, Plan
from daemon.core.turn import Turn


class Observatory:
    """The facade that the engine drives: each method takes what happened, and the turn."""

    def __init__(self, plan: Plan, now: Instant | None = None) -> None:
        self._estate = Estate(plan)
        self._probing = Probing(self._estate)
        self._heartbeats = Heartbeats(self._estate)
        self._now = now or 0
        self._resumed: Instant = 0

    # -- what can be seen --------------------------------------------------------------

    @property
    def checks(self) -> Mapping[str, CheckState]:
        """Each check's record."""
        return MappingProxyType(self._estate.checks)

    @property
    def last(self) -> Mapping[str, Result]:
        """Each check's newest result, as a lost uplink let it stand."""
        return MappingProxyType(self._estate.last)

    @property
    def services(self) -> Mapping[str, ServiceState]:
        """Each service's record."""
        return MappingProxyType(self._estate.services)

    def due(self, name: str) -> Instant | None:
        """When this check runs next; None while it runs, and for a heartbeat."""
        return self._probing.due(name)

    def next_deadline(self) -> Instant | None:
        """When `tick` has something to do; None if nothing is watched."""
        return soonest(self._probing.next_deadline(), self._heartbeats.next_deadline())

    def confirmed_until(self, check: str) -> Instant:
        """Up to when no later event can change what was said of this check's status.

        That is the newest result's time; the beginning of the streak while one is being
        confirmed; and while the status cannot be told, the present, or the start of the run
        that may tell. A later fact starts there at the earliest.
        """
        state = self._estate.checks[check]
        if self._heartbeats.plan_of(check) is not None:
            return self._now if state.expires is None else min(self._now, state.expires)
        return self._floor(state, self._estate.last.get(check), self._probing.run_of(check))

    def _floor(self, state: CheckState, last: Result | None, run: Run | None) -> Instant:
        if not state.hard and state.soft_since is not None:
            return state.soft_since
        if state.measured and last is not None:
            return last.at if state.since is None else max(last.at, state.since)
        return self._now if run is None else min(self._now, run.started)

    # -- beginnings --------------------------------------------------------------------

    def start(self, turn: Turn) -> None:
        """Save and schedule what is not yet."""
        self._now = turn.now
        adoption.introduce(self._estate, turn)
        self._probing.watch_all(turn)

    def restore(self, records: Iterable[Record], last: Mapping[str, Result], turn: Turn) -> None:
        """Go on where another engine stopped, and `start`.

        A check without a result for two intervals is unknown since the first of them; what
        became due meanwhile is due once; streaks and slots go on.
        """
        adoption.restore(self._estate, records, last, turn)
        self.start(turn)
        self._heartbeats.was_deaf(None, turn)
        self._lose_missed(2, turn)
        self._follow_up(turn)

    def replan(self, plan: Plan, turn: Turn) -> None:
        """Another plan: a check that is planned as before keeps state, slot and run; one
        that is planned otherwise keeps its state; what is gone is dropped and its
        conditions end."""
        old = self._estate.plan
        adoption.adopt(self._estate, plan, turn)
        self._heartbeats.rearm(old, turn)
        self.start(turn)
        self._follow_up(turn)

    # -- events ------------------------------------------------------------------------

    def result(self, result: Result, turn: Turn) -> None:
        """A run ended. Results of checks that the plan does not probe are ignored."""
        name, estate = result.check, self._estate
        watch = self._probing.watches.get(name)
        if watch is None:
            return
        state = estate.checks[name]
        run = self._probing.ended(name)
        before = estate.last.get(name)
        if result.at < self._resumed and result.status is not Status.UP:
            estate.last[name] = result = _voided(result)
        else:
            if estate.uplink.names:
                result = cutoff.under_uplink(estate, result, turn)
            estate.last[name] = result
            if not _is_steady(state, result, before):
                at = min(max(result.at, self._floor(state, before, run)), turn.now)
                self._judge(watch.plan, result, at, before, turn)
                self._follow_up(turn)
            if estate.returning:
                cutoff.returned(estate, name, result.at, turn)
        self._now = turn.now
        turn.effects.append(Observed(result))
        self._probing.arrange(name, watch, turn.now if run is None else run.due, turn.now)

    def ping(self, ping: Ping, turn: Turn) -> None:
        """A heartbeat came in.

        Raises:
            NotFound: There is no heartbeat of that name.
        """
        self._heartbeats.ping(ping, turn)
        self._now = turn.now
        self._follow_up(turn)

    def check_now(self, name: str, turn: Turn) -> None:
        """Run this check at once; if it runs already, that run serves.

        Raises:
            NotFound: There is no such check.
            NotAllowed: It is a heartbeat.
        """
        if name not in self._estate.checks:
            raise NotFound(f"there is no check {name!r}")
        if self._heartbeats.plan_of(name) is not None:
            raise NotAllowed(f"{name} is a heartbeat: it is pinged, not run")
        self._probing.start((name,), turn)

    def gap(self, start: Instant, turn: Turn) -> None:
        """Nothing could be measured from `start` until now. Failures of runs that began
        before now say nothing any more."""
        self._heartbeats.was_deaf(max(min(start, turn.now), min(self._now, turn.now)), turn)
        self._resumed = self._now = turn.now
        self._lose_missed(1, turn)
        self._follow_up(turn)

    def tick(self, turn: Turn) -> None:
        """Look for overdue results and silent heartbeats, then start what is due."""
        for state in self._probing.take_overdue(turn):
            self._estate.change(state, turn)
            cutoff.returned_without(self._estate, state.key, turn)
        self._heartbeats.expire(turn)
        self._now = turn.now
        self._follow_up(turn)
        self._probing.start_due(turn)

    # -- consequences ------------------------------------------------------------------

    def _lose_missed(self, intervals: int, turn: Turn) -> None:
        for state in self._probing.missed(turn, intervals):
            self._estate.change(state, turn)

    def _follow_up(self, turn: Turn) -> None:
        """Work off what the changes mean for others, and probe what they released."""
        self._estate.settle(turn)
        released, self._estate.released = self._estate.released, []
        if released:
            self._probing.start(released, turn)

    def _judge(
        self,
        plan: CheckPlan,
        result: Result,
        at: Instant,
        before: Result | None,
        turn: Turn,
    ) -> None:
        """Hold a result that may change something against its check's record."""
        estate, name = self._estate, result.check
        state = estate.measured(result)
        if state is None:
            if name in estate.awaited:
                self._probing.start((name,), turn)
            return
        if cutoff.is_cut_off(estate, result):
            estate.change(unmeasured(state, at, CAUSE), turn)
        else:
            held = self._is_held(state, result, at, turn)
            done = self._step(plan, state, result, at, held=held)
            estate.change(done.state, turn)
            if done.action in (Action.RISE, Action.FALL):
                self._look_around(name, result, done.action, turn)
            elif done.state.hard and before is not None and before.fault is not result.fault:
                estate.announce(name, turn)
        self._probing.expect(name)

    def _is_held(self, state: CheckState, result: Result, at: Instant, turn: Turn) -> bool:
        """Whether the confirmation of a failure must wait; asks those who may explain it."""
        if result.status is Status.UP or (state.measured and result.status is state.status):
            return False
        streak = failing_since(state)
        since = at if streak is None else streak
        self._probing.start(doubt.witnesses(self._estate, state.key, since), turn)
        return doubt.in_doubt(self._estate, state.key, since, turn.now)

    def _step(
        self, plan: CheckPlan, state: CheckState, result: Result, at: Instant, *, held: bool
    ) -> Step:
        done = step(
            state,
            result.status,
            at,
            down_after=plan.down_after,
            up_after=plan.up_after,
            held=held,
            message=result.message,
        )
        new = done.state
        if done.action is Action.FALL and plan.count_from == "confirmation":
            new = replace(new, since=at)
        if done.action in RECORDED:
            changed = state.measured and new.status is not state.status
            window = flapping.record(state.flap_window, changed)
            flaps = flapping.is_flapping(window, state.flapping, plan.flap_start, plan.flap_stop)
            if window != state.flap_window or flaps is not state.flapping:
                new = replace(new, flap_window=window, flapping=flaps)
        return Step(new, done.action)

    def _look_around(self, name: str, result: Result, action: Action, turn: Turn) -> None:
        """After a hard change: parents that were not run since are, and after a recovery the
        children that are not well."""
        estate = self._estate
        if estate.graph.groups(name):
            parents = estate.graph.parent_checks(name)
            self._probing.start((p for p in parents if doubt.is_stale(estate, p, result.at)), turn)
        if action is Action.RISE and estate.graph.has_children:
            children = estate.graph.children_of(name)
            self._probing.start((c for c in children if not _is_well(estate.checks[c])), turn)


def _is_steady(state: CheckState, result: Result, before: Result | None) -> bool:
    """Whether a result changes nothing: as confirmed, nothing in doubt, no change in the
    flapping window, and failing for the same reason."""
    return (
        result.status is state.status
        and state.hard
        and state.measured
        and not state.flap_window
        and (result.status is Status.UP or (before is not None and before.fault is result.fault))
    )


def _is_well(state: CheckState) -> bool:
    return state.hard and state.status is Status.UP


def _voided(result: Result) -> Result:
    """A failure of a run that the machine slept through, or over which the clock jumped."""
    words = f"the clock jumped during this run; {result.message}".removesuffix("; ")
    return changed(result, status=Status.UNKNOWN, fault=Fault.INTERNAL, message=words)
