"""The daemon's log: lines on standard error, for a terminal or for the journal.

The journal knows time and level by itself (`JOURNAL_STREAM`, sd-daemon(3) level prefixes);
elsewhere they stand in the line. Control characters of outside texts never reach a terminal.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import sys
from collections.abc import Iterator
from typing import Final, TextIO

_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_PRIORITY: Final = {
    logging.DEBUG: 7,
    logging.INFO: 6,
    logging.WARNING: 4,
    logging.ERROR: 3,
    logging.CRITICAL: 2,
}


class _Formatter(logging.Formatter):
    """A record as one harmless line; a traceback (a bug) follows on its own lines."""

    def __init__(self, journal: bool) -> None:
        self._journal = journal
        super().__init__(
            "%(name)s: %(message)s"
            if journal
            else "%(asctime)s %(levelname)s %(name)s: %(message)s"
        )

    def format(self, record: logging.LogRecord) -> str:
        text = _CONTROL.sub("\N{REPLACEMENT CHARACTER}", super().format(record))
        if not self._journal:
            return text
        priority = _PRIORITY.get(record.levelno, 6)
        return "\n".join(f"<{priority}>{line}" for line in text.splitlines())


class _Handler(logging.StreamHandler[TextIO]):
    """Writes each line at once, or those of a `burst` together: every write lets another
    thread go first, and a storm has thousands of lines."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self._held: list[str] | None = None

    def emit(self, record: logging.LogRecord) -> None:
        if self._held is None:
            super().emit(record)
            return
        try:
            self._held.append(self.format(record))
        except Exception:  # noqa: BLE001  # as any handler does: a bad line must not end what is logged
            self.handleError(record)

    @contextlib.contextmanager
    def burst(self) -> Iterator[None]:
        """Write what is logged in here with one write, at the end. Other threads' lines wait for
        that, or go with it."""
        with self._locked():
            self._held = []
        try:
            yield
        finally:
            with self._locked():
                held, self._held = self._held, None
                if held:
                    self._write(held)

    def _write(self, lines: list[str]) -> None:
        with contextlib.suppress(OSError, ValueError):  # as with a single line: nobody can be told
            self.stream.write("\n".join(lines) + self.terminator)
            self.flush()

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """As every line is written."""
        self.acquire()
        try:
            yield
        finally:
            self.release()


def burst() -> contextlib.AbstractContextManager[None]:
    """What is logged in this context goes out together; nothing in it may wait."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler, _Handler):
            return handler.burst()
    return contextlib.nullcontext()


def set_up_logging(level: str) -> None:
    """Send everything from `level` (`debug`, `info`, ...) on to standard error."""
    handler = _Handler(sys.stderr)
    handler.setFormatter(_Formatter(journal="JOURNAL_STREAM" in os.environ))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("tocsin").setLevel(level.upper())
    logging.getLogger("daemon").setLevel(level.upper())
