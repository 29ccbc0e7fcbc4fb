"""Reports that are made by themselves: once a period is over, also if the daemon was off then.

A report is made once nothing can change its figures any more, mailed and written, and only then
kept under its name and period: what is kept is done. So a daemon that starts finds what it missed,
and one that was killed in between sends it again rather than never (the mail has the same
Message-ID then, the file is the same file). What goes wrong is tried again, and an alert of
Tocsin's own (`TocsinReport`) says so meanwhile.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

from daemon.api.schema.reports import ReportView
from daemon.config import Config
from daemon.core.events import KeepReport
from daemon.core.model import Actor, Instant
from daemon.notify.channels.email import Document, EmailChannel
from daemon.notify.errors import DeliveryError
from daemon.notify.render import Renderer
from daemon.notify.spec import EmailSpec
from daemon.report.files import put
from daemon.report.forms import MEDIA, Form, file_name, written
from daemon.report.keeping import key_of, pack, unpack
from daemon.report.markdown import in_short, title
from daemon.report.periods import Period, period_before
from daemon.report.question import NoSuchScope, ask
from daemon.report.schedule import ReportPlan
from daemon.report.view import make
from daemon.store.analysis import Analysis
from daemon.store.errors import StoreError
from daemon.store.reports import kept_report

_log = logging.getLogger("tocsin.report")

LOOK_S: Final = 60.0
"""How often is looked whether a period is over."""
AGAIN_S: Final = 300.0
"""So long after a failure it is tried again; also where the figures are not final yet."""
SELF: Final = Actor("tocsin", "the configuration ([[report]])")

Keep = Callable[[KeepReport], Awaitable[Any]]


class Reporter:
    """Makes the reports of a configuration.

    Attributes:
        problems: What is wrong, by the report's name.
    """

    def __init__(self, analysis: Analysis, now: Callable[[], Instant], keep: Keep) -> None:
        self.problems: dict[str, str] = {}
        self._analysis = analysis
        self._now = now
        self._keep = keep
        self._done: set[tuple[str, str]] = set()
        """What this daemon has sent already, of reports that are not kept yet: key and place."""
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
            period = period_before(plan.every, plan.timezone, self._now())
            wait_s = LOOK_S
            if period.label != last:
                if await self.look(plan, period, config):
                    last = period.label
                else:
                    wait_s = AGAIN_S
            await asyncio.sleep(wait_s)

    async def look(self, plan: ReportPlan, period: Period, config: Config) -> bool:
        """Make this report unless it is kept already; whether it is done now."""
        try:
            key = key_of(plan.name, period.label, period.zone)
            if await self._analysis.ask(partial(kept_report, prefix=key)):
                self.problems.pop(plan.name, None)
                return True
            done = await self._make(plan, period, config)
        except (StoreError, DeliveryError, OSError, NoSuchScope) as error:
            words = f"the report {plan.name} of {period.label}: {_words(error)}"
            _log.error("%s", words)
            self.problems[plan.name] = words
            return False
        except Exception:  # noqa: BLE001  # the task must live on, and its operator know
            _log.exception("the report %s of %s cannot be made", plan.name, period.label)
            self.problems[plan.name] = f"a fault of Tocsin's own in the report {plan.name}"
            return False
        self.problems.pop(plan.name, None)
        return done

    async def _make(self, plan: ReportPlan, period: Period, config: Config) -> bool:
        now = self._now()
        scope = (plan.service, plan.organization)
        question = ask(config.plan, period, now, None, *scope)
        view = await self._analysis.ask_apart(partial(make, question=question))
        if not view.final:
            return False
        kept = pack(view, SELF.name, plan.name)
        await self._deliver(plan, unpack(kept.body), kept.key, config)
        await self._keep(KeepReport(kept, SELF))
        _log.info("the report %s of %s is made: %s", plan.name, period.label, kept.key)
        return True

    async def _deliver(self, plan: ReportPlan, view: ReportView, key: str, config: Config) -> None:
        """Write and mail it; what was done before is not done again."""
        form = Form(plan.form)
        text = await asyncio.to_thread(written, view, form)
        name = file_name(view, form)
        if plan.folder is not None and (key, plan.folder) not in self._done:
            await asyncio.to_thread(put, Path(plan.folder) / name, text)
            self._done.add((key, plan.folder))
        document = Document(
            key=f"report-{key}",
            at=self._now(),
            subject=title(view),
            text=f"{in_short(view)}\n\nDigest of the figures: {view.digest}\n",
            name=name,
            media=MEDIA[form],
            content=text.encode(),
        )
        for channel, address in plan.mails:
            place = f"{channel} {address}"
            if (key, place) not in self._done:
                await _mail(config, channel, address, document)
                self._done.add((key, place))


async def _mail(config: Config, channel: str, address: str | None, document: Document) -> None:
    spec = config.channels[channel]
    if not isinstance(spec, EmailSpec):
        raise TypeError(f"{channel} is no e-mail channel")  # the configuration sees to that
    sender = EmailChannel(spec, Renderer(spec.audience))
    try:
        said = await sender.post(document, address)
    finally:
        await sender.close()
    _log.info("%s: %s", channel, said)


def _words(error: Exception) -> str:
    if isinstance(error, OSError):
        return f"{error.filename or 'its file'}: {error.strerror or error}"
    return str(error)
