"""Shapes of analysis: what was, in pages, figures and lines over time.

`docs/analysis.md` defines every figure. Durations are in milliseconds, shares from 0 to 1;
a figure that nothing was there for is null.
"""

from __future__ import annotations

from typing import Literal

from daemon.api.schema.base import SeverityWord, Shape, StatusWord, Time
from daemon.api.schema.incidents import IncidentView

Band = Literal["excellent", "good", "fair", "poor", "critical"]
"""What a health score means, in a word."""

Tuning = Literal["unacknowledged", "flapping", "short"]
"""Why an alert is noise."""


class HistoryView(Shape):
    """A page of incidents, the newest first.

    `next` is where the following page begins, to be given as `cursor`; null at the end. A page
    whose filters let little through may be short, or empty, and still have one.
    """

    incidents: list[IncidentView]
    next: str | None = None


class DurationsView(Shape):
    """What a number of durations says; `p95_ms` is what 95 % of them do not exceed."""

    count: int
    average_ms: int | None = None
    median_ms: int | None = None
    p95_ms: int | None = None
    least_ms: int | None = None
    greatest_ms: int | None = None


class StatisticsView(Shape):
    """Incidents that fired in [since, until).

    `by_service` has the most frequent first, those without a service under "". `by_hour_of_week`
    is 168 counts from Monday 00:00 in `timezone`. `escalated` went beyond the first level.
    """

    since: Time
    until: Time
    timezone: str
    total: int
    open: int
    acknowledged: int
    resolved: int
    escalated: int
    by_severity: dict[str, int]
    by_service: dict[str, int]
    by_hour_of_week: list[int]
    to_acknowledge: DurationsView
    to_resolve: DurationsView


class TopAlertView(Shape):
    """What the alerts of one name and source did: occurrences that fired in the span asked for.

    `short` were over within a minute, `again` came back within ten; `shortest_ms` is of those
    that are over.
    """

    name: str
    source: str
    service: str | None
    severity: SeverityWord
    count: int
    open: int
    firing_ms: int
    longest_ms: int
    shortest_ms: int | None
    escalated: int
    unacknowledged: int
    short: int
    again: int


class Advice(Shape):
    """One reason why an alert is noise, and what mends it.

    `count` of the alert's occurrences are so, `share` of them. `key` is the key of the
    configuration to change, `table` where it stands, `text` the advice in words.
    """

    why: Tuning
    count: int
    share: float
    table: str
    key: str
    text: str


class NoiseView(Shape):
    """An alert that disturbs more than it says; the worst first."""

    alert: TopAlertView
    noise: float
    advice: list[Advice]


class TrendLine(Shape):
    """How long something was what in each step; five figures that add up to `span_ms`.

    `service` is null for all services together; their times are added up then.
    `availability` is (up + degraded) of what was measured, in percent; null where nothing was.
    """

    service: str | None
    span_ms: list[int]
    up_ms: list[int]
    degraded_ms: list[int]
    down_ms: list[int]
    unknown_ms: list[int]
    availability: list[float | None]
    incidents: list[int]


class TrendsView(Shape):
    """Lines over the same steps: the beginning of each is in `starts` (UTC).

    `total` is the service that was asked for, or all of them; `lines` has one for each service
    if that was asked for (`each`). `services` is how many the total adds up.
    """

    unit: Literal["hour", "day"]
    starts: list[Time]
    services: int
    total: TrendLine
    lines: list[TrendLine] = []


class HealthPart(Shape):
    """A part of a health score: its `score` (0 to 100) counts by `weight`.

    `score` is null where it cannot be told; the others count for it then. `text` explains it.
    """

    name: Literal["status", "availability", "incidents", "latency", "budget"]
    weight: int
    score: float | None
    text: str


class HealthView(Shape):
    """A service's health from 0 to 100, rounded down, over [since, until).

    `limit` is the most it can be in its present status; null if nothing limits it. `score` and
    `band` are null where nothing could be told.
    """

    service: str
    status: StatusWord
    score: int | None
    band: Band | None
    parts: list[HealthPart]
    limit: int | None
    since: Time
    until: Time


class EscalationPattern(Shape):
    """What became of the incidents of one policy or one service.

    `deepest` counts incidents by the level they reached, the first level first; `answered` of
    the escalated ones were acknowledged.
    """

    name: str
    total: int
    escalated: int
    answered: int
    share: float
    deepest: list[int]
    to_acknowledge: DurationsView


class EscalationsView(Shape):
    """How incidents that fired in [since, until) escalated; what escalates most is first."""

    since: Time
    until: Time
    timezone: str
    total: int
    escalated: int
    policies: list[EscalationPattern]
    services: list[EscalationPattern]
    by_hour_of_week: list[int]


class CleanupView(Shape):
    """What was removed, or with `dry_run` would be: all that ended before `before`."""

    before: Time
    dry_run: bool
    incidents: int
    alerts: int
