"""The desk: what every screen and widget works with, handed down by the app.

It ties the mirror, the link, the clock and the look together, so that widgets need to know
neither the app nor each other. What it hands out as the mirror and the moment is what is looked
at: the present, or a moment of the past.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from rich.style import Style

from daemon.api.schema import IncidentDetail, IncidentView, ScheduleView
from daemon.client import Client
from daemon.core.model import Instant, Millis
from tui.asked import Asked
from tui.doing.actions import Place, Situation
from tui.doing.travel import Travel
from tui.drawing.theme import DARK, Palette, style
from tui.drawing.when import past_words
from tui.drawing.words import Zone
from tui.filter import EVERYTHING, Filter
from tui.hindsight import as_of
from tui.link import Link, LinkState
from tui.mirror import Mirror
from tui.showing.analysis import SPANS
from tui.showing.rows import Moment
from tui.stories import Stories


@dataclass
class Desk:
    """What is shared.

    Attributes:
        live: The mirror of the present, whatever is looked at.
        travel: Which moment of the past is looked at, if any.
        now: The clock; tests hand in a frozen one.
        zone: The zone of the times of day; None is this host's.
        colour: False when NO_COLOR asks for none.
        filters: What each place shows.
        undo: What `z` would do, in words; the app keeps it.
        span_ms: How far back the analysis looks.
        trials: How much more down time is tried on SLAs, by name.
    """

    live: Mirror
    travel: Travel
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

    @property
    def past(self) -> Instant | None:
        """The moment of the past that is looked at; None for the present."""
        return self.travel.at

    @property
    def mirror(self) -> Mirror:
        """What is looked at."""
        return self.live if self.travel.picture is None else self.travel.picture.mirror

    def moment(self) -> Moment:
        """When it is where one looks, as rows need it."""
        at = self.past
        if at is None:
            return Moment(self.now(), self.stale, self.zone, self.on_call)
        return Moment(at, zone=self.zone, on_call=self.on_call, past=True)

    def present(self) -> Moment:
        """Now, whatever is looked at."""
        return Moment(self.now(), self.stale, self.zone)

    def story(self, incident: IncidentView) -> IncidentDetail | None:
        """What is known of an incident beyond the mirror, of the past as far as it had come."""
        known = self.stories.of(incident, past=self.past is not None)
        return known if self.past is None or known is None else as_of(known, incident, self.past)

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
        if self.past is not None:
            shown = past_words(self.past, self.now(), self.zone)
            return f"this is the past, {shown}; N goes back to now"
        return None if self.link.live else "there is no link to the daemon; this is an old picture"

    def situation(self, place: Place) -> Situation:
        """The situation of a place where nothing is selected."""
        past = self.past is not None
        return Situation(place, self.live.role, self.cut(), undo=self.undo, past=past)
