"""Whether a check changes its mind too often.

After Nagios (`base/flapping.c`): of the last 21 recorded states, the 20 transitions between
neighbours are weighed from 0.75 for the oldest to 1.25 for the newest; the weighed share of
those that were a change, in percent, starts flapping at a high mark and ends it at a low
one, and between the marks nothing changes. Only confirmed states and soft recoveries are
recorded. The window is a bit mask in the check's state: newest transition lowest, 1 a change.
"""

from __future__ import annotations

from typing import Final

TRANSITIONS: Final = 20
WINDOW_MASK: Final = (1 << TRANSITIONS) - 1

_WEIGHTS: Final = tuple(
    # bit 0 is the newest transition, which weighs most; times 100/20 to give percent
    (1.25 - bit * 0.5 / (TRANSITIONS - 1)) * 100 / TRANSITIONS
    for bit in range(TRANSITIONS)
)


def record(window: int, changed: bool) -> int:
    """The window after one more recorded state."""
    return ((window << 1) | changed) & WINDOW_MASK


def percent(window: int) -> float:
    """The weighed share of changes, 0 to 100."""
    return sum(weight for bit, weight in enumerate(_WEIGHTS) if window >> bit & 1)


def is_flapping(window: int, was: bool, start: float, stop: float) -> bool:
    """Whether the check flaps now: from `start` percent on, until `stop` percent or less.

    A `start` of 0 turns the detection off.
    """
    if start <= 0 or not window:
        return False
    share = percent(window)
    if was:
        return share > stop
    return share >= start
