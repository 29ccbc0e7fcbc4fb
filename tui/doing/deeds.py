"""The deeds: every write of the dashboard, what it answers and how it is undone.

A deed asks the daemon, teaches the mirror the answer, and returns what to say. What can be
taken back carries its undoing, which first looks whether the thing is still as it was left:
undoing must never trample on what somebody else did meanwhile.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from daemon.api.schema import IncidentView, ResponseView, SilenceView
from daemon.client import Client
from daemon.core.model import Instant, Millis
from tui.drawing.words import instant, latency, span
from tui.mirror import Mirror
from tui.showing.figures import called as spoken
from tui.showing.responding import Choice
from tui.showing.rows import matcher_text, matchers_text


@dataclass(frozen=True, slots=True)
class Undo:
    """How to take a deed back.

    Attributes:
        title: What undoing does, in words.
        act: Does it.
        hindered: Why it can no longer be done, or None.
    """

    title: str
    act: Callable[[], Awaitable[Done]]
    hindered: Callable[[], str | None]


@dataclass(frozen=True, slots=True)
class Done:
    """What was done, for the toast; with its undoing, if there is one."""

    text: str
    undo: Undo | None = None

    @property
    def toast(self) -> str:
        """The text, and how to undo it."""
        return f"{self.text}\nz undoes: {self.undo.title}." if self.undo else self.text


def called(incident: IncidentView) -> str:
    """How a toast names an incident."""
    return f"“{incident.title}”"


class Deeds:
    """The writes; each raises `ClientError` in the client's words."""

    def __init__(self, client: Client, mirror: Mirror, now: Callable[[], Instant]) -> None:
        self._client = client
        self._mirror = mirror
        self._now = now

    async def ack(
        self, incident: IncidentView, comment: str = "", for_ms: Millis | None = None
    ) -> Done:
        """Take an incident."""
        taken = await self._client.ack(incident.id, comment, for_ms)
        self._mirror.learn(taken)
        until = f" for {span(for_ms)}" if for_ms else ""
        stopped = "" if incident.escalation is None else " Escalation stopped."
        text = f"Acknowledged {called(incident)}{until}.{stopped}"
        undo = Undo(
            "gives it back, escalation goes on" if stopped else "gives it back",
            lambda: self.unack(taken),
            lambda: self._not_mine(incident.id),
        )
        return Done(text, undo)

    async def snooze(self, incident: IncidentView, comment: str, for_ms: Millis) -> Done:
        """Take an incident for a time."""
        taken = await self._client.snooze(incident.id, for_ms, comment)
        self._mirror.learn(taken)
        text = f"Snoozed {called(incident)} for {span(for_ms)}. It is triggered again then."
        undo = Undo(
            "gives it back, escalation goes on",
            lambda: self.unack(taken),
            lambda: self._not_mine(incident.id),
        )
        return Done(text, undo)

    async def assign(self, incident: IncidentView, to: str | None, comment: str = "") -> Done:
        """Give an incident to a person, or take that back."""
        had = incident.assigned_to
        given = await self._client.assign(incident.id, to, comment)
        self._mirror.learn(given)
        text = f"Assigned {called(incident)} to {to or 'nobody'}."
        if given.state == "triggered" and to is not None:
            text += " Nobody has acknowledged it yet."
        undo = Undo(
            f"assigns it to {had or 'nobody'}",
            lambda: self.assign(given, had),
            lambda: self._not_assigned(incident.id, to),
        )
        return Done(text, None if to == had else undo)

    async def persons(self) -> list[str]:
        """Whom an incident may be assigned to."""
        return [person.name for person in await self._client.persons()]

    async def unack(self, incident: IncidentView) -> Done:
        """Give an incident back."""
        given = await self._client.unack(incident.id)
        self._mirror.learn(given)
        comment = incident.ack_comment or ""
        undo = Undo(
            "acknowledges it again",
            lambda: self.ack(given, comment),
            lambda: self._not_open(incident.id),
        )
        return Done(f"Gave {called(incident)} back. Escalation runs again.", undo)

    async def note(self, incident: IncidentView, text: str) -> Done:
        """Write into the timeline."""
        self._mirror.learn(await self._client.note(incident.id, text))
        return Done(f"Noted on {called(incident)}. A note stays; write another to correct it.")

    async def open(self, title: str, service: str | None, severity: str) -> Done:
        """Open an incident by hand."""
        made = await self._client.open_incident(title, service, severity)
        self._mirror.learn(made)
        return Done(f"Opened {called(made)}. It ends when somebody resolves it.")

    async def update(self, incident: IncidentView, text: str, next_in_ms: Millis | None) -> Done:
        """Tell stakeholders how it goes."""
        self._mirror.learn(await self._client.status_update(incident.id, text, next_in_ms))
        after = f" The next is due in {span(next_in_ms)}." if next_in_ms else ""
        return Done(f"Told stakeholders of {called(incident)}.{after}")

    async def set_role(self, incident: IncidentView, role: str, to: str | None) -> Done:
        """Give a person a part, or take it away."""
        had = incident.roles.get(role)
        given = await self._client.set_role(incident.id, role, to)
        self._mirror.learn(given)
        undo = Undo(
            f"makes {had or 'nobody'} {role}",
            lambda: self.set_role(given, role, had),
            lambda: self._not_role(incident.id, role, to),
        )
        return Done(
            f"{to or 'Nobody'} is {role} of {called(incident)}.", undo if to != had else None
        )

    async def merge(self, incident: IncidentView, into: IncidentView) -> Done:
        """Move its alerts into another."""
        self._mirror.learn(await self._client.merge(incident.id, into.id))
        return Done(f"Merged {called(incident)} into {called(into)}; split takes alerts out again.")

    async def resolve(self, incident: IncidentView) -> Done:
        """Close by hand."""
        self._mirror.learn(await self._client.resolve(incident.id))
        text = f"Resolved {called(incident)}. This cannot be undone; if it fires on, it returns."
        return Done(text)

    async def escalate(self, incident: IncidentView) -> Done:
        """Tell the next level."""
        after = await self._client.escalate(incident.id)
        self._mirror.learn(after)
        told = incident.escalation.next_notify if incident.escalation else []
        whom = ", ".join(spoken(one) for one in told) or "the next level"
        return Done(f"Escalated {called(incident)}: {whom} told. This cannot be taken back.")

    async def responses(self) -> list[ResponseView]:
        """The configured responses."""
        return await self._client.responses()

    async def respond(self, incident: IncidentView, choice: Choice) -> Done:
        """Run a response, approve one that waits, or refuse it."""
        if choice.deed == "refuse":
            self._mirror.learn(await self._client.refuse_run(choice.key))
            return Done(f"Refused {choice.response} for {called(incident)}.")
        if choice.deed == "approve":
            run = await self._client.approve_run(choice.key)
        else:
            run = await self._client.respond(incident.id, choice.key)
        self._mirror.learn(run)
        if run.state == "dry_run":
            return Done(f"{choice.response} is a dry run; nothing was done.")
        return Done(f"{choice.response} begins; its outcome comes into the timeline.")

    async def silence(self, matchers: Sequence[str], for_ms: Millis, comment: str) -> Done:
        """Mute alerts for a time."""
        made = await self._client.put_silence(matchers, for_ms=for_ms, comment=comment)
        self._mirror.learn(made)
        text = f"Silenced {' '.join(matchers)} for {span(for_ms)}."
        undo = Undo("ends the silence", lambda: self.expire(made), lambda: self._over(made.id))
        return Done(text, undo)

    async def expire(self, silence: SilenceView) -> Done:
        """End a silence."""
        end = instant(silence.endsAt)
        left = end - self._now() if end is not None else 0
        self._mirror.learn(await self._client.expire_silence(silence.id))
        text = f"Ended the silence {matchers_text(silence.matchers)}."
        if left <= 0:
            return Done(text)
        matchers = [matcher_text(matcher) for matcher in silence.matchers]
        undo = Undo(
            f"silences again for {span(left)}",
            lambda: self.silence(matchers, left, silence.comment),
            lambda: None,
        )
        return Done(text, undo)

    async def begin_maintenance(
        self, name: str, services: Sequence[str], for_ms: Millis, reason: str
    ) -> Done:
        """Announce work that begins now."""
        made = await self._client.begin_maintenance(
            name, services=services, for_ms=for_ms, reason=reason
        )
        undo = Undo("ends it", lambda: self.end_maintenance(made.id, name), lambda: None)
        text = f"Maintenance {name} on {', '.join(services)} for {span(for_ms)}."
        return Done(text, undo)

    async def end_maintenance(self, work: str, name: str) -> Done:
        """End work that somebody announced."""
        await self._client.end_maintenance(work)
        return Done(f"Ended the maintenance {name}.")

    async def override(
        self, schedule: str, person: str, for_ms: Millis, replaces: str | None, comment: str
    ) -> Done:
        """Put a person on call."""
        made = await self._client.override(
            schedule, [person], for_ms=for_ms, replaces=replaces, comment=comment
        )
        place = f", in place of {replaces}" if replaces else ""
        undo = Undo("ends it", lambda: self.end_override(schedule, made.id), lambda: None)
        return Done(f"{person} is on call for {schedule} for {span(for_ms)}{place}.", undo)

    async def end_override(self, schedule: str, override: str) -> Done:
        """End an override."""
        await self._client.end_override(schedule, override)
        return Done(f"Ended the override of {schedule}.")

    async def run(self, check: str) -> Done:
        """Run a check now."""
        await self._client.check_run(check)
        return Done(f"Asked for a run of {check}; its result will show.")

    async def test(self, channel: str) -> Done:
        """Send a test message, and say what its receiver said."""
        found = await self._client.test_channel(channel)
        took = latency(found.took_ms)
        if found.delivered:
            return Done(f"✓ {channel} took the test message in {took}: {found.detail}")
        return Done(f"✕ {channel} did not take the test message: {found.detail}")

    def _not_role(self, incident: str, role: str, to: str | None) -> str | None:
        now = self._mirror.incidents.get(incident)
        if now is None or now.state == "resolved":
            return "it is resolved by now"
        who = now.roles.get(role)
        return None if who == to else f"{who or 'nobody'} is {role} by now"

    def _not_mine(self, incident: str) -> str | None:
        now = self._mirror.incidents.get(incident)
        if now is None or now.state == "resolved":
            return "it is resolved by now"
        if now.state == "triggered":
            return "it is no longer acknowledged"
        if self._mirror.me and now.acknowledged_by != self._mirror.me:
            return f"{now.acknowledged_by} has it by now"
        return None

    def _not_assigned(self, incident: str, to: str | None) -> str | None:
        now = self._mirror.incidents.get(incident)
        if now is None or now.state == "resolved":
            return "it is resolved by now"
        if now.assigned_to != to:
            return f"it is assigned to {now.assigned_to or 'nobody'} by now"
        return None

    def _not_open(self, incident: str) -> str | None:
        now = self._mirror.incidents.get(incident)
        if now is None or now.state == "resolved":
            return "it is resolved by now"
        if now.state == "acknowledged":
            return f"{now.acknowledged_by} has it by now"
        return None

    def _over(self, silence: str) -> str | None:
        now = self._mirror.silences.get(silence)
        if now is None or now.status.state == "expired":
            return "the silence is over by now"
        return None
