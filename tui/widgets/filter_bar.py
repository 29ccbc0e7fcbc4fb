"""The filter line behind `/`: hidden until asked for, applied while it is written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static


class FilterBar(Horizontal):
    """A line to write matchers in, with room for what is wrong with them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "drop", "drop the filter", show=False),
        Binding("tab,down", "keep", "keep the filter", show=False),
    ]

    @dataclass
    class Edited(Message):
        """The text is another."""

        text: str

    @dataclass
    class Closed(Message):
        """The operator is done; `keep` is false if the filter is to be dropped."""

        keep: bool

    def compose(self) -> ComposeResult:
        """A slash, the line, and the complaint."""
        yield Static("/", id="filter-slash", markup=False)
        yield Input(
            placeholder='severity=~"critical|high" service!=shop, or words to find',
            compact=True,
            id="filter-input",
        )
        yield Static("", id="filter-fault", markup=False)

    def on_mount(self) -> None:
        """Out of the way until asked for."""
        self.display = False

    def open(self, text: str) -> None:
        """Show the line with what it last held."""
        self.display = True
        line = self.query_one(Input)
        line.value = text
        line.cursor_position = len(text)
        line.focus()

    def complain(self, fault: str) -> None:
        """Say what is wrong; nothing when nothing is."""
        self.query_one("#filter-fault", Static).update(Content(fault))

    def on_input_changed(self, event: Input.Changed) -> None:
        """Every keystroke counts."""
        event.stop()
        if self.display:
            self.post_message(self.Edited(event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter keeps the filter."""
        event.stop()
        self.action_keep()

    def action_keep(self) -> None:
        """Back to the list with the filter."""
        self.display = False
        self.post_message(self.Closed(keep=True))

    def action_drop(self) -> None:
        """Back to the list without."""
        self.display = False
        self.post_message(self.Closed(keep=False))
