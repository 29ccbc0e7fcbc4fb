"""The whole demo, as a newcomer without a terminal runs it: real processes, real time."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon import demo


class Newcomer:
    """Runs the demo, everything temporary below one directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.run: subprocess.Popen[str] | None = None

    def start(self, **env: str) -> subprocess.Popen[str]:
        self.run = subprocess.Popen(
            [sys.executable, "-m", "daemon.demo"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "TMPDIR": str(self.directory), **env},
        )
        return self.run


@pytest.fixture
def newcomer(tmp_path: Path) -> Iterator[Newcomer]:
    one = Newcomer(tmp_path)
    yield one
    if one.run is not None:
        one.run.kill()
        one.run.communicate(timeout=20)


def still_running(tmp_path: Path) -> list[str]:
    """Processes whose command line names something below this directory."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = entry.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:  # it ended meanwhile
            continue
        if str(tmp_path) in command:
            found.append(command)
    return found


def wait_until_it_runs(demo_run: subprocess.Popen[str]) -> None:
    assert demo_run.stdout is not None
    first = demo_run.stdout.readline()
    assert "Tocsin's demo" in first, demo_run.communicate()[1]


@pytest.mark.slow
def test_within_half_a_minute_a_newcomer_sees_the_promised_things(
    newcomer: Newcomer,
) -> None:
    """An incident, a countdown, a budget falling, mails and webhooks; then nothing is left."""
    demo_run, tmp_path = newcomer.start(TOCSIN_SECONDS="24"), newcomer.directory
    out, err = demo_run.communicate(timeout=60)
    assert (demo_run.returncode, err) == (0, "")
    assert "SCRIPT   The orders database dies." in out
    assert re.search(r"INCIDENT firing: EMERGENCY .*orders-db", out)
    assert re.search(r"worst .*orders-db.* in \d+ s, GBP \d+\.\d\d lost", out)
    assert re.search(r"budget .*orders-db .*\d\d% of the budget left", out)
    assert re.search(r"mail +to ana@shop\.example: \[EMERGENCY\]", out)
    assert re.search(r"mail +to ben@shop\.example: \[EMERGENCY\] Escalated", out)
    assert re.search(r"webhook +to shop-chat: incident\.firing", out)
    assert "checkout (orders-db is down)" in out
    assert "tocsin ack ID" in out
    assert not re.search(r"INCIDENT firing: \w+ [^\n]*checkout", out)
    assert list(tmp_path.iterdir()) == []
    assert still_running(tmp_path) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_cleanly_and_leaves_nothing(newcomer: Newcomer, number: int) -> None:
    demo_run, tmp_path = newcomer.start(), newcomer.directory
    wait_until_it_runs(demo_run)
    begun = time.monotonic()
    demo_run.send_signal(number)
    _, err = demo_run.communicate(timeout=20)
    assert (demo_run.returncode, err) == (0, "")
    assert time.monotonic() - begun < 8
    assert list(tmp_path.iterdir()) == []
    assert still_running(tmp_path) == []


def test_a_kill_takes_the_daemon_along(newcomer: Newcomer) -> None:
    demo_run, tmp_path = newcomer.start(), newcomer.directory
    wait_until_it_runs(demo_run)
    demo_run.kill()
    demo_run.communicate(timeout=20)
    deadline = time.monotonic() + 10
    while still_running(tmp_path) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert still_running(tmp_path) == []


def test_seconds_that_are_none_are_refused_in_words(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TOCSIN_SECONDS", "soon")
    assert demo.main() == 2
    assert "TOCSIN_SECONDS='soon' is no number of seconds" in capsys.readouterr().err
