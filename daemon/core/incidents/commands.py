"""What operators do to incidents: acknowledge, snooze, give back, assign, note, resolve, escalate.

Each command is looked at whole before anything is changed, so a refused one has changed
nothing. Each that is carried out leaves an audit record, a line in the timeline, and tells
those who must know. An operator may name the version they saw and is refused if the incident
has changed since.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from daemon.core.alerting.alerts import Alerts
from daemon.core.alerting.sources import is_by_hand
from daemon.core.changing import replace
from daemon.core.chronicle import Audit, EntryKind
from daemon.core.errors import Conflict, Invalid, NotAllowed, NotFound
from daemon.core.events import (
    Acknowledge,
    AddNote,
    Assign,
    Escalate,
    Resolve,
    Snooze,
    Unacknowledge,
)
from daemon.core.incidents import life as incidents
from daemon.core.incidents.desk import Desk
from daemon.core.incidents.life import Happening
from daemon.core.model import Actor, Incident, IncidentState, Millis
from daemon.core.nearest import did_you_mean
from daemon.core.oncall import escalation as policy
from daemon.core.oncall.clockwork import written
from daemon.core.turn import Turn

LONGEST_TEXT: Final = 10_000
"""Characters of a comment or a note."""


class Commands:
    """Carries operators' commands out at a desk."""

    def __init__(self, desk: Desk, alerts: Alerts) -> None:
        self._desk = desk
        self._course = desk.course
        self._teller = desk.teller
        self._book = desk.book
        self._alerts = alerts

    def acknowledge(self, command: Acknowledge, turn: Turn) -> None:
        """Somebody takes the incident, maybe from somebody else.

        Raises:
            NotFound, Conflict: See `find`.
            NotAllowed: It is resolved, or one of its alerts must not be acknowledged.
            Invalid: An expiry that is not in the future, or a comment that is too long.
        """
        before = self.find(command.incident, command.version, turn)
        incidents.after(before, Happening.ACK)
        check_text(command.comment)
        span = command.expires_after
        if span is not None and span <= 0:
            raise Invalid("an acknowledgement must last for some time")
        taken = self._take(before, command, span, turn)
        detail = joined_words(command.comment, "" if span is None else f"for {span} ms")
        self.record(turn, taken, "acknowledge", EntryKind.ACKNOWLEDGED, command.actor, detail)
        self._tell_taken(before, taken, f"acknowledged by {command.actor.name}", turn)

    def snooze(self, command: Snooze, turn: Turn) -> None:
        """Somebody takes the incident until a time, at which it is triggered again.

        Raises:
            NotFound, Conflict: See `find`.
            NotAllowed: It is resolved, or one of its alerts must not be acknowledged.
            Invalid: It lasts for no time, or the comment is too long.
        """
        before = self.find(command.incident, command.version, turn)
        incidents.after(before, Happening.SNOOZE)
        check_text(command.comment)
        if command.lasts <= 0:
            raise Invalid("a snooze must last for some time")
        taken = self._take(before, command, command.lasts, turn)
        until = f"until {written(turn.now + command.lasts)}"
        detail = joined_words(until, command.comment)
        self.record(turn, taken, "snooze", EntryKind.SNOOZED, command.actor, detail)
        self._tell_taken(before, taken, f"snoozed by {command.actor.name} {until}", turn)

    def assign(self, command: Assign, turn: Turn) -> None:
        """The incident is given to a person, who is told so; or it is nobody's any more.

        Raises:
            NotFound, Conflict: See `find`.
            NotAllowed: It is resolved, or there is no assignment to take away.
            Invalid: The configuration has no such person, or the comment is too long.
        """
        before = self.find(command.incident, command.version, turn)
        incidents.after(before, Happening.ASSIGN)
        check_text(command.comment)
        if command.to is None:
            self._unassign(before, command, turn)
            return
        persons = self._teller.caller.plan.persons
        if command.to not in persons:
            raise Invalid(unknown_person(command.to, persons))
        given = self._book.put(replace(before, assigned_to=command.to), turn)
        had = before.assigned_to if before.assigned_to != command.to else None
        is_news = command.to not in {before.assigned_to, command.actor.name}
        detail = joined_words(
            f"to {command.to}",
            f"{had} had it" if had else "",
            f"{command.to} is not told while it is muted" if is_news and given.muted else "",
            command.comment,
        )
        self.record(turn, given, "assign", EntryKind.ASSIGNED, command.actor, detail)
        if is_news and not given.muted:
            comment = f": {command.comment}" if command.comment else ""
            reason = f"assigned to you by {command.actor.name}{comment}"
            self._teller.assigned(given, reason, turn)

    def unacknowledge(self, command: Unacknowledge, turn: Turn) -> None:
        """The incident is given back; its escalation goes on with the time that was left, or
        starts over if it had nobody left to tell.

        Raises:
            NotFound, Conflict: See `find`.
            NotAllowed: It is not acknowledged.
        """
        before = self.find(command.incident, command.version, turn)
        incidents.after(before, Happening.UNACK)
        given = self._course.give_back(before, turn)
        kind = EntryKind.UNACKNOWLEDGED
        detail = f"was taken by {before.acknowledged_by}"
        self.record(turn, given, "unacknowledge", kind, command.actor, detail)
        self._course.revive(given.key, f"given back by {command.actor.name}", turn)

    def note(self, command: AddNote, turn: Turn) -> None:
        """A line is written into the timeline; also after the incident was resolved.

        Raises:
            NotFound, Conflict: See `find`.
            Invalid: The note is empty or too long.
        """
        incident = self.find(command.incident, command.version, turn)
        incidents.after(incident, Happening.NOTE)
        text = command.text.strip()
        if not text:
            raise Invalid("the note is empty")
        check_text(text)
        self.record(turn, incident, "note", EntryKind.NOTE, command.actor, text)

    def resolve(self, command: Resolve, turn: Turn) -> None:
        """The incident is ended; alerts that still fire open a new one when they fire anew.

        Raises:
            NotFound, Conflict: See `find`.
            NotAllowed: It is resolved already.
            Invalid: The comment is too long.
        """
        incident = self.find(command.incident, command.version, turn)
        incidents.after(incident, Happening.RESOLVE)
        check_text(command.comment)
        firing = [alert.key for alert in self._book.firing(incident)]
        reason = joined_words(f"resolved by {command.actor.name}", command.comment)
        self._course.resolve(incident, command.actor, reason, turn)
        self._audit(turn, incident, "resolve", command.actor, command.comment)
        self._alerts.resolve_by_hand(firing, turn)
        for alert in self._book.known(firing):
            if is_by_hand(alert.source):
                self._alerts.left(alert.source, turn)

    def escalate(self, command: Escalate, turn: Turn) -> None:
        """The next level is told now; an acknowledged incident is triggered again by that.

        Raises:
            NotFound, Conflict: See `find`.
            NotAllowed: It is resolved or muted, has no policy, or its policy is spent.
        """
        before = self.find(command.incident, command.version, turn)
        incidents.after(before, Happening.ESCALATE)
        if before.escalation is None:
            raise NotAllowed(f"incident {before.key} has no escalation policy")
        if before.muted:
            raise NotAllowed(f"incident {before.key} is muted: {before.muted[0].reason}")
        steps = policy.resumed(before.escalation, turn.now)
        steps, ran = policy.hurried(steps, turn.now)
        if not ran:
            raise NotAllowed(f"policy {before.escalation.policy} has nobody left to tell")
        incident = incidents.triggered(before)
        if before.state is IncidentState.ACKNOWLEDGED:
            text = f"escalated; was taken by {before.acknowledged_by}"
            self._book.write(turn, before, EntryKind.REOPENED, text, command.actor)
        incident = self._course.keep(replace(incident, escalation=steps), turn)
        self._audit(turn, incident, "escalate", command.actor, f"level {ran[-1].level + 1}")
        for step in ran:
            self._course.run(incident, step, turn)

    def _unassign(self, before: Incident, command: Assign, turn: Turn) -> None:
        if before.assigned_to is None:
            raise NotAllowed(f"incident {before.key} is assigned to nobody")
        freed = self._book.put(replace(before, assigned_to=None), turn)
        detail = joined_words(f"was assigned to {before.assigned_to}", command.comment)
        self.record(turn, freed, "unassign", EntryKind.UNASSIGNED, command.actor, detail)

    def _take(
        self, before: Incident, command: Acknowledge | Snooze, span: Millis | None, turn: Turn
    ) -> Incident:
        for alert in self._book.firing(before):
            if not alert.terms.acknowledgeable:
                raise NotAllowed(f"{alert.name} may not be acknowledged; it must be resolved")
        until = None if span is None else turn.now + span
        taken = incidents.acknowledged(before, command.actor, command.comment, until, turn.now)
        return self._course.keep(taken, turn)

    def _tell_taken(self, before: Incident, taken: Incident, did: str, turn: Turn) -> None:
        """Who takes it anew tells nobody that they have it."""
        was_theirs = before.acknowledged_by == taken.acknowledged_by
        if before.state is not IncidentState.ACKNOWLEDGED or not was_theirs:
            self._teller.acknowledged(taken, did, turn)

    def find(self, key: str, version: int | None, turn: Turn) -> Incident:
        """The incident with this id, as everything that happened so far makes it.

        Raises:
            NotFound: There is none.
            Conflict: Its version is not the one that the operator saw.
        """
        incident = self._book.incidents.get(key)
        if incident is None:
            raise NotFound(f"there is no incident {key!r}")
        if version is not None and version != incident.version:
            raise Conflict(
                f"incident {key} has changed: it is at version {incident.version},"
                f" you saw {version}"
            )
        self._desk.catch_up(key, turn)
        return self._book.incidents[key]

    def record(
        self,
        turn: Turn,
        incident: Incident,
        action: str,
        kind: EntryKind,
        actor: Actor,
        text: str,
    ) -> None:
        self._book.write(turn, incident, kind, text, actor)
        self._audit(turn, incident, action, actor, text)

    def _audit(
        self, turn: Turn, incident: Incident, action: str, actor: Actor, detail: str
    ) -> None:
        turn.append(Audit(turn.now, actor, action, incident.key, detail))


def check_text(text: str, most: int = LONGEST_TEXT) -> None:
    """Look whether a text is too long.

    Raises:
        Invalid: It is.
    """
    if len(text) > most:
        raise Invalid(f"the text has {len(text)} characters; {most} are the most")


def unknown_person(name: str, known: Collection[str]) -> str:
    """Why it is assigned to nobody, with the nearest name."""
    return f"the configuration has no person {name[:100]!r}{did_you_mean(name, known)}"


def joined_words(*parts: str) -> str:
    """What there is to say, in one line."""
    return "; ".join(part for part in parts if part)
