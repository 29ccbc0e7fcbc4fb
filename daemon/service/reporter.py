"""Reports that are made by themselves: once a period is over, also if the daemon was off then.

A report is made once nothing can change its figures any more. Then it is kept under its name and
period and its mails are put into the outbox, all in one transaction: what is kept is made. So a
daemon that starts finds what it missed, and one that is killed has decided nothing of it or all.
From there on the mails are messages like all others; one that is given up is put into the outbox
again after `ANEW`. The file is put into its folder beside that, whole or not at all, until it is
there.

What goes wrong is tried again, and an alert of Tocsin's own (`TocsinReport`) says so meanwhile.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sqlite3
import zlib
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final

from daemon.api.schema.daily import AnyReport
from daemon.api.times import parse_stamp
from daemon.config import Config
from daemon.core.events import FileReport, KeepReport, Mailing, MailReport
from daemon.core.model import HOUR, Actor, Instant, Millis
from daemon.core.plan import Plan
from daemon.core.telling.notices import Recipient
from daemon.report.due import due_period, is_ready, question_of
from daemon.report.files import put
from daemon.report.forms import Form, file_name, in_short, title, written
from daemon.report.keeping import key_of, pack, unpack
from daemon.report.periods import Period
from daemon.report.printed import Making
from daemon.report.question import NoSuchScope
from daemon.report.schedule import ReportPlan
from daemon.service.documents import document_of
from daemon.store.errors import StoreError
from daemon.store.reading.analysis import Analysis
from daemon.store.reading.reports import Mailed, Sending, filed_report, kept_report, sending

_log = logging.getLogger("tocsin.report")

LOOK_S: Final = 60.0
"""How often is looked whether a period is over."""
AGAIN_S: Final = 300.0
"""So long after a failure it is tried again; also where the figures are not final yet."""
ANEW: Final[Millis] = HOUR
"""A mail that was given up is put into the outbox again this long after it was the last time."""
SELF: Final = Actor("tocsin", "the configuration ([[report]])")

Decide = Callable[[KeepReport | FileReport | MailReport], Awaitable[Any]]


class Reporter:
    """Makes the reports of a configuration.

    Attributes:
        problems: What is wrong, by the report's name.
    """

    def __init__(
        self,
        analysis: Analysis,
        now: Callable[[], Instant],
        decide: Decide,
        plan: Callable[[], Plan] | None = None,
    ) -> None:
        """
        Args:
            plan: The configuration with what calendars say; None for what the files say alone.
        """
        self._plan = plan
        self.problems: dict[str, str] = {}
        self._analysis = analysis
        self._now = now
        self._decide = decide
        self._kept: set[str] = set()
        """What this daemon had kept, also while a disk is full and the database has it not yet."""
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def problem(self) -> str | None:
        """What is wrong with one of them, in words."""
        return next(iter(self.problems.values()), None)

    def follow(self, config: Config) -> None:
        """Make the reports of this configuration from now on, and no others."""
        for task in self._tasks:
            task.cancel()
        self.problems = {n: text for n, text in self.problems.items() if n in config.reports}
        loop = asyncio.get_running_loop()
        self._tasks = [loop.create_task(self._follow(p, config)) for p in config.reports.values()]

    async def close(self) -> None:
        """Make nothing more."""
        for task in self._tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _follow(self, plan: ReportPlan, config: Config) -> None:
        last: str | None = None
        while True:
            period = due_period(plan, self._now())
            wait_s = LOOK_S
            if period.label != last:
                if await self.look(plan, period, config):
                    last = period.label
                else:
                    wait_s = AGAIN_S
            await asyncio.sleep(wait_s)

    async def look(self, plan: ReportPlan, period: Period, config: Config) -> bool:
        """Make this report unless it is kept already; whether it has reached everybody."""
        try:
            key = key_of(plan.name, period.label, period.zone)
            found = await self._analysis.ask(partial(sending, key=key))
            if found is None and key not in self._kept:
                if not await self._make(plan, period, config):
                    return False
                found = await self._analysis.ask(partial(sending, key=key))
            return found is not None and await self._follow_up(plan, period, key, found)
        except (StoreError, OSError, NoSuchScope) as error:
            self._tell(plan, f"the report {plan.name} of {period.label}: {_words(error)}")
            return False
        except Exception:  # noqa: BLE001  # the task must live on, and its operator know
            _log.exception("the report %s of %s cannot be made", plan.name, period.label)
            self.problems[plan.name] = f"a fault of Tocsin's own in the report {plan.name}"
            return False

    async def _make(self, plan: ReportPlan, period: Period, config: Config) -> bool:
        known = config.plan if self._plan is None else self._plan()
        question = question_of(plan, period, known, self._now())
        event = await self._analysis.ask_apart(partial(_made, asked=question, plan=plan))
        if event is None:
            self._tell(plan, None)
            return False
        await self._decide(event)
        self._kept.add(event.report.key)
        self._tell(plan, None)
        _log.info("the report %s of %s is made: %s", plan.name, period.label, event.report.key)
        return True

    async def _follow_up(self, plan: ReportPlan, period: Period, key: str, found: Sending) -> bool:
        """Put the file of a report that is kept into its folder, look how its mails do, and send
        those again that were given up; whether nothing is left to do."""
        problem = None
        if found.folder is not None and plan.folder is not None:
            problem = await self._file(plan, period, key, Path(plan.folder))
        left = [o for o in found.mails if o.state != "sent" and _mailing(o) in plan.mails]
        failing = [one for one in left if one.attempts and one.detail]
        if failing and problem is None:
            problem = _not_mailed(plan, period, failing[0])
        self._tell(plan, problem)
        lost = [o for o in left if o.state == "failed" and self._now() - o.created_at >= ANEW]
        if lost:
            (body,) = await self._analysis.ask(partial(kept_report, prefix=key))
            view = await asyncio.to_thread(unpack, body)
            for one in lost:
                await self._decide(_again(view, key, one))
        return not left and problem is None

    async def _file(self, plan: ReportPlan, period: Period, key: str, folder: Path) -> str | None:
        """Put the file into the folder; what is wrong with that."""
        filed = await self._analysis.ask(partial(filed_report, key=key))
        if filed is None:
            return None
        document = await asyncio.to_thread(document_of, filed)
        try:
            await asyncio.to_thread(put, folder / document.name, document.content.decode())
        except OSError as error:
            return f"the report {plan.name} of {period.label}: {_words(error)}"
        await self._decide(FileReport(key))
        return None

    def _tell(self, plan: ReportPlan, problem: str | None) -> None:
        """What is wrong with this report now; None: nothing."""
        if problem is None:
            self.problems.pop(plan.name, None)
        elif self.problems.get(plan.name) != problem:
            _log.error("%s", problem)
            self.problems[plan.name] = problem


def _made(connection: sqlite3.Connection, asked: Making, plan: ReportPlan) -> KeepReport | None:
    """The report and, where it goes out, its file, written once; None while it is not ready. All of
    it in a process of its own: of a large estate these are many megabytes."""
    view = asked(connection)
    if not is_ready(plan, view):
        return None
    kept = pack(view, SELF.name, plan.name)
    view, form = unpack(kept.body), Form(plan.form)
    if plan.mails or plan.folder is not None:
        file = zlib.compress(written(view, form).encode())
        name = file_name(view, form)
        kept = replace(kept, form=form.value, file_name=name, file=file, folder=plan.folder)
    return KeepReport(kept, SELF, plan.mails, title(view), _text(view))


def _again(view: AnyReport, key: str, lost: Mailed) -> MailReport:
    made_at = parse_stamp(view.generated_at)
    mailings = (_mailing(lost),)
    return MailReport(key, made_at, SELF, mailings, lost.number, title(view), _text(view))


def _text(view: AnyReport) -> str:
    return f"{in_short(view)}\n\nDigest of the figures: {view.digest}\n"


def _mailing(mailed: Mailed) -> Mailing:
    return Mailing(mailed.channel, mailed.person, mailed.address)


def _not_mailed(plan: ReportPlan, period: Period, mailed: Mailed) -> str:
    to = Recipient(mailed.channel, mailed.person).words
    return f"the report {plan.name} of {period.label} is not mailed to {to}: {mailed.detail}"


def _words(error: Exception) -> str:
    if isinstance(error, OSError):
        return f"{error.filename or 'its file'}: {error.strerror or error}"
    return str(error)
