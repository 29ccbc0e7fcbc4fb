"""The records of all checks and services, and what a change of one means for the others.

The observatory decides what a check's record becomes and calls `change`; here its fact and
its condition go into the turn, its service is looked at again, and its children learn that
they are behind something that is down, or no longer. Consequences are worked off in order
by `settle`, so that no chain of dependencies, however long, is walked by recursion.

Beside it, and working on it: `doubt` (whether a failure may have another cause), `cutoff`
(what a lost uplink means for it) and `adoption` (another plan, and what was stored).
"""

from __future__ import annotations

from collections import deque

from checks.result import Result, Status
from daemon.core.changing import replace
from daemon.core.labels import Labels
from daemon.core.model import CheckState, Instant, ServiceState
from daemon.core.observing.dependencies import Dependencies, Node, counts_as_down, root_cause
from daemon.core.observing.health import decide, reachable, unmeasured
from daemon.core.observing.uplink import Uplink
from daemon.core.plan import CheckPlan, Plan
from daemon.core.ruling import conditions
from daemon.core.sla.availability import service_status
from daemon.core.turn import Condition, Fact, Turn


class Estate:
    """What is known of everything that the plan has.

    Attributes:
        released: Checks to be run at once, since what hid them is gone; whoever probes takes
            them from here.
        awaited: Those whose hiding is over and that were not measured since, and when it
            ended. They stay as they are, hidden and muted, until a run tells.
        returning: Likewise the uplink's targets that failed with it.
        unsaved: Checks whose records were made because nothing was known, and are to be saved.
    """

    __slots__ = (
        "_labels",
        "_pending",
        "awaited",
        "checks",
        "graph",
        "last",
        "plan",
        "released",
        "returning",
        "services",
        "unsaved",
        "uplink",
    )

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.graph = Dependencies(plan)
        self.checks = {name: fresh(check) for name, check in plan.checks.items()}
        self.services = {name: ServiceState(name) for name in plan.services}
        self.last: dict[str, Result] = {}
        self.uplink = self.guard()
        self.released: list[str] = []
        self.awaited: dict[str, Instant] = {}
        self.returning: dict[str, Instant] = {}
        self._pending: deque[str] = deque()
        self._labels: dict[str, tuple[CheckPlan, Labels]] = {}
        self.unsaved = {*plan.checks}

    def guard(self) -> Uplink:
        """The uplink's guard as the plan has it, with what is known of its targets."""
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
        plan = self.plan.checks[name]
        return conditions.of_check(
            plan,
            self.checks[name],
            self.last.get(name),
            now,
            labels=self._identity(plan),
            behind_uplink=behind,
            hides=self._hides(name),
        )

    def _identity(self, plan: CheckPlan) -> Labels:
        """The labels of the check's alert: the same ones each time, so that whoever has seen
        them knows them again without a look into them."""
        known = self._labels.get(plan.name)
        if known is None or known[0] is not plan:
            known = self._labels[plan.name] = plan, conditions.labels_of(plan)
        return known[1]

    def _hides(self, name: str) -> int:
        """How many checks stand behind this one, if that is down."""
        is_down = self.checks[name].status is Status.DOWN
        return self.graph.count_behind(name) if is_down else 0

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
            if new is old:
                continue
            self.services[service] = new
            turn.save(new)
            if counts_as_down(new) != counts_as_down(old) or new.unreachable != old.unreachable:
                waiting.extend(self.graph.child_services(service))
                for child in self.graph.child_checks(Node(True, service)):
                    self.look_behind(child, turn)

    def _service(self, old: ServiceState, since: Instant) -> ServiceState:
        checks = self.checks
        members = [checks[check].status for check in self.graph.members(old.key)]
        status = service_status(members, self.plan.services[old.key].quorum)
        groups = self.graph.service_groups(old.key)
        root = root_cause(groups, self.find) if groups else None
        if root is not None:
            status = Status.UNKNOWN
        begun = old.since if status is old.status else since
        if (status, begun, root) == (old.status, old.since, old.unreachable):
            return old
        return replace(old, status=status, since=begun, unreachable=root)

    def look_behind(self, name: str, turn: Turn) -> None:
        """Hide a check behind a root cause that is down, or release it."""
        state = self.checks[name]
        root = root_cause(self.graph.groups(name), self.find)
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
            verdict = state.soft_status if self.is_heartbeat(name) else Status.UNKNOWN
            self.change(replace(hidden, unreachable=root, soft_status=verdict), turn)

    def _release(self, state: CheckState, turn: Turn) -> None:
        """Reachable again: a heartbeat is what it was told, a probed check waits for its run."""
        if self.is_heartbeat(state.key):
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

    def is_heartbeat(self, name: str) -> bool:
        """Whether this check is pinged instead of probed."""
        return self.plan.checks[name].heartbeat is not None

    def find(self, node: Node) -> CheckState | ServiceState | None:
        """The record of a node of the dependencies' graph."""
        return self.services.get(node.name) if node.is_service else self.checks.get(node.name)


def fresh(check: CheckPlan) -> CheckState:
    """The record of a check that nothing is known of."""
    if check.heartbeat is not None:
        return CheckState(check.name, cause="waiting for the first ping")
    return CheckState(check.name)


def _told(state: CheckState) -> tuple[object, ...]:
    """What of a record people are told through its condition."""
    return (state.status, state.measured, state.unreachable, state.flapping, state.since)
