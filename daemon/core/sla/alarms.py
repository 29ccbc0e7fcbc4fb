"""The alerts of SLAs: a budget that burns too fast, a value close to its target.

Both follow from the timeline and the time alone, so nothing is kept of them but the alerts
themselves; after a restart every objective is looked at once, and an alert whose cause has
gone meanwhile is resolved.

Nothing is polled that cannot change: an objective is looked at when its timeline changes, and
then again and again only while it is bad, or an alert of it holds. While it is good no rate can
rise: each moment takes good time into a window and leaves what is oldest out. Each look states
a condition when there is news; alerts, routing and escalation take it from there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final

from daemon.core.deadlines import Deadlines
from daemon.core.model import MINUTE, SECOND, Instant, Millis
from daemon.core.plan import BurnPlan, SlaPlan
from daemon.core.record import record
from daemon.core.severity import Severity
from daemon.core.sla.showing import percent_text
from daemon.core.sla.values import Level
from daemon.core.turn import Condition, Turn

BURNING: Final = "SlaBurning"
AT_RISK: Final = "SlaAtRisk"
_LOOK_MOST: Final = 30 * SECOND
_LOOK_LEAST: Final = 5 * SECOND

_LEVELS: Final = {
    Level.WARNING: Severity.MEDIUM,
    Level.CRITICAL: Severity.HIGH,
    Level.MISSED: Severity.CRITICAL,
}


@record(frozen=True, slots=True)
class Look:
    """What an objective is, as far as its alerts ask.

    Attributes:
        rates: For each of its burn plans, the burn rate over the long and the short window;
            None where nothing was counted.
        runs: For each of them, how many runs there were in the long window, and whether all of
            them were counted.
        worry: Whether a rate may rise as time goes: it is bad now, or unknown, which takes no
            good time into a window, with bad time in one.
    """

    rates: tuple[tuple[Fraction | None, Fraction | None], ...]
    level: Level
    share: Fraction | None
    worry: bool
    runs: tuple[tuple[int, bool], ...] = ()


Told = tuple[bool | None, object]
"""Whether it holds, and why: what was last put into a turn."""


@dataclass(slots=True)
class _Alarm:
    """One objective's alerts, and what was told of each by its source's last part."""

    plan: SlaPlan
    told: dict[str, Told] = field(default_factory=dict)
    since: dict[str, Instant] = field(default_factory=dict)

    @property
    def holds(self) -> bool:
        return any(holds is not False for holds, _ in self.told.values())


def alarmed(plan: SlaPlan) -> bool:
    """Whether this objective can alert at all."""
    return bool(plan.burns) or plan.warning is not None or plan.critical is not None


def lives(source: str, slas: Mapping[str, SlaPlan]) -> bool:
    """Whether the configuration still has what makes this source's alert."""
    what, _, name = source.removeprefix("sla:").partition(":")
    plan = slas.get(name)
    if plan is None:
        return False
    return bool(plan.burns) if what == "burn" else _has_levels(plan)


def _has_levels(plan: SlaPlan) -> bool:
    return plan.warning is not None or plan.critical is not None


class Alarms:
    """Looks at the objectives that alert, when they may have changed."""

    def __init__(self, look: Callable[[SlaPlan, Instant], Look]) -> None:
        self._look = look
        self._alarms: dict[str, _Alarm] = {}
        self._of_service: dict[str, list[str]] = {}
        self._deadlines = Deadlines()

    def replan(self, slas: Iterable[SlaPlan], now: Instant) -> None:
        """These are the objectives now; each is looked at once."""
        before, self._alarms, self._of_service = self._alarms, {}, {}
        for plan in slas:
            if not alarmed(plan):
                continue
            known = before.get(plan.name)
            same = known is not None and known.plan == plan
            self._alarms[plan.name] = known if known is not None and same else _Alarm(plan)
            for service in plan.members:
                self._of_service.setdefault(service, []).append(plan.name)
            self._deadlines.set(plan.name, now)
        for name in before.keys() - self._alarms.keys():
            self._deadlines.set(name, None)

    def next_deadline(self) -> Instant | None:
        """When the next objective is looked at."""
        return self._deadlines.next()

    def changed(self, services: Iterable[str], now: Instant) -> None:
        """These services' timelines changed."""
        for service in services:
            for name in self._of_service.get(service, ()):
                self._deadlines.set(name, now)

    def amended(self, sla: str, now: Instant) -> None:
        """An operator amended this objective's past."""
        if sla in self._alarms:
            self._deadlines.set(sla, now)

    def tick(self, turn: Turn) -> None:
        """Look at what is due."""
        if not self._deadlines.may_be_due(turn.now):
            return
        for name, _ in list(self._deadlines.take_due(turn.now)):
            alarm = self._alarms[name]
            look = self._look(alarm.plan, turn.now)
            if alarm.plan.burns:
                _state(alarm, "burn", _burning(alarm.plan, look), turn)
            if _has_levels(alarm.plan):
                _state(alarm, "level", _at_risk(look), turn)
            again = look.worry or alarm.holds
            self._deadlines.set(name, turn.now + _every(alarm.plan) if again else None)


def _every(plan: SlaPlan) -> Millis:
    """How long until the next look: short beside the shortest window."""
    shortest = min((burn.short for burn in plan.burns), default=5 * MINUTE)
    return min(max(shortest // 10, _LOOK_LEAST), _LOOK_MOST)


def _burning(plan: SlaPlan, look: Look) -> Told:
    """The worst of the windows that burn too fast. Where a short window has nothing to count, or
    too few runs are known, it cannot be told whether it still does."""
    found: list[BurnPlan] = []
    doubtful = False
    runs = look.runs or ((0, True),) * len(plan.burns)
    for burn, (long, short), (count, is_all) in zip(plan.burns, look.rates, runs, strict=True):
        least = Fraction(burn.rate)
        if long is None or long < least:
            continue
        if count < burn.min_events:
            doubtful = doubtful or not is_all
        elif short is None:
            doubtful = True
        elif short >= least:
            found.append(burn)
    if found:
        return True, max(found, key=lambda burn: (burn.severity, burn.rate))
    return (None if doubtful else False), None


def _at_risk(look: Look) -> Told:
    if look.level is Level.UNKNOWN:
        return None, None
    return (True, look.level) if look.level in _LEVELS else (False, None)


def _state(alarm: _Alarm, what: str, told: Told, turn: Turn) -> None:
    """Put the condition into the turn, if that is news."""
    before = alarm.told.get(what)
    if told == before or (before is None and told[0] is None):
        return
    alarm.told[what] = told
    if before is None or before[0] is not told[0]:
        alarm.since[what] = turn.now
    turn.conditions.append(_condition(alarm, what, told, alarm.since[what]))


def _condition(alarm: _Alarm, what: str, told: Told, since: Instant) -> Condition:
    plan, (holds, why) = alarm.plan, told
    name = BURNING if what == "burn" else AT_RISK
    severity, summary = Severity.MEDIUM, ""
    if isinstance(why, BurnPlan):
        severity, summary = why.severity, _burn_words(plan, why)
    elif isinstance(why, Level):
        severity, summary = _LEVELS[why], _level_words(plan, why)
    return Condition(
        source=f"sla:{what}:{plan.name}",
        name=name,
        labels={**plan.labels, "alertname": name, "sla": plan.name},
        severity=severity,
        holds=holds,
        since=since,
        annotations={"summary": summary} if summary else {},
    )


def _burn_words(plan: SlaPlan, burn: BurnPlan) -> str:
    windows = f"over {_span(burn.long)} and the last {_span(burn.short)}"
    target = percent_text(plan.target, plan.target)
    return (
        f"{plan.service} spends the budget of {plan.name} ({target} %) at least {burn.rate}"
        f" times as fast as it may, {windows}"
    )


def _level_words(plan: SlaPlan, level: Level) -> str:
    target = percent_text(plan.target, plan.target)
    if level is Level.MISSED:
        return f"{plan.service} is below the {target} % that {plan.name} promises"
    bound = plan.critical if level is Level.CRITICAL else plan.warning
    shown = percent_text(bound if bound is not None else plan.target)
    return f"{plan.service} is below {shown} %, close to the {target} % that {plan.name} promises"


def _span(span: Millis) -> str:
    """`3d`, `1h10m`, `5m`."""
    parts = []
    for unit, size in (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000)):
        count, span = divmod(span, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts[:2]) or "0s"
