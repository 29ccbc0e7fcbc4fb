"""The observatory in a virtual world: runs, verdicts, causes, gaps and what it tells of them."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.result import Fault, Result, Status
from daemon.core.effects import Drop, StartProbe
from daemon.core.errors import NotAllowed, NotFound
from daemon.core.observatory import Observatory
from daemon.core.plan import Plan, ServicePlan
from daemon.core.schedule import phase
from daemon.core.severity import Severity
from daemon.core.turn import Turn
from tests.core.observing import T0, World, always, beat, check, failing, plan

UP, DEGRADED, UNKNOWN, DOWN = Status.UP, Status.DEGRADED, Status.UNKNOWN, Status.DOWN


def a_world(**spells: tuple[int, int]) -> World:
    """Checks that are down in one spell of seconds each, and up otherwise."""
    checks = [check(name) for name in spells]
    return World(plan(*checks), {name: failing(spell) for name, spell in spells.items()}).start()


# -- scheduling ---------------------------------------------------------------------------


def test_a_newcomer_runs_within_five_seconds_and_then_on_its_grid() -> None:
    world = World(plan(check("slow", every=3_600_000))).start().run_to(3 * 3600)
    first, *rest = world.runs_of("slow")
    assert first < 5
    assert len(rest) >= 2
    assert all(round(T0 + at * 1000) % 3_600_000 == phase("slow", 3_600_000) for at in rest)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(200, 20_000),
    st.integers(0, 30_000),
    st.lists(st.tuples(st.integers(0, 200), st.integers(0, 60)), max_size=4),
)
def test_runs_never_overlap_and_steady_ones_keep_to_the_grid(
    every: int, latency: int, spells: list[tuple[int, int]]
) -> None:
    target = failing(*((start, start + length) for start, length in spells))
    one = check("one", every=every, every_down=every, retry_every=500, timeout=60_000)
    world = World(plan(one), {"one": target}, latency=latency).start().run_to(240)
    runs = [round(T0 + at * 1000) for at in world.runs_of("one")]
    assert all(later - earlier >= latency for earlier, later in pairwise(runs))
    if not spells:
        assert all(at % every == phase("one", every) for at in runs[1:])
        gaps = [later - earlier for earlier, later in pairwise(runs[1:])]
        assert all(gap == -(-(latency + 1) // every) * every for gap in gaps)


def test_a_soft_failure_is_retried_quickly_and_the_grid_is_found_again() -> None:
    world = a_world(web=(20, 32)).run_to(80)
    failed = [at for at in world.runs_of("web") if 20 <= at < 32]
    assert failed[1] - failed[0] == pytest.approx(1.005)
    assert failed[2] - failed[1] == pytest.approx(1.005)
    calm = [at for at in world.runs_of("web") if at > 35]
    assert all(round(T0 + at * 1000) % 10_000 == phase("web", 10_000) for at in calm)


def test_a_check_that_is_hard_down_runs_at_its_own_interval() -> None:
    slow = check("slow", every=60_000, every_down=2_000)
    world = World(plan(slow), {"slow": always(DOWN)}).start().run_to(100)
    later = [at for at in world.runs_of("slow") if at > 20]
    assert len(later) == 40
    assert all(round(T0 + at * 1000) % 2_000 == phase("slow", 2_000) for at in later)


def test_a_run_that_takes_longer_than_the_interval_skips_slots() -> None:
    quick = check("quick", every=1_000, timeout=5_000)
    world = World(plan(quick), latency=2_500).start().run_to(30)
    runs = world.runs_of("quick")
    assert {round(later - earlier) for earlier, later in pairwise(runs[1:])} == {3}
    assert world.state("quick").status is UP


def test_check_now_runs_a_check_once_and_not_beside_itself() -> None:
    world = a_world(web=(0, 0)).run_to(12)
    assert world.do(world.observatory.check_now, "web").effects == [StartProbe("web", world.now)]
    assert world.do(world.observatory.check_now, "web").effects == []
    with pytest.raises(NotFound, match="nothing"):
        world.do(world.observatory.check_now, "nothing")


def test_a_heartbeat_cannot_be_run() -> None:
    world = World(plan(beat("job"))).start()
    with pytest.raises(NotAllowed, match="pinged"):
        world.do(world.observatory.check_now, "job")


def test_a_result_of_a_check_that_is_gone_is_ignored() -> None:
    world = a_world(web=(0, 0))
    turn = world.do(world.observatory.result, Result("gone", T0, DOWN))
    assert turn.effects == []


# -- status and what is told of it --------------------------------------------------------


def test_an_outage_is_dated_by_its_first_failed_run_and_ends_with_the_first_good_one() -> None:
    world = a_world(web=(20, 60)).run_to(100)
    runs = world.runs_of("web")
    first_bad = next(at for at in runs if at >= 20)
    first_good = next(at for at in runs if at >= 60)
    assert world.facts_of("web") == [
        (0, UNKNOWN),
        (runs[0], UP),
        (first_bad, DOWN),
        (first_good, UP),
    ]
    told = world.told("check:web")
    assert [(c.holds, c.down) for c in told] == [(False, False), (True, True), (False, False)]
    assert told[1].since == T0 + first_bad * 1000
    assert told[1].severity is Severity.CRITICAL
    assert told[1].annotations["summary"] == "web is down: connection refused"
    assert told[1].labels == {"check": "web", "alertname": "CheckFailing"}


def test_counting_from_the_confirmation_dates_an_outage_by_its_last_failed_run() -> None:
    late = check("web", count_from="confirmation")
    world = World(plan(late), {"web": failing((20, 60))}).start().run_to(50)
    confirming = [at for at in world.runs_of("web") if at >= 20][2]
    assert world.facts_of("web")[-1] == (confirming, DOWN)
    assert world.state("web").since == T0 + confirming * 1000


def test_nothing_is_told_and_no_record_made_while_all_is_well() -> None:
    world = a_world(web=(0, 0)).run_to(15)
    saved, told = len(world.saved), len(world.conditions)
    world.run_to(600)
    assert (len(world.saved), len(world.conditions)) == (saved, told)


def test_a_silent_recovery_tells_nothing() -> None:
    world = a_world(web=(20, 22)).run_to(60)
    assert [status for _, status in world.facts_of("web")] == [UNKNOWN, UP]
    assert len(world.told("check:web")) == 1


def test_another_kind_of_failure_is_told_while_it_is_down() -> None:
    world = a_world(web=(0, 500)).run_to(30)
    told = len(world.told("check:web"))
    world.do(world.observatory.result, Result("web", world.now, DOWN, None, "late", Fault.TIMEOUT))
    assert len(world.told("check:web")) == told + 1
    assert world.told("check:web")[-1].annotations["fault"] == "timeout"


def test_flapping_is_seen_shown_and_told() -> None:
    spells = [(start, start + 10) for start in range(20, 200, 20)]
    one = check("web", down_after=1, retry_every=10_000)
    world = World(plan(one), {"web": failing(*spells)}).start().run_to(120)
    assert world.state("web").flapping
    assert world.told("check:web")[-1].flapping
    world.run_to(500)
    assert not world.state("web").flapping
    assert not world.told("check:web")[-1].flapping
    assert world.state("web").flap_window == 0


def test_a_service_is_as_bad_as_its_worst_check() -> None:
    a, b = check("a", service="shop"), check("b", service="shop")
    world = World(plan(a, b), {"b": failing((20, 60))}).start().run_to(50)
    shop = world.observatory.services["shop"]
    assert (shop.status, shop.since) == (DOWN, world.state("b").since)
    assert world.run_to(90).observatory.services["shop"].status is UP


def test_a_quorum_keeps_a_service_up() -> None:
    checks = [check(name, service="db") for name in ("a", "b", "c")]
    service = ServicePlan("db", ("a", "b", "c"), quorum=2)
    targets = {"a": failing((20, 100)), "b": failing((60, 100))}
    world = World(plan(*checks, services=(service,)), targets).start().run_to(50)
    assert world.observatory.services["db"].status is UP
    assert world.run_to(90).observatory.services["db"].status is DOWN


# -- causes and symptoms ------------------------------------------------------------------


def family(**spells: tuple[int, int]) -> World:
    """`web` behind `db` behind `host`."""
    checks = (
        check("host"),
        check("db", parents=(("host",),)),
        check("web", parents=(("db",),)),
    )
    targets = {name: failing(spell) for name, spell in spells.items()}
    return World(plan(*checks), targets).start()


def test_children_of_a_down_parent_are_unreachable_and_name_the_root_cause() -> None:
    world = family(host=(20, 100), db=(20, 100), web=(20, 100)).run_to(60)
    for name in ("db", "web"):
        state = world.state(name)
        assert (state.status, state.unreachable, state.cause) == (UNKNOWN, "host", "host is down")
        assert all(condition.holds is not True for condition in world.told(f"check:{name}"))
        assert world.told(f"check:{name}")[-1].unreachable == "host"
    assert world.state("host").status is DOWN


@settings(max_examples=40, deadline=None)
@given(
    st.integers(1, 8_000),
    st.integers(20_000, 40_000),
    st.sampled_from([1, 2, 3]),
    st.sampled_from([2_000, 10_000, 60_000]),
)
def test_whichever_notices_first_no_symptom_is_ever_told_as_down(
    latency: int, failed_ms: int, down_after: int, host_every: int
) -> None:
    checks = (
        check("host", every=host_every, timeout=10_000),
        check("db", parents=(("host",),), timeout=10_000, down_after=down_after),
        check("web", parents=(("db",),), timeout=10_000, down_after=down_after, every=3_000),
    )
    targets = dict.fromkeys(("host", "db", "web"), lambda at: DOWN if at - T0 >= failed_ms else UP)
    world = World(plan(*checks), targets, latency=latency).start().run_to(140)
    assert world.state("host").status is DOWN
    for name in ("db", "web"):
        assert all(condition.holds is not True for condition in world.told(f"check:{name}"))


def test_children_are_run_at_once_when_the_parent_is_back_and_unknown_until_then() -> None:
    world = family(host=(20, 60)).run_to(59)
    back = next(iter(sorted(at for at in _runs_after(world, "host", 60, until=75))))
    world_at = T0 + back * 1000
    assert any(name == "db" and abs(at - world_at) <= 10 for at, name in world.runs)
    world.run_to(80)
    assert [world.state(name).status for name in ("host", "db", "web")] == [UP, UP, UP]
    assert world.facts_of("db")[-2][1] is UNKNOWN


def _runs_after(world: World, name: str, seconds: int, until: int) -> list[float]:
    world.run_to(until)
    return [at for at in world.runs_of(name) if at >= seconds]


def test_a_child_is_unreachable_only_when_all_parents_of_a_group_are_down() -> None:
    checks = (check("a"), check("b"), check("web", parents=(("a", "b"),)))
    targets = {"a": failing((20, 200)), "b": failing((60, 200))}
    world = World(plan(*checks), targets).start().run_to(50)
    assert world.state("web").status is UP
    assert world.run_to(90).state("web").unreachable == "a"


def test_a_child_that_was_down_before_its_parent_leaves_its_alert_as_it_is() -> None:
    world = family(web=(20, 200), db=(60, 200)).run_to(50)
    assert world.told("check:web")[-1].holds is True
    last = world.run_to(90).told("check:web")[-1]
    assert (last.holds, last.unreachable) == (None, "db")


def test_a_service_stands_before_the_checks_of_the_services_behind_it() -> None:
    checks = (check("db-tcp", service="db"), check("web-http", service="web"))
    services = (
        ServicePlan("db", ("db-tcp",)),
        ServicePlan("web", ("web-http",), parents=(("db",),)),
    )
    both = {"db-tcp": failing((20, 60)), "web-http": failing((20, 60))}
    world = World(plan(*checks, services=services), both).start().run_to(50)
    web = world.observatory.services["web"]
    assert (web.status, web.unreachable) == (UNKNOWN, "db")
    assert world.state("web-http").unreachable == "db"
    assert all(condition.holds is not True for condition in world.told("check:web-http"))
    world.run_to(90)
    assert world.observatory.services["web"].status is UP
    assert world.observatory.services["web"].unreachable is None


def test_a_hard_failure_makes_the_parents_run_at_once() -> None:
    slow = check("db", every=3_600_000)
    world = World(plan(slow, check("web", parents=(("db",),))), {"web": failing((20, 90))})
    world.start().run_to(40)
    down = next(f for f in world.facts if f.check == "web" and f.status is DOWN)
    asked = [at for at in world.runs_of("db") if at >= (down.start - T0) / 1000]
    assert asked
    assert world.state("web").status is DOWN


def test_a_failure_is_not_held_back_for_ever_for_a_parent_that_never_answers() -> None:
    slow = check("db", every=3_600_000, timeout=600_000)
    world = World(plan(slow, check("web", parents=(("db",),))), {"web": failing((20, 900))})
    world.start().run_to(15)
    world.stuck.add("db")
    assert world.run_to(60).state("web").status is UP
    assert world.run_to(100).state("web").status is DOWN


# -- the uplink ---------------------------------------------------------------------------


def behind_uplink(cut: tuple[int, int], **changes: int) -> World:
    """Two uplink targets every 30 s, a remote and a local check; the uplink is cut."""
    checks = (
        check("dns", every=30_000),
        check("gateway", every=30_000),
        check("web", **changes),
        check("disk", remote=False),
    )
    targets = {name: failing(cut) for name in ("dns", "gateway", "web", "disk")}
    return World(plan(*checks, uplink="dns gateway"), targets).start()


@pytest.mark.parametrize("down_after", [1, 2, 3])
@pytest.mark.parametrize("cut", range(31, 61, 3))
def test_a_lost_uplink_never_makes_a_remote_target_down(down_after: int, cut: int) -> None:
    world = behind_uplink((cut, 120), down_after=down_after).run_to(110)
    assert (world.state("web").status, world.state("web").cause) == (UNKNOWN, "uplink is down")
    assert all(condition.holds is not True for condition in world.told("check:web"))
    assert [c.holds for c in world.told("self:uplink")] == [True]
    assert world.state("disk").status is DOWN
    assert world.told("check:dns")[-1].holds is not True
    world.run_to(200)
    assert [c.holds for c in world.told("self:uplink")] == [True, False]
    assert world.state("web").status is UP


def test_an_unknown_result_under_a_lost_uplink_says_why() -> None:
    world = behind_uplink((40, 120)).run_to(110)
    last = world.observatory.last["web"]
    assert (last.status, last.fault) == (UNKNOWN, Fault.INTERNAL)
    assert last.message == "uplink is down; connection refused"


def test_one_target_that_answers_is_uplink_enough() -> None:
    checks = (check("dns"), check("gateway"), check("web"))
    targets = {"dns": failing((20, 200)), "web": failing((20, 200))}
    world = World(plan(*checks, uplink="dns gateway"), targets).start().run_to(100)
    assert world.state("web").status is DOWN
    assert world.told("self:uplink") == []


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
    world = World(plan(*(check(f"c{i}") for i in range(50)))).start().run_to(30)
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
    assert all(round(T0 + at * 1000) % 2_000 == phase("web", 2_000) for at in runs)


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
    result = replace(world.observatory.last["web"], at=world.now)
    world.do(world.observatory.result, result)
    assert world.state("web") is state
