"""The responder: carries out the runs that the engine decided, and reports their ends.

It is handed runs only once they are on disk. A few run at once, the others wait for their turn,
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

from checks.spec import format_duration
from daemon.core.effects import StartResponse
from daemon.core.events import RunEnded
from daemon.core.model import SECOND, RunState
from daemon.core.plan import Plan
from daemon.notify.scrub import Scrubber
from daemon.respond.actions import Action, action_of
from daemon.respond.order import OUTPUT_BYTES, Order, Outcome, order_of
from daemon.respond.spec import ActionSpec

_log = logging.getLogger(__name__)

AT_ONCE: Final = 8
"""So many runs are under way at most; the others wait."""
FINISH_S: Final = 1.0
"""What is under way may take this long to end by itself when the daemon stops."""

Report = Callable[[RunEnded], Awaitable[object]]


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
        self.replace(specs)

    def replace(self, specs: Mapping[str, ActionSpec]) -> None:
        """Go on with the actions of a new configuration; what is under way ends as it began."""
        self._specs = dict(specs)
        self._actions: dict[str, Action] = {name: action_of(one) for name, one in specs.items()}

    @property
    def under_way(self) -> int:
        """How many runs are not at their end."""
        return len(self._tasks)

    def start(self, starts: Iterable[StartResponse]) -> None:
        """Begin these runs, which are durable now; one that is under way is left alone."""
        for start in starts:
            key = start.run.key
            if key not in self._tasks and not self._is_stopping:
                task = asyncio.create_task(self._run(start), name=f"response {key}")
                self._tasks[key] = task
                task.add_done_callback(partial(self._over, key))

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

    async def _run(self, start: StartResponse) -> None:
        async with self._turnstile:
            name = start.run.response
            spec, action = self._specs.get(name), self._actions.get(name)
            if spec is None or action is None:
                ended = _ended(start, Outcome(False, "it has left the configuration"), Scrubber())
            else:
                ended = await self._carried_out(start, spec, action)
        try:
            await self._report(ended)
        except Exception:  # noqa: BLE001  # the daemon ends over it; the run is found interrupted
            _log.exception("the end of run %s of %s could not be taken in", start.run.key, name)

    async def _carried_out(
        self, start: StartResponse, spec: ActionSpec, action: Action
    ) -> RunEnded:
        order = order_of(start, self._plan())
        scrub = Scrubber(spec.secrets())
        try:
            async with asyncio.timeout(spec.timeout / SECOND) as limit:
                outcome = await action.carry_out(order)
        except TimeoutError:
            if not limit.expired():
                return _ended(start, Outcome(False, "it did not answer in time"), scrub, order)
            detail = f"it was ended after {format_duration(spec.timeout)}"
            return _ended(start, Outcome(False, detail), scrub, order, RunState.TIMED_OUT)
        except Exception as error:  # noqa: BLE001  # an action's own fault is a failed run
            _log.exception("the action of response %s has a fault", spec.name)
            detail = f"a fault of Tocsin's own ({type(error).__name__}); see its log"
            outcome = Outcome(False, detail)
        return _ended(start, outcome, scrub, order)


def _ended(
    start: StartResponse,
    outcome: Outcome,
    scrub: Scrubber,
    order: Order | None = None,
    state: RunState = RunState.FAILED,
) -> RunEnded:
    """The end of a run as the engine is told of it."""
    return RunEnded(
        run=start.run.key,
        outcome=RunState.SUCCEEDED if outcome.succeeded else state,
        detail=scrub.line(outcome.detail),
        exit_code=outcome.exit_code,
        output="" if order is None else scrub.text(order.heard.text(1), OUTPUT_BYTES + 200),
    )
