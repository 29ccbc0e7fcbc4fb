"""A day's alerts are reported every morning: written and mailed once, also after a restart."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from daemon.api.schema.daily import DailyView
from daemon.config import Config, load
from daemon.core.engine import Engine
from daemon.core.events import FileReport, KeepReport, MailReport
from daemon.core.model import HOUR
from daemon.core.plan import Plan
from daemon.report.due import due_period
from daemon.report.keeping import line, unpack
from daemon.service.reporter import Reporter
from daemon.store.reading.analysis import Analysis
from daemon.store.reading.reports import kept_report, kept_reports
from daemon.store.store import Store
from tests.report import days

MORNING = days.NEXT + 7 * HOUR
T = TypeVar("T")


class Nearby(Analysis):
    """Answers long questions on a thread, too: a process takes a second to start."""

    async def ask_apart(self, question: Callable[[sqlite3.Connection], T]) -> T:
        return await self.ask(question)


def configured(folder: Path) -> Config:
    path = days.configure(folder, folder / "tocsin.db")
    path.write_text(
        path.read_text()
        + f"""
[channel.mail]
kind = "email"
host = "127.0.0.1"
port = 25
tls = "none"
sender = "tocsin@example.org"
to = ["team@example.org"]
[[report]]
name = "morning"
kind = "alerts"
every = "day"
format = "md"
to = ["channel:mail"]
folder = "{folder}"
"""
    )
    return load(path)


async def look(folder: Path, now: int) -> list[KeepReport]:
    """As a daemon that was just started: what it keeps, all of it on disk."""
    config, store = configured(folder), await Store.open(folder / "tocsin.db")
    analysis, engine, decided = Nearby(store.path), Engine(Plan()), list[KeepReport]()

    async def decide(event: FileReport | KeepReport | MailReport) -> None:
        await store.submit(engine.handle(event, now), now)
        if isinstance(event, KeepReport):
            decided.append(event)

    reporter, plan = Reporter(analysis, lambda: now, decide), config.reports["morning"]
    await reporter.look(plan, due_period(plan, now), config)
    assert reporter.problem is None
    await analysis.close()
    await store.close()
    return decided


async def test_the_day_before_is_written_kept_and_mailed_once_in_the_morning(
    tmp_path: Path,
) -> None:
    days.a_friday().write(tmp_path / "tocsin.db")
    assert len(await look(tmp_path, MORNING)) == 1
    file = tmp_path / "morning-2026-11-20.md"
    assert file.read_text().startswith("# Alert report 2026-11-20: all services")
    written_at = file.stat().st_mtime_ns
    assert await look(tmp_path, MORNING + HOUR) == [], "it is kept, and its mail is on its way"
    assert file.stat().st_mtime_ns == written_at

    connection = sqlite3.connect(tmp_path / "tocsin.db")
    (kept,) = kept_reports(connection, 10)
    (body,) = kept_report(connection, kept.key)
    mails = connection.execute(
        "SELECT channel, state FROM delivery WHERE incident LIKE '%' || ?", (kept.key,)
    ).fetchall()
    connection.close()
    view = unpack(body)
    assert isinstance(view, DailyView)
    assert (view.fired, view.name, view.final) == (6, "morning", True)
    told = line(kept)
    assert (told.kind, told.label, told.digest) == ("alerts", "2026-11-20", view.digest)
    assert mails == [("mail", "queued")]


async def test_it_goes_out_at_its_time_also_while_its_last_hours_are_not_confirmed(
    tmp_path: Path,
) -> None:
    days.a_friday().write(tmp_path / "tocsin.db", seen=None)
    (made,) = await look(tmp_path, MORNING)
    assert not made.report.final
    assert "is not confirmed yet" in (tmp_path / "morning-2026-11-20.md").read_text()


async def test_before_its_time_the_day_is_not_reported(tmp_path: Path) -> None:
    days.a_friday().write(tmp_path / "tocsin.db")
    (made,) = await look(tmp_path, MORNING - 1)
    assert made.report.label == "2026-11-19", "only what is due: the day before that"
