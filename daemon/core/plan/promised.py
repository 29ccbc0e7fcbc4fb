"""What was promised, as the engine sees it: objectives, their credits and their burn alerts."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import field
from decimal import Decimal

from daemon.core.model import Millis
from daemon.core.record import record
from daemon.core.severity import Severity


class UnknownTime(enum.StrEnum):
    """What time counts as in which nothing was measured."""

    EXCLUDE = "exclude"
    """It counts for nothing: neither good nor bad, and the budget shrinks with it."""
    DOWN = "down"
    UP = "up"


class SlaKind(enum.StrEnum):
    """What an objective promises."""

    AVAILABILITY = "availability"
    LATENCY = "latency"
    """So many runs that answered took no longer than so."""
    ERROR_RATE = "error_rate"
    """So many runs did not fail."""
    METRIC = "metric"
    """In so many windows a metric was where it should be."""


class MetricFunction(enum.StrEnum):
    """What is made of a metric's values in a window."""

    AVG = "avg"
    PERCENTILE = "percentile"
    COUNT = "count"
    RATIO = "ratio"
    """The sum of its values over that of another metric's."""


@record(frozen=True, slots=True)
class MetricPlan:
    """Where a metric should be: a window in which it is not is bad as a whole.

    Attributes:
        of: The metric that `ratio` divides by.
        percentile: Of `percentile`, by nearest rank.
        window: Whole minutes.
        at_most, at_least: The bounds, both included.
    """

    name: str
    function: MetricFunction
    window: Millis
    of: str | None = None
    percentile: int | None = None
    at_most: float | None = None
    at_least: float | None = None


@record(frozen=True, slots=True)
class CreditPlan:
    """Below so many percent, so many percent of the fee are given back."""

    below: Decimal
    percent: Decimal


@record(frozen=True, slots=True)
class BurnPlan:
    """The budget burns too fast: alert when the burn rate is at least `rate` both over the
    long window and over the short one, which resets it soon after the burning ends.

    Attributes:
        rate: 1 spends the budget evenly over the period.
        min_events: Results in the long window without which the alert does not fire.
    """

    rate: Decimal
    long: Millis
    short: Millis
    severity: Severity
    min_events: int = 0


@record(frozen=True, slots=True)
class SlaPlan:
    """An objective of a service, or of several together.

    Attributes:
        service: Its service; of several, the name they are shown under.
        target: Percent, exact: `Decimal("99.9")`.
        period: `month`, `quarter`, `year`, or a rolling span in milliseconds.
        timezone: The zone whose calendar a calendar period follows.
        degraded_weight: What a degraded millisecond counts as: 1 up, 0 down, or between.
        services: The services it is about, if it is not about `service` alone.
        quorum: Of several services: up while this many are; None for all of them.
        warning, critical: Below these percent it is close to its target, and very close.
        credits: The lowest tier that the value is below counts.
        labels: What its alerts carry.
        under: How long a run may take, of a latency objective.
        metric: What a metric objective promises.
    """

    name: str
    service: str
    target: Decimal
    period: str | Millis
    timezone: str = "UTC"
    degraded_weight: Decimal = Decimal(1)
    unknown: UnknownTime = UnknownTime.EXCLUDE
    services: tuple[str, ...] = ()
    quorum: int | None = None
    warning: Decimal | None = None
    critical: Decimal | None = None
    credits: tuple[CreditPlan, ...] = ()
    burns: tuple[BurnPlan, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    kind: SlaKind = SlaKind.AVAILABILITY
    under: Millis | None = None
    metric: MetricPlan | None = None

    @property
    def members(self) -> tuple[str, ...]:
        """The services whose time it counts."""
        return self.services or (self.service,)

    @property
    def is_group(self) -> bool:
        """Whether it is about several services, even if there is one of them only."""
        return bool(self.services)
