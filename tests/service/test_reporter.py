"""A configured report goes out once a period is over: once, whatever happens in between."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pytest
from aiohttp.test_utils import unused_port
from aiosmtpd.controller import Controller

from daemon.config import Config, load
from daemon.core.effects import Append
from daemon.core.events import KeepReport
from daemon.core.model import Instant
from daemon.report.periods import period_before
from daemon.service.reporter import Reporter
from daemon.store import Store
from daemon.store.analysis import Analysis
from tests.notify.test_email import Mailbox
from tests.report import past

ZONE = "Europe/Berlin"
T = TypeVar("T")


@contextmanager
def mailing() -> Iterator[tuple[Mailbox, int]]:
    box, port = Mailbox(), unused_port()
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield box, port
    finally:
        controller.stop()


class Nearby(Analysis):
    """Answers long questions on a thread, too: a process takes a second to start."""

    async def ask_apart(self, question: Callable[[sqlite3.Connection], T]) -> T:
        return await self.ask(question)


def configured(folder: Path, port: int) -> Config:
    path = past.configure(folder, folder / "tocsin.db")
    path.write_text(
        path.read_text()
        + f"""
[channel.mail]
kind = "email"
host = "127.0.0.1"
port = {port}
tls = "none"
sender = "tocsin@example.org"
[person.ana]
contact = {{ low = ["mail"], high = ["mail"] }}
mail = "ana@example.org"
[[report]]
name = "monthly"
every = "month"
service = "checkout"
to = ["person:ana"]
folder = "{folder}/out"
"""
    )
    return load(path)


async def a_look(
    store: Store, config: Config, now: Instant, reporter: Reporter | None = None
) -> bool:
    """As a daemon that was just started looks, at this time."""

    async def keep(event: KeepReport) -> None:
        await store.submit([Append(event.report)], now)

    plan = config.reports["monthly"]
    made = reporter or Reporter(store.analysis, lambda: now, keep)
    return await made.look(plan, period_before(plan.every, plan.timezone, now), config)


async def test_a_month_is_written_and_mailed_once(tmp_path: Path) -> None:
    await past.make(tmp_path / "tocsin.db", past.LATER)
    (tmp_path / "out").mkdir()
    store = await Store.open(tmp_path / "tocsin.db")
    with mailing() as (box, port):
        config = configured(tmp_path, port)
        assert await a_look(store, config, past.LATER)
        assert await a_look(store, config, past.LATER), "after a restart it is known as done"
        mail = box.parsed()
    await store.close()
    (file,) = (tmp_path / "out").iterdir()
    assert file.name == "monthly-2026-11-checkout.html"
    (attached,) = mail.iter_attachments()
    assert attached.get_filename() == file.name
    assert attached.get_content() == file.read_text()
    assert mail["To"] == "ana@example.org"
    assert mail["Subject"] == "Service report 2026-11: checkout"


async def test_what_fails_is_told_and_tried_again_and_nobody_is_mailed_twice(
    tmp_path: Path,
) -> None:
    await past.make(tmp_path / "tocsin.db", past.LATER)
    store = await Store.open(tmp_path / "tocsin.db")
    kept: list[KeepReport] = []

    async def keep(event: KeepReport) -> None:
        kept.append(event)

    with mailing() as (box, port):
        config = configured(tmp_path, port)
        analysis = Nearby(store.path)
        reporter = Reporter(analysis, lambda: past.LATER, keep)
        assert not await a_look(store, config, past.LATER, reporter)
        assert "No such file or directory" in (reporter.problem or "")
        assert (kept, box.mails) == ([], [])
        (tmp_path / "out").mkdir()
        box.data = "451 not now"
        assert not await a_look(store, config, past.LATER, reporter)
        assert "451 not now" in (reporter.problem or "")
        box.data = "250 kept"
        assert await a_look(store, config, past.LATER, reporter)
        assert (len(kept), len(box.mails), reporter.problem) == (1, 1, None)
        await analysis.close()
    await store.close()


async def test_a_report_waits_until_its_figures_are_final(tmp_path: Path) -> None:
    """The daemon was off over the month's end: what it does not know yet may still be told."""
    await past.make(tmp_path / "tocsin.db", past.NOON)
    store = await Store.open(tmp_path / "tocsin.db")
    config = configured(tmp_path, 1)
    plan = replace(config.reports["monthly"], mails=(), folder=None)
    early = past.START + 30 * past.DAY + past.HOUR

    async def keep(event: KeepReport) -> None:
        raise AssertionError(f"{event.report.label} is not final")

    analysis = Nearby(store.path)
    reporter = Reporter(analysis, lambda: early, keep)
    assert not await reporter.look(plan, period_before("month", ZONE, early), config)
    assert reporter.problem is None
    await analysis.close()
    await store.close()


@pytest.mark.parametrize(
    ("every", "label"),
    [
        ("day", "2026-11-20..2026-11-21"),
        ("week", "2026-11-09..2026-11-16"),
        ("month", "2026-10"),
        ("quarter", "2026-Q3"),
        ("year", "2025"),
    ],
)
def test_the_period_that_is_over_last(every: str, label: str) -> None:
    assert period_before(every, ZONE, past.NOON).label == label
