"""The figures of an SLA as values: what the arithmetic makes and everybody shows.

All times are whole milliseconds, all shares exact fractions; what is shown of them is
rounded here already (`showing`), so that no two readers round differently.
"""

from __future__ import annotations

import enum
from dataclasses import field
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from daemon.core.model import Amendment, Instant, Millis
from daemon.core.plan import SlaKind
from daemon.core.record import record


class Level(enum.StrEnum):
    """How close an SLA is to its target."""

    GOOD = "good"
    WARNING = "warning"
    CRITICAL = "critical"
    MISSED = "missed"
    UNKNOWN = "unknown"


class Violation(NamedTuple):
    """An interval in which the service failed with its budget spent.

    A tuple, as an outage is: a report has tens of thousands of them.

    Attributes:
        end: None while it lasts.
        depth_ms: By how much this interval overspent the budget, rounded up.
        notes: What operators wrote about it, oldest first.
    """

    start: Instant
    end: Instant | None
    depth_ms: Millis = 0
    notes: tuple[Amendment, ...] = ()


class Outage(NamedTuple):
    """Down time without a break that counts; `end` None: it lasts."""

    start: Instant
    end: Instant | None
    length_ms: Millis


@record(frozen=True, slots=True)
class Reliability:
    """How often it failed and how fast it was mended.

    Attributes:
        outages: All of the period, oldest first.
        mttr_ms: Mean length of the outages that are over, rounded up.
        mtbf_ms: Counted time that was not down, for each outage; rounded down.
    """

    outages: tuple[Outage, ...] = ()
    mttr_ms: Millis | None = None
    mtbf_ms: Millis | None = None


@record(frozen=True, slots=True)
class SlaFigures:
    """An SLA so far in a period.

    Attributes:
        service: Its service; of several, the name they are shown under.
        start, end: The whole period; `end` is after `now` for a calendar period.
        now: Up to when it is counted; the period's end, if that is past.
        up_ms, degraded_ms, unknown_ms, down_ms, excluded_ms: Where the elapsed time went;
            they add up to `now - start` exactly.
        availability: Exact share of the counted time that was good; None if none was counted.
        value: The same in percent as it is shown: rounded down to four places, but not below
            a target that was reached.
        met: Whether the availability is at least the target; None if nothing was counted.
        coverage: Exact share of the elapsed time, in percent, that is not unknown; 0 before
            any time has elapsed.
        budget_total_ms: How much down time the whole period allows.
        budget_left_ms: What is left of it, rounded down; negative exactly when overspent.
        burn_rate: How many times faster than evenly the budget was spent in the last hour.
        services: The services it is about.
        planned_ms, approved_ms: The parts of `excluded_ms`: planned maintenance, and what
            operators excluded afterwards of the rest.
        exclusions: Those exclusions, oldest first.
        unamended, unamended_value: Availability and value as they were without them.
        exhausts_at: When the budget will be spent at the present burn rate, if that is within
            the period; None if not, or if it is spent already.
        credit_percent: What is to be given back at this value.
        reliability: Of an availability objective; one that counts runs has no outages.
    """

    name: str
    service: str
    target: Decimal
    start: Instant
    end: Instant
    now: Instant
    up_ms: Millis
    degraded_ms: Millis
    unknown_ms: Millis
    down_ms: Millis
    excluded_ms: Millis
    availability: Fraction | None
    value: Decimal | None
    met: bool | None
    coverage: Fraction
    budget_total_ms: Millis
    budget_left_ms: Millis
    burn_rate: Fraction
    violations: tuple[Violation, ...]
    services: tuple[str, ...] = ()
    planned_ms: Millis = 0
    approved_ms: Millis = 0
    exclusions: tuple[Amendment, ...] = ()
    unamended: Fraction | None = None
    unamended_value: Decimal | None = None
    level: Level = Level.UNKNOWN
    exhausts_at: Instant | None = None
    credit_percent: Decimal = Decimal(0)
    reliability: Reliability = field(default_factory=Reliability)
    kind: SlaKind = SlaKind.AVAILABILITY
