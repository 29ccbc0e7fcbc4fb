"""A small stand for the deciding half: conditions in, effects out, time by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from msgspec import structs

from daemon.core.chronicle import EntryKind, Notice, NoticeType
from daemon.core.decider import Decider
from daemon.core.effects import Effect, ordered
from daemon.core.events import Acknowledge, Decidable, Settled
from daemon.core.labels import parse_matcher
from daemon.core.model import MINUTE, SECOND, Actor, Alert, AlertState, Incident, Level, Terms
from daemon.core.plan import (
    ChannelPlan,
    CheckPlan,
    Contact,
    PersonPlan,
    Plan,
    PolicyPlan,
    RoutePlan,
)
from daemon.core.severity import Severity
from daemon.core.turn import Condition, Turn
from tests.core.mirror import Mirror

START = 1_800_000_000_000
ANA = Actor("ana", "unix uid 1000")
BEN = Actor("ben", "unix uid 1001")


def condition(check: str = "web", holds: bool | None = True, **more: Any) -> Condition:
    """A condition of the check `web` of the service `shop`, or as said otherwise."""
    labels = {"alertname": "CheckFailing", "check": check, "service": "shop"}
    labels |= more.pop("labels", {})
    base = Condition(
        source=f"check:{check}",
        name="CheckFailing",
        labels=labels,
        severity=Severity.CRITICAL,
        holds=holds,
        since=START,
        annotations={"status": "down", "summary": f"{check} is down"} if holds else {},
    )
    return structs.replace(base, **more)


def alert(key: str = "a", **more: Any) -> Alert:
    """A firing alert, or as said otherwise."""
    base = Alert(
        key=key,
        source=f"check:{key}",
        name="CheckFailing",
        labels={"alertname": "CheckFailing", "check": key, "service": "shop"},
        state=AlertState.FIRING,
        severity=Severity.CRITICAL,
        effective=Severity.CRITICAL,
        pending_at=START,
        fired_at=START,
        terms=Terms(since=START),
    )
    return replace(base, **more)


def route(*routes: RoutePlan, **more: Any) -> RoutePlan:
    """A root route that tells `slack` at once, or as said otherwise."""
    base = RoutePlan(path="", channels=("slack",), group_wait=0, group_interval=MINUTE)
    match = tuple(parse_matcher(text) for text in more.pop("match", ()))
    return replace(base, match=match, routes=routes, **more)


CHANNELS: Mapping[str, ChannelPlan] = {
    "slack": ChannelPlan("slack", "webhook", fallback="mail"),
    "mail": ChannelPlan("mail", "email"),
    "sms": ChannelPlan("sms", "sms"),
    "quiet": ChannelPlan("quiet", "email", send_resolved=False),
}
PERSONS = {
    "ana": PersonPlan(
        "ana", (Contact("sms", "+49"), Contact("mail", "a@x")), (Contact("mail", "a@x"),)
    ),
    "ben": PersonPlan("ben", (), (Contact("mail", "b@x"),)),
}
PRIMARY = PolicyPlan(
    "primary",
    levels=(
        Level(0, ("person:ana",)),
        Level(5 * MINUTE, ("person:ben",)),
        Level(15 * MINUTE, ("channel:slack",)),
    ),
)


def plan(**more: Any) -> Plan:
    """A plan with one route to slack and the policy `primary`, or as said otherwise."""
    names = ("web", "api", "db")
    checks = {
        name: CheckPlan(name, "http", "shop", SECOND, SECOND, SECOND, 1, 1, {"check": name})
        for name in names
    }
    base = Plan(
        checks=checks,
        route=route(policy="primary"),
        policies={"primary": PRIMARY},
        persons=PERSONS,
        channels=CHANNELS,
    )
    return replace(base, **more)


class Stand:
    """A decider, its clock, and a mirror of what it had stored."""

    def __init__(self, spec: Plan | None = None) -> None:
        self.plan = plan() if spec is None else spec
        self.decider = Decider(self.plan)
        self.mirror = Mirror()
        self.now = START
        self.effects: list[Effect] = []

    def see(self, *conditions: Condition) -> list[Notice]:
        """These conditions were looked at; returns what is told."""
        turn = self._turn(conditions)
        return self._decide(turn)

    def do(self, event: Decidable) -> list[Notice]:
        """An event happens; returns what is told."""
        turn = self._turn(())
        self.decider.take(event, turn)
        return self._decide(turn)

    def wait(self, by: int) -> list[Notice]:
        """Time passes, everything on its time; returns what is told."""
        goal, told = self.now + by, []
        while (due := self.decider.next_deadline()) is not None and due <= goal:
            self.now = max(self.now, due)
            told += self.see()
        self.now = goal
        return told

    def jump(self, by: int) -> list[Notice]:
        """Nobody looked for a while; returns what is told then."""
        self.now += by
        return self.see()

    def reload(self, spec: Plan) -> list[Notice]:
        """Another plan; returns what is told."""
        turn = self._turn(())
        self.plan = spec
        self.decider.replan(spec, turn)
        return self._decide(turn)

    def restart(self, after: int = 0, spec: Plan | None = None) -> list[Notice]:
        """Go on with a decider made of what was stored, maybe under another plan; returns what
        is told."""
        self.now += after
        self.plan = self.plan if spec is None else spec
        self.decider = Decider(self.plan)
        self.decider.restore(self.mirror.snapshot().records, self.now)
        turn = self._turn(())
        if spec is not None:
            self.decider.leave_what_is_gone(turn)
        return self._decide(turn)

    def _turn(self, conditions: tuple[Condition, ...]) -> Turn:
        self.decider.begin()
        return Turn(self.now, conditions=list(conditions))

    def _decide(self, turn: Turn) -> list[Notice]:
        self.decider.decide(turn)
        self.effects = ordered(turn.effects)
        before = len(self.mirror.notices)
        self.mirror.apply(self.effects)
        return self.mirror.notices[before:]

    @property
    def incidents(self) -> list[Incident]:
        """All incidents in memory, oldest first."""
        return list(self.decider.book.incidents.values())

    @property
    def incident(self) -> Incident:
        """The newest incident."""
        return self.incidents[-1]

    def alert(self, check: str = "web") -> Alert | None:
        """The alert of this check."""
        found = self.decider.alerts.records.values()
        return next((a for a in found if a.labels.get("check") == check), None)

    def kinds(self) -> list[EntryKind]:
        """The newest incident's timeline: what kinds of lines it has."""
        return [e.kind for e in self.mirror.entries if e.incident == self.incident.key]


def said(notices: list[Notice]) -> list[tuple[str, str]]:
    """To whom what was told: `("ana via sms", "firing")`."""
    return [
        (f"{n.recipient} via {n.channel}" if n.recipient else n.channel, short(n.type))
        for n in notices
    ]


def short(kind: NoticeType) -> str:
    """`firing` for `incident.firing`."""
    return kind.value.removeprefix("incident.")


def ack(stand: Stand, **more: object) -> None:
    """Ana takes the stand's incident."""
    stand.do(replace(Acknowledge(stand.incident.key, ANA), **more))  # type: ignore[arg-type]  # fields by name


def settled(notice: Notice, delivered: bool = False, **more: object) -> Settled:
    """What is reported of the notice: not delivered, or as said otherwise."""
    event = Settled(
        notice.key, notice.incident.key, notice.channel, notice.recipient, delivered, 3,
        "connection refused", notice.type, notice.fallback_of, notice.level, stays=notice.stays,
        personal=notice.personal,
    )  # fmt: skip
    return replace(event, **more)  # type: ignore[arg-type]  # fields by name
