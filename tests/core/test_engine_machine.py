"""The whole engine under arbitrary events and times, held against the promises.

Hypothesis drives an engine with results, reports, silences, operators' commands, deliveries,
reloads, gaps and steps of time from nothing to days. After every event the invariants of the
design are checked against oracles written from their definitions; at random moments the engine
is thrown away and restored from what a store would have kept; at the end everything recovers,
and whoever was told that something fires must have been told that it is over.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from checks.result import Result, Status
from daemon.core.decider import Decidable, Decider
from daemon.core.effects import Append, Drop, Effect, Enqueue, Save
from daemon.core.engine import Engine, ordered
from daemon.core.errors import Refusal
from daemon.core.events import (
    Acknowledge,
    AddNote,
    CheckNow,
    Escalate,
    Event,
    ExpireSilence,
    Gap,
    PlanChanged,
    PutSilence,
    Resolve,
    ResultArrived,
    SelfReport,
    Settled,
    Tick,
    Unacknowledge,
)
from daemon.core.labels import match_all, parse_matcher
from daemon.core.model import (
    DAY,
    HOUR,
    MINUTE,
    SECOND,
    Actor,
    Alert,
    AlertState,
    Entry,
    EntryKind,
    Group,
    Incident,
    IncidentState,
    Level,
    Notice,
    NoticeType,
    Promotion,
    Record,
    Silence,
)
from daemon.core.notices import ALARMING
from daemon.core.plan import (
    AckPlan,
    ChannelPlan,
    CheckPlan,
    Contact,
    InhibitPlan,
    PersonPlan,
    Plan,
    PolicyPlan,
    RoutePlan,
    RulePlan,
    ServicePlan,
)
from daemon.core.severity import Severity
from daemon.core.turn import Condition, Turn
from tests.core.mirror import Mirror

START = 1_800_000_000_000
ANA = Actor("ana", "unix uid 1000")
BEN = Actor("ben", "unix uid 1001")


def check(name: str, service: str, **more: object) -> CheckPlan:
    base = CheckPlan(
        name=name,
        kind="http",
        service=service,
        every=30 * SECOND,
        retry_every=SECOND,
        every_down=30 * SECOND,
        down_after=1,
        up_after=1,
        labels={"check": name, "service": service, "env": "prod"},
    )
    return replace(base, **more)  # type: ignore[arg-type]  # fields by name, as given


CHECKS = {
    "db": check("db", "orders"),
    "shop": check("shop", "shop", parents=(("db",),)),
    "cart": check(
        "cart",
        "shop",
        down_after=2,
        severity={Status.DOWN: Severity.HIGH, Status.DEGRADED: Severity.LOW},
        promote=(Promotion(10 * MINUTE, Severity.EMERGENCY),),
    ),
    "api": check("api", "shop", severity={Status.DOWN: Severity.EMERGENCY}),
    "mail": check("mail", "mail", severity={Status.DOWN: Severity.MEDIUM}, acknowledgeable=False),
}
SERVICES = {
    "orders": ServicePlan("orders", ("db",), recovery_sla=15 * MINUTE),
    "shop": ServicePlan("shop", ("shop", "cart", "api")),
    "mail": ServicePlan("mail", ("mail",)),
}
RULES = {
    "slow": RulePlan(
        "slow",
        (parse_matcher('check=~"shop|cart"'),),
        when="latency_ms > 100.0",
        for_=2 * MINUTE,
        keep_for=MINUTE,
        cooldown=10 * MINUTE,
        severity=Severity.HIGH,
        labels={"category": "performance"},
    ),
    "sticky": RulePlan(
        "sticky",
        (parse_matcher("check=db"),),
        when="latency_ms > 100.0",
        auto_resolve=False,
        severity=Severity.LOW,
    ),
}
ROUTES = RoutePlan(
    path="",
    channels=("log",),
    group_by=("service",),
    routes=(
        RoutePlan(
            path="0",
            match=(parse_matcher('severity=~"emergency|critical|high"'),),
            channels=("slack", "quiet"),
            policy="primary",
            group_by=("service",),
            group_interval=MINUTE,
            repeat_interval=20 * MINUTE,
            continue_=True,
        ),
        RoutePlan(
            path="1",
            match=(parse_matcher("service=shop"),),
            channels=("hook",),
            group_by=("...",),
            group_wait=20 * SECOND,
            group_interval=2 * MINUTE,
            repeat_interval=HOUR,
        ),
    ),
)
POLICIES = {
    "primary": PolicyPlan(
        "primary",
        levels=(
            Level(0, ("person:ana", "channel:slack")),
            Level(5 * MINUTE, ("person:ben", "channel:mail")),
            Level(15 * MINUTE, ("person:ana",), repeat=2 * MINUTE),
        ),
        rounds=1,
        then=("channel:hook",),
        round_every=5 * MINUTE,
    )
}
CHANNELS = {
    "log": ChannelPlan("log", "log"),
    "slack": ChannelPlan("slack", "webhook", fallback="mail"),
    "quiet": ChannelPlan("quiet", "email", send_resolved=False),
    "mail": ChannelPlan("mail", "email", fallback="hook"),
    "hook": ChannelPlan("hook", "webhook"),
}
PERSONS = {
    "ana": PersonPlan(
        "ana",
        high=(Contact("hook", "tel:1"), Contact("mail", "ana@x")),
        low=(Contact("mail", "ana@x"),),
    ),
    "ben": PersonPlan("ben", high=(), low=(Contact("mail", "ben@x"),)),
}
INHIBITS = (
    InhibitPlan((parse_matcher("check=db"),), (parse_matcher('check=~"cart|mail|db"'),), ("env",)),
)
FULL = Plan(
    checks=CHECKS,
    services=SERVICES,
    rules=RULES,
    route=ROUTES,
    policies=POLICIES,
    persons=PERSONS,
    channels=CHANNELS,
    inhibits=INHIBITS,
)
PLANS = [
    FULL,
    replace(
        FULL,
        checks={**CHECKS, "mail": replace(CHECKS["mail"], labels={"service": "mail", "env": "x"})},
        inhibits=(),
        ack=AckPlan(reopen_on_severity=False, reopen_on_new_alert=False),
    ),
    replace(
        FULL,
        checks={name: CHECKS[name] for name in ("db", "shop")},
        services={
            "orders": SERVICES["orders"],
            "shop": replace(SERVICES["shop"], checks=("shop",)),
        },
        rules={},
        route=replace(ROUTES, routes=ROUTES.routes[1:]),
        policies={},
    ),
]
MATCHERS = ["service=shop", 'check=~"db|mail"', "severity=critical", 'env!=""', "check=cart"]
STEPS = st.sampled_from(
    [0, 0, 1, 999, SECOND, 5 * SECOND, 31 * SECOND, MINUTE, 5 * MINUTE, 20 * MINUTE, HOUR]
) | st.integers(0, 3 * DAY)


class EngineMachine(RuleBasedStateMachine):
    """Everything that may happen, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.plan = FULL
        self.engine = Engine(FULL)
        self.mirror = Mirror()
        self.recorded: list[tuple[Event, int]] = []
        self.answers: list[list[Effect] | str] = []
        self.replayable = True
        self.tap: list[Condition] = []
        self.shadow: Decider | None = None
        self.listen()
        self.ran: dict[str, set[int]] = {}
        self.left: dict[str, int] = {}

    # -- driving -----------------------------------------------------------------------

    def listen(self) -> None:
        """Note the conditions that the deciding half is given, for the shadow."""
        alerts = self.engine._decider.alerts
        observe = alerts.observe

        def noted(condition: Condition, turn: Turn) -> None:
            self.tap.append(condition)
            observe(condition, turn)

        alerts.observe = noted  # type: ignore[method-assign]  # a tap, not another behaviour

    def follow(self, event: Event, effects: list[Effect]) -> None:
        """Let a deciding half that was restored earlier decide the same event."""
        conditions, self.tap = self.tap, []
        if self.shadow is None:
            return
        turn = Turn(self.now, conditions=conditions)
        self.shadow.begin()
        if isinstance(event, PlanChanged):
            self.shadow.replan(event.plan, turn)
        elif isinstance(event, Decidable) and not isinstance(event, SelfReport):
            self.shadow.take(event, turn)
        self.shadow.decide(turn)
        theirs = decided(ordered(turn.effects))
        assert theirs == decided(effects), "a restored engine decides otherwise"

    def send(self, event: Event) -> list[Effect] | None:
        before = dict(self.mirror.records)
        try:
            effects = self.engine.handle(event, self.now)
        except Refusal as refusal:
            self.recorded.append((event, self.now))
            self.answers.append(f"{type(refusal).__name__}: {refusal}")
            if self.shadow is not None and isinstance(event, Decidable):
                with pytest.raises(type(refusal)):
                    self.shadow.take(event, Turn(self.now))
            self.same_as_mirror()
            return None
        self.recorded.append((event, self.now))
        self.answers.append(effects)
        self.follow(event, effects)
        self.check(before, effects)
        return effects

    def check(self, before: dict[tuple[type, str], object], effects: list[Effect]) -> None:
        old_entries = len(self.mirror.entries)
        self.mirror.apply(effects)
        self.same_as_mirror()
        entries = self.mirror.entries[old_entries:]
        old = {k: v for (kind, k), v in before.items() if kind is Incident}
        self.nobody_is_called_while_muted(effects)
        self.what_a_channel_is_believed_to_know_it_was_told()
        self.nothing_is_late()
        self.escalations_have_a_next_step_or_a_reason()
        self.changes_are_told_and_counted(old, entries)  # type: ignore[arg-type]  # incidents
        self.levels_run_once(entries)
        self.pauses_keep_the_time_that_was_left(old, entries)  # type: ignore[arg-type]  # incidents
        self.keys_are_unique()

    def advance(self, by: int) -> None:
        """Time passes; what falls due on the way is handled on its minute, as a service would."""
        goal = self.now + by
        for _ in range(60):
            due = self.engine.next_deadline()
            if due is None or due > goal:
                break
            self.now = max(self.now, due)
            self.send(Tick())
        self.now = goal

    # -- what happens ------------------------------------------------------------------

    @initialize()
    def start(self) -> None:
        self.send(Tick())

    @rule(
        name=st.sampled_from(sorted(CHECKS)),
        status=st.sampled_from(
            [Status.UP, Status.DOWN, Status.DOWN, Status.DEGRADED, Status.UNKNOWN]
        ),
        latency=st.sampled_from([20.0, 500.0]),
        again=st.integers(1, 2),
    )
    def result(self, name: str, status: Status, latency: float, again: int) -> None:
        for _ in range(again):
            found = Result(name, self.now, status, latency_ms=latency, message=status.word)
            self.send(ResultArrived(found))
            self.now += 1

    @rule(names=st.sets(st.sampled_from(["shop", "cart", "api"]), min_size=1), down=st.booleans())
    def outage(self, names: set[str], down: bool) -> None:
        """Checks of one service fail or recover together, confirmed."""
        status = Status.DOWN if down else Status.UP
        for name in [*sorted(names), *sorted(names)]:
            self.send(ResultArrived(Result(name, self.now, status, message=status.word)))

    @rule(by=STEPS)
    def time_passes(self, by: int) -> None:
        self.advance(by)

    @rule(by=STEPS)
    def time_jumps(self, by: int) -> None:
        """Nobody looked for a while: what was due is overdue."""
        self.now += by
        self.send(Tick())

    @rule()
    def next_deadline_comes(self) -> None:
        due = self.engine.next_deadline()
        if due is not None:
            self.now = max(self.now, due)
            self.send(Tick())

    @rule(problem=st.sampled_from(["database", "loop"]), holds=st.booleans())
    def report(self, problem: str, holds: bool) -> None:
        self.send(SelfReport(problem, holds, f"{problem} is slow"))

    @rule(
        matcher=st.sampled_from(MATCHERS),
        begins=st.sampled_from([None, 0, MINUTE]),
        lasts=st.sampled_from([SECOND, 5 * MINUTE, 2 * HOUR]),
        edit=st.booleans(),
    )
    def silence(self, matcher: str, begins: int | None, lasts: int, edit: bool) -> None:
        starts_at = None if begins is None else self.now + begins
        known = sorted(self.engine.silences)
        self.send(
            PutSilence(
                ANA,
                (parse_matcher(matcher),),
                starts_at,
                self.now + (begins or 0) + lasts,
                "works",
                silence=known[-1] if edit and known else None,
            )
        )

    @precondition(lambda self: self.engine.silences)
    @rule(which=st.integers(0, 3))
    def expire(self, which: int) -> None:
        known = sorted(self.engine.silences)
        self.send(ExpireSilence(known[which % len(known)], BEN))

    def pick(self, which: int) -> Incident:
        known = sorted(
            self.engine.incidents.values(), key=lambda i: (i.resolved_at is not None, i.key)
        )
        return known[which % len(known)]

    @precondition(lambda self: self.engine.incidents)
    @rule(
        which=st.integers(0, 2),
        lasts=st.sampled_from([None, None, MINUTE, HOUR]),
        stale=st.booleans(),
        actor=st.sampled_from([ANA, BEN]),
    )
    def acknowledge(self, which: int, lasts: int | None, stale: bool, actor: Actor) -> None:
        incident = self.pick(which)
        version = incident.version - 1 if stale and incident.version > 2 else incident.version
        self.send(Acknowledge(incident.key, actor, "on it", lasts, version))

    @precondition(lambda self: self.engine.incidents)
    @rule(which=st.integers(0, 2))
    def unacknowledge(self, which: int) -> None:
        found = self.engine.incidents.values()
        taken = [i.key for i in found if i.state is IncidentState.ACKNOWLEDGED]
        key = sorted(taken)[which % len(taken)] if taken else self.pick(which).key
        self.send(Unacknowledge(key, ANA))

    @precondition(lambda self: self.engine.incidents)
    @rule(which=st.integers(0, 2))
    def note(self, which: int) -> None:
        self.send(AddNote(self.pick(which).key, BEN, "looked at it"))

    @precondition(lambda self: self.engine.incidents)
    @rule(which=st.integers(0, 2))
    def resolve(self, which: int) -> None:
        self.send(Resolve(self.pick(which).key, ANA, "done"))

    @precondition(lambda self: self.engine.incidents)
    @rule(which=st.integers(0, 2))
    def escalate(self, which: int) -> None:
        self.send(Escalate(self.pick(which).key, ANA))

    @precondition(lambda self: self.mirror.notices)
    @rule(which=st.integers(0, 20), delivered=st.booleans())
    def settle(self, which: int, delivered: bool) -> None:
        notice = self.mirror.notices[-1 - which % len(self.mirror.notices)]
        self.send(settled(notice, delivered))

    @rule(which=st.integers(0, len(PLANS) - 1))
    def reload(self, which: int) -> None:
        self.plan = PLANS[which]
        self.send(PlanChanged(self.plan))

    @rule(by=st.sampled_from([MINUTE, HOUR, 2 * DAY]))
    def sleep(self, by: int) -> None:
        began = self.now
        self.now += by
        self.send(Gap(began))

    @rule(name=st.sampled_from(sorted(CHECKS)))
    def look_now(self, name: str) -> None:
        self.send(CheckNow(name, BEN))

    @rule(seed=st.integers(0, 99))
    def restart(self, seed: int) -> None:
        """Restore the deciding half from what was stored, in any order; it follows on."""
        self.send(Tick())
        kept = by_key(self.engine.snapshot().records)
        shadow = Decider(self.plan)
        shadow.restore(self.mirror.snapshot(seed).records, self.now)
        turn = Turn(self.now)
        shadow.begin()
        shadow.decide(turn)
        assert turn.effects == [], "a restart at the same instant decides nothing"
        held = (shadow.alerts, shadow.muting.silences)
        records = [record for part in held for record in part.records.values()]
        groups, incidents = shadow.book.groups.values(), shadow.book.incidents.values()
        assert by_key([*records, *groups, *incidents]) == kept
        self.shadow = shadow

    @rule(seed=st.integers(0, 99))
    def restart_for_good(self, seed: int) -> None:
        """Throw the engine away and go on with one made of what was stored. Checks that were
        running may be unknown now; nobody is told anything for that."""
        self.send(Tick())
        before = self.engine.incidents
        restored, effects = Engine.restore(self.plan, self.mirror.snapshot(seed), self.now)
        assert not [effect for effect in effects if isinstance(effect, Enqueue)]
        for key, incident in before.items():
            now = restored.incidents[key]
            assert now.state is incident.state
            assert now.told == incident.told
            if not now.muted and not incident.muted:
                assert now.escalation == incident.escalation
        old, self.engine = self.mirror.records.copy(), restored
        self.replayable, self.shadow, self.tap = False, None, []
        self.listen()
        self.check(old, effects)

    # -- promises ----------------------------------------------------------------------

    def same_as_mirror(self) -> None:
        """What the engine remembers is what its effects told a store to keep."""
        assert by_key(self.engine.snapshot().records) == by_key(self.mirror.records.values())

    def nobody_is_called_while_muted(self, effects: list[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, Enqueue) and effect.notice.type in ALARMING:
                assert not effect.notice.incident.muted
                incident = self.engine.incidents[effect.notice.incident.key]
                firing = [self.engine.alerts[key] for key in incident.firing]
                assert any(not self.is_muted(alert) for alert in firing)

    def is_muted(self, alert: Alert) -> bool:
        """Whether the alert is muted, from the definitions; flapping aside, which the first
        notice itself brings about."""
        labels = alert.matchable
        for silence in self.engine.silences.values():
            if silence.state(self.now) == "active" and match_all(silence.matchers, labels):
                return True
        if alert.terms.unreachable:
            return True
        return any(
            other.state is AlertState.FIRING and inhibits(plan, other, alert)
            for plan in self.plan.inhibits
            for other in self.engine.alerts.values()
        )

    def what_a_channel_is_believed_to_know_it_was_told(self) -> None:
        heard: dict[tuple[str, str], set[str]] = {}
        for notice in self.mirror.notices:
            known = heard.setdefault((notice.incident.key, notice.channel), set())
            known.update(alert.key for alert in notice.alerts)
        for group in self.engine.groups.values():
            for told in group.told:
                if told.channel in self.plan.channels:
                    assert set(told.firing) <= heard[group.incident, told.channel]

    def nothing_is_late(self) -> None:
        deadline = self.engine.next_deadline()
        assert deadline is None or deadline > self.now
        for group in self.engine.groups.values():
            assert group.flush_at is None or group.flush_at > self.now

    def escalations_have_a_next_step_or_a_reason(self) -> None:
        deadline = self.engine.next_deadline()
        for incident in self.engine.incidents.values():
            if incident.state is IncidentState.RESOLVED:
                assert not incident.firing
                assert not [g for g in self.engine.groups.values() if g.incident == incident.key]
                continue
            assert incident.firing
            steps = incident.escalation
            if steps is None:
                continue
            if incident.state is IncidentState.TRIGGERED and not incident.muted:
                assert steps.paused_at is None
                assert steps.spent or steps.next_at is not None
                if steps.next_at is not None:
                    assert self.now < steps.next_at
                    assert deadline is not None
                    assert deadline <= steps.next_at
            else:
                assert steps.paused_at is not None
                assert steps.next_at is None

    def changes_are_told_and_counted(
        self, before: dict[str, Incident], entries: list[Entry]
    ) -> None:
        for incident in self.engine.incidents.values():
            old = before.get(incident.key)
            kinds = [entry.kind for entry in entries if entry.incident == incident.key]
            if old is None:
                assert EntryKind.FIRED in kinds
                continue
            if old != incident:
                assert incident.version > old.version
            told = {
                IncidentState.ACKNOWLEDGED: {EntryKind.ACKNOWLEDGED},
                IncidentState.RESOLVED: {EntryKind.RESOLVED},
                IncidentState.TRIGGERED: {EntryKind.UNACKNOWLEDGED, EntryKind.REOPENED},
            }
            if old.state is not incident.state:
                assert told[incident.state] & set(kinds)
            if bool(old.muted) is not bool(incident.muted) and incident.firing:
                assert {EntryKind.MUTED, EntryKind.UNMUTED} & set(kinds)

    def levels_run_once(self, entries: list[Entry]) -> None:
        for entry in entries:
            ran = self.ran.setdefault(entry.incident, set())
            if entry.kind is EntryKind.REOPENED or "starts over" in entry.text:
                ran.clear()
            elif entry.kind is EntryKind.ESCALATED and entry.text.startswith("level "):
                level = int(entry.text.removeprefix("level ").split(":")[0])
                assert level not in ran, f"level {level} ran twice"
                ran.add(level)

    def pauses_keep_the_time_that_was_left(
        self, before: dict[str, Incident], entries: list[Entry]
    ) -> None:
        for key, incident in self.engine.incidents.items():
            steps = incident.escalation
            old = before[key].escalation if key in before else None
            if steps is None or old is None:
                continue
            kinds = {entry.kind for entry in entries if entry.incident == key}
            if EntryKind.REOPENED in kinds and EntryKind.ESCALATED not in kinds:
                assert steps.level == -1
            if old.paused_at is None and steps.paused_at is not None and old.next_at is not None:
                self.left[key] = old.next_at - self.now
            elif old.paused_at is not None and steps.paused_at is None:
                left = self.left.pop(key, 0)
                went_on = EntryKind.REOPENED not in kinds
                if went_on and left > 0 and steps.level == old.level >= 0:
                    assert steps.next_at == self.now + left
                if EntryKind.REOPENED in kinds and steps.level > 0:
                    assert isinstance(self.recorded[-1][0], Escalate)

    def keys_are_unique(self) -> None:
        keys = [notice.key for notice in self.mirror.notices]
        fresh = [n for n in self.mirror.notices if n.fallback_of is None]
        assert len({notice.key for notice in fresh}) == len(fresh)
        assert all(key.startswith("msg_") and len(key) == 28 for key in keys)

    # -- the end -----------------------------------------------------------------------

    def teardown(self) -> None:
        if not self.recorded:
            return
        self.everything_recovers()
        self.whoever_was_told_it_fires_was_told_it_is_over()
        self.nothing_is_kept_for_ever()
        self.a_replay_has_the_same_effects()

    def everything_recovers(self) -> None:
        for key in sorted(self.engine.silences):
            self.send(ExpireSilence(key, ANA))
        for problem in ("database", "loop"):
            self.send(SelfReport(problem, False, ""))
        for _ in range(30):
            for name in self.plan.checks:
                self.send(ResultArrived(Result(name, self.now, Status.UP, latency_ms=20.0)))
            self.now += 10 * SECOND
            self.send(Tick())
        for incident in list(self.engine.incidents.values()):
            if incident.state is not IncidentState.RESOLVED:
                firing = [self.engine.alerts[key] for key in incident.firing]
                assert not any(alert.terms.auto_resolve for alert in firing), "it does not recover"
                self.send(Resolve(incident.key, ANA))

    def whoever_was_told_it_fires_was_told_it_is_over(self) -> None:
        over = {
            (notice.incident.key, notice.channel, notice.recipient)
            for notice in self.mirror.notices
            if notice.type is NoticeType.RESOLVED
        }
        for notice in self.mirror.notices:
            if notice.type in ALARMING and CHANNELS[notice.channel].send_resolved:
                assert (notice.incident.key, notice.channel, notice.recipient) in over

    def nothing_is_kept_for_ever(self) -> None:
        for _ in range(8):
            self.now += DAY
            for name in self.plan.checks:
                self.send(ResultArrived(Result(name, self.now, Status.UP, latency_ms=20.0)))
        kept = {type(record) for record in self.engine.snapshot().records}
        assert not kept & {Silence, Group, Incident}

    def a_replay_has_the_same_effects(self) -> None:
        if not self.replayable:
            return
        engine = Engine(FULL)
        for (event, now), answer in zip(self.recorded, self.answers, strict=True):
            assert answered(engine, event, now) == answer


def answered(engine: Engine, event: Event, now: int) -> list[Effect] | str:
    """The engine's effects, or its refusal in words."""
    try:
        return engine.handle(event, now)
    except Refusal as refusal:
        return f"{type(refusal).__name__}: {refusal}"


def settled(notice: Notice, delivered: bool) -> Settled:
    return Settled(
        notice.key,
        notice.incident.key,
        notice.channel,
        notice.recipient,
        delivered,
        attempts=1 if delivered else 5,
        detail="250 ok" if delivered else "connection refused",
        type=notice.type,
        fallback_of=notice.fallback_of,
        level=notice.level,
    )


def inhibits(plan: InhibitPlan, source: Alert, target: Alert) -> bool:
    """Alertmanager's words, one pair at a time."""
    causes, suffers = source.matchable, target.matchable
    if not (match_all(plan.source, causes) and match_all(plan.target, suffers)):
        return False
    if any(causes.get(name, "") != suffers.get(name, "") for name in plan.equal):
        return False
    both = match_all(plan.source, suffers)
    return not (both and match_all(plan.target, causes))


def by_key(records: Iterable[Record]) -> dict[tuple[type, str], Record]:
    """The deciding half's records by type and key."""
    kept = (Alert, Silence, Group, Incident)
    return {(type(r), r.key): r for r in records if isinstance(r, kept)}


def decided(effects: list[Effect]) -> list[Effect]:
    """The effects of the deciding half: what is not about checks and services."""
    kept = (Alert, Silence, Group, Incident)
    return [
        effect
        for effect in effects
        if (isinstance(effect, Save) and isinstance(effect.record, kept))
        or (isinstance(effect, Drop) and effect.kind in kept)
        or (isinstance(effect, Append) and isinstance(effect.entry, Entry))
        or isinstance(effect, Enqueue)
    ]


EngineMachine.TestCase.settings = settings(
    max_examples=140,
    stateful_step_count=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
TestEngine = EngineMachine.TestCase
