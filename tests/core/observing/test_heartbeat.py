"""Heartbeats: what pings say, and what is said when none comes, to the millisecond."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.result import Fault, Status
from daemon.core.errors import NotFound
from daemon.core.events import Ping, Signal
from daemon.core.observing.heartbeat import LONGEST_RUN, deadline, next_expected
from daemon.core.plan import HeartbeatPlan
from tests.core.watching import T0, World, beat, check, failing, plan

UP, UNKNOWN, DOWN = Status.UP, Status.UNKNOWN, Status.DOWN
BERLIN = ZoneInfo("Europe/Berlin")


def at(*parts: int, fold: int = 0) -> int:
    """A wall-clock time in Berlin as an instant."""
    return round(datetime(*parts, fold=fold, tzinfo=BERLIN).timestamp() * 1000)  # type: ignore[arg-type, misc]  # parts are date and time


def cron(expression: str) -> HeartbeatPlan:
    return HeartbeatPlan(None, expression, "Europe/Berlin", 600_000)


def ping(world: World, signal: Signal = Signal.SUCCESS, code: int | None = None) -> None:
    world.do(world.observatory.ping, Ping("job", signal, code, "some\nwords"))


def a_job(**changes: object) -> World:
    return World(plan(beat("job", **changes))).start()


# -- when the next ping is due ------------------------------------------------------------


def test_a_period_is_counted_from_the_last_ping() -> None:
    every_minute = HeartbeatPlan(60_000, None, "UTC", 10_000)
    assert next_expected(every_minute, T0) == T0 + 60_000
    assert deadline(every_minute, T0, None) == T0 + 70_000


def test_an_open_start_ends_the_wait_earlier_but_never_later() -> None:
    every_minute = HeartbeatPlan(60_000, None, "UTC", 10_000)
    assert deadline(every_minute, T0, T0 + 5_000) == T0 + 15_000
    assert deadline(every_minute, T0, T0 + 65_000) == T0 + 70_000


def test_a_daily_job_is_due_by_wall_clock_on_the_days_of_23_and_25_hours() -> None:
    daily = cron("0 5 * * *")
    assert next_expected(daily, at(2026, 3, 28, 5, 1)) == at(2026, 3, 29, 5)
    assert next_expected(daily, at(2026, 10, 24, 5, 1)) == at(2026, 10, 25, 5)
    assert at(2026, 3, 29, 5) - at(2026, 3, 28, 5) == 23 * 3_600_000
    assert deadline(daily, at(2026, 10, 24, 5, 1), None) == at(2026, 10, 25, 5, 10)


def test_a_time_that_the_clock_skips_is_due_when_it_skips() -> None:
    assert next_expected(cron("30 2 * * *"), at(2026, 3, 28, 3)) == at(2026, 3, 29, 3)


def test_a_time_that_comes_twice_is_due_once() -> None:
    first = next_expected(cron("30 2 * * *"), at(2026, 10, 24, 3))
    assert first == at(2026, 10, 25, 2, 30, fold=0)
    assert next_expected(cron("30 2 * * *"), first) == at(2026, 10, 26, 2, 30)


@given(st.integers(at(2026, 1, 1), at(2027, 1, 1)))
def test_the_next_time_of_a_cron_expression_is_always_ahead(after: int) -> None:
    due = next_expected(cron("*/20 * * * *"), after)
    assert after < due <= after + 20 * 60_000
    assert due % (20 * 60_000) == 0


# -- what pings say -----------------------------------------------------------------------


def test_before_the_first_ping_nothing_is_known_and_nothing_alerted_on() -> None:
    world = a_job().run_to(10_000)
    assert (world.state("job").status, world.state("job").cause) == (
        UNKNOWN,
        "waiting for the first ping",
    )
    assert world.conditions == []
    assert world.runs == []


def test_the_first_ping_makes_it_up_and_sets_its_deadline() -> None:
    world = a_job().run_to(5)
    ping(world)
    state = world.state("job")
    assert (state.status, state.since, state.expires) == (UP, T0 + 5_000, T0 + 75_000)
    assert world.observatory.next_deadline() == T0 + 75_000
    assert world.results[-1].message == "ping: some words"


def test_silence_is_dated_by_the_deadline_however_late_it_is_noticed() -> None:
    world = a_job()
    ping(world)
    world.now = T0 + 500_000
    world.do(world.observatory.tick)
    assert world.facts_of("job")[-1] == (70, DOWN)
    assert world.state("job").since == T0 + 70_000
    assert (world.results[-1].at, world.results[-1].fault) == (T0 + 70_000, Fault.SILENT)
    assert world.results[-1].message == "no ping since 2023-11-14 22:13:20 UTC"
    assert world.told("check:job")[-1].down


def test_a_failing_ping_is_an_outage_at_once() -> None:
    world = a_job()
    ping(world)
    world.run_to(20)
    ping(world, Signal.FAIL)
    assert world.facts_of("job")[-1] == (20, DOWN)
    assert world.observatory.next_deadline() is None


def test_an_exit_code_is_a_failure_unless_it_is_zero() -> None:
    world = a_job()
    ping(world, code=0)
    assert world.state("job").status is UP
    ping(world, code=3)
    assert world.state("job").status is DOWN
    assert world.results[-1].message == "exit code 3: some words"


def test_a_success_ends_an_outage_at_once() -> None:
    world = a_job()
    ping(world, Signal.FAIL)
    world.run_to(9)
    ping(world)
    assert world.facts_of("job")[-1] == (9, UP)
    assert world.told("check:job")[-1].holds is False


def test_a_log_changes_nothing_but_is_a_result() -> None:
    world = a_job()
    ping(world)
    before = world.state("job")
    world.run_to(30)
    ping(world, Signal.LOG)
    assert world.state("job") is before
    assert (world.results[-1].status, world.results[-1].message) == (UP, "log: some words")


def test_a_job_that_started_and_does_not_end_is_down_after_its_grace() -> None:
    world = a_job()
    ping(world)
    world.run_to(20)
    ping(world, Signal.START)
    assert world.state("job").status is UP
    world.run_to(100)
    assert world.facts_of("job")[-1] == (30, DOWN)
    assert "did not end in time" in world.results[-1].message


def test_a_success_after_a_start_tells_how_long_the_job_took() -> None:
    world = a_job(grace=600_000)
    ping(world, Signal.START)
    world.run_to(42)
    ping(world)
    assert world.results[-1].latency_ms == 42_000.0


def test_a_start_of_days_ago_tells_no_duration() -> None:
    world = a_job(grace=LONGEST_RUN * 2)
    ping(world, Signal.START)
    world.run_to(LONGEST_RUN / 1000 + 1)
    ping(world)
    assert world.results[-1].latency_ms is None


def test_a_ping_for_what_is_no_heartbeat_is_refused() -> None:
    world = World(plan(check("web"))).start()
    with pytest.raises(NotFound, match="no heartbeat 'web'"):
        world.do(world.observatory.ping, Ping("web", Signal.SUCCESS))


# -- dependencies, gaps, restarts, reloads ------------------------------------------------


def test_a_hidden_heartbeat_is_what_it_was_told_when_its_parent_is_back() -> None:
    job = beat("job", period=3_600_000)
    job = check("job", heartbeat=job.heartbeat, parents=(("db",),), remote=False)
    world = World(plan(job, check("db")), {"db": failing((20, 60))}).start()
    ping(world)
    assert world.run_to(50).state("job").unreachable == "db"
    ping(world, Signal.FAIL)
    assert world.state("job").status is UNKNOWN
    assert world.run_to(80).state("job").status is DOWN


def test_a_deadline_that_passed_in_a_gap_is_unknown_and_waits_for_the_next() -> None:
    world = a_job()
    ping(world)
    world.now = T0 + 200_000
    world.do(world.observatory.gap, T0 + 30_000)
    state = world.state("job")
    assert (state.status, state.measured, state.since) == (UNKNOWN, True, T0 + 30_000)
    assert state.cause == "Tocsin was not listening when its ping was due"
    assert state.expires == T0 + 200_000 + 70_000
    world.run_to(400)
    assert world.facts_of("job")[-1] == (270, DOWN)


def test_a_gap_before_the_deadline_is_unknown_only_while_it_lasts() -> None:
    world = a_job(period=3_600_000)
    ping(world)
    world.run_to(30)
    world.now = T0 + 200_000
    world.do(world.observatory.gap, T0 + 30_000)
    assert world.facts_of("job")[-2:] == [(30, UNKNOWN), (200, UP)]
    assert world.state("job").expires == T0 + 3_610_000


def test_a_restart_after_the_deadline_gives_the_job_another_chance() -> None:
    world = a_job()
    ping(world)
    other = World(world.plan, now=T0 + 500_000)
    other.do(other.observatory.restore, [*world.observatory.checks.values()], {})
    assert other.state("job").status is UNKNOWN
    other.run_to(520)
    ping(other)
    assert other.state("job").status is UP


def test_a_reload_moves_the_deadline_to_the_new_period_and_never_into_the_past() -> None:
    world = a_job()
    ping(world)
    world.run_to(60)
    world.do(world.observatory.replan, plan(beat("job", period=600_000)))
    assert world.state("job").expires == T0 + 610_000
    world.do(world.observatory.replan, plan(beat("job", period=1_000)))
    assert world.state("job").expires == T0 + 70_000


def test_a_reload_without_the_heartbeat_waits_for_it_no_longer() -> None:
    world = a_job()
    ping(world)
    world.do(world.observatory.replan, plan(check("web")))
    world.run_to(300)
    assert [f for f in world.facts if f.check == "job"][-1].status is UP


def test_a_check_that_becomes_a_heartbeat_begins_anew() -> None:
    world = World(plan(check("job"))).start().run_to(20)
    world.do(world.observatory.replan, plan(beat("job")))
    assert world.state("job").cause == "waiting for the first ping"
    assert world.facts_of("job")[-1] == (20, UNKNOWN)
    world.do(world.observatory.replan, plan(check("job")))
    assert world.run_to(40).state("job").status is UP
