"""The observatory: causes told from symptoms, and a lost uplink from lost targets."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.result import Fault, Status
from daemon.core.plan import ServicePlan
from tests.core.watching import T0, World, check, failing, plan

UP, DEGRADED, UNKNOWN, DOWN = Status.UP, Status.DEGRADED, Status.UNKNOWN, Status.DOWN


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


def mutes(world: World, name: str) -> list[tuple[bool | None, str | None]]:
    """What was told of a check's alert: whether it holds, and what hides it."""
    return [(c.holds, c.unreachable) for c in world.told(f"check:{name}")]


def test_a_child_stays_hidden_until_its_first_run_after_its_parent_recovered() -> None:
    parts = plan(check("db"), check("web", parents=(("db",),)))
    targets = {"db": failing((30, 90)), "web": failing((20, 90))}
    world = World(parts, targets, latency=50).start().run_to(200)
    assert mutes(world, "web") == [(False, None), (True, None), (None, "db"), (False, None)]


def test_a_child_that_still_fails_after_its_parent_recovered_is_told_of_again() -> None:
    parts = plan(check("db"), check("web", parents=(("db",),)))
    targets = {"db": failing((30, 90)), "web": failing((20, 900))}
    world = World(parts, targets, latency=50).start().run_to(200)
    assert mutes(world, "web")[2:] == [(None, "db"), (None, None), (True, None)]


def test_a_child_whose_run_does_not_come_back_is_not_hidden_for_ever() -> None:
    parts = plan(check("db"), check("web", parents=(("db",),)))
    world = World(parts, {"db": failing((30, 90))}, latency=50).start().run_to(60)
    assert world.state("web").unreachable == "db"
    world.stuck.add("web")
    world.run_to(150)
    assert world.state("web").unreachable is None
    assert world.state("web").cause == "its probe does not come back"
    assert mutes(world, "web")[-1] == (True, None)


def test_a_child_that_waits_for_its_run_still_waits_after_a_restart() -> None:
    parts = plan(check("db"), check("web", parents=(("db",),)))
    world = World(parts, {"db": failing((30, 90))}, latency=50).start().run_to(60)
    world.stuck.add("web")
    while world.state("db").status is not UP:
        world.run_to((world.now - T0) / 1000 + 1)
    assert world.state("web").unreachable == "db"
    records = [*world.observatory.checks.values(), *world.observatory.services.values()]
    again = World(parts, latency=50, now=world.now)
    again.do(again.observatory.restore, records, dict(world.observatory.last))
    assert again.state("web").unreachable == "db"
    again.run_to((again.now - T0) / 1000 + 6)
    assert (again.state("web").status, again.state("web").unreachable) == (UP, None)


LOST = {name: failing((60, 300)) for name in ("u1", "u2", "web")}


def test_no_target_of_a_lost_uplink_is_told_of_for_itself() -> None:
    parts = plan(check("u1"), check("u2"), check("web"), uplink="u1 u2")
    world = World(parts, LOST, latency=50).start().run_to(400)
    for name in LOST:
        assert not any(holds for holds, _ in mutes(world, name)), name
        assert mutes(world, name)[-1] == (False, None)
    assert [c.holds for c in world.told("self:uplink")] == [True, False]


def test_a_target_that_fails_on_after_the_uplink_returned_is_told_of_by_its_next_run() -> None:
    parts = plan(check("u1"), check("u2"), uplink="u1 u2")
    targets = LOST | {"u2": failing((60, 900))}
    world = World(parts, targets, latency=50).start().run_to(400)
    back = next(at for at, c in world.conditions if c.source == "self:uplink" and not c.holds)
    told = [at for at, c in world.conditions if c.source == "check:u2" and c.holds]
    assert told[0] > back
    assert told[0] <= back + 1_000
    assert mutes(world, "u2")[-2:] == [(None, "uplink"), (True, None)]


def test_a_target_that_fails_alone_is_told_of_once_the_other_was_seen_well() -> None:
    parts = plan(check("u1"), check("u2"), uplink="u1 u2")
    world = World(parts, {"u2": failing((60, 900))}, latency=50).start().run_to(120)
    assert mutes(world, "u2")[-1] == (True, None)
    began = next(at for at in world.runs_of("u2") if at >= 60)
    assert any(began <= at <= began + 1 for at in world.runs_of("u1"))


def test_a_target_without_a_result_after_the_uplink_returned_is_told_of_as_unknown() -> None:
    parts = plan(check("u1"), check("u2"), uplink="u1 u2")
    world = World(parts, LOST, latency=50).start().run_to(290)
    world.stuck.add("u2")
    world.run_to(400)
    assert world.state("u2").cause == "its probe does not come back"
    assert mutes(world, "u2")[-1] == (True, None)
