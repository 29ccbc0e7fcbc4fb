"""The prompts: confirm, note, acknowledge with a comment, snooze, silence.

Each is a modal screen that returns what the operator decided, or None. What cannot be undone
asks with the focus on No; text is checked where it is written, before anything is sent.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Static

from daemon.core.labels import Matcher
from daemon.core.model import Millis
from tui.drawing.words import parse_span, plural
from tui.filter import split_matchers

HOW_LONG: Final = "30m, 2h, 1d"
"""Of a time, as it is written."""
WHY_ASKED: Final = "for those who come after you (may stay empty)"
"""Of a reason, which the daemon does not demand."""


def label(text: str, *, classes: str = "", id: str | None = None) -> Static:  # noqa: A002  # Textual's name
    """A text that nothing parses."""
    return Static(Content(text), classes=classes, id=id, markup=False)


def named(name: str, line: Input) -> Horizontal:
    """A line to fill in with its name, which stays when it is filled."""
    return Horizontal(label(name, classes="name"), line, classes="named")


class Confirm(ModalScreen[bool]):
    """A question with Yes and No; No has the focus."""

    AUTO_FOCUS = "#no"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer(True)", "yes", show=False),
        Binding("n,escape", "answer(False)", "no", show=False),
        Binding("left,right", "app.focus_next", "other", show=False),
    ]

    def __init__(self, question: str, consequence: str, yes: str) -> None:
        super().__init__()
        self._question, self._consequence, self._yes = question, consequence, yes

    def compose(self) -> ComposeResult:
        """The question, what would follow, and the two answers."""
        with Vertical(classes="dialog"):
            yield label(self._question, classes="question")
            yield label(self._consequence, classes="consequence")
            with Horizontal(classes="buttons"):
                yield Button(Content("No (n)"), id="no")
                yield Button(Content(f"{self._yes} (y)"), id="yes", variant="warning")

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """A button answers."""
        event.stop()
        self.dismiss(event.button.id == "yes")

    def action_answer(self, yes: bool) -> None:
        """A key answers."""
        self.dismiss(yes)


class Dialog(ModalScreen[object]):
    """Lines to fill in; enter in the last one is done, escape gives up."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "give_up", "give up", show=False),
        Binding("ctrl+s", "done", "done", show=False),
    ]

    def compose(self) -> ComposeResult:
        """Title, lines, complaint, keys."""
        with Vertical(classes="dialog"):
            yield label(self.title_text(), classes="question")
            yield from self.lines()
            yield label("", id="fault", classes="fault")
            yield label("enter: next, then done · ctrl+s: done · escape: give up", classes="hint")

    def title_text(self) -> str:
        """What is asked."""
        raise NotImplementedError

    def lines(self) -> ComposeResult:
        """The lines to fill in."""
        raise NotImplementedError

    def answer(self) -> object:
        """What was written.

        Raises:
            ValueError: It cannot be taken; the message says why.
        """
        raise NotImplementedError

    def text(self, name: str) -> str:
        """What a line holds."""
        return self.query_one(f"#{name}", Input).value.strip()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter goes on to the next line, and from the last one to the deed."""
        event.stop()
        lines = list(self.query(Input))
        at = lines.index(event.input)
        if at + 1 < len(lines):
            lines[at + 1].focus()
        else:
            self.action_done()

    def action_done(self) -> None:
        """Take what was written, or say what is wrong with it."""
        try:
            self.dismiss(self.answer())
        except ValueError as error:
            self.query_one("#fault", Static).update(Content(str(error)))

    def action_give_up(self) -> None:
        """Nothing is done."""
        self.dismiss(None)


class NotePrompt(Dialog):
    """A line for an incident's timeline."""

    def __init__(self, incident: str) -> None:
        super().__init__()
        self._incident = incident

    def title_text(self) -> str:
        """What is asked."""
        return f"Note on {self._incident}"

    def lines(self) -> ComposeResult:
        """One line."""
        yield Input(placeholder="what you saw, did, suspect", id="text", max_length=2_000)

    def answer(self) -> str:
        """The note."""
        if not self.text("text"):
            raise ValueError("an empty note says nothing; escape gives up")
        return self.text("text")


@dataclass(frozen=True, slots=True)
class AckAnswer:
    """A comment, and for how long; None is until it ends."""

    comment: str
    for_ms: Millis | None


class AckPrompt(Dialog):
    """Acknowledge with a comment, and for a time."""

    def __init__(self, incident: str) -> None:
        super().__init__()
        self._incident = incident

    def title_text(self) -> str:
        """What is asked."""
        return f"Acknowledge {self._incident}"

    def lines(self) -> ComposeResult:
        """The comment, and the time."""
        told = "such as: failing over to the replica"
        yield named("comment", Input(placeholder=told, id="comment"))
        yield named("for", Input(placeholder="30m, 2h; empty: until it ends", id="for"))

    def answer(self) -> AckAnswer:
        """Comment and time."""
        time = self.text("for")
        return AckAnswer(self.text("comment"), parse_span(time) if time else None)


@dataclass(frozen=True, slots=True)
class SnoozeAnswer:
    """A comment, and for how long."""

    comment: str
    for_ms: Millis


class SnoozePrompt(Dialog):
    """Acknowledge for a time."""

    def __init__(self, incident: str) -> None:
        super().__init__()
        self._incident = incident

    def title_text(self) -> str:
        """What is asked."""
        return f"Snooze {self._incident}"

    def lines(self) -> ComposeResult:
        """The time, and the comment."""
        yield named("for", Input("1h", placeholder=HOW_LONG, id="for"))
        yield named("comment", Input(placeholder="such as: after the backup", id="comment"))

    def answer(self) -> SnoozeAnswer:
        """Time and comment."""
        return SnoozeAnswer(self.text("comment"), parse_span(self.text("for")))


@dataclass(frozen=True, slots=True)
class SilenceAnswer:
    """What to silence, for how long, why."""

    matchers: tuple[str, ...]
    for_ms: Millis
    comment: str


class SilencePrompt(Dialog):
    """A silence, with a preview of what it would mute now."""

    def __init__(
        self, matchers: Sequence[Matcher], count: Callable[[Sequence[Matcher]], tuple[int, int]]
    ) -> None:
        super().__init__()
        self._matchers = " ".join(str(matcher) for matcher in matchers)
        self._count = count

    def title_text(self) -> str:
        """What is asked."""
        return "Silence alerts that match"

    def lines(self) -> ComposeResult:
        """Matchers with their preview, the time, the reason."""
        shown = 'service="checkout" env=~"prod|stage"'
        yield named("matchers", Input(self._matchers, placeholder=shown, id="matchers"))
        yield label("", id="preview", classes="preview")
        yield named("for", Input("1h", placeholder=HOW_LONG, id="for"))
        yield named("why", Input(placeholder=WHY_ASKED, id="comment", max_length=1_000))

    def on_mount(self) -> None:
        """Show what the prefilled matchers would mute."""
        self._preview()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Count again with every keystroke."""
        event.stop()
        if event.input.id == "matchers":
            self._preview()

    def _preview(self) -> None:
        preview = self.query_one("#preview", Static)
        try:
            matchers = split_matchers(self.text("matchers"))
        except ValueError as error:
            preview.update(Content(str(error)))
            preview.set_class(True, "wrong")
            return
        muted, firing = self._count(matchers)
        preview.set_class(False, "wrong")
        preview.update(Content(f"mutes {muted:,} of {plural(firing, 'firing alert')} now"))

    def answer(self) -> SilenceAnswer:
        """The silence."""
        matchers = split_matchers(self.text("matchers"))
        return SilenceAnswer(
            tuple(str(matcher) for matcher in matchers),
            parse_span(self.text("for")),
            self.text("comment"),
        )
