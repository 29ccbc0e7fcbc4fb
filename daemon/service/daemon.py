"""The daemon: the engine's hands and ears.

Everything that happens comes in through `take`: the engine decides, the effects go into one
transaction, and only when that is on disk are they acted on (promise 1). Starting a probe is
the exception: it changes nothing, and a crash simply starts it again.

A fault within a turn ends the daemon: an engine that stopped halfway must decide nothing
more, and what was decided before is on disk, where the next daemon goes on from.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

import checks
from checks.result import Result
from daemon import __version__
from daemon.api.access import Access
from daemon.api.hub import MAX_ENTRIES, EventHub
from daemon.api.problems import Busy
from daemon.api.publish import (
    publish_daemon,
    publish_effects,
    publish_settled,
    publish_sla,
)
from daemon.api.roster import Roster
from daemon.api.schema import DaemonInfo
from daemon.api.times import stamp
from daemon.config import Config, ConfigError, compare
from daemon.core.effects import PLAIN, Effect, Enqueue, StartProbe
from daemon.core.engine import Engine
from daemon.core.errors import Refusal
from daemon.core.events import Event, Gap, PlanChanged, ResultsArrived, SelfReport, Settled, Tick
from daemon.core.model import Instant
from daemon.notify.dispatcher import Dispatcher
from daemon.notify.health import ChannelHealth
from daemon.notify.message import Composer
from daemon.notify.trial import Trial, try_out
from daemon.service.clock import Clock
from daemon.service.limits import has_files_to_spare
from daemon.service.parts import (
    Parts,
    access_of,
    open_channels,
    open_runner,
    ping_tokens,
    remake,
)
from daemon.service.pulse import Pulse
from daemon.service.selfwatch import SelfWatch, Vitals
from daemon.store import History, Store

_log = logging.getLogger("tocsin.daemon")

_BEAT_S: Final = 1.0
_TOGETHER: Final = 100
"""So many results are taken in one turn: if all of them fail, it takes some 40 ms, with what
the turn has room for besides."""
_PUBLISH_EVERY: Final = 5
"""Beats between two looks at the figures that move by themselves (SLAs, the daemon's own)."""

_PATIENCE_S: Final = 2.0
"""So long a reader is kept waiting for the disk."""

Listener = Callable[[Sequence[Effect], Instant], None]


class Daemon:
    """One running Tocsin. It is the API's `Backend`.

    Attributes:
        engine: Decides; only `take` hands it events.
        listeners: Called with the effects of each turn once they are durable.
        failed: Resolves with the fault that ended a turn; whoever runs the daemon ends it.
    """

    def __init__(
        self,
        config: Config,
        store: Store,
        engine: Engine,
        prepared: Mapping[str, checks.Prepared],
        clock: Clock,
        probe_limit: int,
    ) -> None:
        self.config = config
        self.engine = engine
        self.hub = EventHub(clock.now(), MAX_ENTRIES + 2 * len(config.plan.checks))
        self.access: Access = access_of(config.access)
        self.ping_tokens: Mapping[str, str] = ping_tokens(config)
        self.listeners: list[Listener] = []
        self.watch = SelfWatch()
        self.failed: asyncio.Future[Exception] = asyncio.get_running_loop().create_future()
        self._store = store
        self._clock = clock
        self._started_at = clock.now()
        self._elsewhere = config.daemon.workers > 0
        self._reload_error: str | None = None
        self._reloading = asyncio.Lock()
        self._undurable: asyncio.Future[None] | None = None
        self._runner = open_runner(
            config.daemon, prepared, clock.now, self._take_result, probe_limit, self.watch.started
        )
        self._pulse = Pulse(clock.now, self._beat)
        self._arrived: list[Result] = []
        self._roster = Roster()
        self._dispatcher = Dispatcher(
            open_channels(config),
            store.outbox,
            clock.now,
            self._settled,
            Composer(lambda: self.engine.plan),
        )

    def now(self) -> Instant:
        """The daemon's time."""
        return self._clock.now()

    @property
    def history(self) -> History:
        """What the API reads beside the engine's memory."""
        return self._store.history

    async def start(self, restored: Sequence[Effect]) -> None:
        """Carry out what restoring the engine decided, and begin to check and to deliver."""
        self._runner.begin()
        now = self.now()
        await self._carry_out(restored, now)
        await self._dispatcher.start()
        self._take(Tick())

    async def stop(self) -> None:
        """End cleanly: no new probe, what is in flight is given up or stays in the outbox,
        everything decided is on disk."""
        self._pulse.stop()
        self.hub.close()
        await self._runner.close()
        await self._dispatcher.stop()
        self._pulse.stop()

    async def command(self, event: Event) -> list[Effect]:
        """Have the engine handle this; returns once its effects are durable.

        Raises:
            Refusal: The engine will not; nothing has changed.
            Busy: A turn failed, and the daemon ends.
        """
        if self.failed.done():
            raise Busy("the daemon failed and is about to end")
        try:
            now = self.now()
            effects = self.engine.handle(event, now)
            durable = self._carry_out(effects, now)
        except Refusal:
            raise
        except Exception as error:
            self._fail(error)
            raise
        await durable
        return effects

    async def durable(self) -> None:
        """Wait until what was decided so far is on disk, `_PATIENCE_S` at most."""
        if self._undurable is not None:
            await asyncio.wait([self._undurable], timeout=_PATIENCE_S)

    def _take_result(self, result: Result) -> None:
        """Results that come in close together are taken in one turn, which costs little more
        than that of one: those of this round of the loop, or with the next wake-up if that
        is near."""
        self._arrived.append(result)
        if len(self._arrived) == 1 and not self._pulse.beats_soon():
            asyncio.get_running_loop().call_soon(self._take_arrived)

    def _take_arrived(self) -> None:
        if self._arrived:
            self._beat()

    def _beat(self) -> None:
        """A wake-up: take in what has arrived, and do what is due. Of a great many results the
        rest is left to the next round of the loop, with everything else in between."""
        if self._clock.is_overdue:  # a process that stood still must not find all runs lost
            self._look_at_clock()
        arrived, self._arrived = self._arrived[:_TOGETHER], self._arrived[_TOGETHER:]
        if self._arrived:
            asyncio.get_running_loop().call_soon(self._take_arrived)
        self._take(ResultsArrived(tuple(arrived)) if arrived else Tick())

    async def _settled(self, settled: Settled) -> None:
        await self.command(settled)
        publish_settled(settled, self.now(), self.hub)

    def _take(self, event: Event) -> None:
        """As `command`, for what nobody waits for."""
        if self.failed.done():
            return
        try:
            now = self.now()
            effects = self.engine.handle(event, now)
            if all(isinstance(effect, PLAIN) for effect in effects):
                self._go_on(effects, now)
            else:
                self._carry_out(effects, now)
        except Exception as error:  # noqa: BLE001  # any fault in a turn ends the daemon
            self._fail(error)

    def _fail(self, error: Exception) -> None:
        """Take no further turn, and have the daemon ended."""
        if not self.failed.done():
            _log.critical("a turn failed; the daemon ends", exc_info=error)
            self.failed.set_result(error)

    def _go_on(self, effects: Sequence[Effect], now: Instant) -> None:
        """Carry out what decides nothing: it is shown without waiting for the disk, unless a
        decision before it does, whose outcome it must not show too early."""
        if effects:
            self._start_probes(effects, now)
            self._store.note(effects, now)
            if self._undurable is None:
                self._show(effects, now)
            else:
                self._undurable.add_done_callback(partial(self._act, effects, now))
        self._wind(now)

    def _carry_out(self, effects: Sequence[Effect], now: Instant) -> asyncio.Future[None]:
        """Write the effects, and act on them when they are durable; probes start at once."""
        self._start_probes(effects, now)
        durable = self._undurable = self._store.submit(effects, now)
        durable.add_done_callback(partial(self._act, effects, now))
        self._wind(now)
        return durable

    def _start_probes(self, effects: Sequence[Effect], now: Instant) -> None:
        for effect in effects:
            if isinstance(effect, StartProbe):
                self.watch.started(now - effect.due)
                self._runner.start(effect.check)

    def _wind(self, now: Instant) -> None:
        if not self._pulse.is_imminent(now):
            self._pulse.at(self.engine.next_deadline())

    def _act(self, effects: Sequence[Effect], now: Instant, durable: asyncio.Future[None]) -> None:
        if self._undurable is durable:
            self._undurable = None
        if durable.cancelled():
            return
        try:
            self._show(effects, now)
        except Exception as error:  # noqa: BLE001  # a page that is not handed on is a fault in the turn
            self._fail(error)

    def _show(self, effects: Sequence[Effect], now: Instant) -> None:
        """Act on effects that are durable, or need not be."""
        publish_effects(effects, self.engine, now, self.hub)
        notices = [effect.notice for effect in effects if isinstance(effect, Enqueue)]
        if notices:
            self._dispatcher.offer(notices)
        for listener in self.listeners:
            listener(effects, now)

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
        self._look_at_clock()
        self._runner.sweep()
        for report in self.watch.look(self._vitals(), self.now()):
            self._report(report)

    def _look_at_clock(self) -> None:
        jump = self._clock.beat()
        if jump is not None:
            _log.warning("%s", jump.reason)
            if not jump.back_ms:
                self._take(Gap(jump.start))

    def _report(self, report: SelfReport) -> None:
        _log.log(logging.ERROR if report.holds else logging.INFO, "%s", report.message)
        self._take(report)

    def _vitals(self) -> Vitals:
        return Vitals(
            database_problem=self._store.problem,
            outbox_oldest=self._dispatcher.oldest_at,
            clock_ahead_ms=self._clock.ahead_ms,
            waiting=self._runner.waiting,
            workers_problem=self._runner.crew.problem,
            files_short=not has_files_to_spare(),
        )

    @property
    def alive(self) -> bool:
        """Whether turns are taken, and the outbox's lanes and the store's writer at work."""
        return not self.failed.done() and self._dispatcher.alive and self._store.alive

    async def _publish_figures(self) -> None:
        """One SLA after the other, with everything else in between: there may be thousands."""
        publish_daemon(self.info(), self.hub)
        for name in tuple(self.engine.plan.slas):
            if name in self.engine.plan.slas:  # a reload may come in between
                publish_sla(name, self.engine, self.now(), self.hub)
            await asyncio.sleep(0)

    def info(self) -> DaemonInfo:
        """How the daemon itself does."""
        store, crew = self._store.health(), self._runner.crew
        return DaemonInfo(
            pid=os.getpid(),
            version=__version__,
            started_at=stamp(self._started_at),
            time=stamp(self.now()),
            config=str(self.config.path),
            checks=len(self.engine.plan.checks),
            lag_ms=round(self.watch.lag_ms, 1),
            lateness_ms=round(self.watch.lateness_ms, 1),
            outbox=self._dispatcher.waiting,
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
        )

    def channels(self) -> list[ChannelHealth]:
        """How each channel has done since the start, by name."""
        return [health for _, health in sorted(self._dispatcher.health().items())]

    async def test_channel(self, name: str, address: str | None, by: str) -> Trial:
        """Send a test message over a channel, past engine and outbox.

        Raises:
            Refusal: There is no such channel, or it has no such recipient.
        """
        send, specs = self._dispatcher.try_out, self.config.channels
        return await try_out(send, specs, name, address, by, self.now())

    async def reload(self) -> dict[str, Any]:
        """Read the configuration anew and go on with it: all of it, or nothing.

        Raises:
            ConfigError: It is bad; everything stays as it was.
        """
        async with self._reloading:
            try:
                parts = await remake(self.config, self._runner.prepared, self._elsewhere)
            except ConfigError as error:
                self._reload_error = str(error).splitlines()[0]
                raise
            except Exception as error:
                self._reload_error = (
                    f"a fault of Tocsin's own ({type(error).__name__}); see its log"
                )
                raise
            changes = compare(self.config, parts.config)
            await self._go_over(parts)
            self._reload_error = None
            _log.info("reloaded %s: %s", parts.config.path, changes)
            return {
                "changed": bool(changes),
                "summary": str(changes),
                "restart": list(changes.restart),
            }

    async def _go_over(self, parts: Parts) -> None:
        """Go on with parts that are all made: nothing here can be refused any more, so what
        fails here ends the daemon instead of leaving it half gone over."""
        try:
            await self._take_over(parts)
        except Exception as error:
            self._fail(error)
            raise

    async def _take_over(self, parts: Parts) -> None:
        await self._runner.replace(parts.prepared)
        self.config = parts.config
        self.access, self.ping_tokens = parts.access, parts.ping_tokens
        self._dispatcher.replace(parts.channels)
        self._store.retain(parts.config.retention_plan)
        self._store.follow(parts.config.plan)
        await self.command(PlanChanged(parts.config.plan))

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
