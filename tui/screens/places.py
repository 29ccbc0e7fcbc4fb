"""The checks and the silences: two lists with details."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from daemon.api.schema import CheckView, SilenceView
from daemon.core.labels import parse_matcher
from tui.doing.actions import Place, Situation
from tui.drawing.text import Layout, Line
from tui.drawing.theme import STATUS_GLYPHS
from tui.drawing.words import plural
from tui.mirror import STATUS_RANK
from tui.screens.board import ListBoard
from tui.showing import rows
from tui.showing.facts import check_sections, silence_sections
from tui.showing.sections import Section, section


class ChecksScreen(ListBoard):
    """Every check, the failing ones first."""

    PLACE = Place.CHECKS
    TITLE_TEXT = "Checks"

    def _order(self) -> list[CheckView]:
        checks = self.desk.mirror.checks.values()
        return self.desk.mirror.once(
            "checks",
            lambda: sorted(checks, key=lambda c: (STATUS_RANK[c.status], c.hard, c.name)),
        )

    def situation(self) -> Situation:
        """The selected check."""
        key = self.rows.selected if self.ready else None
        check = self.desk.mirror.checks.get(key or "")
        return replace(self.desk.situation(self.PLACE), check=check)

    def rows_now(self) -> list[str]:
        """The checks the filter admits, by their labels, name, kind, service and status."""
        made = self.desk.filter(self.PLACE)
        return [
            check.name
            for check in self._order()
            if not made or made.admits([check_labels(check)], f"{check.name} {check.service}")
        ]

    def total(self) -> int:
        """All checks."""
        return len(self.desk.mirror.checks)

    def heading(self, width: int) -> Line:
        """The columns' headings."""
        return Layout.of(rows.CHECK_COLUMNS, width).heading()

    def row(self, key: str, width: int) -> Line:
        """One check."""
        layout = Layout.of(rows.CHECK_COLUMNS, width)
        check = self.desk.mirror.checks.get(key)
        return layout.line(rows.check_row(check, self.desk.moment())) if check else rows.GONE

    def figures(self) -> Line:
        """How many are in which state."""
        return status_figures([check.status for check in self.desk.mirror.checks.values()])

    def details(self, key: str, width: int) -> Sequence[Section]:
        """All that is known of a check."""
        check = self.desk.mirror.checks.get(key)
        return check_sections(check, width, self.desk.moment()) if check else ()

    def empty(self) -> tuple[str, str]:
        """Nothing is checked."""
        if self.desk.filter(self.PLACE):
            return "Nothing matches", f"{plural(self.total(), 'check')} in all. / edits the filter."
        return "No checks", "Add a [[check]] to the configuration and reload: tocsin reload."


def check_labels(check: CheckView) -> dict[str, str]:
    """What a filter's matchers see of a check."""
    return {
        **check.labels,
        "check": check.name,
        "kind": check.kind,
        "service": check.service,
        "status": check.status,
        "hard": "yes" if check.hard else "no",
        "flapping": "yes" if check.flapping else "no",
    }


def status_figures(statuses: Sequence[str]) -> Line:
    """How many are in which state, the bad ones first and in their colours."""
    spans: list[tuple[str, str]] = []
    for status in STATUS_RANK:
        count = statuses.count(status)
        if count:
            spans.append(("  " if spans else "", ""))
            glyph = STATUS_GLYPHS[status]
            spans.append((f"{glyph} {count} {status}", "faint" if status == "up" else status))
    return tuple(spans)


class SilencesScreen(ListBoard):
    """The silences, the active ones first."""

    PLACE = Place.SILENCES
    TITLE_TEXT = "Silences"

    def situation(self) -> Situation:
        """The selected silence."""
        key = self.rows.selected if self.ready else None
        silence = self.desk.mirror.silences.get(key or "")
        return replace(self.desk.situation(self.PLACE), silence=silence)

    def _order(self) -> list[SilenceView]:
        order = {"active": 0, "pending": 1, "expired": 2}
        silences = self.desk.mirror.silences.values()
        return sorted(silences, key=lambda s: (order[s.status.state], s.endsAt, s.id))

    def rows_now(self) -> list[str]:
        """The silences the filter admits, by what they match and by their words."""
        made = self.desk.filter(self.PLACE)
        return [
            silence.id
            for silence in self._order()
            if not made
            or made.admits(
                [_silence_labels(silence)],
                f"{rows.matchers_text(silence.matchers)} {silence.comment} {silence.createdBy}",
            )
        ]

    def total(self) -> int:
        """All silences."""
        return len(self.desk.mirror.silences)

    def heading(self, width: int) -> Line:
        """The columns' headings."""
        return Layout.of(rows.SILENCE_COLUMNS, width).heading()

    def row(self, key: str, width: int) -> Line:
        """One silence."""
        layout = Layout.of(rows.SILENCE_COLUMNS, width)
        silence = self.desk.mirror.silences.get(key)
        return layout.line(rows.silence_row(silence, self.desk.moment())) if silence else rows.GONE

    def figures(self) -> Line:
        """How many are active."""
        active = sum(s.status.state == "active" for s in self.desk.mirror.silences.values())
        return ((f"{active} active", "faint"),)

    def details(self, key: str, width: int) -> Sequence[Section]:
        """A silence and what it mutes."""
        silence = self.desk.mirror.silences.get(key)
        if silence is None:
            return ()
        texts = [rows.matcher_text(matcher) for matcher in silence.matchers]
        try:
            matchers = tuple(parse_matcher(text) for text in texts)
        except ValueError as error:
            return [section([((str(error), "bad"),)])]
        return silence_sections(self.desk.mirror, silence, matchers, width, self.desk.moment())

    def empty(self) -> tuple[str, str]:
        """Nothing is silenced."""
        if self.desk.filter(self.PLACE):
            return (
                "Nothing matches",
                f"{plural(self.total(), 'silence')} in all. / edits the filter.",
            )
        if self.desk.past is not None:
            return "Nothing was silenced", "N goes back to now."
        return "Nothing is silenced", "s makes a silence; on an incident it is filled in for you."


def _silence_labels(silence: SilenceView) -> dict[str, str]:
    equal = {m.name: m.value for m in silence.matchers if m.isEqual}
    return {**equal, "state": silence.status.state, "by": silence.createdBy}
