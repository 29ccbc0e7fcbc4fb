"""The help: what keys do here, what cannot be done now and why, and what the signs mean."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from tui.desk import Desk
from tui.doing.actions import MODE_NAMES, MODES, Action, Situation, here, refusal
from tui.drawing.text import Line, cells, wrap
from tui.showing.facts import legend
from tui.showing.sections import Section, section
from tui.widgets.sections import Sections

_MOVING = (
    ("↑ ↓  j k", "move the selection; pgup pgdn, g and G for pages and ends"),
    ("enter  tab", "open what is selected, escape goes back; to the next pane"),
)
_FILTERS = (
    ('a="b"', "label is b; != is not, =~ matches, !~ matches not (RE2, whole value)"),
    ("word", "occurs in the row; several must all hold"),
)
_INDENT: Final = 13
"""Cells before what a key does."""
MANY: Final = 3
"""Keys that one reason refuses, from which on it is said once for all of them."""


class HelpScreen(ModalScreen[None]):
    """Keys and signs of the place it was called from."""

    AUTO_FOCUS = "#help"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,q,enter", "leave", "back", show=False)
    ]

    def __init__(self, desk: Desk, situation: Situation) -> None:
        super().__init__()
        self._desk = desk
        self._situation = situation

    def compose(self) -> ComposeResult:
        """A window on the keys."""
        with Vertical(classes="dialog tall"):
            yield Sections(self._desk, self._sections, id="help")

    def _sections(self, width: int) -> list[Section]:
        place = self._situation.place
        name = MODE_NAMES.get(place, "An incident")
        own = [action for action in here(place) if action.places]
        common = [a for a in here(place) if not a.places and not a.beside]
        everywhere = [a for a in common if not a.id.startswith("mode.")]
        shared = self._shared([*own, *everywhere])
        lines: list[Line] = [((f"{name}: keys", "accent bold"), ("   escape closes", "faint"))]
        lines += self._actions(own, width, shared)
        lines += self._unknown(width)
        lines += [(), (("Everywhere", "accent bold"),)]
        lines += self._actions(everywhere, width, shared)
        modes = ", ".join(MODE_NAMES[mode] for mode in MODES)
        moving = ((f"1 to {len(MODES)}", modes), *_MOVING)
        lines += [line for keys, words in moving for line in _key(keys, words, width)]
        for reason in shared:
            lines += [(), *wrap(f"Not now: {reason}", width, "warn bold")]
            refused = [a for a in (*own, *everywhere) if refusal(a, self._situation) == reason]
            lines += [line for a in refused for line in self._action(a, width)]
        lines += [(), (("Signs", "accent bold"),), *legend()]
        lines += [(), (("Filters", "accent bold"),)]
        lines += [line for keys, words in _FILTERS for line in _key(keys, words, width)]
        return [section(lines)]

    def _shared(self, actions: Sequence[Action]) -> list[str]:
        """The reasons that hold for many; each is said once, above the keys it refuses."""
        counted = Counter(refusal(action, self._situation) for action in actions)
        return [reason for reason, many in counted.items() if reason and many >= MANY]

    def _actions(
        self, actions: Sequence[Action], width: int, shared: Collection[str]
    ) -> Iterator[Line]:
        """Those that can be done, and those refused for a reason of their own, with it."""
        for action in actions:
            reason = refusal(action, self._situation)
            if reason in shared:
                continue
            yield from self._action(action, width, reason)

    def _unknown(self, width: int) -> list[Line]:
        """What cannot be known of the moment that is looked at."""
        picture = self._desk.travel.picture
        if picture is None or not picture.unknown:
            return []
        found = wrap(", ".join(picture.unknown), width - 2)
        return [
            (),
            (("Not known of this moment", "past bold"),),
            *((("  ", ""), *one) for one in found),
        ]

    def _action(self, action: Action, width: int, reason: str | None = None) -> list[Line]:
        besides = [other.key for other in here(self._situation.place) if other.beside == action.id]
        keys = " ".join([action.key, *action.keys[1:], *besides])
        if refusal(action, self._situation) is None:
            return _key(keys, action.help, width)
        refused = f"– {reason}" if reason else ""
        if _INDENT + cells(f"{action.help} {refused}") <= width:
            return [((f"  {keys:<10} ", "track"), (f"{action.help} ", "faint"), (refused, "warn"))]
        why = wrap(refused, width - _INDENT, "warn") if refused else []
        return [*_key(keys, action.help, width, ("track", "faint")), *map(_below, why)]

    def action_leave(self) -> None:
        """Back."""
        self.dismiss()


def _key(
    keys: str, words: str, width: int, styles: tuple[str, str] = ("accent bold", "")
) -> list[Line]:
    """A key and what it does, on as many lines as that takes: nothing of a help is cut."""
    first, *rest = wrap(words, width - _INDENT, styles[1])
    return [((f"  {keys:<10} ", styles[0]), *first), *map(_below, rest)]


def _below(line: Line) -> Line:
    return ((" " * _INDENT, ""), *line)
