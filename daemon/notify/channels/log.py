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

    async def send(self, message: Message) -> str:
        """Write one line; a full disk or a closed pipe is worth another attempt."""
        line = self._line(message) + "\n"
        try:
            async with self._writing:  # whole lines, in the order they were decided
                await asyncio.to_thread(self._write, line)
        except OSError as error:
            raise Transient(f"cannot write to {self._place}: {error.strerror}") from None
        return f"written to {self._place}"

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

    def _write(self, line: str) -> None:
        if self.spec.file is None:
            sys.stdout.write(line)
            sys.stdout.flush()
            return
        with self.spec.file.expanduser().open("a", encoding="utf-8") as file:
            file.write(line)
