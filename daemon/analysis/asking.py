"""Questions that both read and reckon, as `Analysis.ask` and `ask_apart` take them: they stand on
the store and the core alone, so that a process of its own has little to load."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Final

from daemon.analysis.escalations import Patterns, patterns
from daemon.core.chronicle import Interval
from daemon.core.model import DAY, HOUR, Instant
from daemon.core.record import record
from daemon.store.reading.escalated import climbs
from daemon.store.reading.hours import HourlyTrend, hourly_trend, unwritten
from daemon.store.reading.trends import (
    DailyTrend,
    estate_trend,
    incidents_by,
    service_trend,
    service_trends,
)

SERVICES: Final = 20
"""So many services' escalations are told."""


@record(frozen=True, slots=True)
class Steps:
    """What a trend is asked of.

    Attributes:
        first, count: The hours or days, counted from the epoch (UTC).
        present: The services' pieces that are not final.
        service: Which; None for all together.
    """

    first: int
    count: int
    now: Instant
    present: Mapping[str, Sequence[Interval]]
    service: str | None


@record(frozen=True, slots=True)
class Lines:
    """The line that was asked for with the incidents of its steps, and one of each service."""

    total: HourlyTrend | DailyTrend
    incidents: Sequence[int]
    each: Mapping[str, DailyTrend]


def escalation_patterns(
    connection: sqlite3.Connection, start: Instant, end: Instant, zone: str, service: str | None
) -> Patterns:
    """The patterns of the incidents that fired in [start, end)."""
    return patterns(climbs(connection, start, end, service), zone, SERVICES)


def hours(connection: sqlite3.Connection, steps: Steps) -> Lines:
    """The hours of a service or of all."""
    first, count, service = steps.first, steps.count, steps.service
    line = hourly_trend(connection, first, count, steps.now, steps.present, service)
    return Lines(line, incidents_by(HOUR, connection, first, count, service), {})


def days(connection: sqlite3.Connection, steps: Steps, *, each: bool = False) -> Lines:
    """The days of a service or of all, with `each` a line for every service as well."""
    span, now, service = (steps.first, steps.count), steps.now, steps.service
    incidents = incidents_by(DAY, connection, *span, service)
    newest = unwritten(connection, steps.present, service)
    if service is not None:
        line = service_trend(connection, service, *span, now, newest[service])
        return Lines(line, incidents, {})
    lines = service_trends(connection, *span, now, newest) if each else {}
    return Lines(estate_trend(connection, *span, now, newest), incidents, lines)
