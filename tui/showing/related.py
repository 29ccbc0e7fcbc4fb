"""What tends to fire together with an incident's alerts: a section of its details."""

from __future__ import annotations

from collections.abc import Sequence

from daemon.api.schema import RelatedView
from tui.drawing.text import Line
from tui.showing.sections import Section, heading, section

SHOWN = 5
"""So many are shown; `tocsin show` lists more."""


def related_sections(related: Sequence[RelatedView]) -> list[Section]:
    """The closest of them; nothing where nothing was learned yet."""
    if not related:
        return []
    lines: list[Line] = []
    for one in related[:SHOWN]:
        fires = ("  fires now", "warn") if one.firing else ("", "")
        lines.append(
            (
                (f"{one.score:>4.0%} ", "bold"),
                (one.alertname, ""),
                (f"  {one.service}", "faint"),
                fires,
            )
        )
    return [heading("Related", "often fires with it"), section(lines)]
