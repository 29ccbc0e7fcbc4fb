"""The observatory: what does not come, restarts, reloads, and what always holds."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from checks.result import Fault, Result, Status, changed
from daemon.core.effects import Drop, StartProbe
from daemon.core.observing.observatory import Observatory
from daemon.core.observing.schedule import GRAINS, phase
from daemon.core.plan import Plan
from daemon.core.severity import Severity
from daemon.core.turn import Turn
from tests.core.watching import T0, World, check, failing, plan

UP, DEGRADED, UNKNOWN, DOWN = Status.UP, Status.DEGRADED, Status.UNKNOWN, Status.DOWN


def a_world(**spells: tuple[int, int]) -> World:
    """Checks that are down in one spell of seconds each, and up otherwise."""
    checks = [check(name) for name in spells]
    return World(plan(*checks), {name: failing(spell) for name, spell in spells.items()}).start()


# -- what does not come -------------------------------------------------------------------


def test_a_probe_that_never_comes_back_is_unknown_and_alerted_on_and_runs_again() -> None:
    world = a_world(web=(0, 0)).run_to(35)
    last = world.observatory.last["web"].at
    world.stuck.add("web")
    world.run_to(70)
    state = world.state("web")
    assert (state.status, state.measured, state.since) == (UNKNOWN, True, last + 10_000)
    assert world.told("check:web")[-1].holds is True
    world.stuck.clear()
    assert world.run_to(120).state("web").status is UP
    assert world.told("check:web")[-1].holds is False


def test_ticks_that_did_not_come_are_a_gap_and_no_alert() -> None:
    world = a_world(web=(0, 0)).run_to(35)
    last = world.observatory.last["web"].at
    world.now += 100_000
    world.do(world.observatory.tick)
    state = world.state("web")
    assert (state.status, state.measured, state.since) == (UNKNOWN, False, last + 10_000)
    assert world.told("check:web")[-1].holds is None


def test_a_gap_is_one_unknown_interval_and_no_burst() -> None:
    world = World(plan(*(check(f"c{i}") for i in range(50)))).start().run_to(30.5)
    before = {name: result.at for name, result in world.observatory.last.items()}
    world.ending.clear()
    slept_at, world.now = world.now, world.now + 3_600_000
    woke = world.now
    turn = world.do(world.observatory.gap, slept_at)
    assert not any(isinstance(effect, StartProbe) for effect in turn.effects)
    assert {f.start - before[f.check] for f in turn.facts} == {10_000}
    world.run_to((woke - T0) / 1000 + 12)
    after = [name for at, name in world.runs if at >= woke]
    assert {after.count(f"c{i}") for i in range(50)} <= {1, 2}
    assert all(world.state(f"c{i}").status is UP for i in range(50))


def test_a_failure_of_a_run_that_the_machine_slept_through_says_nothing() -> None:
    world = a_world(web=(0, 0)).run_to(35)
    began = world.now
    world.do(world.observatory.check_now, "web")
    world.ending.clear()
    world.now += 600_000
    world.do(world.observatory.gap, began)
    world.do(world.observatory.result, Result("web", began, DOWN, None, "timeout", Fault.TIMEOUT))
    assert world.state("web").hard
    assert world.observatory.last["web"].status is UNKNOWN


def test_a_short_gap_leaves_a_check_that_missed_nothing_alone() -> None:
    world = World(plan(check("slow", every=3_600_000))).start().run_to(100)
    world.now += 60_000
    assert world.do(world.observatory.gap, T0 + 100_000).facts == []
    assert world.state("slow").status is UP


# -- restarts and reloads -----------------------------------------------------------------


def restarted(world: World, after_ms: int, new_plan: Plan | None = None) -> World:
    """Another observatory with what the first one saved."""
    records = [*world.observatory.checks.values(), *world.observatory.services.values()]
    other = World(new_plan or world.plan, world.targets, now=world.now + after_ms)
    other.do(other.observatory.restore, records, dict(world.observatory.last))
    return other


def test_a_quick_restart_keeps_states_streaks_and_slots() -> None:
    world = a_world(web=(20, 60)).run_to(32)
    other = restarted(world, 500)
    assert dict(other.observatory.checks) == dict(world.observatory.checks)
    assert other.facts == []
    world.run_to(90)
    other.run_to(90)
    assert other.runs_of("web") == [at for at in world.runs_of("web") if at > 32]
    assert other.state("web") == world.state("web")


def test_a_soft_failure_goes_on_after_a_restart() -> None:
    world = a_world(web=(20, 60))
    while world.state("web").attempts < 2:
        world.run_to((world.now - T0) / 1000 + 0.5)
    other = restarted(world, 10)
    assert (other.state("web").attempts, other.state("web").hard) == (2, False)
    assert other.run_to(40).state("web").since == world.state("web").soft_since


def test_what_a_long_stop_missed_is_unknown_and_due_once() -> None:
    world = a_world(web=(0, 0)).run_to(35)
    last = world.observatory.last["web"].at
    other = restarted(world, 3_600_000)
    assert other.state("web").since == last + 10_000
    assert other.state("web").cause == "nothing was measured in a gap"
    other.run_to(35 + 3600 + 4.9)
    assert len(other.runs_of("web")) >= 1
    assert other.state("web").status is UP


def test_a_restart_without_a_check_drops_its_record() -> None:
    world = a_world(web=(0, 0), db=(0, 0)).run_to(15)
    records = [*world.observatory.checks.values()]
    other = Observatory(plan(check("web")))
    turn = Turn(world.now)
    other.restore(records, dict(world.observatory.last), turn)
    assert [effect.key for effect in turn.effects if isinstance(effect, Drop)] == ["db"]
    assert set(other.checks) == {"web"}


def test_a_reload_leaves_what_did_not_change_alone() -> None:
    world = a_world(web=(20, 200), db=(0, 0)).run_to(50)
    due = world.observatory.due("db")
    new = plan(check("web"), check("db"), check("new"))
    turn = world.do(world.observatory.replan, new)
    assert world.observatory.due("db") == due
    assert [f.check for f in turn.facts] == ["new"]
    assert turn.conditions == []
    world.plan = new
    assert world.run_to(56).state("new").status is UP


def test_a_check_that_a_reload_removed_is_dropped_and_its_condition_ends() -> None:
    world = a_world(web=(20, 200), db=(0, 0)).run_to(50)
    turn = world.do(world.observatory.replan, plan(check("db")))
    assert {effect.key for effect in turn.effects if isinstance(effect, Drop)} == {"web"}
    assert [(c.source, c.holds) for c in turn.conditions] == [("check:web", False)]
    assert all(name != "web" for at, name in world.run_to(100).runs if at > T0 + 50_000)


def test_a_reload_that_changes_the_severity_restates_the_condition() -> None:
    world = a_world(web=(20, 200)).run_to(50)
    milder = check("web", severity={DOWN: Severity.LOW})
    turn = world.do(world.observatory.replan, plan(milder))
    assert [(c.holds, c.severity) for c in turn.conditions] == [(True, Severity.LOW)]


def test_a_reload_that_changes_the_labels_ends_the_old_condition_and_states_a_new_one() -> None:
    world = a_world(web=(20, 200)).run_to(50)
    turn = world.do(world.observatory.replan, plan(check("web", labels={"check": "web", "a": "b"})))
    assert [(c.holds, c.labels.get("a")) for c in turn.conditions] == [(False, None), (True, "b")]


def test_a_changed_interval_keeps_the_state_and_moves_the_slots() -> None:
    world = a_world(web=(0, 0)).run_to(35)
    before = world.state("web")
    world.do(world.observatory.replan, plan(check("web", every=2_000)))
    assert world.state("web") == before
    runs = [at for at in world.run_to(60).runs_of("web") if at > 40]
    assert all(round(T0 + at * 1000) % 2_000 == phase("web", 2_000, GRAINS[0]) for at in runs)


def test_a_parent_that_a_reload_adds_hides_its_child_at_once() -> None:
    world = a_world(web=(0, 0), db=(20, 200)).run_to(50)
    world.do(world.observatory.replan, plan(check("web", parents=(("db",),)), check("db")))
    assert world.state("web").unreachable == "db"


# -- invariants ---------------------------------------------------------------------------


@settings(max_examples=50, deadline=None)
@given(st.data())
def test_no_fact_reaches_back_beyond_what_was_confirmed(data: st.DataObject) -> None:
    names = ("host", "db", "web")
    spells = {
        name: data.draw(st.lists(st.tuples(st.integers(0, 300), st.integers(1, 60)), max_size=4))
        for name in names
    }
    targets = {
        name: failing(*((a, a + length) for a, length in spell)) for name, spell in spells.items()
    }
    checks = (
        check("host"),
        check("db", parents=(("host",),), up_after=2),
        check("web", parents=(("db",),), every=7_000, down_after=2),
        check("dns", every=20_000),
    )
    world = World(plan(*checks, uplink="dns"), targets, latency=data.draw(st.integers(1, 3_000)))
    world.start()
    told = dict.fromkeys(names, 0)
    for second in range(2, 300, 3):
        before = len(world.facts)
        if data.draw(st.integers(0, 30)) == 0:
            slept, world.now = world.now, world.now + 40_000
            world.do(world.observatory.gap, slept)
        world.run_to(max(second, (world.now - T0) / 1000))
        for fact in world.facts[before:]:
            assert fact.start >= told.get(fact.check, 0)
            assert fact.start <= world.now
        for name in names:
            state = world.state(name)
            told[name] = world.observatory.confirmed_until(name)
            newest = [f for f in world.facts if f.check == name][-1]
            assert newest.status is state.status
            assert told[name] <= world.now


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 100), st.integers(1, 40)), max_size=3), st.integers(1, 150)
)
def test_a_restart_at_any_moment_changes_nothing(spells: list[tuple[int, int]], at: int) -> None:
    checks = (check("db"), check("web", parents=(("db",),)))
    target = failing(*((a, a + length) for a, length in spells))
    world = World(plan(*checks), {"db": target, "web": target}).start().run_to(at)
    assume_idle = not world.ending
    other = restarted(world, 0)
    assert dict(other.observatory.checks) == dict(world.observatory.checks)
    assert dict(other.observatory.services) == dict(world.observatory.services)
    if assume_idle:
        world.run_to(200)
        other.run_to(200)
        statuses = {name: state.status for name, state in world.observatory.checks.items()}
        assert {n: s.status for n, s in other.observatory.checks.items()} == statuses


def test_replace_is_not_needed_for_a_steady_result() -> None:
    world = a_world(web=(0, 0)).run_to(15)
    state = world.state("web")
    result = changed(world.observatory.last["web"], at=world.now)
    world.do(world.observatory.result, result)
    assert world.state("web") is state
