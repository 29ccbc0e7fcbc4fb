"""The prompt that puts somebody on call for a while: who, for how long, in whose place, why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.app import ComposeResult
from textual.widgets import Input

from daemon.core.model import Millis
from tui.drawing.words import parse_span
from tui.screens.persons import PersonDialog
from tui.screens.prompts import HOW_LONG, named


@dataclass(frozen=True, slots=True)
class OverrideAnswer:
    """Who is on call, for how long, in whose place (None for everybody's), why."""

    person: str
    for_ms: Millis
    replaces: str | None
    comment: str


class OverridePrompt(PersonDialog):
    """Put a person on call now.

    Args:
        persons: All there are.
        on_call: Who has it now; they are offered last.
    """

    def __init__(self, schedule: str, persons: Sequence[str], on_call: Sequence[str]) -> None:
        super().__init__(sorted(persons, key=lambda name: (name in on_call, name)), on_call)
        self._schedule, self._shift = schedule, on_call

    def title_text(self) -> str:
        """What is asked."""
        return f"Override {self._schedule}, on call now: {' & '.join(self._shift) or 'nobody'}"

    def lines(self) -> ComposeResult:
        """The person, the time, in whose place, why."""
        yield from self.person_lines("a name; → takes the offer")
        yield named("for", Input("4h", placeholder=HOW_LONG, id="for"))
        if len(self._shift) > 1:
            place = f"only {' or '.join(self._shift)}; empty: all of them"
            yield named("instead of", Input(placeholder=place, id="replaces"))
        yield named("why", Input(placeholder="such as: dentist", id="comment", max_length=500))

    def answer(self) -> OverrideAnswer:
        """The override."""
        person = self.person("who is on call")
        replaces = self.text("replaces") if len(self._shift) > 1 else ""
        if replaces and replaces not in self._shift:
            raise ValueError(f"{replaces} is not on call now")
        for_ms = parse_span(self.text("for"))
        return OverrideAnswer(person, for_ms, replaces or None, self.text("comment"))
