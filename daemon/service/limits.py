"""How long a run may last: `TOCSIN_SECONDS`, for demonstrations and tests."""

from __future__ import annotations

import os


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
