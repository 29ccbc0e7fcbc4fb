"""A responder on its own: runs to begin, and the ends that it reports."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from daemon.core.effects import StartResponse
from daemon.core.events import RunEnded
from daemon.core.model import ResponseRun, RunState
from daemon.respond.responder import Responder
from daemon.respond.spec import ActionSpec
from tests.notify.lab import PLAN, T0, alert, incident


def start(spec: ActionSpec, key: str = "run-1", **facts: Any) -> StartResponse:
    """A run of this response for checkout's incident, ready to begin."""
    name, words = spec.name, spec.words
    run = ResponseRun(key, name, "inc-1", "g", RunState.RUNNING, "firing", words, T0, started_at=T0)
    return StartResponse(run, incident(**facts), (alert(),))


class Desk:
    """What the engine would hear."""

    def __init__(self, specs: Mapping[str, ActionSpec]) -> None:
        self.ends: list[RunEnded] = []
        self._came = asyncio.Event()
        self.responder = Responder(specs, lambda: PLAN, self._report)

    async def _report(self, ended: RunEnded) -> None:
        self.ends.append(ended)
        self._came.set()

    async def count(self, number: int) -> list[RunEnded]:
        """Wait until so many runs have ended."""
        async with asyncio.timeout(20):
            while len(self.ends) < number:
                self._came.clear()
                await self._came.wait()
        return self.ends


async def until(holds: Callable[[], bool]) -> None:
    """Wait until something that other processes do is so."""
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110  # another process tells no event
            await asyncio.sleep(0.01)


def is_alive(pid: int) -> bool:
    """Whether there is such a process, and it has not ended."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def written(path: Path) -> str:
    """What a program wrote into a file; empty while there is none."""
    return path.read_text() if path.exists() else ""


def names(directory: Path, pattern: str = "*") -> list[str]:
    """The files in a directory."""
    return sorted(path.name for path in directory.glob(pattern))


@asynccontextmanager
async def responding(*specs: ActionSpec) -> AsyncIterator[Desk]:
    """A desk with these actions, stopped in the end."""
    desk = Desk({one.name: one for one in specs})
    try:
        yield desk
    finally:
        await desk.responder.stop()


async def carried_out(spec: ActionSpec, **facts: Any) -> RunEnded:
    """The end of one run."""
    async with responding(spec) as desk:
        desk.responder.start([start(spec, **facts)])
        (ended,) = await desk.count(1)
        return ended
