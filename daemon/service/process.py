"""What a process of ours arranges for itself when it starts: its loop, its memory, its end."""

from __future__ import annotations

import asyncio
import gc
import os
import sys
from collections.abc import Callable
from typing import Final

_PR_SET_PDEATHSIG: Final = 1
_PR_SET_NAME: Final = 15

_YOUNG_OBJECTS: Final = 20_000
"""So many more objects made than freed let the garbage collector look."""


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    """What makes the event loop."""
    if sys.platform == "win32":
        return asyncio.new_event_loop
    import uvloop

    return uvloop.new_event_loop


def settle_imports() -> None:
    """Free what was made only to import all this (classes that were made twice above all), while
    something can still be put in its place; the rest the garbage collector need not see again."""
    gc.collect()
    gc.freeze()


def settle_memory() -> None:
    """Spare the garbage collector what lives as long as the process does.

    The configuration and the engine are tens of thousands of objects that never become
    garbage; looking through them again and again costs a tenth of a check. What checks
    leave behind is freed by counting references; only cycles (an error's traceback) wait.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG_OBJECTS, 10, 10)
    gc.enable()


def end_with(parent: int, number: int) -> bool:
    """Have the kernel send this process a signal when its parent is gone, also after
    `kill -9` (prctl(2)); where it has no such thing, nothing is arranged.

    Returns:
        Whether the parent is still there.
    """
    if sys.platform.startswith("linux"):
        import ctypes  # the daemon itself has no use for it

        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, number)
    return os.getppid() == parent


def call_oneself(name: str) -> None:
    """The process's name in `ps` and `top`: its first 15 bytes."""
    if sys.platform.startswith("linux"):
        import ctypes  # as above

        ctypes.CDLL(None).prctl(_PR_SET_NAME, name.encode(), 0, 0, 0)
