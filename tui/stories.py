"""The stories: what the daemon knows of an incident beyond the mirror, fetched when looked at.

Timeline and deliveries are not part of the state. Whoever shows an incident asks here; the
newest wish is fetched after a short rest, so that running through a list asks for the row
one stops at, not for every row passed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from daemon.api.schema import IncidentDetail, IncidentView
from daemon.client import ClientError
from tui.drawing.scrub import clean, scrub
from tui.mirror import Mirror

REST_S: Final = 0.08
KEPT: Final = 32
"""Stories kept; an older one is asked for again."""
_OVER: Final = (-1, -1)
"""The age of an incident that the mirror has not: it is over, and its story written."""


class Stories:
    """Details of incidents, as far as somebody looked at them.

    Args:
        ask: Gets an incident's detail from the daemon.
        changed: Called when a story came.
    """

    def __init__(
        self,
        ask: Callable[[str], Awaitable[IncidentDetail]],
        mirror: Mirror,
        changed: Callable[[], None],
    ) -> None:
        self._ask = ask
        self._mirror = mirror
        self._changed = changed
        self._known: dict[str, IncidentDetail] = {}
        self._asked: dict[str, tuple[int, int]] = {}
        self._faults: dict[str, str] = {}
        self._wish: tuple[str, tuple[int, int]] | None = None
        self._wished = asyncio.Event()

    def of(self, incident: IncidentView, *, past: bool = False) -> IncidentDetail | None:
        """What is known now; what is missing or old is asked for.

        Args:
            past: The incident is as it once was; how old its story is shows in the live one.
        """
        newest = self._mirror.incidents.get(incident.id) if past else incident
        age = _OVER if newest is None else self._age(newest)
        if self._asked.get(incident.id) != age:
            self._wish = incident.id, age
            self._wished.set()
        return self._known.get(incident.id)

    def fault(self, incident: IncidentView) -> str:
        """Why the daemon told no story, in words."""
        return self._faults.get(incident.id, "")

    async def run(self) -> None:
        """Fetch what is wished for, until cancelled."""
        while True:
            await self._wished.wait()
            await asyncio.sleep(REST_S)
            self._wished.clear()
            wish, self._wish = self._wish, None
            if wish is not None:
                await self._fetch(*wish)
                self._changed()

    async def _fetch(self, incident: str, age: tuple[int, int]) -> None:
        self._asked[incident] = age
        self._faults.pop(incident, None)
        try:
            self._known[incident] = scrub(await self._ask(incident))
        except ClientError as error:
            self._faults[incident] = clean(str(error))
        while len(self._known) > KEPT:
            oldest = next(iter(self._known))
            del self._known[oldest]
            self._asked.pop(oldest, None)

    def forget(self) -> None:
        """Everything is asked for anew: the link was lost and came back."""
        self._asked.clear()

    def _age(self, incident: IncidentView) -> tuple[int, int]:
        """Grows when the incident or one of its deliveries changes."""
        return (incident.version, self._mirror.told.get(incident.id, 0))
