"""A virtual world for the observing half of the engine: targets, a clock, a runner.

`World` plays the service's part: it hands events to an `Observatory`, runs every probe it
asks for against `targets`, and keeps all that the turns brought. Time moves only by `run_to`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from checks.result import Fault, Result, Status
from daemon.core.effects import Observed, Save, StartProbe
from daemon.core.model import CheckState, Instant
from daemon.core.observing.observatory import Observatory
from daemon.core.plan import CheckPlan, HeartbeatPlan, Plan, ServicePlan, UplinkPlan
from daemon.core.turn import Condition, Fact, Turn

T0 = 1_700_000_000_000
"""When the world begins; a multiple of ten seconds."""

Target = Callable[[Instant], Status]


def check(name: str, **changes: Any) -> CheckPlan:
    """A check every 10 s, retried every second, down after three runs."""
    values: dict[str, Any] = {
        "kind": "http",
        "service": name,
        "every": 10_000,
        "retry_every": 1_000,
        "every_down": 10_000,
        "down_after": 3,
        "up_after": 1,
        "labels": {"check": name},
        "timeout": 5_000,
    }
    return CheckPlan(name=name, **(values | changes))


def beat(name: str, **changes: Any) -> CheckPlan:
    """A heartbeat that is due every minute with 10 s of grace."""
    values = {"period": 60_000, "cron": None, "timezone": "UTC", "grace": 10_000} | changes
    return check(name, kind="heartbeat", remote=False, heartbeat=HeartbeatPlan(**values))


def plan(*checks: CheckPlan, services: tuple[ServicePlan, ...] = (), uplink: str = "") -> Plan:
    """A plan of these checks, each with a service of its own unless one is given."""
    owned = {c.service: [d.name for d in checks if d.service == c.service] for c in checks}
    named = {name: ServicePlan(name, tuple(members)) for name, members in owned.items()}
    named |= {service.name: service for service in services}
    return Plan(
        checks={c.name: c for c in checks},
        services=named,
        uplink=UplinkPlan(tuple(uplink.split())) if uplink else None,
    )


def always(status: Status) -> Target:
    """A target that never changes."""
    return lambda _: status


def failing(*spells: tuple[int, int], status: Status = Status.DOWN) -> Target:
    """A target that is up but for spells, in seconds since T0."""
    return lambda at: status if any(a <= (at - T0) / 1000 < b for a, b in spells) else Status.UP


@dataclass
class World:
    """An observatory with its surroundings."""

    plan: Plan
    targets: Mapping[str, Target] = field(default_factory=dict)
    latency: int = 5
    now: Instant = T0
    stuck: set[str] = field(default_factory=set)
    facts: list[Fact] = field(default_factory=list)
    conditions: list[tuple[Instant, Condition]] = field(default_factory=list)
    runs: list[tuple[Instant, str]] = field(default_factory=list)
    saved: list[CheckState] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)
    ending: list[tuple[Instant, str, Instant]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.observatory = Observatory(self.plan, self.now)

    def start(self) -> World:
        self.do(self.observatory.start)
        return self

    def do(self, what: Callable[..., None], *arguments: object) -> Turn:
        """One turn: `what` is called with the arguments and the turn."""
        turn = Turn(self.now)
        what(*arguments, turn)
        self.facts += turn.facts
        self.conditions += [(self.now, condition) for condition in turn.conditions]
        for effect in turn.effects:
            if isinstance(effect, StartProbe):
                assert effect.due <= self.now
                assert all(name != effect.check for _, name, _ in self.ending), "overlapping runs"
                self.runs.append((self.now, effect.check))
                if effect.check not in self.stuck:
                    self.ending.append((self.now + self.latency, effect.check, self.now))
            elif isinstance(effect, Save) and isinstance(effect.record, CheckState):
                self.saved.append(effect.record)
            elif isinstance(effect, Observed):
                self.results.append(effect.result)
        return turn

    def run_to(self, seconds: float) -> World:
        """Let time pass until so many seconds after T0, doing all that comes due."""
        end = T0 + round(seconds * 1000)
        while True:
            due = self.observatory.next_deadline()
            self.ending.sort()
            first = self.ending[0][0] if self.ending else None
            if first is not None and first <= end and (due is None or first <= due):
                self.now = max(self.now, first)
                _, name, began = self.ending.pop(0)
                self.finish(name, began)
            elif due is not None and due <= end:
                self.now = max(self.now, due)
                self.do(self.observatory.tick)
            else:
                self.now = end
                return self

    def finish(self, name: str, began: Instant) -> None:
        status = self.targets.get(name, always(Status.UP))(began)
        fault = None if status is Status.UP else Fault.REFUSED
        message = "ok" if status is Status.UP else "connection refused"
        self.do(self.observatory.result, Result(name, began, status, 5.0, message, fault))

    def state(self, name: str) -> CheckState:
        return self.observatory.checks[name]

    def runs_of(self, name: str) -> list[float]:
        """When this check ran, in seconds since T0."""
        return [(at - T0) / 1000 for at, run in self.runs if run == name]

    def facts_of(self, name: str) -> list[tuple[float, Status]]:
        """What was said of this check's timeline, starts in seconds since T0."""
        return [((f.start - T0) / 1000, f.status) for f in self.facts if f.check == name]

    def told(self, source: str) -> list[Condition]:
        """The conditions of one source, in order."""
        return [condition for _, condition in self.conditions if condition.source == source]
