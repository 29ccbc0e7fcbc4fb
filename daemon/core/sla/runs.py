"""How many runs an objective had lately: a burn alert may ask for some before it believes a rate.

Counted by the minute, as far back as the longest window that asks. A restart goes on from what is
stored. A count that begins anew (an objective that a reload brings, or one that asks for a longer
window than before) knows that it does not reach back so far: until its window is filled an alert
that asks for runs begins only when there are enough of them, and one that holds is left as it is.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Mapping

from checks.result import Result, Status
from daemon.core.model import MINUTE, Instant, Millis
from daemon.core.plan import Plan, SlaPlan
from daemon.core.record import record


@record(frozen=True, slots=True)
class RunCount:
    """So many runs of a check that measured something began in a minute.

    Attributes:
        minute: Since the epoch.
    """

    check: str
    minute: int
    runs: int


class _Count:
    """The runs of one objective: minutes and how many began in each, oldest first.

    Attributes:
        since: From when on it knows of all runs; None before the first.
    """

    def __init__(self, longest: Millis) -> None:
        self.longest = longest
        self.minutes: deque[list[int]] = deque()
        self.since: Instant | None = None

    def add(self, at: Instant) -> None:
        minute = at // MINUTE
        if self.minutes and self.minutes[-1][0] >= minute:
            self.minutes[-1][1] += 1
            return
        self.minutes.append([minute, 1])
        while self.minutes[0][0] < (at - self.longest) // MINUTE:
            self.minutes.popleft()

    def reach(self, longest: Millis) -> None:
        """Go back so far from now on; what was forgotten already is not known."""
        if longest > self.longest and self.since is not None and self.minutes:
            self.since = max(self.since, self.minutes[0][0] * MINUTE)
        self.longest = longest


class Runs:
    """The counts of the objectives whose burn alerts ask for runs."""

    def __init__(self) -> None:
        self._counts: dict[str, _Count] = {}
        self._of_check: dict[str, list[_Count]] = {}
        self._begun = True

    def replan(self, plan: Plan) -> None:
        """These are the objectives now; counts that are still asked for go on."""
        before, self._counts, self._of_check = self._counts, {}, {}
        for sla in plan.slas.values():
            longest = _longest(sla)
            if longest is None:
                continue
            count = before.get(sla.name) or _Count(longest)
            count.reach(longest)
            self._counts[sla.name] = count
            for check in _checks(plan, sla):
                self._of_check.setdefault(check, []).append(count)
        self._begun = all(count.since is not None for count in self._counts.values())

    def restore(self, kept: Iterable[RunCount], now: Instant) -> None:
        """Go on from what was stored, which goes back as far as any window."""
        found: dict[int, Counter[int]] = {}
        for one in kept:
            for count in self._of_check.get(one.check, ()):
                found.setdefault(id(count), Counter())[one.minute] += one.runs
        for count in self._counts.values():
            minutes = sorted(found.get(id(count), {}).items())
            count.minutes = deque([minute, runs] for minute, runs in minutes)
            count.since = now - count.longest
        self._begun = True

    def observe(self, result: Result) -> None:
        """A run ended; one that is unknown measured nothing."""
        if not self._begun:
            self._begin(result.at)
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
            since = None if known is None else known.since
            found.append((runs, since is not None and since <= start))
        return tuple(found)

    def _begin(self, at: Instant) -> None:
        for count in self._counts.values():
            if count.since is None:
                count.since = at
        self._begun = True


def asking(plan: Plan) -> Mapping[str, Millis]:
    """The checks whose runs burn alerts ask for, and how far back."""
    found: dict[str, Millis] = {}
    for sla in plan.slas.values():
        longest = _longest(sla)
        for check in () if longest is None else _checks(plan, sla):
            found[check] = max(found.get(check, 0), longest or 0)
    return found


def _longest(sla: SlaPlan) -> Millis | None:
    return max((burn.long for burn in sla.burns if burn.min_events), default=None)


def _checks(plan: Plan, sla: SlaPlan) -> Iterable[str]:
    for name in sla.members:
        if name in plan.services:
            yield from plan.services[name].checks
