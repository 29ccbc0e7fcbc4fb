"""Who is on call, as the API shows it: for each schedule the present shift and the next.

The dashboard shows it all the time and the daemon says it every few seconds, so what was found
is kept until the next hand-over, or until the schedule changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from daemon.api.schema import ScheduleView
from daemon.api.times import stamp
from daemon.core.model import DAY, Instant, Millis
from daemon.core.oncall import Shift, on_call, shifts
from daemon.core.plan import SchedulePlan

_HORIZONS: Final[tuple[Millis, ...]] = (2 * DAY, 32 * DAY, 370 * DAY)
"""How far ahead the next hand-over is looked for, one after the other."""


@dataclass(frozen=True, slots=True)
class _Known:
    """What was found of a schedule, and from when to when it holds."""

    plan: SchedulePlan
    start: Instant
    end: Instant
    view: ScheduleView


class Roster:
    """Remembers what it showed."""

    def __init__(self) -> None:
        self._known: dict[str, _Known] = {}

    def views(self, plans: Mapping[str, SchedulePlan], now: Instant) -> list[ScheduleView]:
        """Every schedule, in the configuration's order."""
        self._known = {name: self._now(plan, now) for name, plan in plans.items()}
        return [known.view for known in self._known.values()]

    def _now(self, plan: SchedulePlan, now: Instant) -> _Known:
        known = self._known.get(plan.name)
        if known is None or known.plan is not plan or not known.start <= now < known.end:
            known = _found(plan, now)
        return known


def _found(plan: SchedulePlan, now: Instant) -> _Known:
    following = _following(plan, now)
    view = ScheduleView(
        name=plan.name,
        timezone=plan.timezone,
        on_call=list(on_call(plan, now)),
        until=None if following is None else stamp(following.start),
        next=[] if following is None else list(following.persons),
    )
    return _Known(plan, now, now + DAY if following is None else following.start, view)


def _following(plan: SchedulePlan, now: Instant) -> Shift | None:
    """The shift or gap after the present one; None if there is none within a year."""
    for horizon in _HORIZONS:
        ahead = shifts(plan, now, now + horizon)
        next(ahead, None)
        if (following := next(ahead, None)) is not None:
            return following
    return None
