"""Choosing what to ask of a response: a modal list, the first of which is what waits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from tui.screens.prompts import label
from tui.showing.responding import Choice


class ChoicePrompt(ModalScreen[Choice | None]):
    """What an operator may ask now; enter takes the selected one, escape gives up."""

    AUTO_FOCUS = "#choices"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "give_up", "give up", show=False),
        Binding("j", "down", "down", show=False),
        Binding("k", "up", "up", show=False),
    ]

    def __init__(self, incident: str, choices: Sequence[Choice]) -> None:
        super().__init__()
        self._incident, self._choices = incident, choices

    def compose(self) -> ComposeResult:
        """The title, a line for each choice, the keys."""
        with Vertical(classes="dialog"):
            yield label(f"Respond to {self._incident}", classes="question")
            yield OptionList(*map(_option, self._choices), id="choices", markup=False)
            yield label("enter: choose · escape: give up", classes="hint")

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Enter, or a click."""
        event.stop()
        self.dismiss(self._choices[event.option_index])

    def action_down(self) -> None:
        """The next choice."""
        self.query_one(OptionList).action_cursor_down()

    def action_up(self) -> None:
        """The choice before."""
        self.query_one(OptionList).action_cursor_up()

    def action_give_up(self) -> None:
        """Nothing is done."""
        self.dismiss(None)


def _option(choice: Choice) -> Option:
    aside = f"  ({choice.hindered})" if choice.hindered else ""
    action = "" if choice.deed == "refuse" else f"\n  {choice.action}"
    return Option(Content.assemble((choice.words, "bold"), aside, (action, "dim")))
