"""How many runs an objective had lately: a burn alert may ask for some before it believes a rate.

Counted by the minute, as far back as the longest window that asks, in memory alone: after a
restart the count begins anew, and until the window is filled again an alert that asks for
runs begins only when there are enough of them, and one that holds is left as it is.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from checks.result import Result, Status
from daemon.core.model import MINUTE, Instant, Millis
from daemon.core.plan import Plan, SlaPlan


class _Count:
    """The runs of one objective: minutes and how many began in each, oldest first."""

    def __init__(self, longest: Millis) -> None:
        self.longest = longest
        self.minutes: deque[list[int]] = deque()

    def add(self, at: Instant) -> None:
        minute = at // MINUTE
        if self.minutes and self.minutes[-1][0] >= minute:
            self.minutes[-1][1] += 1
            return
        self.minutes.append([minute, 1])
        while self.minutes[0][0] < (at - self.longest) // MINUTE:
            self.minutes.popleft()


class Runs:
    """The counts of the objectives whose burn alerts ask for runs."""

    def __init__(self) -> None:
        self._since: Instant | None = None
        self._counts: dict[str, _Count] = {}
        self._of_check: dict[str, list[_Count]] = {}

    def replan(self, plan: Plan) -> None:
        """These are the objectives now; counts that are still asked for go on."""
        before, self._counts, self._of_check = self._counts, {}, {}
        for sla in plan.slas.values():
            asking = [burn.long for burn in sla.burns if burn.min_events]
            if not asking:
                continue
            count = before.get(sla.name) or _Count(max(asking))
            count.longest = max(asking)
            self._counts[sla.name] = count
            for check in _checks(plan, sla):
                self._of_check.setdefault(check, []).append(count)

    def observe(self, result: Result) -> None:
        """A run ended; one that is unknown measured nothing."""
        if self._since is None:
            self._since = result.at
        if result.status is not Status.UNKNOWN:
            for count in self._of_check.get(result.check, ()):
                count.add(result.at)

    def of(self, sla: SlaPlan, now: Instant) -> tuple[tuple[int, bool], ...]:
        """For each of its burn plans, the runs in the long window, and whether those are all:
        the count goes back so far."""
        known = self._counts.get(sla.name)
        found = []
        for burn in sla.burns:
            start = now - burn.long
            minutes = known.minutes if known is not None else ()
            runs = sum(count for minute, count in minutes if minute * MINUTE >= start)
            found.append((runs, self._since is not None and self._since <= start))
        return tuple(found)


def _checks(plan: Plan, sla: SlaPlan) -> Iterable[str]:
    for name in sla.members:
        if name in plan.services:
            yield from plan.services[name].checks
