"""The traveller: which moment of the past is looked at, and the picture of then.

The picture of the past is a mirror of its own beside the live one, so what happens meanwhile is
not lost and the way back takes no time. Operators wish: a step to the moment before or after, a
leap, a moment. One question is under way at a time and one wish waits behind it, the newest: a
key that is held down steps as fast as the daemon answers and leaves nothing behind. A moment
that is named, or the way back, does not wait at all.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

import msgspec

from daemon.api.schema import State
from daemon.client import ClientError
from daemon.core.model import HOUR, Instant, Millis
from tui.drawing.scrub import clean
from tui.drawing.words import instant
from tui.mirror import Mirror

LEAP_MS: Final = HOUR


@dataclass(frozen=True, slots=True)
class Picture:
    """How all was at a moment.

    Attributes:
        before: The nearest moment before it at which something changed, if there is one.
        after: The nearest one after it.
        oldest: From when on there is history.
        unknown: What cannot be known of then, each in a few words.
    """

    at: Instant
    mirror: Mirror
    before: Instant | None
    after: Instant | None
    oldest: Instant | None
    unknown: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """To the nearest moment at which something changed."""

    forth: bool


@dataclass(frozen=True, slots=True)
class Seek:
    """To a moment.

    Attributes:
        within: If history begins later, to where it begins.
    """

    at: Instant
    within: bool = False


class Travel:
    """Where in time the operator is.

    Args:
        ask: Gets the state at a moment from the daemon.
        changed: Called when another picture is to be shown, or one is awaited.
        refuse: Says why there is none, in words.

    Attributes:
        picture: How all was then; None in the present.
        wish: What comes next, once the question under way is answered.
    """

    def __init__(
        self,
        ask: Callable[[Instant], Awaitable[State]],
        now: Callable[[], Instant],
        changed: Callable[[], None],
        refuse: Callable[[str], None],
    ) -> None:
        self.picture: Picture | None = None
        self.wish: Step | Seek | None = None
        self.oldest: Instant | None = None
        self._ask = ask
        self._now = now
        self._changed = changed
        self._refuse = refuse
        self._asking: asyncio.Future[State] | None = None
        self._bound_for: Instant | None = None
        self._busy = self._dropped = False
        self._wished = asyncio.Event()

    @property
    def at(self) -> Instant | None:
        """The moment that is shown; None is the present."""
        return None if self.picture is None else self.picture.at

    @property
    def awaited(self) -> Instant | None:
        """The moment that is asked for, or about to be, where it is known which."""
        if isinstance(self.wish, Seek):
            return self.wish.at
        return None if self._dropped else self._bound_for

    @property
    def under_way(self) -> bool:
        """Whether a picture is awaited."""
        return self.wish is not None or (self._busy and not self._dropped)

    # Wishes

    def step(self, *, forth: bool) -> None:
        """To the next change, or to the one before; from the last one back to the present."""
        if self.picture is None and forth and not self.under_way:
            self._refuse("this is the present already")
            return
        self._want(Step(forth))

    def leap(self, by_ms: Millis) -> None:
        """So far back or forth, from the moment that is awaited or shown."""
        base = self.awaited or self.at or self._now()
        if base + by_ms >= self._now():
            if self.picture is None and not self.under_way:
                self._refuse("this is the present already")
            self.leave()
        elif self.oldest is not None and base + by_ms < self.oldest:
            if base <= self.oldest:
                self._refuse("there is no history before this")
            else:
                self._want(Seek(self.oldest))
        else:
            self._want(Seek(base + by_ms, within=True))

    def seek(self, at: Instant) -> None:
        """To a moment; whatever is under way no longer counts."""
        self._drop()
        self._want(Seek(at))

    def leave(self) -> None:
        """Back to the present, at once."""
        self._drop()
        self.wish, self.picture = None, None
        self._changed()

    def _want(self, wish: Step | Seek) -> None:
        self.wish = wish
        self._wished.set()
        self._changed()

    def _drop(self) -> None:
        """Whatever is under way no longer counts, answered or not."""
        self._dropped = True
        if self._asking is not None:
            self._asking.cancel()

    # Asking

    async def run(self) -> None:
        """Carry wishes out, one after the other, until cancelled."""
        while True:
            await self._wished.wait()
            self._wished.clear()
            wish, self.wish = self.wish, None
            if wish is None:
                continue
            self._busy, self._dropped = True, False
            try:
                await self._carry_out(wish)
            except (ClientError, msgspec.ValidationError, ValueError) as error:
                self._refuse(clean(str(error)))
            self._busy, self._bound_for = False, None
            self._changed()

    async def learn(self) -> None:
        """Find out since when there is history, without showing anything.

        Raises:
            ClientError: The daemon does not say.
        """
        await self._know(await self._ask(self._now()))

    async def _carry_out(self, wish: Step | Seek) -> None:
        match wish:
            case Seek(at, within):
                await self._show(await self._begun(at) if within else at)
            case Step(forth=True):
                await self._forth()
            case Step(forth=False):
                await self._back()

    async def _back(self) -> None:
        here = self.picture or await self._fetch(self._now())
        if here is None:
            return
        if here.before is not None:
            await self._show(here.before)
        elif self.picture is None:
            self._refuse("nothing has changed yet since there is history")
        else:
            self._refuse("nothing is known to have changed before this")

    async def _forth(self) -> None:
        here = self.picture
        if here is not None and here.after is None:
            here = await self._fetch(here.at)  # what is the last changes while one looks at it
        if here is None:
            return
        if here.after is None:
            self.leave()
        else:
            await self._show(here.after)

    async def _show(self, at: Instant) -> None:
        picture = await self._fetch(at)
        if picture is not None:
            self.picture = picture

    async def _begun(self, at: Instant) -> Instant:
        """The moment, or the first of history where that is later."""
        if self.oldest is None:
            await self._fetch(self._now(), bound_for=at)
        return at if self.oldest is None else max(at, self.oldest)

    async def _fetch(self, at: Instant, bound_for: Instant | None = None) -> Picture | None:
        """The picture of a moment, also on the way to another; None when it is not wanted."""
        if self._dropped:
            return None
        asking = self._asking = asyncio.ensure_future(self._ask(at))
        self._bound_for = at if bound_for is None else bound_for
        try:
            await asyncio.wait({asking})
        finally:
            self._asking = None
            asking.cancel()
        if asking.cancelled() or self._dropped:
            return None
        picture = await self._know(asking.result())
        return None if self._dropped else picture

    async def _know(self, state: State) -> Picture:
        """The answer as a picture; made beside the loop, for keys do not wait for ten thousand
        alerts.

        Raises:
            ValueError: It is no picture of the past.
        """
        picture = await asyncio.to_thread(picture_of, state)
        self.oldest = picture.oldest or self.oldest
        return picture


def picture_of(state: State) -> Picture:
    """The picture that an answer is.

    Raises:
        ValueError: It is none of the past.
    """
    past = state.past
    at = instant(past.at) if past is not None else None
    if past is None or at is None:
        raise ValueError("the daemon knows no past; is it of an older version?")
    mirror = Mirror()
    mirror.load(state, at)
    unknown = tuple(clean(one) for one in past.unknown)
    before, after, oldest = map(instant, (past.before, past.after, past.oldest))
    return Picture(at, mirror, before, after, oldest, unknown)
