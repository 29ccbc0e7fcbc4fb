"""The records of all checks and services, and what a change of one means for the others.

The observatory decides what a check's record becomes and calls `change`; here its fact and
its condition go into the turn, its service is looked at again, and its children learn that
they are behind something that is down, or no longer. Consequences are worked off in order
by `settle`, so that no chain of dependencies, however long, is walked by recursion.

Whether a failure is *in doubt* is also answered here: a child's failure is not confirmed
while its parents may still turn out to be its cause.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, TypeVar

from msgspec import structs

from checks.result import Fault, Result, Status, changed
from daemon.core import conditions
from daemon.core.availability import service_status
from daemon.core.changing import replace
from daemon.core.dependencies import Dependencies, Group, Node, counts_as_down, root_cause
from daemon.core.health import decide, failing_since, reachable, unmeasured
from daemon.core.model import SECOND, CheckState, Instant, Millis, Record, ServiceState
from daemon.core.plan import CheckPlan, Plan
from daemon.core.turn import Condition, Fact, Turn
from daemon.core.uplink import CAUSE, Uplink

HOLD_LIMIT: Final[Millis] = 60 * SECOND
"""A failure that is ripe is held back at most this long for a parent's or the uplink's sake."""

Kept = TypeVar("Kept", CheckState, ServiceState)


class Estate:
    """What is known of everything that the plan has.

    Attributes:
        released: Checks to be run at once, since what hid them is gone; whoever probes takes
            them from here.
        awaited: Those whose hiding is over and that were not measured since, and when it
            ended. They stay as they are, hidden and muted, until a run tells.
        returning: Likewise the uplink's targets that failed with it.
    """

    __slots__ = (
        "_pending",
        "_unsaved",
        "awaited",
        "checks",
        "graph",
        "last",
        "plan",
        "released",
        "returning",
        "services",
        "uplink",
    )

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.graph = Dependencies(plan)
        self.checks = {name: fresh(check) for name, check in plan.checks.items()}
        self.services = {name: ServiceState(name) for name in plan.services}
        self.last: dict[str, Result] = {}
        self.uplink = self._guard()
        self.released: list[str] = []
        self.awaited: dict[str, Instant] = {}
        self.returning: dict[str, Instant] = {}
        self._pending: deque[str] = deque()
        self._unsaved = {*plan.checks}

    def _guard(self) -> Uplink:
        named = self.plan.uplink.checks if self.plan.uplink else ()
        return Uplink((name for name in named if name in self.plan.checks), self.last)

    # -- changes and their consequences ------------------------------------------------

    def change(self, new: CheckState, turn: Turn) -> None:
        """A check's record becomes `new`: tell it, and note it for `settle`."""
        old = self.checks[new.key]
        if new == old:
            return
        self.checks[new.key] = new
        turn.save(new)
        if new.status is not old.status:
            turn.facts.append(
                Fact(new.key, turn.now if new.since is None else new.since, new.status)
            )
        if _told(new) != _told(old):
            self.announce(new.key, turn)
        if (new.status, new.unreachable) != (old.status, old.unreachable):
            self._pending.append(new.key)

    def announce(self, name: str, turn: Turn) -> None:
        """State the condition of a check as it is now."""
        turn.conditions.append(self.condition(name, turn.now))

    def condition(self, name: str, now: Instant) -> Condition:
        """The condition of a check as it is now."""
        behind = name in self.returning or (self.uplink.active and name in self.uplink.names)
        return conditions.of_check(
            self.plan.checks[name],
            self.checks[name],
            self.last.get(name),
            now,
            behind_uplink=behind,
        )

    def settle(self, turn: Turn) -> None:
        """Let every noted change have its consequences, and theirs."""
        while self._pending:
            state = self.checks.get(name := self._pending.popleft())
            if state is None:
                continue
            since = turn.now if state.since is None else state.since
            self.look_at_service(self.plan.checks[name].service, since, turn)
            for child in self.graph.child_checks(Node(False, name)):
                self.look_behind(child, turn)

    def look_at_service(self, name: str, since: Instant, turn: Turn) -> None:
        """Make a service's status anew from its checks and parents, and its children's."""
        waiting = deque([name])
        while waiting:
            old = self.services.get(service := waiting.popleft())
            if old is None:
                continue
            new = self._service(old, since)
            if new == old:
                continue
            self.services[service] = new
            turn.save(new)
            if counts_as_down(new) != counts_as_down(old) or new.unreachable != old.unreachable:
                waiting.extend(self.graph.child_services(service))
                for child in self.graph.child_checks(Node(True, service)):
                    self.look_behind(child, turn)

    def _service(self, old: ServiceState, since: Instant) -> ServiceState:
        members = (self.checks[check].status for check in self.graph.members(old.key))
        status = service_status(members, self.plan.services[old.key].quorum)
        root = root_cause(self.graph.service_groups(old.key), self._find)
        if root is not None:
            status = Status.UNKNOWN
        begun = old.since if status is old.status else since
        return replace(old, status=status, since=begun, unreachable=root)

    def look_behind(self, name: str, turn: Turn) -> None:
        """Hide a check behind a root cause that is down, or release it."""
        state = self.checks[name]
        root = root_cause(self.graph.groups(name), self._find)
        if root is not None:
            self.awaited.pop(name, None)
        if root == state.unreachable:
            return
        if root is None:
            self._release(state, turn)
        elif state.unreachable is not None:
            self.change(replace(state, unreachable=root, cause=f"{root} is down"), turn)
        else:
            hidden = unmeasured(state, turn.now, f"{root} is down")
            # what a heartbeat was last told stays true while it is hidden
            verdict = state.soft_status if self._is_heartbeat(name) else Status.UNKNOWN
            self.change(replace(hidden, unreachable=root, soft_status=verdict), turn)

    def _release(self, state: CheckState, turn: Turn) -> None:
        """Reachable again: a heartbeat is what it was told, a probed check waits for its run."""
        if self._is_heartbeat(state.key):
            free = reachable(state)
            if state.soft_status is not Status.UNKNOWN:
                free = decide(free, state.soft_status, turn.now)
            self.change(free, turn)
        elif state.key not in self.awaited:
            self.awaited[state.key] = turn.now
            self.released.append(state.key)

    def measured(self, result: Result) -> CheckState | None:
        """The record to hold a result against: of a hidden check whose hiding is over, the
        one that is not hidden any more. None for one that is still hidden, or of which only
        a run that began before can tell that it fails."""
        state = self.checks[result.check]
        if state.unreachable is None:
            return state
        since = self.awaited.get(result.check)
        if since is None or (result.at < since and result.status is not Status.UP):
            return None
        return self.freed(result.check)

    def freed(self, name: str) -> CheckState:
        """The record of a check that was hidden and is awaited no longer."""
        state = self.checks[name]
        return reachable(state) if self.awaited.pop(name, None) is not None else state

    def _is_heartbeat(self, name: str) -> bool:
        return self.plan.checks[name].heartbeat is not None

    def _find(self, node: Node) -> CheckState | ServiceState | None:
        return self.services.get(node.name) if node.is_service else self.checks.get(node.name)

    # -- doubt -------------------------------------------------------------------------

    def witnesses(self, name: str, since: Instant) -> Iterator[str]:
        """The checks that should be run to explain a failure that began at `since`: parents,
        and for a remote check the uplink's targets, with no newer result."""
        for parent in self.graph.parent_checks(name):
            if self.is_stale(parent, since):
                yield parent
        if self._needs_uplink(self.plan.checks[name]) and self.uplink.in_doubt(name, since):
            yield from (target for target in self.uplink.names if self.is_stale(target, since))

    def in_doubt(self, name: str, since: Instant, now: Instant) -> bool:
        """Whether a failure that began at `since` may still be explained by something else.

        It may be by a redundancy group of which no member was seen well since then, or by
        the uplink likewise; but a ripe failure is not held for longer than `HOLD_LIMIT`.
        """
        check = self.plan.checks[name]
        if now - since > (check.down_after - 1) * check.retry_every + HOLD_LIMIT:
            return False
        if self._needs_uplink(check) and self.uplink.in_doubt(name, since):
            return True
        return any(self._may_explain(group, since) for group in self.graph.groups(name))

    def _needs_uplink(self, check: CheckPlan) -> bool:
        return check.remote or check.name in self.uplink.names

    def _is_guarded(self, check: CheckPlan) -> bool:
        return check.remote and check.name not in self.uplink.names

    def _may_explain(self, group: Group, since: Instant) -> bool:
        """Every member is down or could be; being down for certain, it hid the check already."""
        return all(
            counts_as_down(self._find(node))
            or any(self._is_open(parent, since) for parent in self.graph.checks_of(node))
            for node in group
        )

    def _is_open(self, name: str, since: Instant) -> bool:
        state = self.checks[name]
        return failing_since(state) is not None or self.is_stale(name, since)

    def is_stale(self, name: str, since: Instant) -> bool:
        """Whether a probed check has no result of a run that began at `since` or later."""
        last = self.last.get(name)
        return not self._is_heartbeat(name) and (last is None or last.at < since)

    # -- the uplink --------------------------------------------------------------------

    def under_uplink(self, result: Result, turn: Turn) -> Result:
        """The result as the state of the uplink lets it stand.

        A target's result may turn the guard on or off. While it is on, a remote check's
        failure is unknown; a good result stands, it shows that this target is reached.
        """
        if result.check in self.uplink.names:
            if self.uplink.note(result):
                self._switch(result.at, turn)
            return result
        if not self.is_cut_off(result):
            return result
        words = f"{CAUSE}; {result.message}" if result.message else CAUSE
        return changed(result, status=Status.UNKNOWN, fault=Fault.INTERNAL, message=words)

    def _switch(self, since: Instant, turn: Turn) -> None:
        """The guard turned on or off, by a run that began at `since`. Its targets' failures
        are told again when a run after the return bears them out."""
        turn.conditions.append(
            conditions.of_uplink(self.uplink.active, turn.now, self.uplink.names)
        )
        self.returning.clear()
        if self.uplink.active:
            for name in sorted(self.uplink.names):
                self.announce(name, turn)
        else:
            self._await_targets(since)

    def _await_targets(self, since: Instant) -> None:
        for name in sorted(self.uplink.names):
            state = self.checks[name]
            if state.measured and state.status is not Status.UP and not self._is_heartbeat(name):
                self.returning[name] = since
                self.released.append(name)

    def returned(self, name: str, at: Instant, turn: Turn) -> None:
        """A target's run that began at `at` was judged: if it was made after the uplink came
        back and nothing is left to confirm, its failure is told from now on."""
        since = self.returning.get(name)
        if since is None or at < since or not self.checks[name].hard:
            return
        del self.returning[name]
        if self.checks[name].status is not Status.UP:
            self.announce(name, turn)

    def returned_without(self, name: str, turn: Turn) -> None:
        """A target's run did not come back: what is known of it is told."""
        if self.returning.pop(name, None) is not None:
            self.announce(name, turn)

    def is_cut_off(self, result: Result) -> bool:
        """Whether this failure says nothing, because the uplink is down."""
        return (
            self.uplink.active
            and result.status is not Status.UP
            and self._is_guarded(self.plan.checks[result.check])
        )

    # -- another plan ------------------------------------------------------------------

    def adopt(self, plan: Plan, turn: Turn) -> None:
        """Another plan: what is gone is dropped, what is new is unmeasured, the rest stays."""
        before = {name: self.condition(name, turn.now) for name in self.checks}
        was_active, targets = self.uplink.active, self.uplink.names
        passive = {name for name in self.checks if self._is_heartbeat(name)}
        for name in [name for name in self.checks if name not in plan.checks]:
            turn.drop(self.checks.pop(name))
            self.last.pop(name, None)
        for name in [name for name in self.services if name not in plan.services]:
            turn.drop(self.services.pop(name))
        self.plan, self.graph = plan, Dependencies(plan)
        self.awaited = {name: at for name, at in self.awaited.items() if name in plan.checks}
        for name in self.checks:
            if self._is_heartbeat(name) is not (name in passive):
                self.last.pop(name, None)
                self.awaited.pop(name, None)
                self.change(replace(fresh(plan.checks[name]), since=turn.now), turn)
        self.uplink = self._guard()
        names = self.uplink.names
        self.returning = {name: at for name, at in self.returning.items() if name in names}
        self._make_missing()
        self.introduce(turn)
        for name in plan.checks:
            self.look_behind(name, turn)
        self._reassess(turn)
        if was_active and not self.uplink.active:
            turn.conditions.append(conditions.of_uplink(False, turn.now, targets))
        self._restate(before, turn)

    def restore(self, records: Iterable[Record], last: Mapping[str, Result], turn: Turn) -> None:
        """Go on with stored records; those of checks and services that are gone are dropped."""
        for record in records:
            if isinstance(record, CheckState):
                self._take_back(record, self.checks, turn)
                self._unsaved.discard(record.key)
            elif isinstance(record, ServiceState):
                self._take_back(record, self.services, turn)
        self.last.update((name, result) for name, result in last.items() if name in self.checks)
        self.uplink = self._guard()
        if not self.uplink.active:
            self._await_targets(turn.now)
        for name in self.plan.checks:
            self.look_behind(name, turn)
        self._reassess(turn)

    def _take_back(self, record: Kept, kept: dict[str, Kept], turn: Turn) -> None:
        if record.key in kept:
            kept[record.key] = record
        else:
            turn.drop(record)

    def introduce(self, turn: Turn) -> None:
        """Save the records that were made because nothing was known."""
        for name in self.plan.checks:
            if name in self._unsaved:
                turn.save(self.checks[name])
                turn.facts.append(Fact(name, turn.now, Status.UNKNOWN))
        self._unsaved.clear()

    def _make_missing(self) -> None:
        for name, check in self.plan.checks.items():
            if name not in self.checks:
                self.checks[name] = fresh(check)
                self._unsaved.add(name)
        for name in self.plan.services:
            self.services.setdefault(name, ServiceState(name))

    def _reassess(self, turn: Turn) -> None:
        for name in self.plan.services:
            self.look_at_service(name, turn.now, turn)
        self.settle(turn)

    def _restate(self, before: dict[str, Condition], turn: Turn) -> None:
        """End the conditions of checks that are gone or have other labels, and state those
        whose severity, labels or promotion the new plan changed."""
        for name, old in before.items():
            new = self.condition(name, turn.now) if name in self.checks else None
            if (new is None or new.labels != old.labels) and old.holds is not False:
                turn.conditions.append(
                    structs.replace(old, holds=False, unreachable=None, down=False)
                )
            if new is not None and new != old and new.holds is not False:
                turn.conditions.append(new)


def fresh(check: CheckPlan) -> CheckState:
    """The record of a check that nothing is known of."""
    if check.heartbeat is not None:
        return CheckState(check.name, cause="waiting for the first ping")
    return CheckState(check.name)


def _told(state: CheckState) -> tuple[object, ...]:
    """What of a record people are told through its condition."""
    return (state.status, state.measured, state.unreachable, state.flapping, state.since)
