"""The prompt that puts somebody on call for a while: who, for how long, in whose place, why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.app import ComposeResult
from textual.content import Content
from textual.suggester import SuggestFromList
from textual.widgets import Input, Static

from daemon.core.model import Millis
from tui.screens.prompts import OFFERED, Dialog, label, meant
from tui.words import parse_span


@dataclass(frozen=True, slots=True)
class OverrideAnswer:
    """Who is on call, for how long, in whose place (None for everybody's), why."""

    person: str
    for_ms: Millis
    replaces: str | None
    comment: str


class OverridePrompt(Dialog):
    """Put a person on call now.

    Args:
        persons: All there are.
        on_call: Who has it now.
    """

    def __init__(self, schedule: str, persons: Sequence[str], on_call: Sequence[str]) -> None:
        super().__init__()
        self._schedule, self._on_call = schedule, on_call
        self._persons = sorted(persons, key=lambda name: (name in on_call, name))

    def title_text(self) -> str:
        """What is asked."""
        return f"Override {self._schedule}, on call now: {' & '.join(self._on_call) or 'nobody'}"

    def lines(self) -> ComposeResult:
        """The person with those who may be meant, the time, in whose place, why."""
        known = SuggestFromList(self._persons, case_sensitive=False)
        yield Input(placeholder="who; → takes the offer", suggester=known, id="person")
        yield label("", id="persons", classes="preview")
        yield Input("4h", placeholder="for how long: 30m, 4h, 1d", id="for")
        if len(self._on_call) > 1:
            place = f"in whose place alone: {' or '.join(self._on_call)}; empty: all of them"
            yield Input(placeholder=place, id="replaces")
        yield Input(placeholder="why, such as: dentist", id="comment", max_length=500)

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

    def answer(self) -> OverrideAnswer:
        """The override."""
        text, found = self.text("person"), meant(self.text("person"), self._persons)
        if not found:
            raise ValueError(self._nobody())
        if not text or len(found) > 1:
            raise ValueError("write who is on call, as far as it means one of them")
        replaces = self.text("replaces") if len(self._on_call) > 1 else ""
        if replaces and replaces not in self._on_call:
            raise ValueError(f"{replaces} is not on call now")
        for_ms = parse_span(self.text("for"))
        return OverrideAnswer(found[0], for_ms, replaces or None, self.text("comment"))
