"""The observatory in a virtual world: runs, verdicts, causes, gaps and what it tells of them."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.result import Fault, Result, Status
from daemon.core.effects import StartProbe
from daemon.core.errors import NotAllowed, NotFound
from daemon.core.observing.schedule import GRAINS, phase
from daemon.core.plan import ServicePlan
from daemon.core.severity import Severity
from tests.core.watching import T0, World, always, beat, check, failing, plan

UP, DEGRADED, UNKNOWN, DOWN = Status.UP, Status.DEGRADED, Status.UNKNOWN, Status.DOWN

GRAIN = GRAINS[0]  # that of a handful of checks


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
    assert all(round(T0 + at * 1000) % 3_600_000 == phase("slow", 3_600_000, GRAIN) for at in rest)


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
        assert all(at % every == phase("one", every, GRAIN) for at in runs[1:])
        gaps = [later - earlier for earlier, later in pairwise(runs[1:])]
        assert all(gap == -(-(latency + 1) // every) * every for gap in gaps)


def test_a_soft_failure_is_retried_quickly_and_the_grid_is_found_again() -> None:
    world = a_world(web=(20, 32)).run_to(80)
    failed = [at for at in world.runs_of("web") if 20 <= at < 32]
    assert failed[1] - failed[0] == pytest.approx(1.005)
    assert failed[2] - failed[1] == pytest.approx(1.005)
    calm = [at for at in world.runs_of("web") if at > 35]
    assert all(round(T0 + at * 1000) % 10_000 == phase("web", 10_000, GRAIN) for at in calm)


def test_a_check_that_is_hard_down_runs_at_its_own_interval() -> None:
    slow = check("slow", every=60_000, every_down=2_000)
    world = World(plan(slow), {"slow": always(DOWN)}).start().run_to(100)
    later = [at for at in world.runs_of("slow") if at > 20]
    assert len(later) == 40
    assert all(round(T0 + at * 1000) % 2_000 == phase("slow", 2_000, GRAIN) for at in later)


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


def test_a_run_under_way_at_a_reload_has_the_time_it_was_begun_with() -> None:
    slow = check("slow", every=8_000, timeout=30_000)
    world = World(plan(slow), stuck={"slow"}).start().run_to(8)
    (began,) = world.runs_of("slow")
    world.do(world.observatory.replan, plan(check("slow", every=8_000, timeout=1_000)))
    world.run_to(began + 31.9)
    assert world.state("slow").cause != "its probe does not come back"
    assert world.runs_of("slow") == [began]
    world.run_to(began + 33.1)
    assert world.state("slow").cause == "its probe does not come back"


def test_the_result_of_a_run_that_a_reload_overtook_is_taken_in_and_the_next_is_planned() -> None:
    slow = check("slow", every=8_000)
    world = World(plan(slow), latency=4_000).start()
    world.run_to(6)
    (began,) = world.runs_of("slow")
    world.do(world.observatory.replan, plan(check("slow", every=8_000, down_after=2)))
    world.run_to(60)
    assert world.state("slow").status is UP
    assert len(world.runs_of("slow")) > 5
    assert world.results[0].at == T0 + round(began * 1000)
