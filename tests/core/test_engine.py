"""The engine as a whole: order of effects, refusals, restarts, replays."""

from __future__ import annotations

from dataclasses import replace

import pytest

from checks.result import Result, Status
from daemon.core.chronicle import Audit
from daemon.core.effects import Append, Drop, Effect, Enqueue, Observed, Save, StartProbe, ordered
from daemon.core.engine import Engine
from daemon.core.errors import NotFound
from daemon.core.events import (
    Acknowledge,
    CheckNow,
    Event,
    Gap,
    Ping,
    PlanChanged,
    ResultsArrived,
    SelfReport,
    Signal,
    Tick,
    TryChannel,
)
from daemon.core.labels import parse_matcher
from daemon.core.model import MINUTE, SECOND, Alert, AlertState, CheckState, Incident, IncidentState
from daemon.core.plan import CheckPlan, Plan, RulePlan, ServicePlan, SlaPlan
from daemon.core.snapshot import Snapshot
from tests.core.deciding import ANA, START, plan
from tests.core.mirror import Mirror


def check(name: str, **more: object) -> CheckPlan:
    labels = {"check": name, "service": "shop"}
    base = CheckPlan(name, "http", "shop", 10 * SECOND, SECOND, 10 * SECOND, 2, 1, labels)
    return replace(base, **more)  # type: ignore[arg-type]  # fields by name


def spec(**more: object) -> Plan:
    checks = {"web": check("web"), "api": check("api")}
    base = plan(checks=checks, services={"shop": ServicePlan("shop", ("web", "api"))})
    return replace(base, **more)  # type: ignore[arg-type]  # fields by name


class Run:
    """An engine with a clock and a mirror of its store."""

    def __init__(self, made: Plan | None = None) -> None:
        self.plan = made or spec()
        self.engine = Engine(self.plan)
        self.mirror = Mirror()
        self.now = START
        self.send(Tick())

    def send(self, event: Event, after: int = 0) -> list[Effect]:
        self.now += after
        effects = self.engine.handle(event, self.now)
        self.mirror.apply(effects)
        return effects

    def result(self, status: Status, name: str = "web", latency: float = 20.0) -> list[Effect]:
        found = Result(name, self.now, status, latency_ms=latency, message=status.word)
        return self.send(ResultsArrived((found,)), after=SECOND)

    def outage(self) -> list[Effect]:
        self.result(Status.UP)
        self.result(Status.UP, "api")
        self.result(Status.DOWN)
        return self.result(Status.DOWN)

    @property
    def incident(self) -> Incident:
        return list(self.engine.incidents.values())[-1]


def test_a_confirmed_outage_is_an_incident_with_a_page_in_one_turn() -> None:
    run = Run()
    effects = run.outage()
    assert run.incident.title == "shop is down"
    assert [e.notice.channel for e in effects if isinstance(e, Enqueue)] == ["slack", "sms", "mail"]
    assert run.engine.checks["web"].status is Status.DOWN


def test_a_record_is_saved_once_in_a_turn_with_its_last_value() -> None:
    effects = Run().outage()
    saved = [(type(e.record), e.record.key) for e in effects if isinstance(e, Save)]
    assert len(saved) == len(set(saved))
    incident = next(e.record for e in effects if isinstance(e, Save) and type(e.record) is Incident)
    assert incident.told


def test_records_come_before_lines_and_notices_come_last() -> None:
    effects = Run().outage()
    ranks = [
        0 if isinstance(e, (Save, Drop)) else 2 if isinstance(e, Enqueue) else 1 for e in effects
    ]
    assert ranks == sorted(ranks)


def test_a_record_that_is_dropped_and_made_again_is_kept() -> None:
    state = CheckState("web")
    other = replace(state, attempts=2)
    effects = [Save(state), Drop(CheckState, "web"), Save(other)]
    assert ordered(effects) == [Save(other)]
    assert ordered([Save(state), Drop(CheckState, "web")]) == [Drop(CheckState, "web")]


def test_a_result_that_changes_nothing_costs_one_line() -> None:
    run = Run()
    run.result(Status.UP)
    run.result(Status.UP)
    effects = run.result(Status.UP)
    assert [type(e) for e in effects if not isinstance(e, StartProbe)] == [Observed]


def test_a_refused_command_has_changed_nothing_and_loses_nothing() -> None:
    engine = Engine(spec())
    assert engine.next_deadline() == 0
    with pytest.raises(NotFound):
        engine.handle(Acknowledge("nope", ANA), START)
    fresh = Engine(spec()).handle(Tick(), START)
    assert engine.handle(Tick(), START) == fresh


def test_a_refused_ping_is_an_answer_to_whoever_pinged() -> None:
    run = Run()
    with pytest.raises(NotFound):
        run.send(Ping("nope", Signal.SUCCESS))


def test_an_acknowledgement_that_comes_in_late_still_stops_the_page_that_is_as_late() -> None:
    run = Run()
    run.outage()
    effects = run.send(Acknowledge(run.incident.key, ANA), after=6 * MINUTE)
    assert {e.notice.type.value for e in effects if isinstance(e, Enqueue)} == {
        "incident.acknowledged"
    }


def test_the_next_deadline_is_the_soonest_of_every_part() -> None:
    run = Run()
    run.outage()
    run.now = run.engine.next_deadline() or 0
    run.send(Tick())
    assert run.engine.next_deadline() is not None
    assert (run.engine.next_deadline() or 0) > run.now
    assert run.incident.escalation is not None
    assert (run.engine.next_deadline() or 0) <= (run.incident.escalation.next_at or 0)


def test_rules_see_results_and_their_alerts_join_the_incident() -> None:
    slow = RulePlan(
        "slow", (parse_matcher("check=api"),), when="latency_ms > 100.0", for_=3 * SECOND
    )
    run = Run(spec(rules={"slow": slow}))
    run.result(Status.UP, "api")
    run.result(Status.UP, "api", latency=500.0)
    states = [a.state for a in run.engine.alerts.values() if a.name == "slow"]
    assert states == [AlertState.PENDING]
    run.send(Tick(), after=3 * SECOND)
    assert run.incident.title == "shop: slow"
    run.result(Status.UP, "api")
    assert run.incident.state is IncidentState.RESOLVED


def test_looking_at_a_check_now_is_audited() -> None:
    run = Run()
    run.result(Status.UP)
    effects = run.send(CheckNow("web", ANA), after=1)
    assert [e for e in effects if isinstance(e, StartProbe)]
    audits = [e.entry for e in effects if isinstance(e, Append) and isinstance(e.entry, Audit)]
    assert [(audit.action, audit.subject) for audit in audits] == [("check now", "web")]


def test_who_tries_a_channel_is_on_record_and_to_which_address_is_not() -> None:
    engine = Engine(plan())
    effects = engine.handle(TryChannel("slack", True, ANA), START)
    entries = [one.entry for one in effects if isinstance(one, Append)]
    (audit,) = [one for one in entries if isinstance(one, Audit)]
    assert audit == Audit(START, ANA, "test channel", "slack", "to an address that was named")


def test_what_tocsin_says_of_itself_is_an_incident_of_its_own() -> None:
    run = Run()
    run.send(SelfReport("database", True, "the database is read-only"))
    assert (run.incident.title, run.incident.service) == (
        "Tocsin: the database cannot be written",
        "tocsin",
    )
    run.send(SelfReport("database", False, ""))
    assert run.incident.state is IncidentState.RESOLVED


def test_a_reload_that_changes_nothing_has_no_effect() -> None:
    run = Run()
    run.outage()
    before = run.engine.snapshot()
    run.send(PlanChanged(spec()), after=1)
    assert run.engine.snapshot() == before
    assert run.engine.plan == spec()


def test_a_check_that_left_the_configuration_ends_its_incident() -> None:
    run = Run()
    run.outage()
    services = {"shop": ServicePlan("shop", ("api",))}
    run.send(PlanChanged(spec(checks={"api": check("api")}, services=services)))
    assert run.incident.state is IncidentState.RESOLVED


def test_a_restart_goes_on_where_it_stopped() -> None:
    run = Run()
    run.outage()
    due = run.incident.escalation
    again, effects = Engine.restore(run.plan, run.mirror.snapshot(), run.now)
    assert not [e for e in effects if isinstance(e, Enqueue)]
    assert again.incidents == run.engine.incidents
    assert again.groups == run.engine.groups
    assert again.incidents[run.incident.key].escalation == due


def test_an_engine_restored_from_a_snapshot_has_the_same_snapshot() -> None:
    run = Run()
    run.outage()
    kept = run.engine.snapshot()
    again, _ = Engine.restore(run.plan, kept, run.now)
    assert set(map(repr, again.snapshot().records)) == set(map(repr, kept.records))
    assert again.snapshot().last == kept.last


def test_a_restart_after_a_while_runs_what_became_due_once() -> None:
    run = Run()
    run.outage()
    _, effects = Engine.restore(run.plan, run.mirror.snapshot(), run.now + 20 * MINUTE)
    told = [(e.notice.channel, e.notice.level) for e in effects if isinstance(e, Enqueue)]
    assert told[-2:] == [("mail", 1), ("slack", 2)]


def test_an_alert_of_a_check_that_left_while_nobody_looked_is_resolved_at_the_start() -> None:
    run = Run()
    run.outage()
    services = {"shop": ServicePlan("shop", ("api",))}
    without = spec(checks={"api": check("api")}, services=services)
    again, _ = Engine.restore(without, run.mirror.snapshot(), run.now)
    assert {i.state for i in again.incidents.values()} == {IncidentState.RESOLVED}


def test_an_empty_store_starts_an_engine() -> None:
    engine, effects = Engine.restore(spec(), Snapshot(), START)
    assert {e.check for e in effects if isinstance(e, StartProbe)} <= {"web", "api"}
    assert engine.next_deadline() is not None


def test_a_gap_leaves_alerts_as_they_are() -> None:
    run = Run()
    run.outage()
    began = run.now
    run.send(Gap(began), after=60 * MINUTE)
    assert run.incident.state is IncidentState.TRIGGERED
    assert {a.state for a in run.engine.alerts.values()} == {AlertState.FIRING}


def test_a_replay_of_the_recorded_events_has_the_same_effects() -> None:
    events: list[tuple[Event, int]] = [(Tick(), START)]
    for step, status in enumerate([Status.UP, Status.DOWN, Status.DOWN, Status.UP, Status.DOWN]):
        at = START + step * 10 * SECOND
        events.append((ResultsArrived((Result("web", at, status),)), at + SECOND))
        events.append((Tick(), at + 9 * SECOND))
    first, second = Engine(spec()), Engine(spec())
    assert [first.handle(*e) for e in events] == [second.handle(*e) for e in events]


def test_the_views_cannot_be_written() -> None:
    run = Run()
    run.outage()
    for view in (run.engine.alerts, run.engine.incidents, run.engine.groups, run.engine.silences):
        with pytest.raises(TypeError):
            view["x"] = None  # type: ignore[index]  # that is the point


def test_the_sla_of_a_service_can_be_asked() -> None:
    from decimal import Decimal

    slas = {"shop-up": SlaPlan("shop-up", "shop", Decimal("99.9"), 30 * 24 * 60 * MINUTE)}
    run = Run(spec(slas=slas))
    run.outage()
    figures = run.engine.sla("shop-up", run.now + MINUTE)
    assert figures.down_ms > 0
    with pytest.raises(KeyError):
        run.engine.sla("nope", run.now)


def test_thousands_of_quiet_checks_do_not_slow_an_outage_of_one() -> None:
    many = {f"c{i}": check(f"c{i}", service=f"s{i}") for i in range(2_000)}
    services = {f"s{i}": ServicePlan(f"s{i}", (f"c{i}",)) for i in range(2_000)}
    run = Run(spec(checks=many, services=services))
    found = [Result("c7", run.now + i, s) for i, s in enumerate([Status.UP, *[Status.DOWN] * 2])]
    counts = [len(run.send(ResultsArrived((result,)), after=1)) for result in found]
    assert max(counts) < 40
    assert isinstance(next(iter(run.engine.alerts.values())), Alert)


def a_rule_in_its_third_minute() -> Run:
    """A rule with `for = 5m` whose condition has held for two of them."""
    hot = RulePlan("hot", (parse_matcher('check="web"'),), "cpu > 90.0", for_=5 * MINUTE)
    run = Run(spec(rules={"hot": hot}))
    for _ in range(12):
        run.send(ResultsArrived((result("web", run.now, cpu=95.0),)), 10 * SECOND)
    return run


def result(name: str, at: int, status: Status = Status.UP, **metrics: float) -> Result:
    return Result(name, at, status, 5.0, metrics=metrics)


def hot(engine: Engine) -> Alert:
    return next(alert for alert in engine.alerts.values() if alert.name == "hot")


def test_a_pending_rule_does_not_fire_on_time_in_which_tocsin_was_off() -> None:
    run = a_rule_in_its_third_minute()
    run.now += 60 * MINUTE
    engine, _ = Engine.restore(run.plan, run.mirror.snapshot(), run.now)
    assert (hot(engine).state, hot(engine).holds) == (AlertState.PENDING, None)
    states = []
    for at in range(run.now, run.now + 5 * MINUTE, 10 * SECOND):
        engine.handle(ResultsArrived((result("web", at, cpu=95.0),)), at)
        states.append(hot(engine).state)
    assert states[0] is AlertState.PENDING
    # two minutes but for the first run's ten seconds, and ten until it was called unmeasured
    assert states.count(AlertState.PENDING) == 18
    assert states[-1] is AlertState.FIRING


def test_a_pending_rule_does_not_fire_on_time_in_which_the_machine_slept() -> None:
    run = a_rule_in_its_third_minute()
    slept = run.now
    run.send(Gap(slept), 60 * MINUTE)
    assert (hot(run.engine).state, hot(run.engine).holds) == (AlertState.PENDING, None)


def test_a_pending_rule_does_not_fire_while_its_probe_does_not_come_back() -> None:
    run = a_rule_in_its_third_minute()
    end = run.now + 20 * MINUTE
    while (at := run.engine.next_deadline()) is not None and at < end:
        run.send(Tick(), max(0, at - run.now))
    assert run.engine.checks["web"].cause == "its probe does not come back"
    assert (hot(run.engine).state, hot(run.engine).holds) == (AlertState.PENDING, None)
