"""Prompting: what is done when an incident is not answered in time.

When the time to acknowledge or to resolve it is over, an alert of its own says so, by the routes
that it takes itself; it ends when the incident was answered, is muted or is over. When a status
update is due, its commander is reminded, or else whom it was given to or who has taken it; and
whoever has taken it is reminded that it is open still. Nobody is reminded while it is muted or its
route tells nothing at this hour; that reminder is left out.

By when is `daemon.core.incidents.promptness`' to say. It stands among the desk's clocks, beside the
steps of policies.
"""

from __future__ import annotations

from daemon.core.alerting.sources import lateness_condition
from daemon.core.alerting.titles import lasting
from daemon.core.changing import replace
from daemon.core.chronicle import EntryKind
from daemon.core.incidents import promptness
from daemon.core.incidents.casebook import Casebook
from daemon.core.model import Incident, Instant
from daemon.core.plan import Plan
from daemon.core.telling.teller import Teller
from daemon.core.turn import Turn


class Prompter:
    """Prompts those who are to answer the incidents of a casebook."""

    def __init__(self, plan: Plan, book: Casebook, teller: Teller) -> None:
        self._plan = plan
        self._asks = promptness.asks(plan)
        self._book = book
        self._teller = teller
        book.prompted_at = self._at

    def replan(self, plan: Plan) -> None:
        """Other times to answer in are in force: also for what is open."""
        self._plan = plan
        self._asks = promptness.asks(plan)
        for incident in self._book.incidents.values():
            if self._book.is_open(incident.key):
                self._book.rearm(incident)

    def is_due(self, incident: Incident, now: Instant) -> bool:
        """Whether there is something to do about it."""
        at = self._at(incident)
        return at is not None and at <= now

    def prompt(self, key: str, turn: Turn) -> None:
        """Do what is due about this incident."""
        self._note_lateness(self._book.incidents[key], turn)
        incident = self._book.incidents[key]
        at = promptness.update_reminder_at(incident, self._plan)
        if at is not None and at <= turn.now:
            self._remind_of_update(incident, turn)
        incident = self._book.incidents[key]
        at = promptness.ack_reminder_at(incident, self._plan)
        if at is not None and at <= turn.now:
            self._remind_of_taking(incident, turn)
        self._book.rearm(self._book.incidents[key])

    def _at(self, incident: Incident) -> Instant | None:
        """Asked with every change of an incident, so most plans answer at once."""
        if not (self._asks or incident.late or incident.status_update):
            return None
        return promptness.prompted_at(incident, self._plan)

    def _note_lateness(self, incident: Incident, turn: Turn) -> None:
        """Begin and end the alerts that say it is late."""
        for late in promptness.LATE:
            at = promptness.late_at(late, incident, self._plan)
            is_late = at is not None and at <= turn.now
            if late in incident.late and at is None:
                left = tuple(one for one in incident.late if one != late)
                incident = self._book.note(replace(incident, late=left), turn)
                turn.conditions.append(lateness_condition(late, incident, False, turn.now))
            elif is_late and late not in incident.late:
                incident = self._book.put(replace(incident, late=(*incident.late, late)), turn)
                turn.conditions.append(lateness_condition(late, incident, True, turn.now))
                after = lasting(turn.now - promptness.begun_at(incident))
                done = "acknowledged" if late == "ack" else "resolved"
                self._book.write(turn, incident, EntryKind.LATE, f"not {done} after {after}")

    def _remind_of_update(self, incident: Incident, turn: Turn) -> None:
        incident = self._book.put(replace(incident, update_reminded_at=turn.now), turn)
        commander = dict(incident.roles).get("commander")
        who = commander or incident.assigned_to or incident.acknowledged_by
        due = promptness.update_due(incident, self._plan) or turn.now
        late = turn.now - due
        overdue = f"overdue for {lasting(late)}" if late > 0 else "due"
        self._remind(incident, who, f"a status update is {overdue}", turn)

    def _remind_of_taking(self, incident: Incident, turn: Turn) -> None:
        incident = self._book.put(replace(incident, ack_reminded_at=turn.now), turn)
        since = lasting(turn.now - (incident.acknowledged_at or turn.now))
        text = f"taken by {incident.acknowledged_by} {since} ago, and not resolved"
        self._remind(incident, incident.acknowledged_by, text, turn)

    def _remind(self, incident: Incident, who: str | None, text: str, turn: Turn) -> None:
        """Remind them if they can be, and say in the timeline who was."""
        silent = self._teller.holding.rests(incident)
        known = who is not None and who in self._plan.persons
        reached = known and not silent and self._teller.reminded(incident, who or "", text, turn)
        whom = who if reached else "nobody to remind" if not known else f"{who} is not reminded"
        if silent and known:
            whom = f"{who} is not reminded at this hour"
        self._book.write(turn, incident, EntryKind.REMINDED, f"{text}: {whom}")
