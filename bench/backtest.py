"""`python -m bench.backtest`: how often rules with `anomaly` and `forecast` cry wolf.

Seeded series of four weeks, a sample a minute, of the kinds that checks really have: noise, a
daily and a weekly rhythm, heavy tails, steps after a deployment, a disk that fills. Rules are
compiled and run as the daemon runs them, over the first week to warm up and then over three weeks
that are counted. An alert is a condition that holds for five minutes. In the same series, with
faults put in, it is counted how many of these are found.
"""

from __future__ import annotations

import math
import random
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from checks.result import Result, Status
from daemon.core.model import DAY, MINUTE, Instant
from daemon.core.ruling.expressions import RuleProgram, compile_rule
from daemon.core.ruling.samples import Needs, Samples

START: Final[Instant] = 1_795_046_400_000
MINUTES: Final = 28 * 1_440
WARM: Final = 7 * 1_440
"""So many samples are not counted."""
FOR: Final = 5
"""So many samples in a row make an alert."""
FAULTS: Final = 20
FAULT_MINUTES: Final = 15
SEED: Final = 20_261_121

Series = Callable[[random.Random], list[float]]


def _noise(dice: random.Random) -> list[float]:
    return [dice.gauss(100, 5) for _ in range(MINUTES)]


def _daily(dice: random.Random) -> list[float]:
    return [
        100 + 40 * math.sin(minute / 1_440 * math.tau) + dice.gauss(0, 4)
        for minute in range(MINUTES)
    ]


def _weekly(dice: random.Random) -> list[float]:
    """Busy by day, quiet by night, half of it at the weekend."""
    found = []
    for minute in range(MINUTES):
        busy = max(0.0, math.sin((minute % 1_440 - 360) / 960 * math.pi))
        found.append(50 + (50 if minute // 1_440 % 7 < 5 else 20) * busy + dice.gauss(0, 3))
    return found


def _tails(dice: random.Random) -> list[float]:
    """Latencies: lognormal, with a slow one now and then."""
    return [
        dice.lognormvariate(4.0, 0.3) * (8 if dice.random() < 0.005 else 1) for _ in range(MINUTES)
    ]


def _steps(dice: random.Random) -> list[float]:
    """Another level after each deployment, every three days or so."""
    level, found = 100.0, []
    for _ in range(MINUTES):
        if dice.random() < 1 / (3 * 1_440):
            level *= dice.choice([0.7, 1.4])
        found.append(level + dice.gauss(0, level / 25))
    return found


ANOMALOUS: Final[dict[str, Series]] = {
    "noise": _noise,
    "daily rhythm": _daily,
    "weekly rhythm": _weekly,
    "heavy tails": _tails,
    "steps": _steps,
}
ANOMALY_RULES: Final = (
    "anomaly('m', '1h') > 6.0",
    "anomaly('m', '1d') > 4.0",
    "anomaly('m', '1d') > 6.0",
    "anomaly('m', '7d') > 6.0",
)


def _steady(dice: random.Random) -> list[float]:
    return [60 + dice.gauss(0, 0.3) for _ in range(MINUTES)]


def _rhythm(dice: random.Random) -> list[float]:
    """Filled by day, emptied by night."""
    return [
        70 + 8 * math.sin(minute / 1_440 * math.tau) + dice.gauss(0, 0.3)
        for minute in range(MINUTES)
    ]


def _rotated(dice: random.Random) -> list[float]:
    """Logs grow, and are rotated every night."""
    return [60 + 12 * (minute % 1_440) / 1_440 + dice.gauss(0, 0.3) for minute in range(MINUTES)]


def _filling(dice: random.Random) -> list[float]:
    """Full at the very end: 95 % three and a half days before."""
    return [60 + 40 * max(0.0, minute / MINUTES) + dice.gauss(0, 0.3) for minute in range(MINUTES)]


FORECAST: Final[dict[str, Series]] = {
    "steady": _steady,
    "daily rhythm": _rhythm,
    "rotated every night": _rotated,
    "filling": _filling,
}
FORECAST_RULES: Final = (
    "forecast('m', '1h', '1d') > 95.0",
    "forecast('m', '6h', '1d') > 95.0",
    "forecast('m', '2d', '1d') > 95.0",
)
FULL: Final = 95.0


@dataclass(frozen=True, slots=True)
class Tried:
    """What a rule did on a series: the sample at which each of its alerts began, and how many
    samples it held in all."""

    alerts: Sequence[int]
    held: int


def tried(rule: str, series: Sequence[float]) -> Tried:
    """Run the rule over the series."""
    program = compile_rule(rule, ("m",))
    alerts, held, run = [], 0, 0
    for minute, holds in enumerate(_holding(program, series)):
        run = run + 1 if holds else 0
        if minute >= WARM and run >= FOR:
            held += 1
            if run == FOR or minute == WARM:
                alerts.append(minute)
    return Tried(alerts, held)


def _holding(program: RuleProgram, series: Sequence[float]) -> Iterator[bool]:
    samples = Samples(START)
    samples.equip(Needs.of(program.calls.values()), None)
    for minute, value in enumerate(series):
        at = START + minute * MINUTE
        samples.take(Result("c", at, Status.UP, 1.0, "", None, metrics={"m": value}))
        values = {name: samples.compute(call, at) for name, call in program.calls.items()}
        known: dict[str, object] = {name: one for name, one in values.items() if one is not None}
        yield program.evaluate(known) is True


def with_faults(series: Sequence[float], dice: random.Random) -> tuple[list[float], list[int]]:
    """The series with a quarter of an hour at three times its value, now and then; and when."""
    found = list(series)
    gap = (MINUTES - WARM) // FAULTS
    begins = [WARM + number * gap + dice.randrange(gap - 60) for number in range(FAULTS)]
    for begin in begins:
        for minute in range(begin, begin + FAULT_MINUTES):
            found[minute] *= 3
    return found, begins


def _anomalies() -> Iterator[str]:
    yield "| rule | series | false alerts a week | held for nothing | faults found |"
    yield "|---|---|---|---|---|"
    for rule in ANOMALY_RULES:
        for name, make in ANOMALOUS.items():
            dice = random.Random(SEED)  # noqa: S311  # the same figures each time, no secret
            series = make(dice)
            calm = tried(rule, series)
            broken, begins = with_faults(series, dice)
            alerts = tried(rule, broken).alerts
            found = sum(
                any(begin <= at <= begin + FAULT_MINUTES for at in alerts) for begin in begins
            )
            share = calm.held / (MINUTES - WARM)
            yield (
                f"| `{rule}` | {name} | {len(calm.alerts) / 3:.1f} | {share:.2%} |"
                f" {found} of {FAULTS} |"
            )


def _forecasts() -> Iterator[str]:
    yield "| rule | series | false alerts a week | first true alert before 95 % |"
    yield "|---|---|---|---|"
    for rule in FORECAST_RULES:
        for name, make in FORECAST.items():
            series = make(random.Random(SEED))  # noqa: S311  # the same figures each time, no secret
            full = next((at for at in range(60, MINUTES) if _mean(series, at) >= FULL), None)
            begun = tried(rule, series).alerts
            due = MINUTES if full is None else full - 2 * DAY // MINUTE
            false = [at for at in begun if at < due]
            true = [at for at in begun if at >= due]
            lead = "-" if full is None else "none"
            if full is not None and true:
                lead = f"{(full - true[0]) / 60:.0f} h"
            yield f"| `{rule}` | {name} | {len(false) / 3:.1f} | {lead} |"


def _mean(series: Sequence[float], at: int) -> float:
    """Over the hour before: one sample beyond the mark is no full disk."""
    return sum(series[at - 60 : at]) / 60


def main() -> int:
    """Print both tables as Markdown."""
    for line in (*_anomalies(), "", *_forecasts()):
        print(line, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
