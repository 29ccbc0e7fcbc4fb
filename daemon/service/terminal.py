"""The terminal, given back as it was, also when the dashboard was ended by a signal."""

from __future__ import annotations

import contextlib
import sys
import termios
from collections.abc import Iterator

_RESET = (
    "\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?1015l"  # no mouse reports
    "\x1b[?1004l\x1b[?2004l\x1b[<u"  # no focus reports, bracketed paste, key protocol
    "\x1b[?1049l\x1b[?25h\x1b[0m"  # the main screen, a cursor, plain colours
)


@contextlib.contextmanager
def restored() -> Iterator[None]:
    """Keep the terminal's modes and set them again at the end."""
    descriptor = sys.stdin.fileno()
    modes = termios.tcgetattr(descriptor)
    try:
        yield
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, modes)
        sys.stdout.write(_RESET)
        sys.stdout.flush()
