"""The SLAs, the least budget first; beside each how its budget went and what is left of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from textual.app import ComposeResult
from textual.widgets import Input

from daemon.api.schema import SlaCourseView, SlaView
from daemon.core.model import DAY, SECOND, Millis
from tui import figures, rows
from tui.actions import Place, Situation
from tui.asked import Answer
from tui.detail import Section
from tui.screens.board import ListBoard
from tui.screens.prompts import Dialog
from tui.sla import Tried, sla_sections
from tui.text import Layout, Line
from tui.words import parse_span, plural

FRESH: Final = 15 * SECOND
"""So old may the course of a budget be."""
PRESENT_ONLY: Final = "How its budget went and how it burned is known of the present only."
MOST: Final = 366 * DAY
"""More down time than a year has is not tried."""


class SlaScreen(ListBoard):
    """The objectives and their budgets."""

    PLACE = Place.SLA
    TITLE_TEXT = "SLA"

    def situation(self) -> Situation:
        """The selected SLA."""
        key = self.rows.selected if self.ready else None
        sla = self.desk.mirror.slas.get(key or "")
        return replace(self.desk.situation(self.PLACE), sla=sla)

    def rows_now(self) -> list[str]:
        """The SLAs the filter admits."""
        made = self.desk.filter(self.PLACE)
        return [
            sla.name
            for sla in figures.slas(self.desk.mirror)
            if not made or made.admits([_sla_labels(sla)], f"{sla.name} {sla.service}")
        ]

    def total(self) -> int:
        """All SLAs."""
        return len(self.desk.mirror.slas)

    def heading(self, width: int) -> Line:
        """The columns' headings."""
        return Layout.of(rows.SLA_COLUMNS, width).heading()

    def row(self, key: str, width: int) -> Line:
        """One SLA."""
        layout = Layout.of(rows.SLA_COLUMNS, width)
        sla = self.desk.mirror.slas.get(key)
        return layout.line(rows.sla_row(sla, layout, self.desk.moment())) if sla else rows.GONE

    def figures(self) -> Line:
        """How many are met."""
        slas = self.desk.mirror.slas.values()
        missed = sum(sla.met is False for sla in slas)
        met = sum(sla.met is True for sla in slas)
        bad: Line = ((f"✕ {missed} missed", "bad"),) if missed else ()
        return rows.joined(bad, ((f"✓ {met} met", "faint"),))

    def details(self, key: str, width: int) -> Sequence[Section]:
        """How an SLA's period went."""
        sla = self.desk.mirror.slas.get(key)
        if sla is None:
            return ()
        if self.desk.past is not None:
            return sla_sections(sla, Answer(fault=PRESENT_ONLY), None, width, self.desk.moment())
        more_ms = self.desk.trials.get(key, 0)
        tried = Tried(more_ms, self._course("trial", key, more_ms)) if more_ms else None
        return sla_sections(sla, self._course("course", key), tried, width, self.desk.moment())

    def _course(self, panel: str, sla: str, more_ms: Millis = 0) -> Answer[SlaCourseView]:
        client = self.desk.client
        return self.desk.asked.of(
            (panel, sla, str(more_ms)), lambda: client.sla_course(sla, more_ms), FRESH
        )

    def empty(self) -> tuple[str, str]:
        """Nothing is promised."""
        if self.desk.filter(self.PLACE):
            return "Nothing matches", f"{plural(self.total(), 'SLA')} in all. / edits the filter."
        return (
            "No SLAs",
            "Add an [[sla]] for a service to the configuration: a target and a period.",
        )


def _sla_labels(sla: SlaView) -> dict[str, str]:
    met = {True: "yes", False: "no", None: "unknown"}[sla.met]
    return {"sla": sla.name, "service": sla.service, "kind": sla.kind, "met": met}


@dataclass(frozen=True, slots=True)
class Trial:
    """How much more down time to try; 0 for none."""

    more_ms: Millis


class TrialPrompt(Dialog):
    """Try more down time on an SLA; nothing is changed by that.

    Args:
        tried: What is tried now, as it was written.
    """

    def __init__(self, sla: str, tried: str) -> None:
        super().__init__()
        self._sla, self._tried = sla, tried

    def title_text(self) -> str:
        """What is asked."""
        return f"What if {self._sla} were down longer?"

    def lines(self) -> ComposeResult:
        """The time."""
        yield Input(self._tried, placeholder="how much more: 10m, 2h; empty: none", id="more")

    def answer(self) -> Trial:
        """The time, in milliseconds."""
        text = self.text("more")
        if not text:
            return Trial(0)
        more_ms = parse_span(text)
        if more_ms > MOST:
            raise ValueError("a year of down time is the most that can be tried")
        return Trial(more_ms)
