"""The prompts of the SLA place: which stretch, what to exclude, what to note, what to take back,
and what more down time would do.

What a prompt would do is asked of the daemon while it is written, so what is previewed is reckoned
as it will be. Nothing is sent that changes anything before the prompt is done.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, Final

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from daemon.api.schema import ExclusionPreview, SlaCourseView
from daemon.client import ClientError
from daemon.core.model import DAY, Instant, Millis
from tui.doing.amending import preview_words, standing_words, written
from tui.drawing.scrub import clean, scrub
from tui.drawing.when import parse_moment
from tui.drawing.words import Zone, parse_span, span
from tui.screens.prompts import Dialog, label, named

MOST: Final = 366 * DAY
"""More down time than a year has is not tried."""


Question = Callable[[], Awaitable[tuple[str, bool]]]
"""Asks what is written would do; the answer is words, and whether the SLA is well with it."""


class Picking(ModalScreen[int | None]):
    """One of several lines; enter takes the selected one, escape gives up.

    Args:
        offered: What each line says, and what stands below it.
    """

    AUTO_FOCUS = "#choices"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "give_up", "give up", show=False),
        Binding("j", "step(1)", "down", show=False),
        Binding("k", "step(-1)", "up", show=False),
    ]

    def __init__(self, question: str, offered: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self._question, self._offered = question, offered

    def compose(self) -> ComposeResult:
        """The question, the lines, the keys."""
        with Vertical(classes="dialog"):
            yield label(self._question, classes="question")
            yield OptionList(*map(_option, self._offered), id="choices", markup=False)
            yield label("enter: choose · escape: give up", classes="hint")

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Enter, or a click."""
        event.stop()
        self.dismiss(event.option_index)

    def action_step(self, by: int) -> None:
        """The next line, or the one before."""
        options = self.query_one(OptionList)
        options.action_cursor_down() if by > 0 else options.action_cursor_up()

    def action_give_up(self) -> None:
        """Nothing is done."""
        self.dismiss(None)


def _option(line: tuple[str, str]) -> Option:
    words, aside = line
    return Option(Content.assemble((words, "bold"), (f"  {aside}" if aside else "", "dim")))


class Previewing(Dialog):
    """A dialog that says below its lines what the daemon says they would do."""

    def on_mount(self) -> None:
        """Say it of what is filled in already."""
        self.preview()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Ask again; an answer to what was written before is not waited for."""
        event.stop()
        self.preview()

    def preview(self) -> None:
        """Ask what is written would do, or say what is wrong with it."""
        try:
            question = self.question()
        except ValueError as error:
            self.workers.cancel_group(self, "preview")
            self._tell(str(error), wrong=True)
            return
        self._ask(question)

    @work(group="preview", exclusive=True)
    async def _ask(self, question: Question) -> None:
        try:
            words, well = await question()
            self._tell(words, wrong=not well)
        except ClientError as error:
            self._tell(clean(str(error)), wrong=True)

    def _tell(self, text: str, *, wrong: bool = False) -> None:
        preview = self.query_one("#preview", Static)
        preview.set_class(wrong, "wrong")
        preview.update(Content(text))

    def question(self) -> Question:
        """What asks the daemon.

        Raises:
            ValueError: Nothing can be asked of what is written; the message says why.
        """
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Exclusion:
    """From when to when, and why."""

    start: Instant
    end: Instant
    reason: str


class ExclusionPrompt(Previewing):
    """Take a stretch of the past out of an SLA.

    Args:
        stretch: From when to when, to begin with.
        ask: What excluding a stretch would do.
    """

    def __init__(
        self,
        sla: str,
        stretch: tuple[Instant, Instant] | None,
        ask: Callable[[Instant, Instant], Awaitable[ExclusionPreview]],
        now: Callable[[], Instant],
        zone: Zone,
    ) -> None:
        super().__init__()
        self._sla, self._stretch, self._asked = sla, stretch, ask
        self._now, self._zone = now, zone

    def title_text(self) -> str:
        """What is asked."""
        return f"Exclude from {self._sla}: the time counts for nothing"

    def lines(self) -> ComposeResult:
        """From, to, what it would do, why."""
        now = self._now()
        first, last = (written(at, now, self._zone) for at in self._stretch or (now, now))
        known = self._stretch is not None
        forms = "09:50, yesterday 09:50, 2026-11-21 09:50, 2h ago"
        yield named("from", Input(first if known else "", placeholder=forms, id="from"))
        yield named("to", Input(last if known else "", placeholder=f"{forms}, now", id="to"))
        yield label("", id="preview", classes="preview")
        told = "it does not count; reports say so"
        yield named("why", Input(placeholder=told, id="reason", max_length=1_000))

    def _times(self) -> tuple[Instant, Instant]:
        now, found = self._now(), []
        for name in ("from", "to"):
            if not self.text(name):
                raise ValueError(f"write {name} when it does not count")
            found.append(parse_moment(self.text(name), now, now, self._zone))
        start, end = found
        if end <= start:
            raise ValueError("the end must come after the start")
        return start, end

    def question(self) -> Question:
        """The figures before and after."""
        return partial(self._figures, *self._times())

    async def _figures(self, start: Instant, end: Instant) -> tuple[str, bool]:
        preview = scrub(await self._asked(start, end))
        return preview_words(preview), preview.after.met is not False

    def answer(self) -> Exclusion:
        """The stretch and the reason."""
        start, end = self._times()
        if not self.text("reason"):
            raise ValueError("say why; it is written down with who did it")
        return Exclusion(start, end, self.text("reason"))


class SlaNotePrompt(Dialog):
    """A note on a violation.

    Args:
        old: What is written now, to be edited.
    """

    def __init__(self, subject: str, old: str) -> None:
        super().__init__()
        self._subject, self._old = subject, old

    def title_text(self) -> str:
        """What is asked."""
        return f"{'Edit your' if self._old else 'Write a'} note on {self._subject}"

    def lines(self) -> ComposeResult:
        """One line."""
        told = "what it was, what was done so that it does not return"
        yield Input(self._old, placeholder=told, id="text", max_length=1_000)

    def answer(self) -> str:
        """The note."""
        if not self.text("text"):
            raise ValueError("an empty note says nothing; u takes a note back, escape gives up")
        return self.text("text")


@dataclass(frozen=True, slots=True)
class Trial:
    """How much more down time to try; 0 for none."""

    more_ms: Millis


class TrialPrompt(Previewing):
    """Try more down time on an SLA; nothing is changed by that.

    Args:
        tried: What is tried now, as it was written.
        ask: How the period would end with so much more.
    """

    def __init__(
        self, sla: str, tried: str, ask: Callable[[Millis], Awaitable[SlaCourseView]]
    ) -> None:
        super().__init__()
        self._sla, self._tried, self._asked = sla, tried, ask

    def title_text(self) -> str:
        """What is asked."""
        return f"What if {self._sla} were down longer?"

    def lines(self) -> ComposeResult:
        """The time, and what it would do."""
        yield named("more", Input(self._tried, placeholder="10m, 2h; empty: none", id="more"))
        yield label("", id="preview", classes="preview")

    def _more_ms(self) -> Millis:
        text = self.text("more")
        more_ms = parse_span(text) if text else 0
        if more_ms > MOST:
            raise ValueError("a year of down time is the most that can be tried")
        return more_ms

    def question(self) -> Question:
        """How the period would end."""
        return partial(self._end, self._more_ms())

    async def _end(self, more_ms: Millis) -> tuple[str, bool]:
        trial = scrub(await self._asked(more_ms)).what_if
        said = f"an outage of {span(more_ms)} now" if more_ms else "no more down time"
        words = f"{said}: the period ends at best {standing_words(trial)}"
        return words, trial.met is not False

    def answer(self) -> Trial:
        """The time, in milliseconds."""
        return Trial(self._more_ms())
