"""The routing tree: which routes an alert takes, and which group it falls into on each.

A tree is walked depth first, siblings in order: the first that matches takes the alert,
unless it says `continue`; a node none of whose children match is the match itself
(Alertmanager's `dispatch.Route.Match`). Of the routes found, the first that has a policy
owns the alert's incident, or the first of all where none has; the others only notify.

It stands between alerts and incidents. It keeps nothing but the tree: routes an incident
was begun with are kept with its groups.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from json.encoder import encode_basestring
from typing import Final

from daemon.core.alerting.sources import TEST, stands_alone, test_of
from daemon.core.labels import match_all
from daemon.core.model import Alert, Millis
from daemon.core.plan import DEFAULT_GROUP_WAIT, RoutePlan
from daemon.core.record import record

ALL_LABELS: Final = "..."
"""In `group_by`: group by every label, so that each alert is a group of its own."""


@record(frozen=True, slots=True)
class Taken:
    """A route that an alert takes.

    Attributes:
        key: The route's place in words: the matchers from the root on, as Alertmanager
            writes them, `{}/{severity="critical"}`.
    """

    route: RoutePlan
    key: str

    def labels_of(self, alert: Alert) -> dict[str, str]:
        """The labels of the alert that its group on this route is named by."""
        if ALL_LABELS in self.route.group_by or stands_alone(alert.source):
            return dict(sorted(alert.labels.items()))
        seen, test = alert.matchable, test_of(alert.source)
        found = {name: seen[name] for name in sorted(self.route.group_by) if name in seen}
        return found if test is None else found | {TEST.rstrip(":"): test}

    def group_key(self, alert: Alert) -> str:
        """The name of the alert's group on this route: `ROUTE:{labels}`."""
        return f"{self.key}:{_braced(self.labels_of(alert))}"

    def wait(self, alert: Alert) -> Millis:
        """The route's `group_wait`, or the default for the alert's severity."""
        if self.route.group_wait is not None:
            return self.route.group_wait
        return DEFAULT_GROUP_WAIT[alert.effective]


@record(frozen=True, slots=True)
class Routing:
    """The routes of one alert: the one that owns its incident, and those that only notify."""

    owner: Taken
    others: tuple[Taken, ...]


class Router:
    """A routing tree, ready to be asked."""

    def __init__(self, root: RoutePlan) -> None:
        self._root = root
        self._keys: dict[int, str] = {}
        self._name(root, "{}" if not root.match else _words(root), set())

    def route(self, alert: Alert) -> Routing:
        """The routes that the alert takes now; there is always one, the root if no other."""
        nodes = _matching(self._root, alert.matchable)
        found = [Taken(node, self._keys[id(node)]) for node in nodes]
        owner = next((taken for taken in found if taken.route.policy is not None), found[0])
        return Routing(owner, tuple(taken for taken in found if taken is not owner))

    def _name(self, node: RoutePlan, key: str, used: set[str]) -> None:
        """Name every node; a sibling with the same matchers as an earlier one gets a number."""
        self._keys[id(node)] = key
        for child in node.routes:
            own = f"{key}/{_words(child)}"
            number = 2
            while own in used:
                own, number = f"{key}/{_words(child)}#{number}", number + 1
            used.add(own)
            self._name(child, own, used)


def beside(key: str, incident: str) -> str:
    """The key of a group that only notifies of this incident."""
    return f"{key}@{incident}"


def _matching(node: RoutePlan, labels: Mapping[str, str]) -> Iterator[RoutePlan]:
    """The nodes at or below `node` that take these labels, given that `node` matches them."""
    deeper = False
    for child in node.routes:
        if match_all(child.match, labels):
            deeper = True
            yield from _matching(child, labels)
            if not child.continue_:
                break
    if not deeper:
        yield node


def _words(node: RoutePlan) -> str:
    return "{" + ",".join(str(matcher) for matcher in node.match) + "}"


def _braced(labels: Mapping[str, str]) -> str:
    inner = ", ".join(
        f"{name}={encode_basestring(value)}" for name, value in sorted(labels.items())
    )
    return "{" + inner + "}"
