"""A real server with a real engine behind it, in a thread, and the commands asked against it."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeVar

import pytest

from daemon.cli import times
from daemon.cli.app import run
from tests.api.lab import Lab, serving

T = TypeVar("T")


@dataclass(frozen=True)
class Said:
    """What a command wrote, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it wrote for programs."""
        return json.loads(self.out)


class Desk:
    """A terminal beside a running daemon."""

    def __init__(self, lab: Lab, capture: pytest.CaptureFixture[str], directory: Path) -> None:
        self.lab = lab
        self.socket: Path | None = None
        self._capture = capture
        self._directory = directory
        self._loop = asyncio.new_event_loop()
        self._ended = asyncio.Event()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._serve)

    def open(self) -> None:
        """Start serving; returns when the socket is there."""
        self._thread.start()
        assert self._ready.wait(10)

    def close(self) -> None:
        """Stop serving."""
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join(10)
        assert not self._thread.is_alive()

    def _serve(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._until_end())

    async def _until_end(self) -> None:
        async with serving(self.lab, self._directory) as self.socket:
            self._ready.set()
            await self._ended.wait()

    def make(self, deed: Callable[[], T]) -> T:
        """Have something happen in the daemon."""

        async def doing() -> T:
            return deed()

        return asyncio.run_coroutine_threadsafe(doing(), self._loop).result(10)

    def tocsin(self, *arguments: str) -> Said:
        """Run a command."""
        self._capture.readouterr()
        code = run([*arguments, "--socket", str(self.socket)])
        said = self._capture.readouterr()
        return Said(code, said.out, said.err)


OpenDesk = Callable[[Lab], AbstractContextManager[Desk]]


@pytest.fixture
def open_desk(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> OpenDesk:
    """Opens a terminal beside a lab; the commands live in the lab's time."""

    @contextmanager
    def opened(lab: Lab) -> Iterator[Desk]:
        clock = SimpleNamespace(time_ns=lambda: lab.now() * 1_000_000)
        monkeypatch.setattr(times, "time", clock)
        desk = Desk(lab, capsys, tmp_path)
        desk.open()
        try:
            yield desk
        finally:
            desk.close()

    return opened


@pytest.fixture
def desk(tmp_path: Path, open_desk: OpenDesk, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A daemon that is up and watches three checks."""
    monkeypatch.chdir(tmp_path)
    with open_desk(Lab()) as desk:
        yield desk
