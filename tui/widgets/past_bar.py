"""The line across the screen while the past is looked at, with the keys of the way."""

from __future__ import annotations

from dataclasses import dataclass

from textual import events
from textual.geometry import Size
from textual.message import Message

from tui.desk import Desk
from tui.drawing.text import Line
from tui.showing.pastline import Part, part_at, past_line, past_parts, unknown_line
from tui.widgets.painted import Painted


class PastBar(Painted):
    """When it is where one looks, and what cannot be known of then; in the present no room.

    Args:
        back: Escape has something else to do on this screen first.
    """

    @dataclass
    class Picked(Message):
        """A key's name was clicked."""

        action: str

    def __init__(self, desk: Desk, *, back: bool) -> None:
        super().__init__(desk, id="past")
        self._back = back
        self.display = False

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002  # Textual's signature
        """A line, and another where something is not known and there is room to say so."""
        return 1 + bool(self._unknown)

    @property
    def _unknown(self) -> tuple[str, ...]:
        picture = self.desk.travel.picture
        return picture.unknown if picture is not None and self.screen.has_class("-tall") else ()

    def _parts(self, width: int) -> list[Part]:
        desk = self.desk
        return list(past_parts(desk.travel, desk.now(), desk.zone, back=self._back, width=width))

    def line(self, y: int, width: int) -> Line:
        """The moment and the keys, or what is not known."""
        return past_line(self._parts(width)) if y == 0 else unknown_line(self._unknown, width)

    def repaint(self) -> None:
        """Come and go with the past."""
        travel = self.desk.travel
        self.display = travel.picture is not None or travel.under_way
        if self.display:
            if self.size.height != 1 + bool(self._unknown):
                self.refresh(layout=True)
            super().repaint()

    def on_click(self, event: events.Click) -> None:
        """The keys can be clicked."""
        action = part_at(self._parts(self.size.width), event.x) if event.y == 0 else None
        if action is not None:
            self.post_message(self.Picked(action))
