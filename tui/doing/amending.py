"""What operators say of an SLA's past: which stretches are offered, and the deeds.

A stretch is a violation or an outage, as the selected SLA tells them. An exclusion takes it out of
the figures, a note stands with it. Both are undone by withdrawing them; the daemon's audit log
keeps that they were.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from daemon.api.schema import AmendmentView, ExclusionPreview, SlaView, Standing, WhatIf
from daemon.client import Client, NotFound
from daemon.core.model import Instant
from tui.doing.deeds import Done, Undo
from tui.drawing.when import parse_moment
from tui.drawing.words import Zone, instant, moment, span


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of an SLA's past that something may be said of.

    Attributes:
        end: Now, where it lasts.
        notes: What was written on it, oldest first.
    """

    start: Instant
    end: Instant
    kind: str
    notes: tuple[AmendmentView, ...] = ()


def stretches(sla: SlaView, now: Instant) -> list[Stretch]:
    """Its violations, the newest first, then the outages that are not the same."""
    violations = [
        Stretch(instant(one.start) or 0, instant(one.end) or now, "violation", tuple(one.notes))
        for one in reversed(sla.violations)
    ]
    known = {(one.start, one.end) for one in violations}
    outages = [
        Stretch(instant(one.start) or 0, instant(one.end) or now, "outage")
        for one in reversed(sla.outages)
    ]
    rest = [one for one in outages if (one.start, one.end) not in known]
    return [one for one in (*violations, *rest) if one.start < one.end]


def amendments(sla: SlaView) -> list[AmendmentView]:
    """What was excluded from it and written on it in this period, the newest first."""
    found = {note.id: note for one in sla.violations for note in one.notes}
    found |= {one.id: one for one in sla.exclusions}
    return sorted(found.values(), key=lambda one: one.made_at, reverse=True)


def own_note(stretch: Stretch, me: str) -> AmendmentView | None:
    """The note on a stretch that an operator may edit: the newest of their own."""
    return next((note for note in reversed(stretch.notes) if note.made_by == me), None)


def stretch_words(stretch: Stretch, now: Instant, zone: Zone) -> str:
    """When it was, and how long."""
    return f"{moment(stretch.start, now, zone)}  {span(stretch.end - stretch.start)}"


def amendment_words(one: AmendmentView, now: Instant, zone: Zone) -> str:
    """Which stretch it is of."""
    start, end = instant(one.start) or 0, instant(one.end) or 0
    word = "excluded" if one.kind == "exclusion" else "note on"
    return f"{word} {moment(start, now, zone)}, {span(end - start)}"


def written(at: Instant, now: Instant, zone: Zone) -> str:
    """A moment as a line to fill in begins with it: read back it is the same millisecond, also in
    the hour that the clocks go through twice."""
    then = dt.datetime.fromtimestamp(at // 1000, zone)
    more = f".{at % 1000:03}" if at % 1000 else ""
    text = f"{then:%Y-%m-%d %H:%M:%S}{more}"
    if parse_moment(text, now, now, zone) == at:
        return text
    exact = dt.datetime.fromtimestamp(at / 1000, dt.UTC)
    return exact.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def standing_words(one: Standing | WhatIf) -> str:
    """An SLA's figures in a phrase: value, verdict, budget, what is given back."""
    verdict = {True: "met", False: "missed", None: "not measured"}[one.met]
    value = verdict if one.shown is None else f"{one.shown}% {verdict}"
    left = f"overspent by {span(-one.left_ms)}" if one.left_ms < 0 else f"{span(one.left_ms)} left"
    owed = f", {one.credit_percent:g}% given back" if one.credit_percent else ""
    return f"{value}, {left}{owed}"


def preview_words(preview: ExclusionPreview) -> str:
    """What an exclusion would do."""
    if preview.before == preview.after:
        return f"changes nothing: {standing_words(preview.before)}"
    return f"now   {standing_words(preview.before)}\nthen  {standing_words(preview.after)}"


class Amending:
    """The writes; each raises `ClientError` in the client's words."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def exclude(self, sla: str, start: Instant, end: Instant, reason: str) -> Done:
        """Take a stretch out of the figures."""
        made = await self._client.exclude(sla, start, end, reason)
        text = f"Excluded {span(end - start)} from {sla}. Both figures are shown."
        return Done(text, self._undo(made))

    async def note(
        self, sla: str, start: Instant, end: Instant, text: str, old: AmendmentView | None = None
    ) -> Done:
        """Write on a stretch; an older note goes once the new one is there."""
        made = await self._client.note_on_sla(sla, start, end, text)
        if old is None:
            told = f"Noted on {sla}. It stands with the violation, in reports too."
            return Done(told, self._undo(made))
        await self._client.withdraw_exclusion(sla, old.id)
        undo = Undo("writes the old one again", lambda: self._again(old, made), lambda: None)
        return Done(f"Changed your note on {sla}.", undo)

    async def withdraw(self, one: AmendmentView) -> Done:
        """Take an exclusion or a note back."""
        await self._client.withdraw_exclusion(one.sla, one.id)
        undo = Undo(f"brings the {one.kind} back", lambda: self._again(one), lambda: None)
        return Done(f"Took the {one.kind} “{one.text}” back from {one.sla}.", undo)

    def _undo(self, made: AmendmentView) -> Undo:
        return Undo("takes it back", lambda: self._take_back(made), lambda: None)

    async def _take_back(self, made: AmendmentView) -> Done:
        try:
            return await self.withdraw(made)
        except NotFound:
            return Done(f"Somebody took the {made.kind} back before.")

    async def _again(self, one: AmendmentView, instead: AmendmentView | None = None) -> Done:
        start, end = instant(one.start) or 0, instant(one.end) or 0
        if one.kind == "exclusion":
            return await self.exclude(one.sla, start, end, one.text)
        return await self.note(one.sla, start, end, one.text, instead)
