"""What the rules remember of one check: its newest result, and windows over the past ones.

`Samples` has exactly the windows that the rules of its check call for. Every measured result
goes into each of them once; a window function's value is read when a rule is looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from checks.result import Result, Status
from daemon.core.model import Instant, Millis
from daemon.core.record import record
from daemon.core.ruling.expressions import Call
from daemon.core.ruling.windows import Minutes, Window


@record(frozen=True, slots=True)
class Kept:
    """What a window keeps beside its samples, by the functions that are wanted of it; see
    `Window`."""

    extremes: bool
    ranks: bool
    line: bool

    @classmethod
    def of(cls, functions: frozenset[str]) -> Kept:
        """What these need."""
        return cls(
            extremes=bool(functions & {"min", "max"}),
            ranks="anomaly" in functions or any(one[1:].isdigit() for one in functions),
            line="forecast" in functions,
        )


@record(frozen=True, slots=True)
class Needs:
    """What rules call for, made once for all the checks that the same rules select.

    Attributes:
        windows: The windows wanted, by metric and span.
        reaches: How far back `ago` looks, by metric.
        absences: The spans that `absent` is asked for.
    """

    windows: Mapping[tuple[str, Millis], Kept]
    reaches: Mapping[str, Millis]
    absences: frozenset[Millis]

    @classmethod
    def of(cls, calls: Iterable[Call]) -> Needs:
        """What these calls need."""
        windows: dict[tuple[str, Millis], frozenset[str]] = {}
        reaches: dict[str, Millis] = {}
        absences: set[Millis] = set()
        for call in calls:
            if call.shift:
                length = call.shift + call.span
                reaches[call.metric] = max(reaches.get(call.metric, 0), length)
            elif call.function == "absent":
                absences.add(call.span)
            else:
                key = call.metric, call.span
                windows[key] = windows.get(key, frozenset()) | {call.function}
        kept = {key: Kept.of(functions) for key, functions in windows.items()}
        return cls(kept, reaches, frozenset(absences))


@dataclass(slots=True)
class Samples:
    """One check's past, as far as rules ask for it.

    Attributes:
        since: Since when results could come; `absent` counts from here at the earliest.
        windows: By metric (empty: whether the run failed) and span.
        minutes: By metric, for `ago`.
        absences: The spans that `absent` is asked for.
        measured_at: When the newest run began that told something.
    """

    since: Instant
    windows: dict[tuple[str, Millis], Window] = field(default_factory=dict)
    minutes: dict[str, Minutes] = field(default_factory=dict)
    absences: frozenset[Millis] = frozenset()
    newest: Result | None = None
    measured_at: Instant | None = None

    @property
    def heard(self) -> Instant:
        """When the check was last heard of, or could first be."""
        return self.since if self.measured_at is None else max(self.since, self.measured_at)

    @property
    def now(self) -> Instant:
        """Where the windows end when a result has come in: never before an earlier one."""
        at = 0 if self.newest is None else self.newest.at
        return at if self.measured_at is None else max(at, self.measured_at)

    def equip(self, needs: Needs, old: Samples | None) -> None:
        """Make the windows that are needed; those that `old` has are taken over."""
        self.absences = needs.absences
        for key, wanted in needs.windows.items():
            kept = old.windows.get(key) if old else None
            made = Window(key[1], extremes=wanted.extremes, ranks=wanted.ranks, line=wanted.line)
            self.windows[key] = kept.equal_to(made) if kept is not None else made
        for metric, length in needs.reaches.items():
            ring = old.minutes.get(metric) if old else None
            self.minutes[metric] = ring if ring and ring.reach >= length else Minutes(length)
        if old is not None:
            self.newest, self.measured_at = old.newest, old.measured_at

    def take(self, result: Result) -> None:
        """Let a result into the windows. An unknown one says nothing and stays out."""
        self.newest = result
        if result.status is Status.UNKNOWN:
            return
        at = result.at if self.measured_at is None else max(result.at, self.measured_at)
        self.measured_at = at
        for (metric, _), window in self.windows.items():
            if (value := _sample(result, metric)) is not None:
                window.add(at, value)
        if self.minutes:
            for metric, minutes in self.minutes.items():
                if (value := _sample(result, metric)) is not None:
                    minutes.add(at, value)

    def take_back(self, results: Sequence[Result]) -> None:
        """As `take` of each, oldest first, where nothing was taken before."""
        self.newest = results[-1]
        told = [result for result in results if result.status is not Status.UNKNOWN]
        if told:
            self.measured_at = told[-1].at
        for (metric, _), window in self.windows.items():
            window.fill(_series(told, metric))
        for metric, minutes in self.minutes.items():
            for at, value in _series(told, metric):
                minutes.add(at, value)

    def compute(self, call: Call, now: Instant) -> float | bool | None:
        """A window function's value at `now`; None if it has none yet."""
        if call.function == "absent":
            return now - self.heard >= call.span
        if call.shift:
            return self.minutes[call.metric].compute(call.function, now - call.shift, call.span)
        window = self.windows[call.metric, call.span]
        window.trim(now)
        if call.function == "forecast":
            return window.forecast(now + call.ahead)
        return window.compute("avg" if call.function == "error_rate" else call.function)


def _sample(result: Result, metric: str) -> float | None:
    if not metric:
        return 1.0 if result.status is Status.DOWN else 0.0
    value = result.latency_ms if metric == "latency_ms" else result.metrics.get(metric)
    return None if value is None or isinstance(value, str) else float(value)


def _series(results: Iterable[Result], metric: str) -> Iterator[tuple[Instant, float]]:
    for result in results:
        if (value := _sample(result, metric)) is not None:
            yield result.at, value


def value_of(result: Result | None, name: str) -> object | None:
    """A result's field or metric as conditions see it: the status and the fault as words,
    numbers as doubles. None if it is not there. A field hides a metric of its name."""
    if result is None:
        return None
    match name:
        case "status":
            return result.status.word
        case "latency_ms":
            return None if result.latency_ms is None else float(result.latency_ms)
        case "message":
            return result.message
        case "fault":
            return "" if result.fault is None else result.fault.value
        case "metrics":
            return {metric: _double(value) for metric, value in result.metrics.items()}
    return _double(result.metrics.get(name))


def _double(value: object) -> object:
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value
