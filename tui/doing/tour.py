"""The tour: what the keys of time do, and the prompt that asks for a moment.

Between the registry's actions and the traveller; it says what hinders, once and not with every
repeat of a key that is held down.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from daemon.api.schema import State
from daemon.client import ClientError
from daemon.core.model import DAY, Instant
from tui.doing.travel import LEAP_MS, Travel
from tui.drawing.words import instant
from tui.mirror import RESOLVED_LIMIT
from tui.screens.seeking import SeekPrompt, Sought

if TYPE_CHECKING:
    from tui.app import Dashboard

QUIET_S: Final = 3.0
"""The same hindrance is not said again within this."""
LATELY: Final = 7 * DAY
"""What fired within so long before a moment and was over by then is shown with it."""


class Tour:
    """Leads the operator through the past."""

    def __init__(self, app: Dashboard) -> None:
        self._app = app
        self.travel = Travel(self._picture, app.now, app.travelled, self.refuse)
        self._said, self._said_at = "", 0.0

    def act(self, action: str) -> None:
        """Carry out an action of the registry.

        Raises:
            LookupError: It is none of time.
        """
        match action:
            case "earlier" | "later":
                self.travel.step(forth=action == "later")
            case "hour_back":
                self.travel.leap(-LEAP_MS)
            case "hour_on":
                self.travel.leap(LEAP_MS)
            case "present":
                self.travel.leave()
            case "seek":
                self._app.run_worker(self._seek(), name="seek", exclusive=False)
            case _:
                raise LookupError(f"action {action!r} does not lead through time")

    async def _seek(self) -> None:
        """Ask for a moment, and go there."""
        app, travel = self._app, self.travel
        prompt = SeekPrompt(app.now, travel.at, lambda: travel.oldest, app.desk.zone)
        if travel.oldest is None:
            app.run_worker(self._learn(prompt), name="oldest", exclusive=False)
        answer = await app.push_screen_wait(prompt)
        if isinstance(answer, Sought):
            if answer.at is None:
                travel.leave()
            else:
                travel.seek(answer.at)

    async def _learn(self, prompt: SeekPrompt) -> None:
        """Find out since when there is history, while the operator writes."""
        try:
            await self.travel.learn()
        except (ClientError, ValueError) as error:
            self.refuse(str(error))
            return
        if prompt.is_running:
            prompt.known()

    async def _picture(self, at: Instant) -> State:
        """The state of a moment, with the incidents that were over by then."""
        client = self._app.client
        state = await client.state(at)
        page = await client.history(
            since=at - LATELY, until=at, state=["resolved"], limit=RESOLVED_LIMIT
        )
        known = {one.id for one in state.incidents}
        over = [one for one in page.incidents if (instant(one.resolved_at) or at + 1) <= at]
        state.incidents += [one for one in over if one.id not in known]
        return state

    def refuse(self, reason: str) -> None:
        """Say why no other picture is shown."""
        again = reason == self._said and time.monotonic() - self._said_at < QUIET_S
        if not again:
            self._said, self._said_at = reason, time.monotonic()
            self._app.say(reason, "Another time", "warning")
