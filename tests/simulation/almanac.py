"""What clocks on walls show, watched minute by minute: who is on call, what is planned, whether
the office is open. Told from the definitions, and sharing nothing with the core."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from daemon.core.model import MINUTE, Instant
from daemon.core.plan import IntervalPlan, MaintenancePlan, SchedulePlan
from tests.core.maintenance_oracle import by_minute
from tests.core.oncall_oracle import Wall, shown_by
from tests.simulation.estate import ZONES

_FOR_EVER: Final = 10_000_000


class Almanac:
    """The clocks of the estate's zones, and the planned work of all its configurations."""

    def __init__(self, begin: Instant, windows: list[MaintenancePlan]) -> None:
        at = datetime.fromtimestamp(begin // 1000, UTC)
        self._minute = begin // MINUTE
        self._walls = {zone: Wall(zone, at) for zone in ZONES.values()}
        self._windows: list[tuple[MaintenancePlan, Iterator[tuple[datetime, bool]]]] = [
            (one, by_minute(one, at, _FOR_EVER)) for one in windows
        ]
        self._active = [next(states)[1] for _, states in self._windows]

    def turn_to(self, now: Instant) -> None:
        """Let the minutes up to this moment go by."""
        while self._minute < now // MINUTE:
            self._minute += 1
            for wall in self._walls.values():
                wall.tick()
            self._active = [next(states)[1] for _, states in self._windows]

    def on_call(self, schedule: SchedulePlan) -> tuple[str, ...]:
        """Who is on call now."""
        return shown_by(schedule, self._walls[schedule.timezone])

    def is_planned(self, window: MaintenancePlan) -> bool:
        """Whether this work is under way."""
        known = [one for one, _ in self._windows]
        return self._active[known.index(window)]

    def is_open(self, interval: IntervalPlan) -> bool:
        """Whether the interval holds now. The estate's are hours of days of the week."""
        for hours in interval.any_of:
            shown = self._walls[hours.timezone].farthest
            minute = shown.hour * 60 + shown.minute
            if shown.weekday() in hours.weekdays and any(a <= minute < b for a, b in hours.times):
                return True
        return False
