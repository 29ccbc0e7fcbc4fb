"""systemd is told what it wants to hear, over a real datagram socket."""

from __future__ import annotations

import logging
import socket
from pathlib import Path

import pytest

from daemon.service.systemd import Notifier


@pytest.fixture
def manager(tmp_path: Path) -> socket.socket:
    """A socket that listens as systemd would."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    listener.bind(str(tmp_path / "notify"))
    listener.settimeout(5)
    return listener


def test_ready_reload_and_stop_arrive_in_sd_notify_form(manager: socket.socket) -> None:
    with manager:
        notifier = Notifier(manager.getsockname(), "30000000")
        notifier.ready("12 checks")
        notifier.reloading()
        notifier.alive()
        notifier.stopping()
        assert manager.recv(500) == b"READY=1\nSTATUS=12 checks"
        first, second = manager.recv(500).decode().split("\n")
        assert first == "RELOADING=1"
        assert second.startswith("MONOTONIC_USEC=")
        assert manager.recv(500) == b"WATCHDOG=1"
        assert manager.recv(500) == b"STOPPING=1"
        assert notifier.watchdog_s == 30.0


def test_without_systemd_nothing_is_sent_and_nothing_fails(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    monkeypatch.delenv("WATCHDOG_USEC", raising=False)
    notifier = Notifier()
    notifier.ready("ok")
    assert notifier.watchdog_s is None
    assert not caplog.records


def test_a_manager_that_is_gone_is_logged_and_does_not_stop_the_daemon(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "tocsin.systemd"):
        Notifier(str(tmp_path / "nobody")).alive()
    assert "could not be told" in caplog.text
