"""Something that each event loop has one of: made when first asked for, gone with the loop.

A program has one loop, so the loop asked for last is remembered; a look-up in a weak
dictionary for every check would cost as much as the check's own socket.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary, ref

T = TypeVar("T")


class PerLoop(Generic[T]):
    """`of(loop)` is that loop's own `T`."""

    def __init__(self, make: Callable[[asyncio.AbstractEventLoop], T]) -> None:
        self._make = make
        self._made: WeakKeyDictionary[asyncio.AbstractEventLoop, T] = WeakKeyDictionary()
        self._last: tuple[ref[asyncio.AbstractEventLoop], ref[T]] | None = None

    def of(self, loop: asyncio.AbstractEventLoop) -> T:
        """The one of this loop."""
        last = self._last
        if last is not None and last[0]() is loop and (known := last[1]()) is not None:
            return known
        found = self._made.get(loop)
        if found is None:
            found = self._made[loop] = self._make(loop)
        self._last = ref(loop), ref(found)
        return found
