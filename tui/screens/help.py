"""The help: what keys do here, what cannot be done now and why, and what the signs mean."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from tui.actions import MODE_NAMES, MODES, Action, Situation, here, refusal
from tui.desk import Desk
from tui.detail import Section, section
from tui.facts import legend
from tui.text import Line, fit, wrap
from tui.widgets.sections import Sections

_MOVING = (
    ("↑ ↓  j k", "move the selection; pgup pgdn, g and G for pages and ends"),
    ("enter  tab", "open what is selected, escape goes back; to the next pane"),
)


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
        lines: list[Line] = [((f"{name}: keys", "accent bold"), ("   escape closes", "faint"))]
        lines += [self._action(action, width) for action in own]
        lines += self._unknown(width)
        lines += [(), (("Everywhere", "accent bold"),)]
        lines += [self._action(action, width) for action in everywhere]
        modes = ", ".join(MODE_NAMES[mode] for mode in MODES)
        lines.append(_key(f"1 to {len(MODES)}", modes, width))
        lines += [_key(keys, words, width) for keys, words in _MOVING]
        lines += [(), (("Signs", "accent bold"),), *legend()]
        lines += [(), (("Filters", "accent bold"),)]
        lines += [
            _key(
                'a="b"',
                "label is b; != is not, =~ matches, !~ matches not (RE2, whole value)",
                width,
            ),
            _key("word", "occurs in the row; several must all hold", width),
        ]
        return [section(lines)]

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

    def _action(self, action: Action, width: int) -> Line:
        reason = refusal(action, self._situation)
        besides = [other.key for other in here(self._situation.place) if other.beside == action.id]
        keys = " ".join([action.key, *action.keys[1:], *besides])
        if reason is None:
            return _key(keys, action.help, width)
        return fit(
            ((f"  {keys:<10}", "track"), (f"{action.help} ", "faint"), (f"– {reason}", "warn")),
            width,
        )

    def action_leave(self) -> None:
        """Back."""
        self.dismiss()


def _key(keys: str, words: str, width: int) -> Line:
    return fit(((f"  {keys:<10}", "accent bold"), (words, "")), width)
