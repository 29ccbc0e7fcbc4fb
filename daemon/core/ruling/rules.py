"""Rules: conditions over a check's results, each an alert while it holds.

For every check that a rule selects there is a *bound rule*, which is looked at when a result
comes in, and when `absent` may have become true. It holds while `when` is true; with
`clear_when` it goes on holding until that is true (hysteresis). Whether it can be told at
all comes first: not while the check's status is unknown or unreachable, nor while a value
is missing; then `holds` is None, which leaves an alert as it is. `for`, `keep_for` and
`cooldown` travel along in the condition; the alerts apply them.

The engine hands every `Observed` result over after the observatory has judged it, and every
record of a check that changed: one that cannot be told any more is no evidence from then on.
`docs/semantics/rules.md` states the language for operators.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from checks.result import Result, Status
from daemon.core.deadlines import Deadlines
from daemon.core.labels import match_all
from daemon.core.model import CheckState, Instant, Millis
from daemon.core.plan import CheckPlan, Plan, RulePlan
from daemon.core.ruling.expressions import Call, RuleProgram, compile_rule
from daemon.core.ruling.samples import Needs, Samples, value_of
from daemon.core.turn import Condition, Turn

__all__ = ["RuleProgram", "Rules", "compile_rule"]

_NOTHING: Final[Mapping[str, str]] = {}
_PLACEHOLDER: Final = re.compile(r"\{\{\s*([A-Za-z_][A-Za-z0-9_]*)\s*\}\}")


Told = tuple[bool | None, Mapping[str, str] | None]

Programs = tuple[RuleProgram, RuleProgram | None]
"""A rule's `when`, and its `clear_when` if there is one."""


@dataclass(slots=True)
class BoundRule:
    """A rule for one check, and where it stands.

    Attributes:
        holding: Whether it held when that could last be told.
        doubted: Whether it cannot be told now.
        since: Since when it stands so: holds, holds not, or cannot be told.
        told: The `holds` and annotations last put into a turn; None if none was. Annotations
            that are None are not known, and those that follow are news.
    """

    plan: RulePlan
    when: RuleProgram
    clear_when: RuleProgram | None
    labels: Mapping[str, str]
    holding: bool = False
    doubted: bool = False
    since: Instant | None = None
    told: Told | None = None

    def turn_to(self, holds: bool | None, now: Instant, blind_since: Instant | None) -> None:
        """It stands so now. What cannot be told, cannot since its check cannot, if that is why
        (`blind_since`), but not since before it was told last."""
        if holds is None:
            if not self.doubted:
                since = now if blind_since is None else min(now, blind_since)
                self.doubted, self.since = True, max(since, self.since or since)
        elif self.doubted or holds is not self.holding:
            self.doubted, self.holding, self.since = False, holds, now


@dataclass(slots=True)
class Seen:
    """A check that rules select: what they remember of it, and the rules bound to it."""

    samples: Samples
    bound: list[BoundRule]


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
        self._absences = Deadlines()
        self._started = False
        self._checks = self._bind(plan, {}, now)
        self._plan = plan

    def next_deadline(self) -> Instant | None:
        """When a check may begin to be absent."""
        return self._absences.next()

    def restore(
        self,
        samples: Iterable[Result],
        now: Instant,
        holding: Mapping[str, Instant] | None = None,
        doubted: Container[str] = (),
    ) -> None:
        """Fill the windows after a restart.

        Args:
            samples: Results as far back as `reach`, oldest first.
            holding: The sources (`rule:NAME:CHECK`) whose alerts' conditions held when that
                could last be told, and since when they stand as they do; without it a rule
                between `when` and `clear_when` starts as not holding.
            doubted: Those of them of which it could not be told any more.
        """
        self._started = True
        results: dict[str, list[Result]] = {}
        for result in samples:
            results.setdefault(result.check, []).append(result)
        for name, seen in self._checks.items():
            if (own := results.get(name)) is not None:
                seen.samples.take_back(own)
            seen.samples.since = now
            for bound in seen.bound:
                source = f"rule:{bound.plan.name}:{name}"
                bound.since = (holding or {}).get(source)
                bound.holding = bound.since is not None
                bound.doubted = bound.holding and source in doubted
                bound.told = (None if bound.doubted else True, None) if bound.holding else None
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
                self._absences.set(name, None)
            for bound in seen.bound:
                was_told = bound.told is not None and bound.told[0] is not False
                if (was_told or bound.holding) and kept.get(_identity(bound, name)) != bound.labels:
                    turn.conditions.append(
                        _condition(bound, name, False, {}, None, bound.since or turn.now)
                    )
        for name, seen in self._checks.items():
            self._await_absence(name, seen, turn.now)
            self._doubt(name, seen, turn)

    def changed(self, check: str, turn: Turn) -> None:
        """A check's record changed: while it cannot be told, neither can its rules."""
        if (seen := self._checks.get(check)) is not None:
            self._doubt(check, seen, turn)

    def _doubt(self, name: str, seen: Seen, turn: Turn) -> None:
        state = self._states.get(name)
        if state is not None and is_blind(state):
            self._look(name, seen, turn.now, turn)

    def result(self, result: Result, turn: Turn) -> None:
        """A result came in: look at the rules of its check."""
        seen = self._checks.get(result.check)
        if seen is None:
            return
        seen.samples.take(result)
        self._look(result.check, seen, seen.samples.now, turn)

    def tick(self, turn: Turn) -> None:
        """Look at the rules of checks that may have become absent; the first tick of rules
        that were not restored begins the wait for every check's first result."""
        if not self._started:
            self._started = True
            self.gap(turn)
        if not self._absences.may_be_due(turn.now):
            return
        for name, _ in list(self._absences.take_due(turn.now)):
            self._look(name, self._checks[name], turn.now, turn)

    def gap(self, turn: Turn) -> None:
        """Nothing could be measured until now: nobody was absent for that."""
        for name, seen in self._checks.items():
            seen.samples.since = turn.now
            self._await_absence(name, seen, turn.now)

    def _bind(self, plan: Plan, old: Mapping[str, Seen], now: Instant) -> dict[str, Seen]:
        programs = {rule.name: _programs(rule) for rule in plan.rules.values()}
        needs: dict[tuple[str, ...], Needs] = {}
        checks: dict[str, Seen] = {}
        for name, selected in _selections(plan):
            check, before = plan.checks[name], old.get(name)
            bound = [_bound(rule, programs[rule.name], check, before) for rule in selected]
            seen = checks[name] = Seen(Samples(before.samples.since if before else now), bound)
            names = tuple(rule.name for rule in selected)
            if names not in needs:
                needs[names] = Needs.of(call for one in names for call in _calls(programs[one]))
            seen.samples.equip(needs[names], before.samples if before else None)
        return checks

    def _look(self, name: str, seen: Seen, now: Instant, turn: Turn) -> None:
        state = self._states.get(name)
        blind = state if state is not None and is_blind(state) else None
        for bound in seen.bound:
            holds = _decide(bound, seen.samples, blind, now)
            if holds is not bound.holding or bound.doubted:
                bound.turn_to(holds, now, None if blind is None else blind.since)
            told = _fill(bound.plan.annotations, seen.samples.newest) if holds else _NOTHING
            if _is_news(bound.told, holds, told):
                bound.told = (holds, told)
                since = now if bound.since is None else bound.since
                turn.conditions.append(_condition(bound, name, holds, told, state, since))
        self._await_absence(name, seen, now)

    def _await_absence(self, name: str, seen: Seen, now: Instant) -> None:
        samples = seen.samples
        if not (samples.absences or name in self._absences):
            return
        ahead = [at for span in samples.absences if (at := samples.heard + span) > now]
        if ahead:
            self._absences.set(name, min(ahead))
        else:
            self._absences.set(name, None)


def reach(plan: Plan) -> Mapping[str, Millis]:
    """How far back the results of the checks that rules select matter to them: what a restart
    must read."""
    own = {
        rule.name: max((call.shift + call.span for call in _calls(_programs(rule))), default=0)
        for rule in plan.rules.values()
    }
    return {name: max(own[rule.name] for rule in rules) for name, rules in _selections(plan)}


def _selections(plan: Plan) -> Iterator[tuple[str, list[RulePlan]]]:
    """Each check that rules select, with these."""
    rules = plan.rules.values()
    if not rules:
        return
    for name, check in plan.checks.items():
        visible = check.labels
        if visible.get("check") != name or visible.get("kind") != check.kind:
            visible = {**visible, "check": name, "kind": check.kind}
        selected = [rule for rule in rules if match_all(rule.select, visible)]
        if selected:
            yield name, selected


def _programs(rule: RulePlan) -> Programs:
    clear_when = None if rule.clear_when is None else compile_rule(rule.clear_when)
    return compile_rule(rule.when), clear_when


def _calls(programs: Programs) -> Iterator[Call]:
    """Every window function that they call."""
    for program in programs:
        if program is not None:
            yield from program.calls.values()


def _bound(rule: RulePlan, programs: Programs, check: CheckPlan, before: Seen | None) -> BoundRule:
    """The rule for this check; where it stood, if rule and labels are the same. Of one that
    changed, only what was told is known: its alert is the same."""
    labels = {**check.labels, **rule.labels, "alertname": rule.name}
    for old in before.bound if before else ():
        if old.plan == rule and old.labels == labels:
            return old
        if old.plan.name == rule.name and old.labels == labels and old.told is not None:
            return BoundRule(rule, *programs, labels, told=(old.told[0], None))
    return BoundRule(rule, *programs, labels)


def _is_news(before: Told | None, holds: bool | None, annotations: Mapping[str, str]) -> bool:
    """Whether this differs from what was told; that nothing can be told is the beginning."""
    if before is None:
        return holds is not None
    return holds is not before[0] or (holds is True and annotations != before[1])


def is_blind(state: CheckState) -> bool:
    """Whether nothing is known of a check, or nothing that is its own."""
    return state.status is Status.UNKNOWN or state.unreachable is not None


def _identity(bound: BoundRule, check: str) -> tuple[str, str]:
    return bound.plan.name, check


def _decide(
    bound: BoundRule, samples: Samples, blind: CheckState | None, now: Instant
) -> bool | None:
    """Whether the rule holds. A check that cannot be told (`blind`) has no rules that can be,
    but for those that ask whether it is absent; one that is unreachable has none at all."""
    program = bound.clear_when if bound.holding and bound.clear_when else bound.when
    if blind is not None and (blind.unreachable is not None or not _asks_absence(program)):
        return None
    wanted: dict[str, object] = {}
    for name in program.fields:
        if (field_value := value_of(samples.newest, name)) is not None:
            wanted[name] = field_value
    for variable, call in program.calls.items():
        if (value := samples.compute(call, now)) is not None:
            wanted[variable] = value
    answer = program.evaluate(wanted)
    return not answer if program is bound.clear_when and answer is not None else answer


def _asks_absence(program: RuleProgram) -> bool:
    return any(call.function == "absent" for call in program.calls.values())


def _fill(annotations: Mapping[str, str], newest: Result | None) -> Mapping[str, str]:
    """The annotations with `{{ field }}` replaced by its value; `?` where there is none."""

    def word(found: re.Match[str]) -> str:
        value = value_of(newest, found[1])
        if value is None:
            return "?"
        return f"{value:.6g}" if isinstance(value, float) else str(value)

    return {name: _PLACEHOLDER.sub(word, text) for name, text in annotations.items()}


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
