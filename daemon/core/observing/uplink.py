"""Whether the monitor itself is cut off.

A few independent targets stand for the way out. While all of them fail, a remote check that
fails says nothing about its target, and is unknown. The guard goes by their newest runs,
soft ones too: waiting for confirmation would let every remote target be confirmed down in
the meantime. For the same reason the failure of a remote check, or of one of the targets,
is in doubt until another of the uplink's targets was seen well after it began.

The observatory notes the uplink targets' results here and asks it about remote failures.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from checks.result import Result, Status
from daemon.core.model import Instant

CAUSE = "uplink is down"


class Uplink:
    """The newest result of each uplink target. Without targets it is never down."""

    __slots__ = ("_newest", "active", "names")

    def __init__(self, names: Iterable[str], last: Mapping[str, Result]) -> None:
        self.names = frozenset(names)
        self._newest = {name: last[name] for name in self.names if name in last}
        self.active = self._all_fail()

    def _all_fail(self) -> bool:
        if not self.names or len(self._newest) < len(self.names):
            return False
        return all(result.status is not Status.UP for result in self._newest.values())

    def note(self, result: Result) -> bool:
        """A target's new result; whether the guard turned on or off by it."""
        self._newest[result.check] = result
        before, self.active = self.active, self._all_fail()
        return before is not self.active

    def in_doubt(self, name: str, since: Instant) -> bool:
        """Whether the uplink may explain that `name` fails since then: no target, itself left
        out if it is one, was seen well by a run that began at `since` or later. Once the
        uplink is known to be down, that is no doubt any more."""
        if self.active or not self.names - {name}:
            return False
        return not any(
            result.status is Status.UP and result.at >= since
            for target, result in self._newest.items()
            if target != name
        )
