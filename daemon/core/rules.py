"""Rules: conditions over a check's results, each an alert while it holds.

For every check that a rule selects there is a *bound rule*, which is looked at when a result
comes in, and when `absent` may have become true. It holds while `when` is true; with
`clear_when` it goes on holding until that is true (hysteresis). Whether it can be told at
all comes first: not while the check's status is unknown or unreachable, nor while a value
is missing; then `holds` is None, which leaves an alert as it is. `for`, `keep_for` and
`cooldown` travel along in the condition; the alerts apply them.

The engine hands every `Observed` result over after the observatory has judged it.
`docs/semantics/rules.md` states the language for operators.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from checks.result import Result, Scalar, Status
from daemon.core.expressions import Call, RuleProgram, compile_rule
from daemon.core.labels import match_all
from daemon.core.model import CheckState, Instant, Millis
from daemon.core.plan import CheckPlan, Plan, RulePlan
from daemon.core.schedule import Timers
from daemon.core.turn import Condition, Turn
from daemon.core.windows import Minutes, Window

__all__ = ["RuleProgram", "Rules", "compile_rule"]

_PLACEHOLDER: Final = re.compile(r"\{\{\s*([A-Za-z_][A-Za-z0-9_]*)\s*\}\}")


@dataclass(slots=True)
class BoundRule:
    """A rule for one check, and where it stands.

    Attributes:
        holding: Whether it held when that could last be told.
        since: When it began to hold.
        told: The `holds` and annotations last put into a turn; None if none was.
    """

    plan: RulePlan
    when: RuleProgram
    clear_when: RuleProgram | None
    labels: Mapping[str, str]
    holding: bool = False
    since: Instant | None = None
    told: tuple[bool | None, Mapping[str, str]] | None = None

    @property
    def programs(self) -> tuple[RuleProgram, ...]:
        """`when`, and `clear_when` if there is one."""
        return (self.when,) if self.clear_when is None else (self.when, self.clear_when)

    @property
    def calls(self) -> list[Call]:
        """Every window function it calls."""
        return [call for program in self.programs for call in program.calls.values()]


@dataclass(slots=True)
class Seen:
    """What the rules know of one check.

    Attributes:
        windows: By metric (empty: whether the run failed) and span.
        minutes: By metric, for `ago`.
        since: Since when results could come; `absent` counts from here at the earliest.
        measured_at: When the newest run began that told something.
    """

    plan: CheckPlan
    since: Instant
    bound: list[BoundRule] = field(default_factory=list)
    windows: dict[tuple[str, Millis], Window] = field(default_factory=dict)
    minutes: dict[str, Minutes] = field(default_factory=dict)
    newest: Result | None = None
    measured_at: Instant | None = None

    def equip(self, old: Seen | None) -> None:
        """Make the windows that the rules need; those there were are taken over."""
        calls = [call for bound in self.bound for call in bound.calls]
        for key in {(call.metric, call.span) for call in calls if _is_windowed(call)}:
            wanted = {call.function for call in calls if (call.metric, call.span) == key}
            kept = old.windows.get(key) if old else None
            self.windows[key] = kept or Window(
                key[1],
                extremes=bool(wanted & {"min", "max"}),
                ranks=any(function[1:].isdigit() for function in wanted),
            )
        for metric in {call.metric for call in calls if call.shift}:
            reach = max(c.shift + c.span for c in calls if c.shift and c.metric == metric)
            kept_minutes = old.minutes.get(metric) if old else None
            if kept_minutes is None or kept_minutes.reach < reach:
                kept_minutes = Minutes(reach)
            self.minutes[metric] = kept_minutes

    def take(self, result: Result) -> None:
        """Let a result into the windows. An unknown one says nothing and stays out."""
        self.newest = result
        if result.status is Status.UNKNOWN:
            return
        newest = result.at if self.measured_at is None else max(result.at, self.measured_at)
        self.measured_at = newest
        for (metric, _), window in self.windows.items():
            value = _sample(result, metric)
            if value is not None:
                window.add(newest, value)
        for metric, minutes in self.minutes.items():
            value = _sample(result, metric)
            if value is not None:
                minutes.add(newest, value)

    def compute(self, call: Call, now: Instant) -> float | bool | None:
        """A window function's value at `now`; None if it has none yet."""
        if call.function == "absent":
            heard = self.since if self.measured_at is None else max(self.since, self.measured_at)
            return now - heard >= call.span
        if call.shift:
            return self.minutes[call.metric].compute(call.function, now - call.shift, call.span)
        window = self.windows[call.metric, call.span]
        window.trim(now)
        return window.compute("avg" if call.function == "error_rate" else call.function)


def _is_windowed(call: Call) -> bool:
    return call.function != "absent" and not call.shift


def _sample(result: Result, metric: str) -> float | None:
    if not metric:
        return 1.0 if result.status is Status.DOWN else 0.0
    value = result.latency_ms if metric == "latency_ms" else result.metrics.get(metric)
    return float(value) if isinstance(value, (bool, int, float)) else None


class Rules:
    """All rules of a plan, bound to the checks they select.

    Args:
        states: The checks' records, kept current by the observatory; a check without one
            counts as measured.
    """

    def __init__(
        self, plan: Plan, states: Mapping[str, CheckState] | None = None, now: Instant = 0
    ) -> None:
        self._states: Mapping[str, CheckState] = {} if states is None else states
        self._absences = Timers()
        self._started = False
        self._checks = self._bind(plan, {}, now)
        self._plan = plan

    @property
    def reach(self) -> Mapping[str, Millis]:
        """How far back each check's results matter to its rules: what a restart must read."""
        return {
            name: max((c.shift + c.span for b in seen.bound for c in b.calls), default=0)
            for name, seen in self._checks.items()
        }

    @property
    def metrics(self) -> Mapping[str, frozenset[str]]:
        """The metrics of each check that its windows are made of: what the store must keep."""
        return {
            name: frozenset(call.metric for b in seen.bound for call in b.calls if call.metric)
            for name, seen in self._checks.items()
        }

    def next_deadline(self) -> Instant | None:
        """When a check may begin to be absent."""
        return self._absences.first()

    def restore(
        self,
        samples: Iterable[Result],
        now: Instant,
        holding: Mapping[str, Instant] | None = None,
    ) -> None:
        """Fill the windows after a restart.

        Args:
            samples: Results as far back as `reach`, oldest first.
            holding: The sources (`rule:NAME:CHECK`) whose alerts' conditions held, and since
                when; without it a rule between `when` and `clear_when` starts as not holding.
        """
        self._started = True
        for result in samples:
            if (seen := self._checks.get(result.check)) is not None:
                seen.take(result)
        for name, seen in self._checks.items():
            seen.since = now
            for bound in seen.bound:
                since = (holding or {}).get(f"rule:{bound.plan.name}:{name}")
                bound.holding, bound.since = since is not None, since
            self._await_absence(name, seen, now)

    def replan(self, plan: Plan, turn: Turn) -> None:
        """Another plan: rules that are the same keep where they stand, windows that are
        still needed their samples. The conditions of rules that are gone end."""
        old = self._checks
        self._checks = self._bind(plan, old, turn.now)
        self._plan = plan
        kept = {_identity(b, n): b.labels for n, seen in self._checks.items() for b in seen.bound}
        for name, seen in old.items():
            if name not in self._checks:
                self._absences.cancel(name)
            for bound in seen.bound:
                was_told = bound.told is not None and bound.told[0] is not False
                if (was_told or bound.holding) and kept.get(_identity(bound, name)) != bound.labels:
                    turn.conditions.append(
                        _condition(bound, name, False, {}, None, bound.since or turn.now)
                    )
        for name, seen in self._checks.items():
            self._await_absence(name, seen, turn.now)

    def result(self, result: Result, turn: Turn) -> None:
        """A result came in: look at the rules of its check."""
        seen = self._checks.get(result.check)
        if seen is None:
            return
        seen.take(result)
        self._look(result.check, seen, max(result.at, seen.measured_at or 0), turn)

    def tick(self, turn: Turn) -> None:
        """Look at the rules of checks that may have become absent; the first tick of rules
        that were not restored begins the wait for every check's first result."""
        if not self._started:
            self._started = True
            self.gap(turn)
        for name, _ in list(self._absences.take_due(turn.now)):
            self._look(name, self._checks[name], turn.now, turn)

    def gap(self, turn: Turn) -> None:
        """Nothing could be measured until now: nobody was absent for that."""
        for name, seen in self._checks.items():
            seen.since = turn.now
            self._await_absence(name, seen, turn.now)

    def _bind(self, plan: Plan, old: Mapping[str, Seen], now: Instant) -> dict[str, Seen]:
        programs = {
            rule.name: (
                compile_rule(rule.when),
                None if rule.clear_when is None else compile_rule(rule.clear_when),
            )
            for rule in plan.rules.values()
        }
        checks: dict[str, Seen] = {}
        for name, check in plan.checks.items():
            visible = {**check.labels, "check": name, "kind": check.kind}
            selected = [r for r in plan.rules.values() if match_all(r.select, visible)]
            if not selected:
                continue
            before = old.get(name)
            seen = checks[name] = Seen(check, before.since if before else now)
            seen.bound = [_bound(rule, programs[rule.name], check, before) for rule in selected]
            seen.equip(before)
            if before is not None:
                seen.newest, seen.measured_at = before.newest, before.measured_at
        return checks

    def _look(self, name: str, seen: Seen, now: Instant, turn: Turn) -> None:
        values = _values(seen.newest)
        state = self._states.get(name)
        for bound in seen.bound:
            holds = _decide(bound, seen, values, state, now)
            if holds is not None and holds is not bound.holding:
                bound.holding, bound.since = holds, now
            told = _fill(bound.plan.annotations, values) if holds else {}
            if _is_news(bound.told, holds, told):
                bound.told = (holds, told)
                since = now if bound.since is None else bound.since
                turn.conditions.append(_condition(bound, name, holds, told, state, since))
        self._await_absence(name, seen, now)

    def _await_absence(self, name: str, seen: Seen, now: Instant) -> None:
        heard = seen.since if seen.measured_at is None else max(seen.since, seen.measured_at)
        spans = {call.span for b in seen.bound for call in b.calls if call.function == "absent"}
        ahead = [heard + span for span in spans if heard + span > now]
        if ahead:
            self._absences.set(name, min(ahead))
        else:
            self._absences.cancel(name)


def _bound(
    rule: RulePlan,
    programs: tuple[RuleProgram, RuleProgram | None],
    check: CheckPlan,
    before: Seen | None,
) -> BoundRule:
    """The rule for this check; where it stood, if rule and labels are the same."""
    labels = {**check.labels, **rule.labels, "alertname": rule.name}
    for old in before.bound if before else ():
        if old.plan == rule and old.labels == labels:
            return old
    return BoundRule(rule, *programs, labels)


def _is_news(
    before: tuple[bool | None, Mapping[str, str]] | None,
    holds: bool | None,
    annotations: Mapping[str, str],
) -> bool:
    """Whether this differs from what was told; that nothing can be told is the beginning."""
    if before is None:
        return holds is not None
    return holds is not before[0] or (holds is True and annotations != before[1])


def _identity(bound: BoundRule, check: str) -> tuple[str, str]:
    return bound.plan.name, check


def _values(result: Result | None) -> dict[str, object]:
    """The newest result's fields and metrics by name; numbers as doubles; what is not there
    is left out."""
    if result is None:
        return {}
    metrics = {name: _scalar(value) for name, value in result.metrics.items()}
    values: dict[str, object] = {
        **metrics,
        "metrics": metrics,
        "status": result.status.word,
        "message": result.message,
        "fault": "" if result.fault is None else result.fault.value,
    }
    if result.latency_ms is not None:
        values["latency_ms"] = float(result.latency_ms)
    return values


def _scalar(value: Scalar) -> Scalar:
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _decide(
    bound: BoundRule,
    seen: Seen,
    values: Mapping[str, object],
    state: CheckState | None,
    now: Instant,
) -> bool | None:
    """Whether the rule holds. A check that cannot be told has no rules that can be, but for
    those that ask whether it is absent; one that is unreachable has none at all."""
    program = bound.clear_when if bound.holding and bound.clear_when else bound.when
    asks_absence = any(call.function == "absent" for call in program.calls.values())
    if state is not None and state.unreachable is not None:
        return None
    if state is not None and state.status is Status.UNKNOWN and not asks_absence:
        return None
    wanted = {name: values[name] for name in program.fields if name in values}
    for variable, call in program.calls.items():
        value = seen.compute(call, now)
        if value is not None:
            wanted[variable] = value
    answer = program.evaluate(wanted)
    return not answer if program is bound.clear_when and answer is not None else answer


def _fill(annotations: Mapping[str, str], values: Mapping[str, object]) -> Mapping[str, str]:
    """The annotations with `{{ field }}` replaced by its value; `?` where there is none."""

    def value_of(found: re.Match[str]) -> str:
        value = values.get(found[1], "?")
        return f"{value:.6g}" if isinstance(value, float) else str(value)

    return {name: _PLACEHOLDER.sub(value_of, text) for name, text in annotations.items()}


def _condition(
    bound: BoundRule,
    check: str,
    holds: bool | None,
    annotations: Mapping[str, str],
    state: CheckState | None,
    since: Instant,
) -> Condition:
    rule = bound.plan
    return Condition(
        source=f"rule:{rule.name}:{check}",
        name=rule.name,
        labels=bound.labels,
        severity=rule.severity,
        holds=holds,
        since=since,
        annotations=annotations,
        for_=rule.for_,
        keep_for=rule.keep_for,
        cooldown=rule.cooldown,
        auto_resolve=rule.auto_resolve,
        acknowledgeable=rule.acknowledgeable,
        promote=rule.promote,
        unreachable=None if state is None else state.unreachable,
        flapping=state is not None and state.flapping,
    )
