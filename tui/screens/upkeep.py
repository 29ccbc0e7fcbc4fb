"""The prompt that announces maintenance: on which services, called what, for how long, why.

Filled in from what is selected; a preview says what it would mute now.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from textual.app import ComposeResult
from textual.content import Content
from textual.suggester import SuggestFromList
from textual.widgets import Input, Static

from daemon.core.model import Millis
from tui.drawing.words import parse_span, plural
from tui.screens.prompts import HOW_LONG, WHY_ASKED, Dialog, label, named


@dataclass(frozen=True, slots=True)
class MaintenanceAnswer:
    """What is worked on, for how long, why."""

    name: str
    services: tuple[str, ...]
    for_ms: Millis
    reason: str


class MaintenancePrompt(Dialog):
    """Begin maintenance now.

    Args:
        services: All there are.
        chosen: The one that is selected.
        count: How many firing alerts work on these services would mute, and how many fire.
    """

    def __init__(
        self,
        services: Sequence[str],
        chosen: str | None,
        count: Callable[[Sequence[str]], tuple[int, int]],
    ) -> None:
        super().__init__()
        self._services, self._chosen, self._count = services, chosen, count

    def title_text(self) -> str:
        """What is asked."""
        return "Begin maintenance"

    def lines(self) -> ComposeResult:
        """The services with their preview, the name, the time, the reason."""
        known = SuggestFromList(self._services, case_sensitive=False)
        chosen, shown = self._chosen or "", "which: checkout, orders-db"
        line = Input(chosen, placeholder=shown, suggester=known, id="services")
        yield named("services", line)
        yield label("", id="preview", classes="preview")
        name = f"{self._chosen}-work" if self._chosen else ""
        yield named("name", Input(name, placeholder="new-disks", id="name", max_length=100))
        yield named("for", Input("1h", placeholder=HOW_LONG, id="for"))
        yield named("why", Input(placeholder=WHY_ASKED, id="reason", max_length=1_000))

    def on_mount(self) -> None:
        """Show what would be muted."""
        self._preview()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Count again with every keystroke."""
        event.stop()
        if event.input.id == "services":
            self._preview()

    def _preview(self) -> None:
        preview = self.query_one("#preview", Static)
        try:
            chosen = self._meant()
        except ValueError as error:
            preview.set_class(True, "wrong")
            preview.update(Content(str(error)))
            return
        muted, firing = self._count(chosen)
        preview.set_class(False, "wrong")
        text = f"mutes {muted:,} of {plural(firing, 'firing alert')} now; no SLA counts the time"
        preview.update(Content(text))

    def _meant(self) -> tuple[str, ...]:
        named = [part.strip() for part in self.text("services").split(",")]
        found = tuple(dict.fromkeys(part for part in named if part))
        if not found:
            raise ValueError("name the services that are worked on")
        unknown = next((one for one in found if one not in self._services), None)
        if unknown is not None:
            raise ValueError(f"there is no service {unknown!r}")
        return found

    def answer(self) -> MaintenanceAnswer:
        """The work."""
        services = self._meant()
        if not self.text("name"):
            raise ValueError("give it a name, by which it is ended again")
        return MaintenanceAnswer(
            self.text("name"), services, parse_span(self.text("for")), self.text("reason")
        )
