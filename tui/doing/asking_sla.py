"""The asking on the SLA place: which stretch of the past is meant, and what is said of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daemon.api.schema import SlaView
from tui.doing.amending import (
    Amending,
    Stretch,
    amendment_words,
    amendments,
    own_note,
    stretch_words,
    stretches,
)
from tui.drawing.words import span
from tui.screens.amending import (
    Exclusion,
    ExclusionPrompt,
    Picking,
    SlaNotePrompt,
    Trial,
    TrialPrompt,
)

if TYPE_CHECKING:
    from tui.app import Dashboard
    from tui.doing.asking import Deed

ANOTHER = ("another stretch", "from when to when is asked next")


class AskingSla:
    """Asks the operator on behalf of the app."""

    def __init__(self, app: Dashboard) -> None:
        self._app = app
        self._deeds = Amending(app.client)

    async def deed(self, action: str, sla: SlaView) -> Deed | None:
        """The deed that an action comes to; None when the operator thinks better of it."""
        match action:
            case "exclude":
                return await self._exclude(sla)
            case "sla_note":
                return await self._note(sla)
            case "withdraw":
                return await self._withdraw(sla)
        raise LookupError(f"action {action!r} comes to no deed on an SLA")

    async def trial(self, sla: SlaView) -> None:
        """Ask how much more down time to try, and show what it would do."""
        app, tried = self._app, self._app.desk.trials.get(sla.name, 0)
        prompt = TrialPrompt(
            sla.name,
            span(tried) if tried else "",
            lambda more_ms: app.client.sla_course(sla.name, more_ms),
        )
        answer = await app.push_screen_wait(prompt)
        if isinstance(answer, Trial):
            app.desk.trials[sla.name] = answer.more_ms
            app.changed()

    async def _exclude(self, sla: SlaView) -> Deed | None:
        """A violation or an outage is filled in, if one of them is meant."""
        app, found = self._app, stretches(sla, self._app.desk.now())
        picked = None
        if found:
            offered = [*(self._line(one) for one in found), ANOTHER]
            at = await app.push_screen_wait(Picking(f"Exclude what from {sla.name}?", offered))
            if at is None:
                return None
            picked = found[at] if at < len(found) else None
        prompt = ExclusionPrompt(
            sla.name,
            None if picked is None else (picked.start, picked.end),
            lambda start, end: app.client.preview_exclusion(sla.name, start, end),
            app.desk.now,
            app.desk.zone,
        )
        answer = await app.push_screen_wait(prompt)
        if not isinstance(answer, Exclusion):
            return None
        return self._deeds.exclude(sla.name, answer.start, answer.end, answer.reason)

    async def _note(self, sla: SlaView) -> Deed | None:
        """On a violation; a note of one's own there is edited."""
        app, now = self._app, self._app.desk.now()
        found = [one for one in stretches(sla, now) if one.kind == "violation"]
        if not found:
            app.say(f"note: {sla.name} has no violation in this period", severity="warning")
            return None
        at = 0
        if len(found) > 1:
            offered = [self._line(one) for one in found]
            chosen = await app.push_screen_wait(Picking(f"Note on which of {sla.name}?", offered))
            if chosen is None:
                return None
            at = chosen
        picked = found[at]
        old = own_note(picked, app.mirror.me)
        subject = f"{sla.name}, {stretch_words(picked, now, app.desk.zone)}"
        text = await app.push_screen_wait(SlaNotePrompt(subject, old.text if old else ""))
        if not isinstance(text, str) or (old is not None and text == old.text):
            return None
        return self._deeds.note(sla.name, picked.start, picked.end, text, old)

    async def _withdraw(self, sla: SlaView) -> Deed | None:
        app, found = self._app, amendments(sla)
        now, zone = app.desk.now(), app.desk.zone
        offered = [
            (amendment_words(one, now, zone), f"“{one.text}” ({one.made_by})") for one in found
        ]
        at = await app.push_screen_wait(Picking(f"Take what back from {sla.name}?", offered))
        return None if at is None else self._deeds.withdraw(found[at])

    def _line(self, one: Stretch) -> tuple[str, str]:
        noted = f", “{one.notes[-1].text}”" if one.notes else ""
        words = stretch_words(one, self._app.desk.now(), self._app.desk.zone)
        return words, f"{one.kind}{noted}"
