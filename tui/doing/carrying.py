"""The carrying out of deeds: each is answered with a toast, and the last can be taken back.

Between the asking, which makes a deed, and the daemon: what failed is said and changes nothing
here, what was done and can be undone is kept.
"""

from __future__ import annotations

from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, Final

from daemon.client import ClientError
from tui.doing.deeds import Done, Undo

if TYPE_CHECKING:
    from tui.app import Dashboard

UNDO_LIMIT: Final = 50
"""So many deeds can be taken back, one after the other."""


class Carrying:
    """Does deeds, and undoes them."""

    def __init__(self, app: Dashboard) -> None:
        self._app = app
        self._undos: list[Undo] = []

    async def do(self, deed: Coroutine[Any, Any, Done]) -> None:
        """Do a deed, and say what was done or why it was not."""
        try:
            done = await deed
        except ClientError as error:
            self._app.say(str(error), "Not done", "error")
            return
        if done.undo is not None:
            self._undos = [*self._undos, done.undo][-UNDO_LIMIT:]
        self._offer()
        self._app.say(done.toast)
        self._app.hurry()

    async def undo(self) -> Done:
        """Take the last deed back; what became of it meanwhile comes first."""
        undo = self._undos.pop()
        self._offer()
        hindered = undo.hindered()
        if hindered is not None:
            return Done(f"Not undone: {hindered}.")
        try:
            done = await undo.act()
        except ClientError:
            self._undos.append(undo)
            self._offer()
            raise
        return Done(f"Undone. {done.text}")

    def _offer(self) -> None:
        """Let the keys know what `z` would take back."""
        self._app.desk.undo = self._undos[-1].title if self._undos else None
