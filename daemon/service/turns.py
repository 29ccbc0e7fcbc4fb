"""The engine's turns, with what comes in and what is done of it.

Everything that happens comes in through `take` or `command`: the engine decides, the effects go
into one transaction, and only when that is on disk are they acted on (promise 1). Starting a
probe is the exception: it changes nothing, and a crash simply starts it again.

A fault within a turn ends the daemon: an engine that stopped halfway must decide nothing
more, and what was decided before is on disk, where the next daemon goes on from.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final

import checks
from checks.result import Result
from daemon.api.hub import EventHub
from daemon.api.problems import Busy
from daemon.api.publish import publish_effects, publish_results, publish_settled
from daemon.config import Config
from daemon.core.effects import Effect, Enqueue, Observed, StartProbe, StartResponse, is_plain
from daemon.core.engine import Engine
from daemon.core.errors import Refusal
from daemon.core.events import Event, Gap, ResultsArrived, Settled, Tick
from daemon.core.model import Instant
from daemon.notify.chart import Charts
from daemon.notify.dispatcher import Dispatcher
from daemon.notify.memory import Memory
from daemon.notify.message import Composer
from daemon.respond.responder import Responder
from daemon.service.clock import Clock
from daemon.service.documents import reports_in
from daemon.service.parts import actions_of, open_channels, open_runner
from daemon.service.pulse import Pulse
from daemon.service.selfwatch import SelfWatch
from daemon.store.store import Store

_log = logging.getLogger("tocsin.daemon")

TOGETHER: Final = 100
"""So many results are taken in one turn: if all of them fail, it takes some 40 ms, with what
the turn has room for besides."""

_CHARTED: Final = 2_000
"""Results that a picture is drawn of at most."""

PATIENCE_S: Final = 2.0
"""So long a reader is kept waiting for the disk."""

Listener = Callable[[Sequence[Effect], Instant], None]


class Turns:
    """Hands the engine what happens, and carries out what it decides.

    Attributes:
        runner: Runs the probes; their results come in here.
        dispatcher: Delivers the notices; what became of them comes in here.
        responder: Carries out responses; their ends come in here.
        memory, charts, documents: What the channels remember, what draws pictures for them, and
            where files are that they attach; all outlive them.
        pulse: Wakes the engine at its next deadline.
        listeners: Called with the effects of each turn that decided something, once they are
            durable.
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
        hub: EventHub,
        watch: SelfWatch,
    ) -> None:
        self.listeners: list[Listener] = []
        self.failed: asyncio.Future[Exception] = asyncio.get_running_loop().create_future()
        self._store = store
        self._engine = engine
        self._clock = clock
        self._now = clock.now
        self._hub = hub
        self._watch = watch
        self._undurable: asyncio.Future[None] | None = None
        self._arrived: list[Result] = []
        self.runner = open_runner(
            config.daemon, prepared, clock.now, self.take_result, probe_limit, watch.started
        )
        self.pulse = Pulse(clock.now, self._beat)
        self.memory = Memory(store.remember)
        self.charts = Charts(lambda check, since: store.history.results(check, _CHARTED, since))
        self.documents = reports_in(store.analysis)
        self.dispatcher = Dispatcher(
            open_channels(config, memory=self.memory, charts=self.charts, documents=self.documents),
            store.outbox,
            clock.now,
            self._settled,
            Composer(lambda: engine.plan),
        )

        self.responder = Responder(actions_of(config), lambda: engine.plan, self.command)

    async def start(self, restored: Sequence[Effect]) -> None:
        """Carry out what restoring the engine decided, and begin to check and to deliver."""
        self.runner.begin()
        now = self._now()
        await self._carry_out(restored, now)
        self.memory.load(await self._store.notes())
        await self.dispatcher.start()
        self.take(Tick())

    async def stop(self) -> None:
        """End cleanly: no new probe, what is in flight is given up or stays in the outbox,
        everything decided is on disk."""
        self.pulse.stop()
        self._hub.close()
        await self.runner.close()
        await self.responder.stop()
        await self.dispatcher.stop()
        self.pulse.stop()

    async def command(self, event: Event) -> list[Effect]:
        """Have the engine handle this; returns once its effects are durable.

        Raises:
            Refusal: The engine will not; nothing has changed.
            Busy: A turn failed, and the daemon ends.
        """
        if self.failed.done():
            raise Busy("the daemon failed and is about to end")
        try:
            now = self._now()
            effects = self._engine.handle(event, now)
            durable = self._carry_out(effects, now)
        except Refusal:
            raise
        except Exception as error:
            self.fail(error)
            raise
        await durable
        return effects

    async def durable(self) -> None:
        """Wait until what was decided so far is on disk, `PATIENCE_S` at most."""
        if self._undurable is not None:
            await asyncio.wait([self._undurable], timeout=PATIENCE_S)

    def take_result(self, result: Result) -> None:
        """Results that come in close together are taken in one turn, which costs little more
        than that of one: those of this round of the loop, or with the next wake-up if that
        is near."""
        self._arrived.append(result)
        if len(self._arrived) == 1 and not self.pulse.beats_soon():
            asyncio.get_running_loop().call_soon(self._take_arrived)

    def _take_arrived(self) -> None:
        if self._arrived:
            self._beat()

    def _beat(self) -> None:
        """A wake-up: take in what has arrived, and do what is due. Of a great many results the
        rest is left to the next round of the loop, with everything else in between."""
        if self._clock.is_overdue:  # a process that stood still must not find all runs lost
            self.look_at_clock()
        arrived, self._arrived = self._arrived[:TOGETHER], self._arrived[TOGETHER:]
        if self._arrived:
            asyncio.get_running_loop().call_soon(self._take_arrived)
        self.take(ResultsArrived(tuple(arrived)) if arrived else Tick())

    def look_at_clock(self) -> None:
        """Take in that the clock jumped or the process stood still, if it did."""
        jump = self._clock.beat()
        if jump is not None:
            _log.warning("%s", jump.reason)
            if not jump.back_ms:
                self.take(Gap(jump.start))

    async def _settled(self, settled: Settled) -> None:
        await self.command(settled)
        publish_settled(settled, self._now(), self._hub)

    def take(self, event: Event) -> None:
        """As `command`, for what nobody waits for."""
        if self.failed.done():
            return
        try:
            now = self._now()
            effects = self._engine.handle(event, now)
            if is_plain(effects):
                self._go_on(effects, now)
            else:
                self._carry_out(effects, now)
        except Exception as error:  # noqa: BLE001  # any fault in a turn ends the daemon
            self.fail(error)

    def fail(self, error: Exception) -> None:
        """Take no further turn, and have the daemon ended."""
        if not self.failed.done():
            _log.critical("a turn failed; the daemon ends", exc_info=error)
            self.failed.set_result(error)

    def _go_on(self, effects: Sequence[Effect], now: Instant) -> None:
        """Carry out what decides nothing: it is shown without waiting for the disk, unless a
        decision before it does, whose outcome it must not show too early."""
        if effects:
            self._start_probes(effects, now)
            results = [effect.result for effect in effects if isinstance(effect, Observed)]
            self._store.note(results, now)
            show = partial(publish_results, results, self._engine, self._hub)
            if self._undurable is None:
                show()
            elif results:
                self._undurable.add_done_callback(partial(self._act, show))
        self._wind(now)

    def _carry_out(self, effects: Sequence[Effect], now: Instant) -> asyncio.Future[None]:
        """Write the effects, and act on them when they are durable; probes start at once."""
        self._start_probes(effects, now)
        durable = self._undurable = self._store.submit(effects, now)
        durable.add_done_callback(partial(self._act, partial(self._show, effects, now)))
        self._wind(now)
        return durable

    def _start_probes(self, effects: Sequence[Effect], now: Instant) -> None:
        for effect in effects:
            if isinstance(effect, StartProbe):
                self._watch.started(now - effect.due)
                self.runner.start(effect.check)

    def _wind(self, now: Instant) -> None:
        if not self.pulse.is_imminent(now):
            self.pulse.at(self._engine.next_deadline())

    def _act(self, show: Callable[[], None], durable: asyncio.Future[None]) -> None:
        if self._undurable is durable:
            self._undurable = None
        if durable.cancelled():
            return
        try:
            show()
        except Exception as error:  # noqa: BLE001  # a page that is not handed on is a fault in the turn
            self.fail(error)

    def _show(self, effects: Sequence[Effect], now: Instant) -> None:
        """Act on effects that are durable."""
        publish_effects(effects, self._engine, now, self._hub)
        notices = [effect.notice for effect in effects if isinstance(effect, Enqueue)]
        if notices:
            self.dispatcher.offer(notices)
        self.responder.start(one for one in effects if isinstance(one, StartResponse))
        for listener in self.listeners:
            listener(effects, now)
