"""The channels: how each does, those in trouble first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from daemon.api.schema import ChannelView
from tui.doing.actions import Place, Situation
from tui.drawing.text import Layout, Line
from tui.drawing.words import plural
from tui.screens.board import ListBoard
from tui.showing import channels, rows
from tui.showing.sections import Section


class ChannelsScreen(ListBoard):
    """Every way to tell somebody."""

    PLACE = Place.CHANNELS
    TITLE_TEXT = "Channels"

    def _channels(self) -> dict[str, ChannelView]:
        daemon = self.desk.live.daemon if self.desk.past is None else None
        return {} if daemon is None else {one.name: one for one in daemon.channels}

    def situation(self) -> Situation:
        """The selected channel."""
        key = self.rows.selected if self.ready else None
        channel = self._channels().get(key or "")
        return replace(self.desk.situation(self.PLACE), channel=channel)

    def rows_now(self) -> list[str]:
        """The channels the filter admits, by their name, kind and state."""
        made = self.desk.filter(self.PLACE)
        found = self._channels().values()
        ordered = sorted(found, key=lambda one: (-channels.trouble(one), one.name))
        return [
            one.name
            for one in ordered
            if not made or made.admits([_labels(one)], f"{one.name} {one.kind}")
        ]

    def total(self) -> int:
        """All channels."""
        return len(self._channels())

    def heading(self, width: int) -> Line:
        """The columns' headings."""
        return Layout.of(channels.COLUMNS, width).heading()

    def row(self, key: str, width: int) -> Line:
        """One channel."""
        layout, channel = Layout.of(channels.COLUMNS, width), self._channels().get(key)
        moment = self.desk.moment()
        return layout.line(channels.channel_row(channel, moment)) if channel else rows.GONE

    def figures(self) -> Line:
        """How many are in trouble."""
        troubled = sum(map(channels.is_troubled, self._channels().values()))
        if troubled:
            return ((f"{troubled} in trouble", "bad"),)
        return (("none in trouble", "faint"),) if self.total() else ()

    def details(self, key: str, width: int) -> Sequence[Section]:
        """All that is known of a channel."""
        channel = self._channels().get(key)
        return channels.channel_sections(channel, width, self.desk.moment()) if channel else ()

    def empty(self) -> tuple[str, str]:
        """Nobody can be told."""
        if self.desk.filter(self.PLACE):
            count = plural(self.total(), "channel")
            return "Nothing matches", f"{count} in all. / edits the filter."
        if self.desk.past is not None:
            told = "Whom they told stands with each incident. N goes back to now."
            return "How the channels did then is not kept", told
        return "No channels", "Add a [channel.NAME] to the configuration; a route names it."


def _labels(channel: ChannelView) -> dict[str, str]:
    return {
        "channel": channel.name,
        "kind": channel.kind,
        "breaker": channel.breaker,
        "trouble": "yes" if channels.is_troubled(channel) else "no",
    }
