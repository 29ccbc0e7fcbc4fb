"""When planned work is under way, told the slow way: minute by minute, from the documentation.

It shares nothing with `daemon.core.muting.maintenance`, nor with what reads cron expressions there:
a clock on the wall is watched, and what it shows is compared with the fields of the expression.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from daemon.core.plan import MaintenancePlan
from tests.core.oncall_oracle import MINUTE, Wall

DAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")


def by_minute(
    plan: MaintenancePlan, begin: datetime, minutes: int
) -> Iterator[tuple[datetime, bool]]:
    """Each minute from `begin` (UTC) on, and whether the window is active in it. Times, durations
    and `begin` are whole minutes."""
    wall = Wall(plan.timezone, begin)
    active_until = begin
    seen = wall.farthest - MINUTE
    for _ in range(minutes):
        if plan.cron is None:
            assert plan.start is not None
            assert plan.end is not None
            yield wall.now, wall.has_passed(plan.start) and not wall.has_passed(plan.end)
        else:
            while seen < wall.farthest:
                seen += MINUTE
                if _is_named(plan.cron, seen):
                    active_until = wall.now + timedelta(milliseconds=plan.duration)
            yield wall.now, wall.now < active_until
        wall.tick()


def _is_named(cron: str, local: datetime) -> bool:
    """Whether an expression of the form `M H * * D` names this minute; M is a number, H `*`, `*/N`
    or numbers, D `*` or a day."""
    minute, hour, _, _, day = cron.split()
    if day not in {"*", DAYS[local.weekday()]} or int(minute) != local.minute:
        return False
    if hour.startswith("*"):
        return local.hour % int(hour.removeprefix("*").removeprefix("/") or 1) == 0
    return str(local.hour) in hour.split(",")
