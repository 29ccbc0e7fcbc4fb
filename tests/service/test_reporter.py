"""A configured report goes out once a period is over: once, whatever happens in between."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pytest
from aiohttp.test_utils import unused_port
from aiosmtpd.controller import Controller

from daemon.config import Config, load
from daemon.core.chronicle import Audit
from daemon.core.effects import Enqueue
from daemon.core.engine import Engine
from daemon.core.events import Event, FileReport, KeepReport, MailReport, Settled
from daemon.core.model import Instant
from daemon.core.plan import Plan
from daemon.notify.dispatcher import Dispatcher
from daemon.notify.message import Composer
from daemon.report.periods import period_before
from daemon.service.documents import reports_in
from daemon.service.parts import open_channels
from daemon.service.reporter import ANEW, Reporter
from daemon.store.reading.analysis import Analysis
from daemon.store.store import Store
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


class Standing:
    """What a daemon has of it: the engine that decides, the outbox, its lanes and the reporter."""

    def __init__(self, store: Store, config: Config, now: Instant) -> None:
        self.now = now
        self._store, self._config = store, config
        self._engine = Engine(Plan())
        self.analysis = Nearby(store.path)
        self.reporter = Reporter(self.analysis, lambda: self.now, self.decide)
        documents = reports_in(self.analysis)
        composer = Composer(lambda: config.plan)
        self.dispatcher = Dispatcher(
            open_channels(config, documents=documents), store.outbox,
            lambda: self.now, self._settled, composer,
        )  # fmt: skip

    async def decide(self, event: Event) -> None:
        effects = self._engine.handle(event, self.now)
        await self._store.submit(effects, self.now)
        self.dispatcher.offer(one.notice for one in effects if isinstance(one, Enqueue))

    async def _settled(self, settled: Settled) -> None:
        await self.decide(settled)

    async def look(self) -> bool:
        plan = self._config.reports["monthly"]
        period = period_before(plan.every, plan.timezone, self.now)
        return await self.reporter.look(plan, period, self._config)

    async def audit(self) -> Sequence[Audit]:
        return await self._store.history.audit(100)

    async def deliveries(self) -> list[tuple[str, str]]:
        found = await self._store.history.deliveries(None, 100)
        return [(one.state, one.recipient) for one in found]


@asynccontextmanager
async def standing(folder: Path, port: int, now: Instant) -> AsyncIterator[Standing]:
    """As a daemon that was just started; left as by a kill: what is queued stays queued."""
    store = await Store.open(folder / "tocsin.db")
    made = Standing(store, configured(folder, port), now)
    try:
        yield made
    finally:
        await made.dispatcher.stop()
        await made.analysis.close()
        await store.close()


async def test_a_month_is_written_and_mailed_once_through_the_outbox(tmp_path: Path) -> None:
    """Killed before a mail is sent it is sent by the next daemon, and by none after that."""
    await past.make(tmp_path / "tocsin.db", past.LATER)
    (tmp_path / "out").mkdir()
    with mailing() as (box, port):
        async with standing(tmp_path, port, past.LATER) as made:
            assert not await made.look(), "it is made, and still to be mailed"
            assert (box.mails, await made.deliveries()) == ([], [("queued", "ana")])
            (row,) = await made.analysis.ask(_outbox_rows)
            assert len(row) < 1_500, "the outbox names the report, and does not hold it"
        async with standing(tmp_path, port, past.LATER) as made:
            await made.dispatcher.start()
            await until(made.look)
            assert made.reporter.problem is None
        async with standing(tmp_path, port, past.LATER) as made:
            await made.dispatcher.start()
            assert await made.look()
            assert await made.deliveries() == [("sent", "ana")]
        mail = box.parsed()
    (file,) = (tmp_path / "out").iterdir()
    assert file.name == "monthly-2026-11-checkout.html"
    (attached,) = mail.iter_attachments()
    assert attached.get_filename() == file.name
    assert attached.get_content() == file.read_text()
    assert mail["To"] == "ana@example.org"
    assert mail["Subject"] == "Service report 2026-11: checkout"


def _outbox_rows(connection: sqlite3.Connection) -> list[str]:
    return [row[0] for row in connection.execute("SELECT record FROM delivery")]


async def test_what_fails_is_told_and_tried_again_and_nobody_is_mailed_twice(
    tmp_path: Path,
) -> None:
    """Neither waits for the other: the folder that is not there, the mail that is refused."""
    await past.make(tmp_path / "tocsin.db", past.LATER)
    with mailing() as (box, port):
        async with standing(tmp_path, port, past.LATER) as made:
            await made.dispatcher.start()
            box.data = "554 not in this life"
            assert not await made.look()
            assert "No such file or directory" in (made.reporter.problem or "")
            assert [one for _, one in await made.deliveries()] == ["ana"]
        (tmp_path / "out").mkdir()
        async with standing(tmp_path, port, past.LATER) as made:
            await made.dispatcher.start()
            await until(lambda: refused(made))
            (file,) = (tmp_path / "out").iterdir()
            file.unlink()
            said = "monthly of 2026-11 is not mailed to ana via mail: 127.0.0.1"
            assert said in (made.reporter.problem or "")
            assert not await made.look()
            assert await made.deliveries() == [("failed", "ana")]
            box.data = "250 kept"
            made.now += ANEW
            await until(made.look)
            assert (len(box.mails), made.reporter.problem) == (1, None)
            assert await made.deliveries() == [("sent", "ana"), ("failed", "ana")]
            actions = [(one.action, one.actor.name) for one in await made.audit()]
        assert actions == [("mail report again", "tocsin"), ("keep report", "tocsin")]
        assert [*(tmp_path / "out").iterdir()] == [], "what was put there once is somebody else's"


async def refused(made: Standing) -> bool:
    await made.look()
    return "554 not in this life" in (made.reporter.problem or "")


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Wait until it holds."""
    async with asyncio.timeout(20):
        while not await holds():  # noqa: ASYNC110  # what it waits for is in a database
            await asyncio.sleep(0.01)


async def test_a_report_waits_until_its_figures_are_final(tmp_path: Path) -> None:
    """The daemon was off over the month's end: what it does not know yet may still be told."""
    await past.make(tmp_path / "tocsin.db", past.NOON)
    store = await Store.open(tmp_path / "tocsin.db")
    config = configured(tmp_path, 1)
    plan = replace(config.reports["monthly"], mails=(), folder=None)
    early = past.START + 30 * past.DAY + past.HOUR

    async def keep(event: FileReport | KeepReport | MailReport) -> None:
        raise AssertionError(f"{event.report} is not final")

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
