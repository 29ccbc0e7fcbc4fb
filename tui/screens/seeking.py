"""The prompt that asks for a moment of the past."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Input, Static

from daemon.core.model import Instant
from tui.drawing.when import ago_words, parse_moment, past_words
from tui.drawing.words import Zone
from tui.screens.prompts import Dialog, label


@dataclass(frozen=True, slots=True)
class Sought:
    """The moment to look at; None is the present."""

    at: Instant | None


class SeekPrompt(Dialog):
    """Seek a moment; what is written is shown as the moment it means.

    Args:
        now: The clock.
        shown: The moment on the screen; None is the present.
        oldest: From when on there is history, as soon as that is known.
    """

    def __init__(
        self,
        now: Callable[[], Instant],
        shown: Instant | None,
        oldest: Callable[[], Instant | None],
        zone: Zone,
    ) -> None:
        super().__init__()
        self._now, self._shown, self._oldest, self._zone = now, shown, oldest, zone

    def title_text(self) -> str:
        """What is asked."""
        return "Look at the past"

    def lines(self) -> ComposeResult:
        """The moment, what it means, and what there is to be had."""
        yield Input(
            placeholder="14:30, yesterday 03:00, 2026-11-03 14:00, 2h ago",
            id="moment",
            max_length=60,
        )
        yield label("", id="preview", classes="preview")
        yield label("", id="range", classes="hint")

    def on_mount(self) -> None:
        """Show what may be written."""
        self._preview()
        self.known()

    def known(self) -> None:
        """Say from when on there is history; asked for while the prompt stands."""
        oldest = self._oldest()
        since = "…" if oldest is None else past_words(oldest, self._now(), self._zone)
        counted = "" if self._shown is None else "; -10m and +1h count from what is shown"
        self.query_one("#range", Static).update(Content(f"from {since} to now{counted}"))

    def on_input_changed(self, event: Input.Changed) -> None:
        """Show with every keystroke what is meant."""
        event.stop()
        self._preview()

    def _preview(self) -> None:
        now = self._now()
        try:
            at = self._meant(now) if self.text("moment") else None
        except ValueError as error:
            self._complain(str(error))
            return
        preview = self.query_one("#preview", Static)
        preview.set_class(False, "wrong")
        words = "" if at is None else f"{past_words(at, now, self._zone)}, {ago_words(at, now)}"
        preview.update(Content(words))

    def _complain(self, fault: str) -> None:
        preview = self.query_one("#preview", Static)
        preview.set_class(True, "wrong")
        preview.update(Content(fault))

    def action_done(self) -> None:
        """Go there, or say what is wrong where the moment is shown."""
        try:
            self.dismiss(self.answer())
        except ValueError as error:
            self._complain(str(error))

    def _meant(self, now: Instant) -> Instant:
        shown = now if self._shown is None else self._shown
        at = parse_moment(self.text("moment"), now, shown, self._zone)
        oldest = self._oldest()
        if oldest is not None and at < oldest:
            begun = past_words(oldest, now, self._zone)
            raise ValueError(f"there is no history before {begun}")
        return at

    def answer(self) -> Sought:
        """The moment."""
        now = self._now()
        at = self._meant(now)
        return Sought(None if at == now else at)
