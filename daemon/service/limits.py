"""The bounds of a run: how long it may last (`TOCSIN_SECONDS`, for demonstrations and tests),
and whether it may open more files."""

from __future__ import annotations

import os
from typing import Final

FILES_TO_SPARE: Final = 8
"""With fewer free file descriptors than this, something will soon have none."""


def has_files_to_spare() -> bool:
    """Whether some more files can be opened now, tried out: counting those that are open
    would itself need one."""
    opened: list[int] = []
    try:
        for _ in range(FILES_TO_SPARE):
            opened.append(os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC))  # noqa: PERF401  # those before a failure are to be closed
    except OSError:
        return False
    else:
        return True
    finally:
        for descriptor in opened:
            os.close(descriptor)


def seconds_to_run() -> float | None:
    """The number of seconds after which a run ends by itself; None for never.

    Raises:
        ValueError: The variable holds no number of seconds.
    """
    text = os.environ.get("TOCSIN_SECONDS", "")
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0.0 < seconds < 1e9:
        raise ValueError(f"TOCSIN_SECONDS={text!r} is no number of seconds; write it like 30")
    return seconds
