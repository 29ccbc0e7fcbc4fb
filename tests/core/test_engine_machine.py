"""The whole engine under arbitrary events and times, held against the promises.

Hypothesis drives an engine with results, reports, silences, operators' commands, deliveries,
reloads, gaps and steps of time from nothing to days. After every event the invariants of the
design are checked against oracles written from their definitions; at random moments the engine
is thrown away and restored from what a store would have kept; at the end everything recovers,
and whoever was told that something fires must have been told that it is over.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from checks.result import Result, Status
from daemon.core.alerting.sources import outlives_restart, stands_alone
from daemon.core.chronicle import Notice, NoticeType
from daemon.core.decider import Decider
from daemon.core.effects import Effect, Enqueue, ordered
from daemon.core.engine import Engine
from daemon.core.errors import Refusal
from daemon.core.events import (
    Acknowledge,
    AddNote,
    Assign,
    CheckNow,
    Decidable,
    Escalate,
    Event,
    ExpireSilence,
    Gap,
    Merge,
    OpenIncident,
    PlanChanged,
    PostUpdate,
    PutSilence,
    Resolve,
    ResultsArrived,
    SelfReport,
    SetRole,
    Settled,
    Snooze,
    Split,
    Tick,
    Unacknowledge,
)
from daemon.core.labels import parse_matcher
from daemon.core.model import (
    DAY,
    HOUR,
    MINUTE,
    SECOND,
    Actor,
    Group,
    Incident,
    IncidentState,
    Record,
    Silence,
)
from daemon.core.telling.notices import ALARMING
from daemon.core.turn import Condition, Turn
from tests.core.machine_plan import ANA, BEN, CHANNELS, CHECKS, FULL, MATCHERS, PLANS, START
from tests.core.mirror import Mirror
from tests.core.promises import Promises, by_key, decided

STEPS = st.sampled_from(
    [0, 0, 1, 999, SECOND, 5 * SECOND, 31 * SECOND, MINUTE, 5 * MINUTE, 20 * MINUTE, HOUR]
) | st.integers(0, 3 * DAY)


class EngineMachine(Promises, RuleBasedStateMachine):
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

    # -- driving -----------------------------------------------------------------------

    def listen(self) -> None:
        """Note the conditions that the deciding half is given, for the shadow."""
        alerts = self.engine._decider.alerts
        observe = alerts.observe

        def noted(condition: Condition, turn: Turn) -> None:
            if not stands_alone(condition.source):  # of these the shadow finds out by itself
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

    def check(self, before: dict[tuple[type, str], Record], effects: list[Effect]) -> None:
        decider = self.engine._decider
        assert decider.next_deadline() == decider._soonest()  # what it remembers still holds
        old_entries = len(self.mirror.entries)
        self.mirror.apply(effects)
        old = {record.key: record for record in before.values() if isinstance(record, Incident)}
        self.hold(old, effects, self.mirror.entries[old_entries:])

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
            self.send(ResultsArrived((found,)))
            self.now += 1

    @rule(names=st.sets(st.sampled_from(["shop", "cart", "api"]), min_size=1), down=st.booleans())
    def outage(self, names: set[str], down: bool) -> None:
        """Checks of one service fail or recover together, confirmed."""
        status = Status.DOWN if down else Status.UP
        for name in [*sorted(names), *sorted(names)]:
            self.send(ResultsArrived((Result(name, self.now, status, message=status.word),)))

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
    @rule(which=st.integers(0, 2), lasts=st.sampled_from([MINUTE, HOUR]))
    def snooze(self, which: int, lasts: int) -> None:
        incident = self.pick(which)
        was_open = incident.state is not IncidentState.RESOLVED
        self.send(Snooze(incident.key, BEN, lasts, "later", incident.version))
        taken = self.engine.incidents[incident.key]
        if was_open and taken.state is IncidentState.ACKNOWLEDGED:
            assert taken.ack_until is not None

    @precondition(lambda self: self.engine.incidents)
    @rule(
        which=st.integers(0, 2),
        to=st.sampled_from(["ana", "ben", "ben", "nobody", None]),
        actor=st.sampled_from([ANA, BEN]),
    )
    def assign(self, which: int, to: str | None, actor: Actor) -> None:
        before = self.pick(which)
        self.send(Assign(before.key, actor, to))
        after = self.engine.incidents[before.key]
        assert after.assigned_to in {before.assigned_to, to}
        assert after.assigned_to != "nobody"

    @precondition(lambda self: self.engine.incidents)
    @rule(which=st.integers(0, 2))
    def unacknowledge(self, which: int) -> None:
        found = self.engine.incidents.values()
        taken = [i.key for i in found if i.state is IncidentState.ACKNOWLEDGED]
        key = sorted(taken)[which % len(taken)] if taken else self.pick(which).key
        self.send(Unacknowledge(key, ANA))

    @precondition(lambda self: len(self.engine.incidents) > 1)
    @rule(which=st.integers(0, 2), other=st.integers(0, 2))
    def merge(self, which: int, other: int) -> None:
        into, gone = self.pick(which), self.pick(other)
        alerts = set(gone.firing)
        if self.send(Merge(into.key, ANA, (gone.key,))) is None:
            return
        assert self.engine.incidents[gone.key].merged_into == into.key
        assert all(self.engine.alerts[key].incident == into.key for key in alerts)

    @precondition(lambda self: self.engine.incidents)
    @rule(which=st.integers(0, 2), some=st.integers(1, 2))
    def split(self, which: int, some: int) -> None:
        first = self.pick(which)
        self.send(Split(first.key, BEN, first.firing[:some]))

    @precondition(lambda self: len(self.engine.incidents) < 8)  # more would not fit into a turn
    @rule(service=st.sampled_from(["shop", "mail", "gone", None]))
    def open_by_hand(self, service: str | None) -> None:
        self.send(OpenIncident(ANA, "something is odd", service))

    @precondition(lambda self: self.engine.incidents)
    @rule(which=st.integers(0, 2), to=st.sampled_from(["ana", "ben", None]))
    def work_on_it(self, which: int, to: str | None) -> None:
        incident = self.pick(which)
        self.send(SetRole(incident.key, BEN, "commander", to))
        self.send(PostUpdate(incident.key, BEN, "we look", MINUTE if to else None))

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
        self.end_reports()
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
        storms = shadow.muting.storms.storms.values()
        assert by_key([*records, *groups, *incidents, *storms]) == kept
        self.shadow = shadow

    def end_reports(self) -> None:
        """What Tocsin said of itself is over: a restart would end it."""
        for source in {alert.source for alert in self.engine.alerts.values()}:
            if not outlives_restart(source):
                self.send(SelfReport(source.removeprefix("self:"), False, ""))
        self.send(Tick())

    @rule(seed=st.integers(0, 99))
    def restart_for_good(self, seed: int) -> None:
        """Throw the engine away and go on with one made of what was stored. Checks that were
        running may be unknown now; nobody is told anything for that."""
        self.end_reports()
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
                self.send(ResultsArrived((Result(name, self.now, Status.UP, latency_ms=20.0),)))
            self.now += 10 * SECOND
            self.send(Tick())
        for key in list(self.engine.incidents):
            incident = self.engine.incidents[key]
            if incident.state is not IncidentState.RESOLVED:
                firing = [self.engine.alerts[key] for key in incident.firing]
                assert not any(
                    alert.terms.auto_resolve
                    and not alert.source.startswith(("self:delivery:", "self:slow:"))
                    for alert in firing
                ), "it does not recover"
                self.send(Resolve(incident.key, ANA))

    def whoever_was_told_it_fires_was_told_it_is_over(self) -> None:
        over = {
            (notice.incident.key, notice.channel, notice.recipient)
            for notice in self.mirror.notices
            if notice.type is NoticeType.RESOLVED
        }
        failed = {
            (event.incident, event.channel, event.recipient)
            for event, _ in self.recorded
            if isinstance(event, Settled) and not event.delivered
        }
        for notice in self.mirror.notices:
            whom = (notice.incident.key, notice.channel, notice.recipient)
            if notice.type in ALARMING and CHANNELS[notice.channel].send_resolved:
                assert whom in over or whom in failed

    def nothing_is_kept_for_ever(self) -> None:
        for _ in range(8):
            self.now += DAY
            for name in self.plan.checks:
                self.send(ResultsArrived((Result(name, self.now, Status.UP, latency_ms=20.0),)))
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
        stays=notice.stays,
    )


EngineMachine.TestCase.settings = settings(
    max_examples=7 * settings().max_examples // 5,
    stateful_step_count=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
TestEngine = EngineMachine.TestCase


def test_a_policy_that_starts_over_leaves_nothing_for_its_group_to_tell() -> None:
    """An acknowledgement is withdrawn after an alert came back: the policy tells of it at once."""
    machine = EngineMachine()
    machine.start()
    machine.reload(which=4)
    machine.outage(names={"cart", "api"}, down=True)
    machine.assign(which=0, to="ana", actor=ANA)
    machine.time_passes(by=779)
    machine.outage(names={"api"}, down=False)
    machine.acknowledge(which=0, lasts=None, stale=False, actor=ANA)
    machine.outage(names={"api"}, down=True)
    machine.unacknowledge(which=0)
    machine.restart(seed=0)
    machine.teardown()
