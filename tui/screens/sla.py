"""The SLAs, the least budget first; beside each how its budget went and what is left of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from daemon.api.schema import SlaCourseView, SlaView
from daemon.core.model import SECOND, Millis
from tui.asked import Answer
from tui.doing.actions import Place, Situation
from tui.drawing.text import Layout, Line
from tui.drawing.words import plural
from tui.screens.board import ListBoard
from tui.showing import figures, promised, rows
from tui.showing.sections import Section
from tui.showing.sla import Tried, sla_sections

FRESH: Final = 15 * SECOND
"""So old may the course of a budget be."""
PRESENT_ONLY: Final = "How its budget went and how it burned is known of the present only."


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
        return Layout.of(promised.SLA_COLUMNS, width).heading()

    def row(self, key: str, width: int) -> Line:
        """One SLA."""
        layout = Layout.of(promised.SLA_COLUMNS, width)
        sla = self.desk.mirror.slas.get(key)
        return layout.line(promised.sla_row(sla, layout, self.desk.moment())) if sla else rows.GONE

    def figures(self) -> Line:
        """How many are met."""
        slas = self.desk.mirror.slas.values()
        if not slas:
            return ()
        missed = sum(sla.met is False for sla in slas)
        met = sum(sla.met is True for sla in slas)
        unknown = len(slas) - missed - met
        bad: Line = ((f"✕ {missed:,} missed", "bad"),) if missed else ()
        open_: Line = ((f"? {unknown:,} not measured", "faint"),) if unknown else ()
        return rows.joined(bad, ((f"✓ {met:,} met", "faint"),), open_)

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
        approved_ms = self.desk.mirror.slas[sla].approved_ms  # an exclusion is asked about anew
        return self.desk.asked.of(
            (panel, sla, str(more_ms), str(approved_ms)),
            lambda: client.sla_course(sla, more_ms),
            FRESH,
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
