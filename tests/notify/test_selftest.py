"""When channels test themselves, what is made up for, and when a failure is a problem."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from daemon.core.events import SelfReport
from daemon.core.model import DAY, HOUR, MINUTE, Instant
from daemon.notify.health import ChannelHealth
from daemon.notify.memory import Memory
from daemon.notify.selftest import SelfTests, next_at
from daemon.notify.spec import ChannelSpec, EmailSpec, LogSpec
from daemon.notify.trial import Trial

BERLIN = ZoneInfo("Europe/Berlin")
MONDAYS = "0 9 * * MON"
SPECS: dict[str, ChannelSpec] = {"ops": LogSpec(name="ops", self_test=MONDAYS)}


def at(text: str) -> Instant:
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


NOW = at("2026-11-21T10:00")
MONDAY = at("2026-11-23T08:00")
"""09:00 in Berlin."""


class Bench:
    """Tests of one channel, with answers by a script; the last one is repeated."""

    def __init__(self, memory: Memory | None = None, *answers: bool) -> None:
        self.stored: dict[str, str] = {}
        self.memory = memory or Memory(lambda _c, key, text: self.stored.update({key: text}))
        self.answers = list(answers) or [True]
        self.tested: list[str] = []
        self.reports: list[SelfReport] = []
        self._work: list[Coroutine[Any, Any, None]] = []
        self.tests = SelfTests(self.memory, self.try_out, self.reports.append, self._work.append)

    async def try_out(self, name: str) -> Trial:
        self.tested.append(name)
        good = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return Trial("k", delivered=good, detail="ok" if good else "550 gone", took_ms=1.0)

    async def look(self, now: Instant) -> None:
        self.tests.look(now)
        work, self._work[:] = list(self._work), []
        await asyncio.gather(*work)

    def health(self) -> ChannelHealth:
        bare = ChannelHealth("ops", "log", 0, None, None, 0, 0, 0, None, None, None, None, None)
        return self.tests.filled(bare)


def test_the_next_time_is_on_the_clock_of_the_zone_through_its_changes() -> None:
    assert next_at(MONDAYS, NOW, BERLIN) == MONDAY
    assert next_at(MONDAYS, MONDAY, BERLIN) == MONDAY + 7 * DAY
    summer = at("2027-03-27T12:00")
    assert next_at("30 2 * * *", summer, BERLIN) == at("2027-03-28T01:00")


async def test_it_is_tested_when_its_time_has_come_and_not_before() -> None:
    bench = Bench()
    bench.tests.plan(SPECS, BERLIN, NOW)
    assert (bench.health().self_test_at, bench.health().self_test_next) == (None, MONDAY)
    await bench.look(MONDAY - 1)
    assert bench.tested == []
    await bench.look(MONDAY)
    await bench.look(MONDAY + MINUTE)
    assert bench.tested == ["ops"]
    health = bench.health()
    assert (health.self_test_at, health.self_test_good) == (MONDAY, True)
    assert health.self_test_next == MONDAY + 7 * DAY
    assert bench.reports == []


async def test_times_that_passed_while_the_daemon_was_off_are_made_up_for_once() -> None:
    before = Bench()
    before.tests.plan(SPECS, BERLIN, NOW)
    await before.look(MONDAY)
    memory = Memory()
    memory.load(("ops", key, text) for key, text in before.stored.items())
    after = Bench(memory)
    later = MONDAY + 23 * DAY
    after.tests.plan(SPECS, BERLIN, later)
    for minutes in range(3):
        await after.look(later + minutes * MINUTE)
    assert after.tested == ["ops"]
    assert after.health().self_test_next == MONDAY + 28 * DAY


async def test_a_failure_is_reported_after_three_tries_until_a_test_is_taken() -> None:
    bench = Bench(None, False, False, False, True)
    bench.tests.plan(SPECS, BERLIN, NOW)
    for minutes in range(2):
        await bench.look(MONDAY + minutes * MINUTE)
    assert bench.reports == []
    await bench.look(MONDAY + 2 * MINUTE)
    (report,) = bench.reports
    assert (report.problem, report.holds) == ("channel_test", True)
    assert report.message == "the self-test was not taken by ops: 550 gone"
    again = Bench(bench.memory)
    again.tests.plan(SPECS, BERLIN, MONDAY + HOUR)
    assert [one.holds for one in again.reports] == [True]
    again.tests.learn("ops", Trial("k", delivered=True, detail="ok", took_ms=1.0), MONDAY + HOUR)
    assert [one.holds for one in again.reports] == [True, False]


async def test_one_that_passes_at_the_second_try_is_no_problem() -> None:
    bench = Bench(None, False, True)
    bench.tests.plan(SPECS, BERLIN, NOW)
    await bench.look(MONDAY)
    await bench.look(MONDAY + MINUTE)
    assert (len(bench.tested), bench.reports) == (2, [])


async def test_a_channel_without_tests_is_left_alone() -> None:
    bench = Bench()
    bench.tests.plan({"ops": LogSpec(name="ops")}, BERLIN, NOW)
    bench.tests.learn("ops", Trial("k", delivered=False, detail="no", took_ms=1.0), NOW)
    assert (bench.reports, bench.stored) == ([], {})
    assert bench.health().self_test_next is None


def test_a_test_needs_a_time_and_somebody() -> None:
    with pytest.raises(ValidationError, match="is no cron expression"):
        LogSpec(name="x", self_test="MON 09:00")
    with pytest.raises(ValidationError, match="give it somebody: to"):
        EmailSpec(name="x", host="h", sender="a@b.org", self_test=MONDAYS)
