"""Reports through the API: made beside a daemon as they are made from the file alone."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

from daemon.api.schema.daily import DailyView
from daemon.client import NotFound
from daemon.client.errors import BadRequest
from daemon.config import load
from daemon.core.effects import Append
from daemon.core.events import KeepReport
from daemon.core.model import HOUR
from daemon.report.keeping import pack
from daemon.report.offline import read, read_day
from daemon.report.question import LiesAhead
from daemon.store.reading.analysis import Analysis
from daemon.store.store import Store
from tests.api.lab import Lab, call, connected
from tests.report import days, past

REPORTS = "/api/v1/reports"
T = TypeVar("T")


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The database of the documentation's example, to be copied."""
    path = tmp_path_factory.mktemp("past") / "tocsin.db"
    asyncio.run(past.make(path, past.NOON))
    return path


@pytest.fixture
def lab(tmp_path: Path, example: Path) -> Lab:
    """A daemon of the documentation's example, on the 21st at noon."""
    database = Path(shutil.copy(example, tmp_path))
    made = Lab(load(past.configure(tmp_path, database)).plan)
    made.analysis, made.timezone, made.time = Analysis(database), "Europe/Berlin", past.NOON
    return made


async def test_a_daemon_reports_what_its_file_alone_does(lab: Lab, tmp_path: Path) -> None:
    async with connected(lab, tmp_path) as client:
        told = await client.report("2026-11")
    plan = lab.engine.plan
    alone = read(tmp_path / "tocsin.db", plan, "Europe/Berlin", past.NOON, "2026-11")
    assert told == alone
    assert told.objectives[0].sla.value == 99.8498


async def test_a_report_comes_in_the_form_that_is_asked_for(lab: Lab, tmp_path: Path) -> None:
    path = f"{REPORTS}?period=2026-11&service=checkout&format=csv"
    status, text, headers = await call(lab, tmp_path, "GET", path)
    assert status == 200
    assert "99.84" in text
    assert headers["content-type"] == "text/csv; charset=utf-8"
    assert 'filename="tocsin-2026-11-checkout.csv"' in headers["content-disposition"]


async def test_a_bad_question_is_refused_with_its_field(lab: Lab, tmp_path: Path) -> None:
    async with connected(lab, tmp_path) as client:
        with pytest.raises(BadRequest, match="period: '2026-13' is no period") as refused:
            await client.report("2026-13")
        with pytest.raises(NotFound, match="there is no service 'nope'"):
            await client.report("2026-11", service="nope")
    ((field, message),) = [one.values() for one in refused.value.problems]
    assert (field, message.split(";")[0]) == ("period", "'2026-13' is no period")


async def test_a_report_is_kept_as_it_was_made(lab: Lab, tmp_path: Path) -> None:
    """Also when what it was made of has changed since; and who kept it is written down."""
    async with connected(lab, tmp_path) as client:
        made = await client.keep_report("2026-11", service="checkout")
        (command,) = [one for one in lab.events if isinstance(one, KeepReport)]
        store = await Store.open(tmp_path / "tocsin.db")
        await store.submit([Append(command.report), past.exclusion()], past.NOON)
        await store.close()
        assert await client.kept_report((made.id or "")[:6]) == made
        (listed,) = await client.reports()
        with pytest.raises(NotFound, match="no report that is kept has an id"):
            await client.kept_report("nope")
    assert (listed.id, listed.digest, listed.made_by) == (made.id, made.digest, made.made_by)
    status, text, _ = await call(lab, tmp_path, "GET", f"{REPORTS}/{made.id}.md")
    assert status == 200
    assert made.digest in text


# -- a day's alerts -----------------------------------------------------------


class Nearby(Analysis):
    """Answers long questions on a thread, too: a process takes a second to start."""

    async def ask_apart(self, question: Callable[[sqlite3.Connection], T]) -> T:
        return await self.ask(question)


@pytest.fixture
def morning(tmp_path: Path) -> Lab:
    """A daemon on the morning after a Friday on which something happened."""
    database = days.a_friday().write(tmp_path / "tocsin.db")
    made = Lab(load(days.configure(tmp_path, database)).plan)
    made.analysis, made.timezone, made.time = Analysis(database), "Europe/Berlin", days.NEXT + HOUR
    return made


async def test_a_day_is_reported_as_its_file_alone_says(morning: Lab, tmp_path: Path) -> None:
    async with connected(morning, tmp_path) as client:
        told = await client.daily_report()
        with pytest.raises(BadRequest, match="2026-11-30 has not begun"):
            await client.daily_report("2026-11-30")
        with pytest.raises(NotFound, match="no service is of organisation 'nope'"):
            await client.daily_report(organization="nope")
    plan, now = morning.engine.plan, days.NEXT + HOUR
    assert told == read_day(tmp_path / "tocsin.db", plan, "Europe/Berlin", now, "2026-11-20")
    morning.analysis = Nearby(tmp_path / "tocsin.db")
    path = "/api/v1/alerts/report/daily?date=2026-11-20&service=search&format=html"
    status, text, headers = await call(morning, tmp_path, "GET", path)
    assert (status, text[:15]) == (200, "<!doctype html>")
    assert headers["content-type"] == "text/html; charset=utf-8"
    assert 'filename="tocsin-alerts-2026-11-20-search.html"' in headers["content-disposition"]


async def test_a_kept_day_comes_back_as_what_it_is(morning: Lab, tmp_path: Path) -> None:
    plan, now = morning.engine.plan, days.NEXT + HOUR
    view = read_day(tmp_path / "tocsin.db", plan, "Europe/Berlin", now, "2026-11-20")
    kept = pack(view, "tocsin", "morning")
    store = await Store.open(tmp_path / "tocsin.db")
    await store.submit([Append(kept)], now)
    await store.close()
    async with connected(morning, tmp_path) as client:
        again = await client.kept_report(kept.key)
    assert isinstance(again, DailyView)
    assert (again.digest, again.name) == (view.digest, "morning")


async def test_a_report_up_to_a_time_ahead_is_refused(lab: Lab, tmp_path: Path) -> None:
    ahead = past.NOON + 60_000
    async with connected(lab, tmp_path) as client:
        with pytest.raises(BadRequest, match=r"2026-11-21T11:01:00\.000Z lies ahead"):
            await client.report("2026-11", at=ahead)
    file, plan = tmp_path / "tocsin.db", lab.engine.plan
    with pytest.raises(LiesAhead):
        read(file, plan, "Europe/Berlin", past.NOON, "2026-11", ahead)
