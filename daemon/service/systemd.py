"""What systemd is told, over the datagram socket named by `NOTIFY_SOCKET` (sd_notify(3)).

Without that variable nothing is sent, so the daemon runs the same by hand.
"""

from __future__ import annotations

import logging
import os
import socket
import time

_log = logging.getLogger("tocsin.systemd")


class Notifier:
    """Sends state lines to the service manager that started this process."""

    def __init__(self, address: str | None = None, watchdog_usec: str | None = None) -> None:
        self._address = address or os.environ.get("NOTIFY_SOCKET", "")
        if self._address.startswith("@"):
            self._address = "\0" + self._address[1:]
        given = watchdog_usec or os.environ.get("WATCHDOG_USEC", "")
        self.watchdog_s: float | None = int(given) / 1e6 if given.isdigit() else None
        """How often systemd wants a sign of life; None if it does not watch."""

    def ready(self, status: str) -> None:
        """The daemon checks, and its socket answers."""
        self._send(f"READY=1\nSTATUS={status}")

    def status(self, text: str) -> None:
        """One line for `systemctl status`."""
        self._send(f"STATUS={text}")

    def reloading(self) -> None:
        """A reload begins; `ready` ends it (Type=notify-reload wants the monotonic time)."""
        self._send(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1_000}")

    def stopping(self) -> None:
        """A clean end begins."""
        self._send("STOPPING=1")

    def alive(self) -> None:
        """Feed the watchdog."""
        self._send("WATCHDOG=1")

    def _send(self, text: str) -> None:
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
                sender.setblocking(False)
                sender.sendto(text.encode(), self._address)
        except OSError as error:
            _log.warning("systemd could not be told %r: %s", text.split("\n")[0], error)
