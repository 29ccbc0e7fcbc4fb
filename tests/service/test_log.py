"""The daemon's log: which lines are written when, and with how many writes."""

from __future__ import annotations

import contextlib
import io
import logging
import sys
import threading
from collections.abc import Iterator

import pytest

from daemon.service import log


class Stream(io.StringIO):
    """Keeps what each write was."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[str] = []

    def write(self, text: str) -> int:
        self.writes.append(text)
        return super().write(text)


@pytest.fixture
def stream(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stream]:
    """Standard error, with logging set up on it."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    levels = {name: logging.getLogger(name).level for name in ("tocsin", "daemon")}
    made = Stream()
    monkeypatch.setattr("sys.stderr", made)
    monkeypatch.delenv("JOURNAL_STREAM", raising=False)
    log.set_up_logging("info")
    yield made
    root.handlers[:] = before
    root.setLevel(level)
    for name, its in levels.items():
        logging.getLogger(name).setLevel(its)


def test_a_line_is_written_as_it_is_logged(stream: Stream) -> None:
    logging.getLogger("tocsin").warning("one")
    assert stream.getvalue().endswith(" WARNING tocsin: one\n")


def test_the_lines_of_a_burst_are_written_together_and_in_order(stream: Stream) -> None:
    ours = logging.getLogger("tocsin")
    with log.burst():
        ours.info("one")
        ours.debug("nobody wants to see")
        ours.error("two")
        assert not stream.writes
    (written,) = stream.writes
    assert [line.rpartition(": ")[2] for line in written.splitlines()] == ["one", "two"]
    ours.info("three")
    assert stream.getvalue().endswith(": three\n")


def test_what_a_burst_logged_is_written_though_it_failed(stream: Stream) -> None:
    with contextlib.suppress(LookupError), log.burst():
        logging.getLogger("tocsin").info("before")
        raise LookupError
    assert stream.getvalue().endswith(": before\n")


def test_a_burst_of_nothing_writes_nothing(stream: Stream) -> None:
    with log.burst():
        pass
    assert stream.writes == []


def test_lines_of_another_thread_are_neither_lost_nor_torn(stream: Stream) -> None:
    ours, beside = logging.getLogger("tocsin"), logging.getLogger("tocsin.checks")
    is_over = threading.Event()
    said = 0

    def say() -> None:
        nonlocal said
        while not is_over.is_set():
            beside.info("beside")
            said += 1

    thread = threading.Thread(target=say)
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    thread.start()
    try:
        for _ in range(300):
            with log.burst():
                ours.info("ours")
    finally:
        is_over.set()
        thread.join()
        sys.setswitchinterval(interval)
    words = [line.rpartition(": ")[2] for line in stream.getvalue().splitlines()]
    assert (words.count("ours"), words.count("beside")) == (300, said)
    assert len(words) == 300 + said


def test_a_standard_error_that_is_closed_ends_nothing(stream: Stream) -> None:
    with log.burst():
        logging.getLogger("tocsin").info("one")
        stream.close()
