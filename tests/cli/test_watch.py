"""`tocsin watch`: each change once, in a line of its own."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from checks.result import Status

from .conftest import Desk
from .test_responses import asking


class Watcher:
    """A `tocsin watch` in a process of its own."""

    def __init__(self, desk: Desk, *options: str) -> None:
        environment = {**os.environ, "NO_COLOR": "1", "PYTHONUNBUFFERED": "1"}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "daemon", "watch", "--socket", str(desk.socket), *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**environment, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
        self._limit = threading.Timer(30, self.process.kill)
        self._limit.start()

    @property
    def out(self) -> io.TextIOBase:
        assert self.process.stdout is not None
        return self.process.stdout  # type: ignore[return-value]  # a text stream, see Popen above

    def line_with(self, word: str) -> str:
        """The next line that has the word."""
        for line in self.out:
            if word in line:
                return line
        raise AssertionError(f"it ended without {word!r}")

    def interrupt(self) -> tuple[int, str]:
        """Leave as an operator does; the exit code and what was said on standard error."""
        self.process.send_signal(signal.SIGINT)
        _, said = self.process.communicate(timeout=10)
        return self.process.returncode, said

    def close(self) -> None:
        self._limit.cancel()
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()


@pytest.fixture
def watchers() -> Iterator[list[Watcher]]:
    """Those that a test starts; none is left behind."""
    started: list[Watcher] = []
    yield started
    for watcher in started:
        watcher.close()


def test_an_outage_is_followed_and_left_with_an_interrupt(
    desk: Desk, watchers: list[Watcher]
) -> None:
    watchers.append(watcher := Watcher(desk))
    assert watcher.line_with("incidents open").endswith("0 incidents open\n")

    key = desk.make(lambda: desk.lab.outage()).key
    line = watcher.line_with("incident ")
    assert key[:8] in line
    assert "◆ critical" in line

    assert watcher.interrupt() == (0, "")


def test_runs_of_responses_are_followed_too(desk: Desk, watchers: list[Watcher]) -> None:
    watchers.append(watcher := Watcher(desk))
    watcher.line_with("incidents open")
    _, run = asking(desk)
    assert "restart" in watcher.line_with("response ")
    desk.tocsin("response", "refuse", run, "-m", "not now")
    assert "refused" in watcher.line_with("response ")


def test_only_what_changes_is_said_to_people(desk: Desk, watchers: list[Watcher]) -> None:
    watchers.append(watcher := Watcher(desk, "--only", "check"))
    watcher.line_with("incidents open")
    desk.make(lambda: desk.lab.result("web", Status.UP))
    assert "✓ up" in watcher.line_with("web")

    for _ in range(3):
        desk.make(lambda: desk.lab.result("web", Status.UP))
    desk.make(lambda: desk.lab.result("db", Status.UP))

    assert "db" in watcher.out.readline()


def test_programs_get_every_event_as_a_line_of_json(desk: Desk, watchers: list[Watcher]) -> None:
    everything = Watcher(desk, "-o", "json")
    watchers.append(everything)
    deadline = threading.Event()
    feeder = threading.Thread(target=_feed, args=(desk, deadline))
    feeder.start()
    try:
        events = [json.loads(everything.out.readline()) for _ in range(3)]
    finally:
        deadline.set()
        feeder.join()

    assert all({"seq", "kind", "data"} == set(event) for event in events)
    assert events[0]["seq"] < events[-1]["seq"]


def _feed(desk: Desk, ended: threading.Event) -> None:
    """Results go on coming; the watcher says nothing of what came before it."""
    while not ended.wait(0.05):
        desk.make(lambda: desk.lab.result("web", Status.UP))
