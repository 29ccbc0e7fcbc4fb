"""What was seen of a daemon from outside, held against what is in its database after a kill.

Whatever a daemon said was so (on its event stream, in an answer, in a page) must be in the
database of its successor: that is promise 1. The ledger keeps what was said and finds what
is missing, what was told twice without a reason, and who was told in spite of an
acknowledgement.
"""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from daemon.api.schema import IncidentView
from tests.system.ground import Page

RANK = {"triggered": 0, "acknowledged": 1, "resolved": 2}
"""An incident of the kills only ever goes on in this order: the load gives none back."""

CALLS = frozenset({"incident.firing", "incident.escalated", "incident.repeated"})
"""What nobody is told any more once somebody has taken the incident."""


@dataclass
class Ledger:
    """All that was seen.

    Attributes:
        seen: How far each incident had got, on the stream or in an answer.
        taken: When each incident was acknowledged, as the API writes times.
        notes: Lines that were answered: text and incident.
        silences: Ids that were answered.
        in_flight: After each kill, the notices that may have been on their way.
        launches: When each daemon was launched, on the monotonic clock.
        breaches: What should not be.
    """

    seen: dict[str, str] = field(default_factory=dict)
    taken: dict[str, str] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    silences: set[str] = field(default_factory=set)
    in_flight: list[set[str]] = field(default_factory=list)
    launches: list[float] = field(default_factory=list)
    breaches: list[str] = field(default_factory=list)
    events: int = 0
    _versions: dict[str, int] = field(default_factory=dict)

    def saw(self, incident: IncidentView) -> None:
        """The daemon said that the incident is so."""
        before = self.seen.get(incident.id)
        if before is not None and incident.version <= self._versions[incident.id]:
            return  # the stream tells later than an answer what was so earlier
        self._versions[incident.id] = incident.version
        if before is None or RANK[before] <= RANK[incident.state]:
            self.seen[incident.id] = incident.state
        else:
            self.breach(f"incident {incident.id} was {before} and is {incident.state} again")

    def acknowledged(self, incident: IncidentView) -> None:
        """The daemon answered an acknowledgement."""
        self.saw(incident)
        if incident.acknowledged_at is not None:
            self.taken[incident.id] = incident.acknowledged_at

    def breach(self, words: str) -> None:
        """Write down what should not be, once."""
        if words not in self.breaches:
            self.breaches.append(words)

    def hold_against(self, database: Path, pages: list[Page]) -> None:
        """Compare all that was seen with a database whose daemon is dead; it is copied first,
        so that the next daemon finds it as the kill left it."""
        copy = database.with_name("copy.db")
        for end in ("", "-wal"):
            source = database.with_name(database.name + end)
            if source.exists():
                shutil.copy(source, copy.with_name(copy.name + end))
        try:
            with closing(sqlite3.connect(copy)) as connection:
                self._hold(connection, pages)
        finally:
            for end in ("", "-wal", "-shm"):
                copy.with_name(copy.name + end).unlink(missing_ok=True)

    def _hold(self, connection: sqlite3.Connection, pages: list[Page]) -> None:
        for (words,) in connection.execute("PRAGMA integrity_check"):
            if words != "ok":
                self.breach(f"integrity_check: {words}")
        stored = dict(connection.execute("SELECT key, state FROM incident").fetchall())
        for incident, state in self.seen.items():
            if RANK.get(stored.get(incident, ""), -1) < RANK[state]:
                self.breach(f"incident {incident} was {state}, stored: {stored.get(incident)}")
        lines = {text for (text,) in connection.execute("SELECT text FROM timeline")}
        for note in self.notes.keys() - lines:
            self.breach(f"the note {note!r} of incident {self.notes[note]} is not stored")
        silences = {key for (key,) in connection.execute("SELECT key FROM silence")}
        for silence in self.silences - silences:
            self.breach(f"silence {silence} is not stored")
        deliveries = connection.execute("SELECT key, state, attempts FROM delivery").fetchall()
        for key in {page.key for page in pages} - {key for key, _, _ in deliveries}:
            self.breach(f"the page {key} was told and is not stored")
        self.in_flight.append(
            {key for key, state, tried in deliveries if state == "sending" or _again(state, tried)}
        )

    def duplicates(self, pages: list[Page]) -> int:
        """How many pages came twice; those without a kill as the reason are breaches."""
        lives: dict[str, list[int]] = {}
        for page in pages:
            lives.setdefault(page.key, []).append(self._life(page.at))
        for key, told in lives.items():
            for first, second in pairwise(told):
                known = [key in unsettled for unsettled in self.in_flight[first:second]]
                if not known or not all(known):
                    self.breach(f"the page {key} was told in lives {first} and {second}")
        return sum(len(told) - 1 for told in lives.values())

    def _life(self, at: float) -> int:
        return max(number for number, since in enumerate(self.launches) if since <= at)

    def told_in_spite(self, pages: list[Page]) -> None:
        """Nobody is called to an incident by a decision that came after it was taken."""
        for page in pages:
            taken_at = self.taken.get(page.incident)
            if page.kind in CALLS and taken_at is not None and page.time > taken_at:
                self.breach(f"incident {page.incident} was taken {taken_at}, and told: {page}")

    def all_is_told(self, database: Path, pages: list[Page]) -> None:
        """At the very end, when all is well: every incident began and ended once, and every
        notice that counts as sent did arrive."""
        arrived = {page.key for page in pages}
        with closing(sqlite3.connect(database)) as connection:
            for incident, began, ended in connection.execute(
                "SELECT incident, sum(kind = 'fired'), sum(kind = 'resolved') FROM timeline"
                " GROUP BY incident"
            ):
                if (began, ended) != (1, 1):
                    self.breach(f"incident {incident} began {began} times, ended {ended} times")
            for key, state, detail in connection.execute("SELECT key, state, detail FROM delivery"):
                if state != "sent":
                    self.breach(f"the page {key} is {state} in the end: {detail}")
                elif key not in arrived and not detail.startswith("told with"):
                    self.breach(f"the page {key} counts as sent and never arrived")


def _again(state: str, tried: int) -> bool:
    """Whether an attempt failed as far as the daemon knows; the receiver may know better."""
    return state == "queued" and tried > 0
