"""Starting, ending and reloading a real daemon: signals, refusals, a clean end."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from daemon.client import Client
from tests.system.running import Tocsin

CHECK = """
[[check]]
name = "{name}"
kind = "tcp"
host = "127.0.0.1"
port = 9
every = "1s"
down_after = 1
"""


def start_second(config: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """Run a daemon that is expected to refuse."""
    return subprocess.run(
        [sys.executable, "-m", "daemon", "run", "--config", str(config)],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
        env={**os.environ, **env},
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_it_cleanly_and_takes_the_socket_away(
    tmp_path: Path, number: signal.Signals
) -> None:
    async with Tocsin(tmp_path, CHECK.format(name="web")) as tocsin:
        tocsin.signal(number)
        assert tocsin.end() == 0
        assert not tocsin.socket.exists()
        assert "Traceback" not in tocsin.words()


async def test_a_second_daemon_on_the_same_database_is_refused_with_the_firsts_pid(
    tmp_path: Path,
) -> None:
    async with Tocsin(tmp_path, CHECK.format(name="web")) as tocsin:
        pid = (await tocsin.state()).daemon.pid
        second = start_second(tocsin.config)
        assert second.returncode == 2
        assert str(pid) in second.stderr
        assert len(second.stderr.splitlines()) == 1
        assert (await tocsin.state()).daemon.pid == pid


async def test_a_socket_in_use_is_refused_with_the_holders_pid(tmp_path: Path) -> None:
    async with Tocsin(tmp_path, CHECK.format(name="web")) as tocsin:
        pid = (await tocsin.state()).daemon.pid
        other = tmp_path / "other.toml"
        other.write_text(
            tocsin.config.read_text().replace(str(tocsin.database), str(tmp_path / "other.db"))
        )
        second = start_second(other)
        assert second.returncode == 2
        assert str(pid) in second.stderr
        assert (await tocsin.state()).daemon.pid == pid


async def test_a_socket_that_a_killed_daemon_left_is_taken_over(tmp_path: Path) -> None:
    async with Tocsin(tmp_path, CHECK.format(name="web")) as tocsin:
        tocsin.kill()
        assert tocsin.socket.exists()
        await tocsin.start()


def test_a_database_of_a_newer_version_is_refused_and_left_untouched(tmp_path: Path) -> None:
    tocsin = Tocsin(tmp_path, CHECK.format(name="web"))
    with sqlite3.connect(tocsin.database) as database:
        database.execute("PRAGMA application_id = 0x54636e31")
        database.execute("PRAGMA user_version = 9999")
        database.execute("CREATE TABLE later (x)")
    before = tocsin.database.read_bytes()
    refused = start_second(tocsin.config)
    assert refused.returncode == 2
    assert tocsin.database.read_bytes() == before
    assert "Traceback" not in refused.stderr


def test_a_bad_configuration_is_refused_with_every_problem(tmp_path: Path) -> None:
    tocsin = Tocsin(tmp_path, CHECK.format(name="web") + 'evry = "1s"\nretry_every = "x"\n')
    refused = start_second(tocsin.config)
    assert refused.returncode == 2
    assert f'{tocsin.config}:13: check[0] "web".evry' in refused.stderr
    assert 'did you mean "every"?' in refused.stderr
    assert "retry_every" in refused.stderr
    assert not tocsin.database.exists()


async def test_a_reload_keeps_what_did_not_change_and_takes_in_what_is_new(tmp_path: Path) -> None:
    async with Tocsin(tmp_path, CHECK.format(name="web")) as tocsin:
        before = await tocsin.incident("web")
        tocsin.write(CHECK.format(name="web") + CHECK.format(name="mail"))
        tocsin.signal(signal.SIGHUP)
        await tocsin.incident("mail")
        after = await tocsin.incident("web")
        assert (after.id, after.fired_at) == (before.id, before.fired_at)


async def test_a_bad_file_is_refused_whole_by_a_reload_and_the_daemon_says_so(
    tmp_path: Path,
) -> None:
    async with Tocsin(tmp_path, CHECK.format(name="web")) as tocsin:
        await tocsin.incident("web")
        tocsin.write(CHECK.format(name="mail") + "port = 8\n")
        tocsin.signal(signal.SIGHUP)
        state = await tocsin.until(lambda now: now.daemon.reload_error is not None)
        assert [check.name for check in state.checks] == ["web"]
        assert "not reloaded" in tocsin.words()
        tocsin.write(CHECK.format(name="web"))
        tocsin.signal(signal.SIGHUP)
        await tocsin.until(lambda now: now.daemon.reload_error is None)


async def test_a_check_that_leaves_by_reload_resolves_its_incident(tmp_path: Path) -> None:
    both = CHECK.format(name="web") + CHECK.format(name="mail")
    async with Tocsin(tmp_path, both) as tocsin:
        gone = await tocsin.incident("mail")
        tocsin.write(CHECK.format(name="web"))
        async with Client(tocsin.socket) as client:
            answer = await client.reload()
            detail = await client.incident(gone.id)
        assert answer["changed"] is True
        assert detail.incident.state == "resolved"


def test_without_a_terminal_it_prints_status_lines_and_ends_after_tocsin_seconds(
    tmp_path: Path,
) -> None:
    tocsin = Tocsin(tmp_path, CHECK.format(name="web"))
    done = subprocess.run(
        [sys.executable, "-m", "daemon", "--config", str(tocsin.config), "up"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, "TOCSIN_SECONDS": "4"},
    )
    assert done.returncode == 0, done.stderr
    assert "web is down" in done.stdout
    assert "checks: " in done.stdout


def test_nonsense_in_tocsin_seconds_is_refused(tmp_path: Path) -> None:
    tocsin = Tocsin(tmp_path, CHECK.format(name="web"))
    refused = start_second(tocsin.config, TOCSIN_SECONDS="soon")
    assert refused.returncode == 2
    assert "TOCSIN_SECONDS='soon'" in refused.stderr
