"""What stands behind what: checks behind parent checks, services behind parent services.

A parent is a check, or a service with all its checks; a service's parents are the parents of
each of its checks. Parents come in *redundancy groups*: a child is unreachable while all
parents of one group count as down. A parent counts as down while its hard status is down or
it is unreachable itself, so unreachability reaches through, and the name that is shown is
the root cause, not the nearest parent.

The graph is fixed by the plan; statuses are asked of the observatory's records. Parents that
the plan does not have (disabled checks) are left out of their groups.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from checks.result import Status
from daemon.core.model import CheckState, ServiceState
from daemon.core.plan import CheckPlan, Plan, ServicePlan
from daemon.core.record import record


@record(frozen=True, slots=True)
class Node:
    """A check or a service."""

    is_service: bool
    name: str


Group = tuple[Node, ...]


class Dependencies:
    """The parents and children of everything in a plan."""

    __slots__ = (
        "_child_checks",
        "_child_services",
        "_members",
        "_of_check",
        "_of_service",
        "_owner",
    )

    def __init__(self, plan: Plan) -> None:
        self._members = {
            name: tuple(check for check in service.checks if check in plan.checks)
            for name, service in plan.services.items()
        }
        self._owner = {name: check.service for name, check in plan.checks.items()}
        self._of_service = {
            name: tuple(_groups(service.parents, plan.services, is_service=True))
            for name, service in plan.services.items()
        }
        self._of_check = {
            name: (
                *_groups(check.parents, plan.checks, is_service=False),
                *self._of_service.get(check.service, ()),
            )
            for name, check in plan.checks.items()
        }
        self._child_checks = _inverse(self._of_check)
        self._child_services = _inverse(self._of_service)

    def members(self, service: str) -> tuple[str, ...]:
        """The checks of a service that the plan has."""
        return self._members.get(service, ())

    def groups(self, check: str) -> tuple[Group, ...]:
        """The redundancy groups of a check, its service's among them."""
        return self._of_check.get(check, ())

    def service_groups(self, service: str) -> tuple[Group, ...]:
        """The redundancy groups of a service."""
        return self._of_service.get(service, ())

    def child_checks(self, node: Node) -> tuple[str, ...]:
        """The checks that have this node in one of their groups."""
        return self._child_checks.get(node, ())

    @property
    def has_children(self) -> bool:
        """Whether any check stands behind another or a service."""
        return bool(self._child_checks)

    def children_of(self, check: str) -> Iterator[str]:
        """The checks that stand behind this check or behind its service."""
        yield from self.child_checks(Node(False, check))
        yield from self.child_checks(Node(True, self._owner[check]))

    def count_behind(self, check: str) -> int:
        """How many checks stand behind this one or its service, directly or through others."""
        if not self.has_children:
            return 0
        found, waiting = {check}, [check]
        while waiting:
            fresh = set(self.children_of(waiting.pop())) - found
            found |= fresh
            waiting += fresh
        return len(found) - 1

    def child_services(self, service: str) -> tuple[str, ...]:
        """The services that have this service in one of their groups."""
        return self._child_services.get(Node(True, service), ())

    def parent_checks(self, check: str) -> Iterator[str]:
        """Every check whose status may make this check unreachable directly."""
        for group in self.groups(check):
            for node in group:
                yield from self.checks_of(node)

    def checks_of(self, node: Node) -> tuple[str, ...]:
        """The checks that a node's status is made of."""
        return self.members(node.name) if node.is_service else (node.name,)


def _groups(
    parents: tuple[tuple[str, ...], ...], known: Mapping[str, object], *, is_service: bool
) -> Iterator[Group]:
    for names in parents:
        group = tuple(Node(is_service, name) for name in names if name in known)
        if group:
            yield group


def _inverse(groups: Mapping[str, tuple[Group, ...]]) -> dict[Node, tuple[str, ...]]:
    children: dict[Node, dict[str, None]] = {}
    for name, of_one in groups.items():
        for group in of_one:
            for node in group:
                children.setdefault(node, {})[name] = None
    return {node: tuple(names) for node, names in children.items()}


def counts_as_down(state: CheckState | ServiceState | None) -> bool:
    """Whether children of this may be hidden by it."""
    return state is not None and (state.status is Status.DOWN or state.unreachable is not None)


def root_cause(
    groups: Iterable[Group], find: Callable[[Node], CheckState | ServiceState | None]
) -> str | None:
    """The name behind which something with these groups is unreachable; None if it is not."""
    for group in groups:
        states = [find(node) for node in group]
        if all(counts_as_down(state) for state in states):
            first = states[0]
            return (first.unreachable if first else None) or group[0].name
    return None


def find_cycle(plan: Plan) -> tuple[str, ...] | None:
    """A way from something through its parents back to itself, or None.

    Services and checks are walked as one graph, because a service stands for its checks: a
    check behind a check of a service that is behind the first check's service is a cycle
    too. Names of services are written `service NAME`, those of checks `check NAME`.
    """
    of_all: Iterable[CheckPlan | ServicePlan] = (*plan.checks.values(), *plan.services.values())
    if not any(one.parents for one in of_all):
        return None
    graph = Dependencies(plan)
    above = {
        **{
            Node(False, name): [node for group in graph.groups(name) for node in group]
            for name in plan.checks
        },
        **{
            Node(True, name): [Node(False, check) for check in graph.members(name)]
            for name in plan.services
        },
    }
    done: set[Node] = set()
    for start in above:
        found = _walk(start, above, done)
        if found:
            return tuple(f"{'service' if n.is_service else 'check'} {n.name}" for n in found)
    return None


def _walk(start: Node, above: Mapping[Node, list[Node]], done: set[Node]) -> list[Node]:
    """Depth first without recursion; the nodes of a cycle, first one repeated at the end."""
    path: list[Node] = []
    on_path: set[Node] = set()
    stack: list[tuple[Node, bool]] = [(start, False)]
    while stack:
        node, leaving = stack.pop()
        if leaving:
            path.pop()
            on_path.discard(node)
            done.add(node)
        elif node in on_path:
            return [*path[path.index(node) :], node]
        elif node not in done:
            path.append(node)
            on_path.add(node)
            stack.append((node, True))
            stack.extend((parent, False) for parent in above.get(node, ()))
    return []
