"""What happens, as lines on standard output, for a run without a terminal.

A line for every incident that opens, is taken, rises or ends, and now and then one that
says how everything is. The text is for people; programs use `tocsin watch -o json`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from daemon.core.effects import Effect, Enqueue, Save
from daemon.core.engine import Engine
from daemon.core.model import Incident, IncidentState, Instant

_EVERY_MS = 10_000


def _clock(now: Instant) -> str:
    return datetime.fromtimestamp(now / 1000, UTC).strftime("%H:%M:%S")


class StatusLines:
    """Turns committed effects into lines; `say` prints one."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._told: dict[str, tuple[IncidentState, int]] = {}
        self._summary_at: Instant = 0

    def effects(self, effects: Iterable[Effect], now: Instant) -> None:
        """Tell what these effects mean for incidents and who is notified."""
        for effect in effects:
            if isinstance(effect, Save) and isinstance(effect.record, Incident):
                self._incident(effect.record, now)
            elif isinstance(effect, Enqueue):
                notice = effect.notice
                whom = (
                    f"{notice.recipient} by {notice.channel}"
                    if notice.recipient
                    else notice.channel
                )
                self._line(now, f"  tell {whom}: {notice.incident.title} ({notice.reason})")

    def _incident(self, incident: Incident, now: Instant) -> None:
        told = self._told.get(incident.key)
        current = (incident.state, incident.severity)
        if told == current:
            return
        self._told[incident.key] = current
        who = f" by {incident.acknowledged_by}" if incident.acknowledged_by else ""
        self._line(now, f"{incident.severity.word.upper()} {incident.state}{who}: {incident.title}")
        if incident.state is IncidentState.RESOLVED:
            del self._told[incident.key]

    def summary(self, engine: Engine, now: Instant) -> None:
        """How everything is, at most every ten seconds."""
        if now - self._summary_at < _EVERY_MS:
            return
        self._summary_at = now
        counts = Counter(state.status.word for state in engine.checks.values())
        listed = ", ".join(f"{count} {word}" for word, count in sorted(counts.items()))
        open_incidents = sum(
            incident.state is not IncidentState.RESOLVED for incident in engine.incidents.values()
        )
        self._line(now, f"checks: {listed or 'none'}; incidents: {open_incidents} open")

    def _line(self, now: Instant, text: str) -> None:
        self._say(f"{_clock(now)} {text}")
