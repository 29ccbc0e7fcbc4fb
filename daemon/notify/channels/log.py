"""A line a notice, on standard output or in a file.

Under systemd standard output is the journal; lines then carry a priority, so that
`journalctl -p crit` shows the pages (sd-daemon(3)).
"""

from __future__ import annotations

import asyncio
import os
import sys
from typing import Final

import msgspec

from daemon.core.severity import Severity, parse_severity
from daemon.notify.channel import Message
from daemon.notify.errors import Transient
from daemon.notify.render import Renderer
from daemon.notify.spec import LogSpec

_PRIORITY: Final = {
    Severity.EMERGENCY: 1,
    Severity.CRITICAL: 2,
    Severity.HIGH: 3,
    Severity.MEDIUM: 4,
    Severity.LOW: 5,
    Severity.INFO: 6,
}
"""syslog(3): alert, critical, error, warning, notice, informational."""


class LogChannel:
    """Writes lines."""

    def __init__(self, spec: LogSpec, renderer: Renderer) -> None:
        self.spec = spec
        self._renderer = renderer
        self._journal = spec.file is None and "JOURNAL_STREAM" in os.environ
        self._writing = asyncio.Lock()
        self._lines: list[str] = []
        self._written: asyncio.Future[None] | None = None

    async def send(self, message: Message) -> str:
        """Write one line; a full disk or a closed pipe is worth another attempt. Lines that
        come while others are being written go together, whole and in their order."""
        self._lines.append(self._line(message) + "\n")
        if self._written is None:
            self._written = asyncio.ensure_future(self._write_all())
        try:
            await asyncio.shield(self._written)
        except OSError as error:
            raise Transient(f"cannot write to {self._place}: {error.strerror}") from None
        return f"written to {self._place}"

    async def _write_all(self) -> None:
        """Write the lines there are when it comes to it."""
        async with self._writing:
            lines, self._lines, self._written = self._lines, [], None
            await asyncio.to_thread(self._write, "".join(lines))

    async def close(self) -> None:
        """Nothing is kept open between lines."""

    @property
    def _place(self) -> str:
        return str(self.spec.file) if self.spec.file else "standard output"

    def _line(self, message: Message) -> str:
        if self.spec.format == "json":
            line = msgspec.json.encode(message.body).decode()
        else:
            line = f"{message.body['time']} {self._renderer.line(message)}"
        if not self._journal:
            return line
        return f"<{_PRIORITY[parse_severity(message.body['incident']['severity'])]}>{line}"

    def _write(self, lines: str) -> None:
        if self.spec.file is None:
            sys.stdout.write(lines)
            sys.stdout.flush()
            return
        with self.spec.file.expanduser().open("a", encoding="utf-8") as file:
            file.write(lines)
