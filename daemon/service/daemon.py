"""The daemon: all its parts, and what an operator may ask of it.

It stands behind the API as its `Backend`. What happens goes through `turns`; here are the
watch over the clock and the daemon itself, the figures it shows of itself, going over to
another configuration, and the care of the database.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import checks
from daemon import __version__
from daemon.api.access import Access
from daemon.api.hub import MAX_ENTRIES, EventHub
from daemon.api.publish import publish_daemon, publish_sla
from daemon.api.roster import Roster
from daemon.api.schema import DaemonInfo
from daemon.api.times import stamp
from daemon.api.views.channel import channel_view
from daemon.config import Config, ConfigError, compare
from daemon.core.chronicle import Entry, EntryKind
from daemon.core.effects import Append, Effect
from daemon.core.engine import Engine
from daemon.core.events import Event, PlanChanged, SelfReport
from daemon.core.model import Actor, Incident, Instant
from daemon.core.oncall.duty import with_calendars
from daemon.core.plan import Plan
from daemon.notify.health import ChannelHealth
from daemon.notify.trial import Trial
from daemon.service.auditor import Auditor
from daemon.service.calendars import Calendars
from daemon.service.channel_tests import ChannelTests
from daemon.service.clock import Clock
from daemon.service.forgetting import Forgetting
from daemon.service.limits import has_files_to_spare
from daemon.service.parts import Parts, access_of, actions_of, ping_tokens, remake
from daemon.service.reporting import Reporting
from daemon.service.selfwatch import SelfWatch, Vitals
from daemon.service.turns import Turns
from daemon.store.reading.analysis import Analysis
from daemon.store.reading.history import History
from daemon.store.store import Store

_log = logging.getLogger("tocsin.daemon")

_BEAT_S: Final = 1.0
_PUBLISH_EVERY: Final = 5
"""Beats between two looks at the figures that move by themselves (SLAs, the daemon's own)."""


class Daemon:
    """One running Tocsin. It is the API's `Backend`.

    Attributes:
        engine: Decides; only `turns` hands it events.
        turns: What happens, and what is done of it.
        listeners, failed: Those of `turns`.
    """

    def __init__(
        self,
        config: Config,
        store: Store,
        engine: Engine,
        prepared: Mapping[str, checks.Prepared],
        clock: Clock,
        probe_limit: int,
        stored: Iterable[Incident] = (),
    ) -> None:
        """A daemon that goes on with this engine.

        Args:
            stored: The incidents as they were before the engine was restored.
        """
        self.config = config
        self.engine = engine
        self.hub = EventHub(clock.now(), MAX_ENTRIES + 2 * len(config.plan.checks))
        self.access: Access = access_of(config.access)
        self.ping_tokens: Mapping[str, str] = ping_tokens(config)
        self.watch = SelfWatch()
        self.turns = Turns(
            config, store, engine, prepared, clock, probe_limit, self.hub, self.watch
        )
        self.listeners, self.failed = self.turns.listeners, self.turns.failed
        self._auditor = Auditor(stored)
        self.calendars = Calendars(store.path, clock.now, self.turns.take)
        self.listeners.append(self._auditor.take)
        self.reporting = Reporting(
            lambda reporter: reporter(
                store.analysis, clock.now, self.turns.command, lambda: self.engine.plan
            )
        )
        self._store = store
        self._forgetting = Forgetting(store, engine, self.turns)
        self._clock = clock
        self._started_at = clock.now()
        self._elsewhere = config.daemon.workers > 0
        self._reload_error: str | None = None
        self._reloading = asyncio.Lock()
        self._roster = Roster()
        self._tests = ChannelTests(config, self.turns, clock.now, self._report)

    def now(self) -> Instant:
        """The daemon's time."""
        return self._clock.now()

    @property
    def history(self) -> History:
        """What the API reads beside the engine's memory."""
        return self._store.history

    @property
    def analysis(self) -> Analysis:
        """Where the API asks long questions."""
        return self._store.analysis

    @property
    def timezone(self) -> str:
        """`[daemon] timezone`."""
        return self.config.daemon.timezone

    async def start(self, restored: Sequence[Effect]) -> None:
        """Carry out what restoring the engine decided, and begin to check and to deliver."""
        await self.turns.start(restored)
        self.calendars.follow(self.config)
        self.reporting.follow(self.config)
        self._tests.follow(self.config)

    async def stop(self) -> None:
        """End cleanly: no new probe, what is in flight is given up or stays in the outbox,
        everything decided is on disk."""
        await self._tests.close()
        await self.calendars.close()
        await self.reporting.close()
        await self.turns.stop()

    async def command(self, event: Event) -> list[Effect]:
        """Have the engine handle this; returns once its effects are durable.

        Raises:
            Refusal: The engine will not; nothing has changed.
            Busy: A turn failed, and the daemon ends.
        """
        return await self.turns.command(event)

    async def durable(self) -> None:
        """Wait until what was decided so far is on disk, for a while at most."""
        await self.turns.durable()

    async def beat(self, progress: Callable[[], None]) -> None:
        """Watch the clock and the daemon itself until cancelled; `progress` is called while
        the engine, the store and the outbox do their work."""
        loop = asyncio.get_running_loop()
        self._clock.begin_beats()
        beats = 0
        while True:
            due = loop.time() + _BEAT_S
            await asyncio.sleep(_BEAT_S)
            self.watch.lagged((loop.time() - due) * 1000)
            self._look()
            if self.alive:
                progress()
            beats += 1
            if beats % _PUBLISH_EVERY == 0:
                await self._publish_figures()

    def _look(self) -> None:
        self.turns.look_at_clock()
        self.turns.runner.sweep()
        self._tests.look()
        for report in self.watch.look(self._vitals(), self.now()):
            self._report(report)

    def _report(self, report: SelfReport) -> None:
        _log.log(logging.ERROR if report.holds else logging.INFO, "%s", report.message)
        self.turns.take(report)

    def _vitals(self) -> Vitals:
        return Vitals(
            database_problem=self._store.problem,
            database_misplaced=self._store.misplaced,
            outbox_oldest=self.turns.dispatcher.oldest_at,
            clock_ahead_ms=self._clock.ahead_ms,
            waiting=self.turns.runner.waiting,
            workers_problem=self.turns.runner.crew.problem,
            files_short=not has_files_to_spare(),
            calendar=self.calendars.problem,
            report=self.reporting.problem,
            late_step=self._auditor.problem(self.engine.incidents, self.now()),
        )

    @property
    def alive(self) -> bool:
        """Whether turns are taken, and the outbox's lanes and the store's writer at work."""
        return not self.failed.done() and self.turns.dispatcher.alive and self._store.alive

    async def _publish_figures(self) -> None:
        """One SLA after the other, with everything else in between: there may be thousands."""
        publish_daemon(self.info(), self.hub)
        for name in tuple(self.engine.plan.slas):
            if name in self.engine.plan.slas:  # a reload may come in between
                publish_sla(name, self.engine, self.now(), self.hub)
            await asyncio.sleep(0)

    def info(self) -> DaemonInfo:
        """How the daemon itself does."""
        store, crew = self._store.health(), self.turns.runner.crew
        return DaemonInfo(
            pid=os.getpid(),
            version=__version__,
            started_at=stamp(self._started_at),
            time=stamp(self.now()),
            config=str(self.config.path),
            checks=len(self.engine.plan.checks),
            lag_ms=round(self.watch.lag_ms, 1),
            lateness_ms=round(self.watch.lateness_ms, 1),
            outbox=self.turns.dispatcher.waiting,
            queue=store.queued,
            database_bytes=store.bytes,
            cpu_percent=self.watch.cpu_percent(crew.pids),
            rss_bytes=self.watch.rss_bytes(crew.pids),
            workers=crew.workers,
            workers_alive=crew.alive,
            worker_restarts=crew.restarts,
            reload_error=self._reload_error,
            problems=list(self.watch.problems.values()),
            on_call=self._roster.views(self.engine.plan.schedules, self.now()),
            channels=[channel_view(health) for health in self.channels()],
        )

    def channels(self) -> list[ChannelHealth]:
        """How each channel has done since the start, by name."""
        return self._tests.health()

    async def test_channel(self, name: str, address: str | None, by: Actor) -> Trial:
        """Send a test message over a channel, past the outbox, once it is on record who asked.

        Raises:
            Refusal: There is no such channel, or it has no such recipient.
        """
        return await self._tests.by_operator(name, address, by)

    async def reload(self) -> dict[str, Any]:
        """Read the configuration anew and go on with it: all of it, or nothing.

        Raises:
            ConfigError: It is bad; everything stays as it was.
        """
        async with self._reloading:
            try:
                turns = self.turns
                parts = await remake(
                    self.config,
                    turns.runner.prepared,
                    turns.memory,
                    turns.charts,
                    turns.documents,
                    self._elsewhere,
                )
            except ConfigError as error:
                self._reload_error = str(error).splitlines()[0]
                raise
            except Exception as error:
                self._reload_error = (
                    f"a fault of Tocsin's own ({type(error).__name__}); see its log"
                )
                raise
            changes = compare(self.config, parts.config)
            told = await self.calendars.read_new(parts.config)
            affected = await self._go_over(parts, with_calendars(parts.config.plan, told))
            self._reload_error = None
            _log.info("reloaded %s: %s", parts.config.path, changes)
            for warning in parts.config.warnings:
                _log.warning("%s", warning)
            return {
                "changed": bool(changes),
                "summary": str(changes),
                "restart": list(changes.restart),
                "incidents": affected,
            }

    async def _go_over(self, parts: Parts, plan: Plan) -> list[dict[str, str]]:
        """Go on with parts that are all made: nothing here can be refused any more, so what
        fails here ends the daemon instead of leaving it half gone over."""
        try:
            return await self._take_over(parts, plan)
        except Exception as error:
            self.turns.fail(error)
            raise

    async def _take_over(self, parts: Parts, plan: Plan) -> list[dict[str, str]]:
        """The open incidents that would have told somebody who is gone, and what they do now."""
        await self.turns.runner.replace(parts.prepared)
        self.config = parts.config
        self.access, self.ping_tokens = parts.access, parts.ping_tokens
        self.turns.dispatcher.replace(parts.channels)
        self._tests.follow(parts.config)
        self.turns.responder.replace(actions_of(parts.config))
        self._store.retain(parts.config.retention_plan)
        self._store.follow(parts.config.plan)
        effects = await self.command(PlanChanged(plan))
        self.calendars.follow(parts.config)
        self.reporting.follow(parts.config)
        lines = (one.entry for one in effects if isinstance(one, Append))
        return [
            {"incident": one.incident, "text": one.text}
            for one in lines
            if isinstance(one, Entry) and one.kind is EntryKind.REPLANNED
        ]

    async def backup(self, path: Path) -> dict[str, Any]:
        """Write a copy of the database to `path`, which must not exist yet."""
        await self._store.backup(path)
        return {"path": str(path)}

    async def verify(self) -> dict[str, Any]:
        """Check the database."""
        return {"problems": await self._store.verify()}

    async def prune(self) -> dict[str, Any]:
        """Remove what is older than the retention."""
        return {"removed": await self._store.prune()}

    async def forget(self, person: str, actor: Actor) -> dict[str, Any]:
        """Put a pseudonym in the place of a person's name, in memory and in all that is stored.

        Raises:
            Refusal: The person is in the configuration, or is being told something.
        """
        pseudonym, rows = await self._forgetting.forget(person, self.config, actor)
        if pseudonym is not None:
            self.hub.reset("a person was forgotten")
        return {"pseudonym": pseudonym, "rows": rows}

    async def clean_up(self, before: Instant) -> None:
        """Remove what was over before this from the history."""
        await self._store.clean_up(before)
