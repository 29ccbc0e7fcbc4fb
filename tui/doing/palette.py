"""The palette: every action of the registry, and every incident, service, check by name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, cast

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from tui.desk import Desk
from tui.doing.actions import Place, Situation, here, refusal
from tui.showing.figures import open_incidents

if TYPE_CHECKING:
    from collections.abc import Callable

NAMED_LIMIT = 500
"""Objects of a kind the palette looks through."""


class Palettable(Protocol):
    """What the palette needs of the app."""

    desk: Desk

    def situation(self) -> Situation:
        """Where the operator is."""

    async def action_act(self, action: str) -> None:
        """Do an action."""

    def go(self, place: Place, key: str) -> None:
        """Go to a row of a place."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the palette."""

    text: str
    help: str
    run: Callable[[], object]


class Registry(Provider):
    """Feeds Textual's palette from the registry and the mirror."""

    def entries(self) -> Iterator[Entry]:
        """All entries, the actions of the place first."""
        app = cast("Palettable", self.app)
        situation = app.situation()
        for action in here(situation.place):
            if action.id == "palette":
                continue
            reason = refusal(action, situation)
            text = f"{action.title[0].upper()}{action.title[1:]}  [{action.key}]"
            words = action.help if reason is None else f"Not now: {reason}"
            yield Entry(text, words, lambda name=action.id: app.action_act(name))  # type: ignore[misc]  # the default binds the loop's value
        yield from self._objects(app)

    def _objects(self, app: Palettable) -> Iterator[Entry]:
        mirror = app.desk.mirror
        for incident in open_incidents(mirror)[:NAMED_LIMIT]:
            text = f"Incident {incident.service or ''}: {incident.title}"
            yield Entry(
                text,
                f"{incident.severity}, {incident.state}",
                _going(app, Place.INCIDENTS, incident.id),
            )
        for service in list(mirror.services.values())[:NAMED_LIMIT]:
            going = _going(app, Place.OVERVIEW, service.name)
            yield Entry(f"Service {service.name}", service.status, going)
        for check in list(mirror.checks.values())[:NAMED_LIMIT]:
            going = _going(app, Place.CHECKS, check.name)
            yield Entry(f"Check {check.name}", check.status, going)

    async def discover(self) -> Hits:
        """What shows before anything is written."""
        for entry in self.entries():
            yield DiscoveryHit(Content(entry.text), entry.run, entry.text, literal(entry.help))

    async def search(self, query: str) -> Hits:
        """What fits what is written."""
        matcher = self.matcher(query)
        for entry in self.entries():
            score, places = matcher.fuzzy_search.match(query, entry.text)
            if score > 0:
                shown = Content(entry.text)
                for place in places:
                    if not entry.text[place].isspace():
                        shown = shown.stylize(matcher.match_style, place, place + 1)
                yield Hit(score, shown, entry.run, entry.text, literal(entry.help))


def literal(text: str) -> str:
    """Text for a place where Textual reads markup from strings, and leaves content as it is."""
    return cast("str", Content(text))


def _going(app: Palettable, place: Place, key: str) -> Callable[[], object]:
    return lambda: app.go(place, key)
