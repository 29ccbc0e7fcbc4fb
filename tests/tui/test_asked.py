"""What is asked for when somebody looks: the newest wish, and kept when the daemon is away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from daemon.client import Disconnected
from tests.tui.beside import beside
from tui.asked import AGAIN, Asked


class Table:
    """Asked questions with a clock and a daemon that can be cut off."""

    def __init__(self) -> None:
        self.now, self.calls, self.broken = 1_000, list[str](), False
        self.came = asyncio.Event()
        self.asked = Asked(lambda: self.now, self.came.set)

    def ask(self, what: str) -> Callable[[], Awaitable[str]]:
        async def answer() -> str:
            self.calls.append(what)
            if self.broken:
                raise Disconnected("no daemon")
            return f"{what} {len(self.calls)}"

        return answer

    async def look(self, what: str, fresh_ms: int = 10_000) -> str | None:
        """Look, wait for the answer, look again."""
        self.came.clear()
        self.asked.of(("panel", what), self.ask(what), fresh_ms)
        await asyncio.wait_for(self.came.wait(), 5)
        return self.asked.of(("panel", what), self.ask(what), fresh_ms).value


@asynccontextmanager
async def table() -> AsyncIterator[Table]:
    """A table whose questions are carried out."""
    made = Table()
    async with beside(made.asked.run()):
        yield made


async def test_what_is_fresh_is_asked_for_once() -> None:
    async with table() as made:
        assert await made.look("a") == "a 1"
        made.now += 9_999
        assert made.asked.of(("panel", "a"), made.ask("a"), 10_000).value == "a 1"
        made.now += 1
        assert await made.look("a") == "a 2"
        assert made.calls == ["a", "a"]


async def test_of_a_panel_the_newest_wish_counts() -> None:
    async with table() as made:
        for what in "abc":
            made.asked.of(("panel", what), made.ask(what), 10_000)
        assert await made.look("d") == "d 1"
        assert made.calls == ["d"]


async def test_a_fault_leaves_the_last_answer_with_its_age_and_is_tried_again() -> None:
    async with table() as made:
        await made.look("a")
        made.now, made.broken = made.now + 10_000, True
        assert await made.look("a") == "a 1"
        answer = made.asked.of(("panel", "a"), made.ask("a"), 10_000)
        assert (answer.at, answer.fault) == (1_000, "no daemon")
        made.now, made.broken = made.now + AGAIN, False
        assert await made.look("a") == "a 3"
        assert not made.asked.of(("panel", "a"), made.ask("a"), 10_000).fault


async def test_after_the_link_came_back_all_is_asked_for_anew() -> None:
    async with table() as made:
        await made.look("a")
        made.asked.forget()
        assert await made.look("a") == "a 2"
