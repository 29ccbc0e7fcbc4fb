"""Who is on call: every schedule, those without anybody first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from daemon.api.schema import ScheduleView
from tui.doing.actions import Place, Situation
from tui.drawing.text import Layout, Line
from tui.drawing.words import plural
from tui.screens.board import ListBoard
from tui.showing import duty, rows
from tui.showing.sections import Section


class OnCallScreen(ListBoard):
    """The schedules."""

    PLACE = Place.ONCALL
    TITLE_TEXT = "On call"

    def _schedules(self) -> dict[str, ScheduleView]:
        return {one.name: one for one in self.desk.on_call}

    def situation(self) -> Situation:
        """The selected schedule."""
        key = self.rows.selected if self.ready else None
        schedule = self._schedules().get(key or "")
        return replace(self.desk.situation(self.PLACE), schedule=schedule)

    def rows_now(self) -> list[str]:
        """The schedules the filter admits, by their name and whoever is on call."""
        made = self.desk.filter(self.PLACE)
        ordered = sorted(self._schedules().values(), key=lambda one: bool(one.on_call))
        return [
            one.name
            for one in ordered
            if not made or made.admits([_labels(one)], f"{one.name} {' '.join(one.on_call)}")
        ]

    def total(self) -> int:
        """All schedules."""
        return len(self._schedules())

    def heading(self, width: int) -> Line:
        """The columns' headings."""
        return Layout.of(duty.COLUMNS, width).heading()

    def row(self, key: str, width: int) -> Line:
        """One schedule."""
        layout, schedule = Layout.of(duty.COLUMNS, width), self._schedules().get(key)
        return (
            layout.line(duty.schedule_row(schedule, self.desk.moment())) if schedule else rows.GONE
        )

    def figures(self) -> Line:
        """How many have nobody."""
        gaps = sum(not one.on_call for one in self._schedules().values())
        if gaps:
            return ((f"{gaps} without anybody", "bad"),)
        return (("all have somebody", "faint"),) if self.total() else ()

    def details(self, key: str, width: int) -> Sequence[Section]:
        """The present shift of a schedule, and the next."""
        schedule = self._schedules().get(key)
        return duty.schedule_sections(schedule, width, self.desk.moment()) if schedule else ()

    def empty(self) -> tuple[str, str]:
        """Nobody is ever on call."""
        if self.desk.filter(self.PLACE):
            return (
                "Nothing matches",
                f"{plural(self.total(), 'schedule')} in all. / edits the filter.",
            )
        return (
            "No schedules",
            "Add a [schedule.NAME] to the configuration; a policy tells it as schedule:NAME.",
        )


def _labels(schedule: ScheduleView) -> dict[str, str]:
    return {
        "schedule": schedule.name,
        "oncall": ",".join(schedule.on_call),
        "gap": "no" if schedule.on_call else "yes",
    }
