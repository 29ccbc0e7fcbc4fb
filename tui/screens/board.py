"""The board: what every screen of the dashboard has in common.

The frame around a body, the filter line, a clock tick that repaints only what changed, and
the situation that keys are judged by. A `ListBoard` is the usual body: a list, and beside or
below it, where there is room, the details of what is selected.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.css.scalar import Scalar
from textual.message import Message
from textual.screen import Screen

from daemon.core.model import Instant
from tui.desk import Desk
from tui.doing.actions import Place, Situation
from tui.drawing.text import Line, wrap
from tui.filter import EVERYTHING, Filter, parse_filter
from tui.showing.rows import joined
from tui.showing.sections import Section
from tui.widgets.filter_bar import FilterBar
from tui.widgets.frame import Banner, KeyBar, PaneHead, TopBar
from tui.widgets.painted import Painted, PaintedScroll
from tui.widgets.past_bar import PastBar
from tui.widgets.sections import Sections
from tui.widgets.virtual_list import VirtualList

LIST_SHARE = 0.42
"""Of the height a stacked list takes at most."""


class Board(Screen[None]):
    """A screen with the frame around it."""

    AUTO_FOCUS: ClassVar[str | None] = None
    BACK: ClassVar[bool] = False
    """Whether escape goes back from here."""
    PLACE: ClassVar[Place] = Place.OVERVIEW

    class Changed(Message):
        """Something was selected: details and keys may differ."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self._complete = False
        self._shown_at: Instant | None = None

    @property
    def ready(self) -> bool:
        """Whether all widgets are there: not before they are, nor while the app shuts down."""
        return self._complete and self.app.is_running

    def compose(self) -> ComposeResult:
        """The frame, and the body in it."""
        yield from self.frame(self.PLACE)
        with Container(id="body"):
            yield from self.body()
        yield FilterBar()
        yield KeyBar(self.desk, self.situation)

    def frame(self, place: Place) -> ComposeResult:
        """What is always there, and what is wrong with the picture, or that it is old."""
        yield TopBar(self.desk, place)
        yield PastBar(self.desk, back=self.BACK)
        yield Banner(self.desk)

    def body(self) -> ComposeResult:
        """What stands inside the frame."""
        raise NotImplementedError

    def on_mount(self) -> None:
        """All widgets are there: from now on paints may come."""
        self._complete = True
        self.start()

    def start(self) -> None:
        """The first picture."""
        self.take()

    def situation(self) -> Situation:
        """What keys are judged by."""
        return self.desk.situation(self.PLACE)

    def take(self) -> None:
        """The mirror has changed: take the rows anew, then repaint."""
        self.tick()

    def moved(self) -> bool:
        """Whether it is another moment than the last time this was asked; where the rows are
        taken, and nowhere else."""
        before, self._shown_at = self._shown_at, self.desk.past
        return before != self._shown_at

    def tick(self) -> None:
        """The clock went on: repaint what shows it."""
        self.set_class(self.desk.past is not None, "-past")
        for widget in self.query("*").results(Painted):
            if widget.is_mounted:
                widget.repaint()
        for window in self.query("*").results(PaintedScroll):
            if window.size.height:
                window.repaint()

    def on_screen_resume(self) -> None:
        """Things may have changed while this screen was behind another."""
        if self.ready:
            self.take()

    def on_virtual_list_moved(self, message: VirtualList.Moved) -> None:
        """Another row is selected."""
        message.stop()
        if self.ready:
            self.selection_changed()

    def selection_changed(self) -> None:
        """What depends on the selection is shown anew."""
        self.query_one(KeyBar).repaint()

    def details_of(self, key: str) -> Callable[[int], Sequence[Section]] | None:
        """What makes the details of a row for a width, where a row has details."""
        del key
        return None

    # The filter

    def open_filter(self) -> None:
        """Let the operator write a filter."""
        self.query_one(FilterBar).open(self.desk.filter(self.PLACE).text)

    def on_filter_bar_edited(self, message: FilterBar.Edited) -> None:
        """Apply a filter while it is written; a wrong one leaves the rows as they are."""
        bar = self.query_one(FilterBar)
        try:
            made = parse_filter(message.text)
        except ValueError as error:
            bar.complain(str(error))
            return
        bar.complain("")
        self.set_filter(made)

    def set_filter(self, made: Filter) -> None:
        """Show only what it admits."""
        self.desk.filters[self.PLACE] = made
        self.take()

    def on_filter_bar_closed(self, message: FilterBar.Closed) -> None:
        """Back to the list; escape also drops the filter."""
        if not message.keep:
            self.set_filter(EVERYTHING)
        self.focus_list()

    def focus_list(self) -> None:
        """Give the keys back to the list."""
        first = next(iter(self.query(VirtualList)), None)
        if first is not None:
            first.focus()

    def filtered(self, shown: int, total: int) -> Line:
        """What a pane's head says of the filter."""
        made = self.desk.filter(self.PLACE)
        if not made:
            return ()
        return ((f"{shown:,} of {total:,} match ", "warn"), (made.text, "warn bold"))


class DetailBoard(Board):
    """A board that shows the details of what is selected in it, as `#detail`."""

    def tick(self) -> None:
        """Details hold countdowns too."""
        detail = self.query_one("#detail", Sections)
        if detail.size.width:
            detail.show()
        super().tick()

    def selection_changed(self) -> None:
        """The details are another's."""
        self.query_one("#detail", Sections).show(top=True)
        super().selection_changed()


class ListBoard(DetailBoard):
    """A list, and the details of what is selected in it."""

    TITLE_TEXT: ClassVar[str] = ""

    def body(self) -> ComposeResult:
        """The list's pane and the details' pane."""
        with Vertical(id="main", classes="pane"):
            yield PaneHead(
                self.desk, self._title, self.heading, id="main-head", focused=self._list_focused
            )
            yield VirtualList(self.desk, self.row, id="list")
            yield Empty(self.desk, self.empty)
        with Vertical(id="side", classes="pane"):
            yield Sections(self.desk, self._sections, id="detail")

    @property
    def rows(self) -> VirtualList:
        """The list."""
        return self.query_one("#list", VirtualList)

    def start(self) -> None:
        """The list has the keys."""
        self.rows.focus()
        self.take()

    def _list_focused(self) -> bool:
        return self.ready and self.rows.has_focus

    def _title(self) -> tuple[str, Line]:
        return self.TITLE_TEXT, joined(
            self.figures(), self.filtered(len(self.rows.keys), self.total())
        )

    def _sections(self, width: int) -> Sequence[Section]:
        key = self.rows.selected
        return () if key is None else self.details(key, width)

    def take(self) -> None:
        """Show the rows the filter admits, and the details of the selected one."""
        keys = self.rows_now()
        made = self.desk.filter(self.PLACE)
        pick = made.text != self._filtered_by or self.moved()
        self.rows.show(keys, pick=pick, past=self.desk.past is not None)
        self._filtered_by = made.text
        self.query_one(Empty).display = not keys
        self.rows.display = bool(keys)
        self._share(len(keys))
        self.tick()

    def _share(self, count: int) -> None:
        """Stacked, a short list leaves its room to the details; side by side it has its own."""
        height = self.query_one("#body").size.height
        stacked = self.query_one("#side").display and not self.has_class("-broad")
        wanted = Scalar.parse("1fr")
        if stacked and height:
            wanted = Scalar.parse(str(max(3, min(count, int(height * LIST_SHARE)))))
        if self.rows.styles.height != wanted:
            self.rows.styles.height = wanted
        main = self.query_one("#main")
        if stacked != main.has_class("stacked"):
            main.set_class(stacked, "stacked")

    def on_resize(self) -> None:
        """Room is shared anew once the new size is known."""
        if self.ready:
            self.call_after_refresh(self.take)

    _filtered_by = ""

    def details_of(self, key: str) -> Callable[[int], Sequence[Section]] | None:
        """Every row has details."""
        return lambda width: self.details(key, width)

    # What a place fills in

    def rows_now(self) -> list[str]:
        """The keys of the rows, in their order."""
        raise NotImplementedError

    def total(self) -> int:
        """How many rows there are without a filter."""
        raise NotImplementedError

    def row(self, key: str, width: int) -> Line:
        """A row."""
        raise NotImplementedError

    def heading(self, width: int) -> Line:
        """The columns' headings."""
        raise NotImplementedError

    def figures(self) -> Line:
        """What the head says at the right."""
        return ()

    def details(self, key: str, width: int) -> Sequence[Section]:
        """The details of a row."""
        raise NotImplementedError

    def empty(self) -> tuple[str, str]:
        """What an empty list says: a headline and a sentence."""
        raise NotImplementedError


class Empty(Painted):
    """What stands in the place of an empty list."""

    ROWS = 7

    def __init__(
        self,
        desk: Desk,
        words: Callable[[], tuple[str, str]],
        *,
        id: str = "empty",  # noqa: A002  # Textual's name
    ) -> None:
        super().__init__(desk, id=id, classes="empty")
        self._words = words

    def line(self, y: int, width: int) -> Line:
        """The headline, and the sentence below it, in the middle."""
        headline, sentence = self._words()
        lines: list[Line] = [(), ((headline, "good bold"),), ()]
        lines += wrap(sentence, min(60, width - 4), "faint")
        if y >= len(lines):
            return ()
        line = lines[y]
        taken = sum(len(text) for text, _ in line)
        return ((" " * max(0, (width - taken) // 2), ""), *line)
