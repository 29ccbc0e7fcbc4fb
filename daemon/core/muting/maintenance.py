"""Maintenance: planned time in which alerts are muted and which no SLA counts.

Theory. A window comes as a cron expression or a recurrence rule says and lasts for a duration,
or once between two times. All are read by the clock on the wall of its zone (`clockwork` says
what becomes of a time that comes twice or never); the duration is counted in elapsed time from
there. Occurrences that touch or overlap are one window, so that it ends once. Everything is a
function of the configuration and the time: a daemon that was off has missed nothing. What became
of it is `daemon.core.muting.works`' to remember: that stays true of the past when the configuration
changes.

`Maintenance` knows what is active now, with a deadline at the next change; `Calendar` remembers
the occurrences that the SLAs ask for at every look.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from itertools import chain
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from daemon.core.deadlines import Deadlines
from daemon.core.labels import Labels, Matcher, match_all
from daemon.core.model import DAY, Instant, Millis
from daemon.core.muting import recurring
from daemon.core.oncall.clockwork import local_at, reached
from daemon.core.plan import MaintenancePlan
from daemon.core.record import record
from daemon.core.sla.availability import Span, merge_spans

_NOT_OF_A_CHECK: Final = frozenset({"alertname", "rule", "severity"})
"""Labels that tell alerts of one check apart: who matches them does not mean a service."""

HORIZON: Final[Millis] = 32 * DAY
"""How far occurrences that follow each other without a break are looked through for an end."""


@record(frozen=True, slots=True)
class Window:
    """Planned time without a break: [start, end).

    Attributes:
        end: None if it goes on for longer than anybody looked ahead (`HORIZON`).
    """

    start: Instant
    end: Instant | None


def occurrences(plan: MaintenancePlan, start: Instant, end: Instant | None) -> Iterator[Span]:
    """The single occurrences that share time with [start, end), whole, in order of their
    beginnings; None for an end that never comes."""
    zone = ZoneInfo(plan.timezone)
    if not plan.recurs:
        low, high = _once(plan, zone)
        if low < high and high > start and (end is None or low < end):
            yield low, high
        return
    since = local_at(start - plan.duration, zone)
    for local in recurring.after(plan.cron, plan.rrule, plan.start, since):
        low = reached(local, zone)
        if end is not None and low >= end:
            return
        if low + plan.duration > start:
            yield low, low + plan.duration


def window_at(plan: MaintenancePlan, at: Instant) -> Window | None:
    """The window that covers this moment, else the next one; None if none comes any more."""
    found: Span | None = None
    for low, high in occurrences(plan, at, None):
        if found is None:
            found = low, high
        elif low > found[1]:
            break
        elif low > max(at, found[0]) + HORIZON:
            return Window(_began(plan, found[0]), None)
        else:
            found = found[0], high
    return None if found is None else Window(_began(plan, found[0]), found[1])


def last_window(plan: MaintenancePlan) -> Window | None:
    """When work that is done once is, or was; None for work that recurs."""
    return None if plan.recurs else Window(*_once(plan, ZoneInfo(plan.timezone)))


def fully_matched(
    matchers: Iterable[Matcher],
    services: Mapping[str, Iterable[str]],
    labels: Mapping[str, Labels],
) -> Iterator[str]:
    """The services of which every check is matched, whatever its alert.

    Args:
        services: Their checks.
        labels: The checks' labels.
    """
    wanted = tuple(matchers)
    if any(matcher.name in _NOT_OF_A_CHECK for matcher in wanted):
        return
    for name, checks in services.items():
        own = [labels[check] for check in checks]
        if own and all(match_all(wanted, one) for one in own):
            yield name


def _once(plan: MaintenancePlan, zone: ZoneInfo) -> Span:
    assert plan.start is not None and plan.end is not None  # noqa: S101, PT018  # what does not recur has both
    return reached(plan.start, zone), reached(plan.end, zone)


def _began(plan: MaintenancePlan, start: Instant) -> Instant:
    """Where the window begins to which the occurrence that begins at `start` belongs."""
    if not plan.recurs:
        return start
    zone = ZoneInfo(plan.timezone)
    first = start
    back = timedelta(milliseconds=HORIZON)
    at = local_at(start, zone)
    for local in recurring.before(plan.cron, plan.rrule, plan.start, at, back):
        low = reached(local, zone)
        if low + plan.duration < first or start - low > HORIZON:
            break
        first = min(first, low)
    return first


class Maintenance:
    """Which windows are active, and when that changes.

    Attributes:
        active: By name, in the configuration's order.
    """

    def __init__(self, plans: Mapping[str, MaintenancePlan]) -> None:
        """Nothing is known to be active before the first `tick`, which is due at once."""
        self._plans = plans
        self.active: dict[str, Window] = {}
        self._deadlines = Deadlines()
        for name in plans:
            self._deadlines.set(name, 0)

    def next_deadline(self) -> Instant | None:
        """When the next window begins or ends."""
        return self._deadlines.next()

    def tick(self, now: Instant) -> bool:
        """Begin and end what is due; returns whether anything changed."""
        before = dict(self.active)
        for name, _ in list(self._deadlines.take_due(now)):
            self._look(name, now)
        if self.active == before:
            return False
        self.active = {name: self.active[name] for name in self._plans if name in self.active}
        return True

    def _look(self, name: str, now: Instant) -> None:
        self.active.pop(name, None)
        window = window_at(self._plans[name], now)
        if window is None:
            return
        if window.start > now:
            self._deadlines.set(name, window.start)
            return
        self.active[name] = window
        self._deadlines.set(name, now + DAY if window.end is None else window.end)


class Happened(Protocol):
    """What became of planned work."""

    def given_back(self, window: str) -> Iterable[Span]:
        """The time of this configured window that was not worked in."""
        ...

    def worked(self, service: str, start: Instant, end: Instant) -> Iterable[Span]:
        """The work on this service that shares time with [start, end)."""
        ...


@record(frozen=True, slots=True)
class _Stretch:
    """The planned time in [start, end), without overlaps: where each piece begins and ends."""

    start: Instant
    end: Instant
    lows: tuple[Instant, ...]
    highs: tuple[Instant, ...]


class Calendar:
    """The planned time that services' SLAs do not count, worked out once a day."""

    def __init__(
        self, plans: Mapping[str, MaintenancePlan], before: Calendar | None = None
    ) -> None:
        """
        Args:
            before: That of the configuration before, which knows the windows that are the same.
        """
        self._plans = plans
        self._known: dict[str, _Stretch] = {}
        if before is not None:
            for name, known in before._known.items():
                if plans.get(name) == before._plans[name]:
                    self._known[name] = known
        self._of: dict[str, list[MaintenancePlan]] = {}
        for plan in plans.values():
            for service in plan.excludes:
                self._of.setdefault(service, []).append(plan)

    def excluded(
        self, service: str, start: Instant, end: Instant, happened: Happened | None = None
    ) -> list[Span]:
        """The planned time of the service in [start, end), and perhaps some around it; that of
        several windows may overlap.

        Args:
            happened: What became of it, where that is known: what was given back is not in it,
                and what was worked is, whether it is planned any more or not.
        """
        found: list[Span] = []
        for plan in self._of.get(service, ()):
            planned = self._spans(plan, start, end)
            back = () if happened is None else happened.given_back(plan.name)
            found += _without(planned, back)
        if happened is not None:
            found += happened.worked(service, start, end)
        return found

    def _spans(self, plan: MaintenancePlan, start: Instant, end: Instant) -> Iterator[Span]:
        known = self._known.get(plan.name)
        if known is None or start < known.start or end > known.end:
            known = self._known[plan.name] = _stretch(plan, known, start, end)
        first, last = bisect_right(known.highs, start), bisect_left(known.lows, end)
        return zip(known.lows[first:last], known.highs[first:last], strict=True)


def _without(spans: Iterable[Span], back: Iterable[Span]) -> list[Span]:
    """The spans without those that were given back."""
    left = list(spans)
    for low, high in back:
        cut = [((a, min(b, low)), (max(a, high), b)) for a, b in left]
        left = [(a, b) for pieces in cut for a, b in pieces if a < b]
    return left


def _stretch(
    plan: MaintenancePlan, known: _Stretch | None, start: Instant, end: Instant
) -> _Stretch:
    """What is asked for, what was known, and a day to come; only what is new is worked out."""
    if known is None:
        end += DAY
        found = occurrences(plan, start, end)
    else:
        start, end = min(start, known.start), max(end, known.end) + DAY
        before = occurrences(plan, start, known.start) if start < known.start else ()
        after = occurrences(plan, known.end, end)
        found = chain(before, zip(known.lows, known.highs, strict=True), after)
    spans = merge_spans(found, start, end)
    return _Stretch(start, end, tuple(low for low, _ in spans), tuple(high for _, high in spans))
