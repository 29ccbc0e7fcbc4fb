"""A service's health as one number, made of parts that explain themselves.

Each part is a score from 0 to 100 with a weight; a part that cannot be told leaves its weight to
the others. The number is their weighted mean, rounded down, and no better than the service's
present status allows: whoever is down now is critical, however good the week was. Bands give the
number a word. `docs/analysis.md` holds the same definitions for people.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import floor
from typing import Final

from checks.result import Status
from daemon.core.model import DAY, Millis
from daemon.core.record import record

WEEK: Final[Millis] = 7 * DAY


class Band(enum.StrEnum):
    """What a score means, in a word."""

    EXCELLENT = "excellent"
    GOOD = "good"
    FAIR = "fair"
    POOR = "poor"
    CRITICAL = "critical"


BANDS: Final = (
    (95, Band.EXCELLENT),
    (85, Band.GOOD),
    (70, Band.FAIR),
    (50, Band.POOR),
    (0, Band.CRITICAL),
)
"""Each band and the least score in it, the best first."""

LIMITS: Final[Mapping[Status, int]] = {Status.DOWN: 49, Status.DEGRADED: 84, Status.UNKNOWN: 84}
"""No better than this in that status."""

_NOW: Final[Mapping[Status, int]] = {
    Status.UP: 100,
    Status.DEGRADED: 60,
    Status.UNKNOWN: 50,
    Status.DOWN: 0,
}
_COSTS: Final[Mapping[str, int]] = {
    "emergency": 25,
    "critical": 15,
    "high": 8,
    "medium": 4,
    "low": 1,
    "info": 0,
}
"""Points that an incident of a severity takes away, in a week."""

LOST: Final = Fraction(1, 100)
"""With so much of the time down, availability is worth nothing."""
LEAST_COVERAGE: Final = Fraction(1, 2)
"""With less of the time measured, availability cannot be told."""
FLAT, STEEP = Fraction(11, 10), Fraction(2)
"""Latency of so many times the usual costs nothing, and everything."""


@record(frozen=True, slots=True)
class Vitals:
    """What a score is made of.

    Attributes:
        span_ms: How long the span is.
        up_ms, degraded_ms, down_ms: How much of it the service was so.
        incidents: How many fired in it, by severity.
        latency_ms: The 95th percentile of the last day; `usual_ms` that of the whole span.
        budgets: What is left of its SLAs' budgets, as shares of the whole, by the SLA's name;
            below 0 where overspent.
    """

    status: Status
    span_ms: Millis
    up_ms: Millis
    degraded_ms: Millis
    down_ms: Millis
    incidents: Mapping[str, int]
    latency_ms: float | None = None
    usual_ms: float | None = None
    budgets: Mapping[str, Fraction] | None = None


@record(frozen=True, slots=True)
class Part:
    """A part of a score; `score` None: it cannot be told."""

    name: str
    weight: int
    score: Fraction | None
    text: str


@record(frozen=True, slots=True)
class Health:
    """A score with its band and its parts; `limit`: the most that the status allows."""

    score: int | None
    band: Band | None
    parts: Sequence[Part]
    limit: int | None


def health_of(vitals: Vitals) -> Health:
    """The score of a service with these vitals; none while its status was never told and
    nothing was measured."""
    parts = (
        _status(vitals),
        _availability(vitals),
        _incidents(vitals),
        _latency(vitals),
        _budget(vitals),
    )
    limit = LIMITS.get(vitals.status)
    if vitals.status is Status.UNKNOWN and not _measured(vitals):
        return Health(None, None, parts, limit)
    told = [(part.weight, part.score) for part in parts if part.score is not None]
    score = min(_floored_mean(told), 100 if limit is None else limit)
    return Health(score, band_of(score), parts, limit)


def band_of(score: int) -> Band:
    """The word for a score from 0 to 100."""
    return next(band for least, band in BANDS if score >= least)


def _floored_mean(told: Sequence[tuple[int, Fraction]]) -> int:
    """The weighted mean, rounded down: of a thousand services at once, so without a fraction made
    for each step."""
    above, below = 0, 1
    for weight, score in told:
        above = above * score.denominator + weight * score.numerator * below
        below *= score.denominator
    return above // (below * sum(weight for weight, _ in told))


def _measured(vitals: Vitals) -> Millis:
    return vitals.up_ms + vitals.degraded_ms + vitals.down_ms


def _clamped(above: int, below: int = 1) -> Fraction:
    """The score of so much, from 0 to 100."""
    return Fraction(max(0, min(100 * below, above)), below)


def _status(vitals: Vitals) -> Part:
    word = vitals.status.name.lower()
    return Part("status", 30, Fraction(_NOW[vitals.status]), f"{word} now")


def _availability(vitals: Vitals) -> Part:
    """From 100 without any down time to 0 with 1 % of it; degraded time costs a tenth."""
    known = _measured(vitals)
    if not known or known < LEAST_COVERAGE * vitals.span_ms:
        return Part("availability", 30, None, "too little of the time was measured")
    lost_ms = 10 * vitals.down_ms + vitals.degraded_ms
    most_ms = 10 * known * LOST.numerator
    text = f"down {_share(vitals.down_ms, known)}, degraded {_share(vitals.degraded_ms, known)}"
    return Part(
        "availability", 30, _clamped(100 * (most_ms - lost_ms * LOST.denominator), most_ms), text
    )


def _share(part: Millis, whole: Millis) -> str:
    """Percent of something bad: rounded up."""
    hundredths = -(-part * 10_000 // whole)
    return f"{hundredths // 100}.{hundredths % 100:02} % of the time"


def _incidents(vitals: Vitals) -> Part:
    """Each costs by its severity, in proportion to a week."""
    total = sum(vitals.incidents.values())
    cost = sum(_COSTS.get(word, 0) * count for word, count in vitals.incidents.items())
    named = [f"{count} {word}" for word, count in vitals.incidents.items() if count]
    text = f"{total} incident{'s'[: total != 1]}" + (f": {', '.join(named)}" if named else "")
    return Part("incidents", 20, _clamped(100 * vitals.span_ms - cost * WEEK, vitals.span_ms), text)


def _latency(vitals: Vitals) -> Part:
    """The last day's 95th percentile against the span's: as usual 100, twice that 0."""
    if vitals.latency_ms is None or not vitals.usual_ms:
        return Part("latency", 10, None, "no latency was measured")
    times = Fraction(vitals.latency_ms) / Fraction(vitals.usual_ms)
    score = _clamped(*(100 * (STEEP - times) / (STEEP - FLAT)).as_integer_ratio())
    text = f"p95 {vitals.latency_ms:.1f} ms in the last day, usually {vitals.usual_ms:.1f} ms"
    return Part("latency", 10, score, text)


def _budget(vitals: Vitals) -> Part:
    """What is left of the budget of its SLA that has least left."""
    if not vitals.budgets:
        return Part("budget", 10, None, "it has no SLA")
    name, left = min(vitals.budgets.items(), key=lambda one: (one[1], one[0]))
    words = f"{floor(left * 100)} % left" if left >= 0 else "overspent"
    return Part("budget", 10, _clamped(*(100 * left).as_integer_ratio()), f"{name}: {words}")
