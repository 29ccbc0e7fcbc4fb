"""The daemon's log: lines on standard error, for a terminal or for the journal.

The journal knows time and level by itself (`JOURNAL_STREAM`, sd-daemon(3) level prefixes);
elsewhere they stand in the line. Control characters of outside texts never reach a terminal.
"""

from __future__ import annotations

import logging
import os
import re
import sys
from typing import Final

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


def set_up_logging(level: str) -> None:
    """Send everything from `level` (`debug`, `info`, ...) on to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Formatter(journal="JOURNAL_STREAM" in os.environ))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("tocsin").setLevel(level.upper())
    logging.getLogger("daemon").setLevel(level.upper())
