"""The dialogs that ask for a person; who may be meant is shown while the name is written.

A beginning of a name is enough, as long as it is the beginning of one name only.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from textual.app import ComposeResult
from textual.content import Content
from textual.suggester import SuggestFromList
from textual.widgets import Input, Static

from tui.screens.prompts import Dialog, label, named

OFFERED: Final = 12
"""How many persons are shown at once."""


class PersonDialog(Dialog):
    """A dialog with a line for a person.

    Args:
        persons: All there are, in the order in which they are offered.
        on_call: Who of them is marked as on call.
    """

    def __init__(self, persons: Sequence[str], on_call: Collection[str] = ()) -> None:
        super().__init__()
        self._persons, self._on_call = persons, on_call

    def person_lines(self, placeholder: str) -> ComposeResult:
        """The line for the person, and those who may be meant."""
        known = SuggestFromList(self._persons, case_sensitive=False)
        line = Input(placeholder=placeholder, suggester=known, id="person", max_length=200)
        yield named("who", line)
        yield label("", id="persons", classes="preview")

    def on_mount(self) -> None:
        """Show everybody."""
        self._offer()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Show who may be meant by what is written."""
        event.stop()
        if event.input.id == "person":
            self._offer()

    def _offer(self) -> None:
        found = meant(self.text("person"), self._persons)
        shown = [f"{one} (on call)" if one in self._on_call else one for one in found[:OFFERED]]
        more = f" and {len(found) - OFFERED:,} more" if len(found) > OFFERED else ""
        preview = self.query_one("#persons", Static)
        preview.set_class(not found, "wrong")
        preview.update(Content(", ".join(shown) + more if found else self._nobody()))

    def _nobody(self) -> str:
        known = "nobody's name begins so" if self._persons else "the configuration has no persons"
        return f"{known}; escape gives up"

    def person(self, asked: str) -> str:
        """Who is meant.

        Args:
            asked: What the line asks for, in words.

        Raises:
            ValueError: Nobody, or several may be; the message says which.
        """
        text, found = self.text("person"), meant(self.text("person"), self._persons)
        if not found:
            raise ValueError(self._nobody())
        if not text or len(found) > 1:
            raise ValueError(f"write {asked}, as far as it means one of them")
        return found[0]


def meant(text: str, persons: Sequence[str]) -> list[str]:
    """Whose names begin so, or the one whose name it is."""
    wanted = text.casefold()
    found = [name for name in persons if name.casefold().startswith(wanted)]
    return [text] if text in found else found


@dataclass(frozen=True, slots=True)
class AssignAnswer:
    """Who gets it, None for nobody; and a comment for them."""

    to: str | None
    comment: str


class AssignPrompt(PersonDialog):
    """Give an incident to one of the persons there are; those on call are offered first.

    Args:
        has: Who has it now.
    """

    def __init__(
        self, incident: str, persons: Sequence[str], on_call: Collection[str], has: str | None
    ) -> None:
        super().__init__(sorted(persons, key=lambda name: (name not in on_call, name)), on_call)
        self._incident, self._has = incident, has

    def title_text(self) -> str:
        """What is asked."""
        return f"Assign {self._incident}"

    def lines(self) -> ComposeResult:
        """The person, and a comment."""
        empty = f"empty: take it from {self._has}" if self._has else "a name; → takes the offer"
        yield from self.person_lines(empty)
        yield named("comment", Input(placeholder="such as: you know the cache", id="comment"))

    def answer(self) -> AssignAnswer:
        """Who, and the comment."""
        if not self.text("person") and self._has:
            return AssignAnswer(None, self.text("comment"))
        return AssignAnswer(self.person("who it is for"), self.text("comment"))
