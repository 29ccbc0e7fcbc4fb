"""The analysis: services by their health, and what was in the last days, of each and of all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from msgspec import structs

from daemon.api.schema import HealthView
from daemon.core.model import DAY, SECOND, Instant
from tui.asked import Answer
from tui.desk import Desk
from tui.doing.actions import Place
from tui.drawing.text import Layout, Line
from tui.drawing.words import plural
from tui.screens.board import ListBoard
from tui.showing import rows
from tui.showing.analysis import (
    ALL,
    HEALTH_COLUMNS,
    SPAN_WORDS,
    Known,
    all_row,
    health_row,
    sections,
)
from tui.showing.sections import Section

FRESH: Final = 60 * SECOND
"""So old may a figure of days be."""
LIMIT: Final = 8
"""Alerts that are shown at most, of the most frequent and of the noisiest."""
LAST: Final = 101
"""Where a service without a score is put."""


class AnalysisScreen(ListBoard):
    """Health scores; beside them trends, the week, top alerts and what to tune."""

    PLACE = Place.ANALYSIS
    TITLE_TEXT = "Analysis"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._shown: dict[str, HealthView] = {}

    def _since(self) -> Instant:
        return self.desk.moment().now - self.desk.span_ms

    def _scores(self) -> Answer[list[HealthView]]:
        since, until = self._since(), self.desk.past
        return self.desk.asked.of(
            ("health", str(self.desk.span_ms), str(self.desk.past or "")),
            lambda: self.desk.client.health_scores(since, until),
            FRESH,
        )

    def _health(self) -> dict[str, HealthView]:
        """The scores; those of another span stay until the asked ones are there, so that no row
        moves twice."""
        scores = self._scores().value
        if scores is not None:
            self._shown = {one.service: one for one in scores}
        return self._shown

    def rows_now(self) -> list[str]:
        """All services together, then each, the least healthy first."""
        made, known = self.desk.filter(self.PLACE), self._health()
        names = [
            name
            for name in {*self.desk.mirror.services, *known}
            if not made or made.admits([_labels(name, known.get(name))], name)
        ]
        names.sort(key=lambda name: (_score(known.get(name)), name))
        return names if made or not names else [ALL, *names]

    def total(self) -> int:
        """All services."""
        return len(self.desk.mirror.services)

    def heading(self, width: int) -> Line:
        """The columns' headings."""
        columns = HEALTH_COLUMNS
        if self.desk.past is not None:
            columns = (*columns[:-1], replace(columns[-1], title="then"))
        return Layout.of(columns, width).heading()

    def row(self, key: str, width: int) -> Line:
        """A service and its health."""
        layout = Layout.of(HEALTH_COLUMNS, width)
        if key == ALL:
            return layout.line(all_row(self.total()))
        return layout.line(health_row(key, self._then(key, self._health().get(key)), layout))

    def _then(self, service: str, health: HealthView | None) -> HealthView | None:
        """The score with the status that is looked at; the daemon tells the present one."""
        known = self.desk.mirror.services.get(service)
        if self.desk.past is None or health is None or known is None:
            return health
        return structs.replace(health, status=known.status)

    def figures(self) -> Line:
        """How far back it looks, and whether the scores are there."""
        answer = self._scores()
        days = SPAN_WORDS[self.desk.span_ms]
        over: Line = ((f"the last {days}" if self.desk.past is None else f"the {days} before", ""),)
        if answer.fault:
            return rows.joined(((answer.fault, "warn"),), over)
        return over if answer.value is not None else rows.joined((("asking …", "faint"),), over)

    def details(self, key: str, width: int) -> Sequence[Section]:
        """What was, of a service or of all."""
        service = None if key == ALL else key
        return sections(self._known(service), width, self.desk.moment())

    def _known(self, service: str | None) -> Known:
        client, asked, ms = self.desk.client, self.desk.asked, self.desk.span_ms
        since, until = self._since(), self.desk.past
        about = (service or "", str(ms), str(until or ""))
        unit: Final = "hour" if ms <= DAY else "day"
        return Known(
            span_ms=ms,
            health=self._health().get(service or ""),
            statistics=asked.of(
                ("statistics", *about),
                lambda: client.statistics(since, until, service=service),
                FRESH,
            ),
            trends=asked.of(
                ("trends", *about),
                lambda: client.trends(since, until, unit=unit, service=service),
                FRESH,
            ),
            top=asked.of(
                ("top", *about),
                lambda: client.top_alerts(since, until, service=service, limit=LIMIT),
                FRESH,
            ),
            noise=asked.of(
                ("noise", *about),
                lambda: client.noise(since, until, service=service, limit=LIMIT),
                FRESH,
            ),
        )

    def empty(self) -> tuple[str, str]:
        """Nothing to analyse."""
        if self.desk.filter(self.PLACE):
            words = f"{plural(self.total(), 'service')} in all. / edits the filter."
            return "Nothing matches", words
        return "No services", "Add a [[service]] to the configuration and reload: tocsin reload."


def _score(health: HealthView | None) -> int:
    return LAST if health is None or health.score is None else health.score


def _labels(name: str, health: HealthView | None) -> dict[str, str]:
    """What a filter's matchers see of a service."""
    if health is None:
        return {"service": name}
    return {"service": name, "status": health.status, "band": health.band or "unknown"}
