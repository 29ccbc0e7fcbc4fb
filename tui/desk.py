"""The desk: what every screen and widget works with, handed down by the app.

It ties the mirror, the link, the clock and the look together, so that widgets need to know
neither the app nor each other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from rich.style import Style

from daemon.api.schema import ScheduleView
from daemon.client import Client
from daemon.core.model import Instant, Millis
from tui.actions import Place, Situation
from tui.analysis import SPANS
from tui.asked import Asked
from tui.filter import EVERYTHING, Filter
from tui.link import Link, LinkState
from tui.mirror import Mirror
from tui.rows import Moment
from tui.stories import Stories
from tui.theme import DARK, Palette, style
from tui.words import Zone


@dataclass
class Desk:
    """What is shared.

    Attributes:
        now: The clock; tests hand in a frozen one.
        zone: The zone of the times of day; None is this host's.
        colour: False when NO_COLOR asks for none.
        filters: What each place shows.
        undo: What `z` would do, in words; the app keeps it.
        span_ms: How far back the analysis looks.
        trials: How much more down time is tried on SLAs, by name.
    """

    mirror: Mirror
    link: Link
    stories: Stories
    client: Client
    asked: Asked
    now: Callable[[], Instant]
    zone: Zone = None
    colour: bool = True
    palette: Palette = DARK
    filters: dict[Place, Filter] = field(default_factory=dict)
    undo: str | None = None
    span_ms: Millis = SPANS[0]
    trials: dict[str, Millis] = field(default_factory=dict)

    def moment(self) -> Moment:
        """Now, as rows need it."""
        return Moment(self.now(), self.stale, self.zone, self.on_call)

    @property
    def on_call(self) -> list[ScheduleView]:
        """Every schedule, with who is on call."""
        return [] if self.mirror.daemon is None else self.mirror.daemon.on_call

    @property
    def stale(self) -> bool:
        """Whether the picture may be untrue."""
        return self.link.state is LinkState.LOST

    def style(self, words: str) -> Style:
        """What style words look like now."""
        return style(self.palette, words, colour=self.colour)

    def filter(self, place: Place) -> Filter:
        """What a place shows."""
        return self.filters.get(place, EVERYTHING)

    def cut(self) -> str | None:
        """Why nothing can be written now."""
        return None if self.link.live else "there is no link to the daemon; this is an old picture"

    def situation(self, place: Place) -> Situation:
        """The situation of a place where nothing is selected."""
        return Situation(place, self.mirror.role, self.cut(), undo=self.undo)
