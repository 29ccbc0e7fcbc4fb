"""The responder: carries out the runs that the engine decided, and reports their ends.

It is handed runs only once they are on disk, and does what was decided, though a reload has
changed the response meanwhile. A few run at once, the others wait for their turn,
and every one is bounded in time. What a run writes is kept up to 64 KiB, freed of secrets. A run
that is under way when the daemon stops gets a moment to end by itself, then it is ended; nothing
is reported of that one, and the next daemon finds it interrupted, as after a crash.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import partial
from typing import Final

from checks.durations import format_duration
from checks.program import Heard
from daemon.core.effects import StartResponse
from daemon.core.events import RunEnded
from daemon.core.model import SECOND, ResponseRun, RunState
from daemon.core.plan import Plan
from daemon.notify.scrub import Scrubber
from daemon.respond.actions import Action, action_of
from daemon.respond.order import OUTPUT_BYTES, Outcome, order_of
from daemon.respond.spec import ActionSpec

_log = logging.getLogger(__name__)

AT_ONCE: Final = 8
"""So many runs are under way at most; the others wait."""
FINISH_S: Final = 1.0
"""What is under way may take this long to end by itself when the daemon stops."""

Report = Callable[[RunEnded], Awaitable[object]]
_Bound = tuple[ActionSpec, Action]
"""An action as it is configured, and what carries it out."""


class Responder:
    """Owns the runs that are under way.

    Args:
        specs: The configured actions by the names of their responses.
        plan: The plan of the moment.
        report: Takes each end of a run back into the engine.
    """

    def __init__(
        self, specs: Mapping[str, ActionSpec], plan: Callable[[], Plan], report: Report
    ) -> None:
        self._plan = plan
        self._report = report
        self._turnstile = asyncio.Semaphore(AT_ONCE)
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._is_stopping = False
        self._bound: dict[str, _Bound] = {}
        self.replace(specs)

    def replace(self, specs: Mapping[str, ActionSpec]) -> None:
        """Go on with the actions of a new configuration; what was handed over is done as it was
        decided, and so is what the engine decided just before it had the new one."""
        self._before = self._bound
        self._bound = {name: (one, action_of(one)) for name, one in specs.items()}

    @property
    def under_way(self) -> int:
        """How many runs are not at their end."""
        return len(self._tasks)

    def start(self, starts: Iterable[StartResponse]) -> None:
        """Begin these runs, which are durable now; one that is under way is left alone."""
        for start in starts:
            key = start.run.key
            if key not in self._tasks and not self._is_stopping:
                work = self._run(start, self._decided(start.run))
                task = asyncio.create_task(work, name=f"response {key}")
                self._tasks[key] = task
                task.add_done_callback(partial(self._over, key))

    def _decided(self, run: ResponseRun) -> _Bound | None:
        """The action that was decided on; None if it has left the configuration."""
        found = (known.get(run.response) for known in (self._bound, self._before))
        return next((one for one in found if one and one[0].words == run.action), None)

    def _over(self, key: str, task: asyncio.Task[None]) -> None:
        if self._tasks.get(key) is task:
            del self._tasks[key]

    async def stop(self) -> None:
        """End within some two seconds; see above for what is under way then."""
        self._is_stopping = True
        if not self._tasks:
            return
        _, late = await asyncio.wait(list(self._tasks.values()), timeout=FINISH_S)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    async def _run(self, start: StartResponse, decided: _Bound | None) -> None:
        async with self._turnstile:
            heard = Heard(OUTPUT_BYTES, OUTPUT_BYTES // 2, together=True)
            if decided is None:
                outcome, scrub = Outcome(False, "it has left the configuration"), Scrubber()
            else:
                outcome = await self._outcome(start, *decided, heard)
                scrub = Scrubber(decided[0].secrets())
            ended = await asyncio.to_thread(_ended, start, outcome, scrub, heard)
        try:
            await self._report(ended)
        except Exception:  # noqa: BLE001  # the daemon ends over it; the run is found interrupted
            run = start.run
            _log.exception("the end of run %s of %s could not be taken in", run.key, run.response)

    async def _outcome(
        self, start: StartResponse, spec: ActionSpec, action: Action, heard: Heard
    ) -> Outcome:
        """What comes of an action; also if it takes too long, or has a fault."""
        limit = asyncio.timeout(None)
        try:  # a large incident takes a while to be told: in a thread
            order = await asyncio.to_thread(order_of, start, self._plan(), heard)
            async with asyncio.timeout(spec.timeout / SECOND) as limit:
                return await action.carry_out(order)
        except TimeoutError:
            span = format_duration(spec.timeout)
            late = limit.expired()
            words = f"it was ended after {span}" if late else "it did not answer in time"
            return Outcome(False, words, timed_out=late)
        except Exception as error:  # noqa: BLE001  # an action's own fault is a failed run
            _log.exception("the action of response %s has a fault", spec.name)
            return Outcome(False, f"a fault of Tocsin's own ({type(error).__name__}); see its log")


def _ended(start: StartResponse, outcome: Outcome, scrub: Scrubber, heard: Heard) -> RunEnded:
    """The end of a run as the engine is told of it."""
    failed = RunState.TIMED_OUT if outcome.timed_out else RunState.FAILED
    return RunEnded(
        run=start.run.key,
        outcome=RunState.SUCCEEDED if outcome.succeeded else failed,
        detail=scrub.line(outcome.detail),
        exit_code=outcome.exit_code,
        output=scrub.text(heard.text(1), OUTPUT_BYTES + 200),
    )
