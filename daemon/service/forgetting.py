"""Forgetting a person while the daemon runs: memory first, then the file.

The order keeps the name from coming back. What waits for the person in the outbox is given up;
that it is to be done is noted on disk; then, in one turn of the loop, what is queued, what
channels remember and the engine's records lose the name, so that nothing that is written from then
on has it; at last the rows that were written before, a few at a time. A kill after the note leaves
the rest to the next start.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final

from daemon.config import Config
from daemon.core.engine import Engine
from daemon.core.errors import Invalid, NotAllowed
from daemon.core.events import Event, Forget
from daemon.core.forgetting import NAMING
from daemon.core.model import Actor
from daemon.service.turns import Turns
from daemon.store.store import Store
from daemon.store.upkeep.erasing import Erasure
from daemon.store.upkeep.forget import erasure_of, mentions

_PATIENCE_S: Final = 15.0
"""So long a message to the person may still be on its way."""
_LOOK_S: Final = 0.1
_WHY: Final = "whom it was for is to be forgotten"

Command = Callable[[Event], Awaitable[Any]]


class Forgetting:
    """Has persons forgotten, one after the other."""

    def __init__(self, store: Store, engine: Engine, turns: Turns) -> None:
        self._store = store
        self._engine = engine
        self._turns = turns
        self._one = asyncio.Lock()

    async def forget(self, person: str, config: Config, actor: Actor) -> tuple[str | None, int]:
        """Put a pseudonym in the place of this name; which, and in how many rows and records. No
        pseudonym: nothing names this person.

        Raises:
            Invalid: The name is no word, or in the configuration.
            NotAllowed: The person is being told something.
            StoreError: The database cannot be read or written.
        """
        _check(person, config)
        async with self._one:
            await self._give_up(person)
            await self._turns.durable()
            ask = self._store.analysis.ask
            erasure = await ask(partial(erasure_of, name=person))
            is_stored = await ask(partial(mentions, erasure=erasure))
            if not is_stored and not self._named(erasure):
                return None, 0
            await self._store.begin_forgetting(erasure)
            in_memory = await self._forget_in_memory(erasure, actor)
            rows = await self._store.forget(erasure)
            return erasure.pseudonym, in_memory + rows

    async def _give_up(self, person: str) -> None:
        """Nothing is told them any more.

        Raises:
            NotAllowed: Something is on its way to them, and takes too long.
        """
        dispatcher = self._turns.dispatcher
        try:
            async with asyncio.timeout(_PATIENCE_S):
                while await dispatcher.withdraw(person, _WHY):  # noqa: ASYNC110  # it ends in a lane
                    await asyncio.sleep(_LOOK_S)
        except TimeoutError:
            raise NotAllowed(
                f"a message to {person} is being sent; try again when it has arrived or failed"
            ) from None

    async def _forget_in_memory(self, erasure: Erasure, actor: Actor) -> int:
        """Nothing waits in here before the engine has decided: nothing comes in between."""
        self._turns.dispatcher.reword(erasure.of_notice)
        self._turns.memory.reword(erasure.of_text)
        records = self._named(erasure)
        await self._turns.command(Forget(erasure.pseudonym, records, actor))
        return len(records)

    def _named(self, erasure: Erasure) -> tuple[Any, ...]:
        """The engine's records that name the person, without them."""
        kept = [one for one in self._engine.snapshot().records if isinstance(one, NAMING)]
        changed = ((one, erasure.of_record(one)) for one in kept)
        return tuple(after for before, after in changed if after is not before)


def _check(person: str, config: Config) -> None:
    if not person.strip() or not person.isprintable():
        raise Invalid("a name has letters")
    access, known = config.access, config.plan.persons
    if person in known or person in (*access.viewer, *access.operator, *access.admin):
        mend = "take them out of it and reload first"
        raise Invalid(f"{person} is in the configuration ({config.path}); {mend}")
