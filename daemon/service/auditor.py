"""The auditor: whether steps of escalations are run when they are due.

It goes by the incidents as they are stored, not by the engine's own deadlines: when each next step
or contact is due stands in its record, and is held against the clock once a while, and against the
time at which the record shows it run. So a step that the engine forgot is found as well as one that
came late, because the daemon was off, asleep or held up. Either is a problem of the daemon's own
(`TocsinLateStep`), which stays for a while, so that somebody sees it.

It stands beside the turns: it is told the effects that are durable, and the watch over the daemon
asks it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from checks.durations import format_duration
from daemon.core.deadlines import soonest
from daemon.core.effects import Effect, Save
from daemon.core.model import MINUTE, SECOND, Incident, IncidentState, Instant, Millis
from daemon.core.telling import contacts

LATE: Final[Millis] = 30 * SECOND
"""A step may be run so long after it is due."""
SHOWN_FOR: Final[Millis] = 10 * MINUTE
"""So long a step that was run late is a problem."""
EVERY: Final[Millis] = 15 * SECOND
"""How often all open incidents are looked at."""


def due_at(incident: Incident) -> Instant | None:
    """When the incident's next step or contact is due, as its record has it."""
    if incident.state is not IncidentState.TRIGGERED:
        return None
    steps = incident.escalation
    step = None if steps is None else steps.next_at
    return soonest(step, contacts.next_at(incident.contacts))


class Auditor:
    """Holds steps against the times they were due."""

    def __init__(self, incidents: Iterable[Incident]) -> None:
        """From the incidents as they were stored when the daemon started."""
        self._due = {one.key: at for one in incidents if (at := due_at(one)) is not None}
        self._looked_at: Instant = 0
        self._pending: str | None = None
        self._ran: tuple[Instant, str] | None = None

    def take(self, effects: Sequence[Effect], now: Instant) -> None:
        """These effects were written."""
        for effect in effects:
            if isinstance(effect, Save) and isinstance(effect.record, Incident):
                self._see(effect.record, now)

    def problem(self, incidents: Mapping[str, Incident], now: Instant) -> str | None:
        """What is late, or was lately; None if all is in time."""
        if not 0 <= now - self._looked_at < EVERY:
            self._looked_at = now
            self._pending = self._forgotten(incidents, now)
        if self._pending is not None:
            return self._pending
        if self._ran is not None and now - self._ran[0] < SHOWN_FOR:
            return self._ran[1]
        self._ran = None
        return None

    def _see(self, incident: Incident, now: Instant) -> None:
        was, due = self._due.get(incident.key), due_at(incident)
        steps = incident.escalation
        if was is not None and now - was > LATE and due != was and incident.resolved_at is None:
            ran = steps is not None and steps.stepped_at == now
            if ran or incident.state is IncidentState.TRIGGERED:
                self._ran = now, _words(incident, "was run", now - was)
        if due is None:
            self._due.pop(incident.key, None)
        else:
            self._due[incident.key] = due

    @staticmethod
    def _forgotten(incidents: Mapping[str, Incident], now: Instant) -> str | None:
        late = [
            (at, one)
            for one in incidents.values()
            if (at := due_at(one)) is not None and now - at > LATE
        ]
        if not late:
            return None
        at, first = min(late, key=lambda found: found[0])
        more = f"; {len(late) - 1} more are" if len(late) > 1 else ""
        return _words(first, "is", now - at) + more


def _words(incident: Incident, verb: str, late: Millis) -> str:
    whole = late - late % SECOND
    return f"the next step of incident {incident.key} {verb} {format_duration(whole)} late"
