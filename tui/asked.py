"""What the daemon is asked for when somebody looks: figures that no event carries.

A screen says each time it is painted what it shows; what is missing or old is asked for in its
own time, so no key ever waits for an answer. The newest wish of a panel counts: running through
a list asks for the row one stops at. What came last stays while the next answer is awaited, and
when none comes its age and the reason are shown with it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from daemon.client import ClientError
from daemon.core.model import SECOND, Instant, Millis
from tui.drawing.scrub import clean, scrub

T = TypeVar("T")
Key = tuple[str, ...]
"""Which panel wishes, and what is asked for."""
Ask = Callable[[], Awaitable[Any]]

REST_S: Final = 0.08
AGAIN: Final = 5 * SECOND
"""A question that failed is asked again after this."""
KEPT: Final = 64
"""Answers kept; an older one is asked for again."""


@dataclass(slots=True)
class Answer(Generic[T]):
    """What is known of a question.

    Attributes:
        value: The last answer; None before the first.
        at: When it came.
        fault: Why the newest question was not answered, in words.
    """

    value: T | None = None
    at: Instant | None = None
    fault: str = ""
    tried_at: Instant | None = None

    def is_fresh(self, now: Instant, fresh_ms: Millis) -> bool:
        """Whether it need not be asked for again."""
        wait = AGAIN if self.fault else fresh_ms
        return self.tried_at is not None and now - self.tried_at < wait


class Asked:
    """Answers by key, as far as somebody looked at them.

    Args:
        now: The clock.
        changed: Called when an answer came.
    """

    def __init__(self, now: Callable[[], Instant], changed: Callable[[], None]) -> None:
        self._now, self._changed = now, changed
        self._known: dict[Key, Answer[Any]] = {}
        self._wishes: dict[str, tuple[Key, Ask]] = {}
        self._under_way: set[Key] = set()
        self._wished = asyncio.Event()

    def of(self, key: Key, ask: Callable[[], Awaitable[T]], fresh_ms: Millis) -> Answer[T]:
        """What is known now; what is missing or older than `fresh_ms` is asked for."""
        known = self._known.get(key)
        old = known is None or not known.is_fresh(self._now(), fresh_ms)
        if old and key not in self._under_way:
            self._wishes[key[0]] = (key, ask)
            self._wished.set()
        return Answer() if known is None else known

    async def run(self) -> None:
        """Ask for what is wished, each question in its own time, until cancelled."""
        async with asyncio.TaskGroup() as group:
            while True:
                await self._wished.wait()
                await asyncio.sleep(REST_S)
                self._wished.clear()
                wishes, self._wishes = self._wishes, {}
                for key, ask in wishes.values():
                    self._under_way.add(key)
                    group.create_task(self._fetch(key, ask))

    def forget(self) -> None:
        """Everything is asked for anew: the link was lost and came back."""
        for known in self._known.values():
            known.tried_at = None

    async def _fetch(self, key: Key, ask: Ask) -> None:
        known = self._known.get(key) or Answer()
        try:
            known.value, known.at, known.fault = scrub(await ask()), self._now(), ""
        except ClientError as error:
            known.fault = clean(str(error))
        known.tried_at = self._now()
        self._under_way.discard(key)
        self._known.pop(key, None)
        self._known[key] = known
        while len(self._known) > KEPT:
            del self._known[next(iter(self._known))]
        self._changed()
