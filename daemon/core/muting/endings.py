"""Endings: a silence that is about to end, or has ended, is told while what it muted still fires.

It is told in the timeline of each incident that it muted, and to its author, if that is a person
of the configuration, over the contacts for what is not urgent, never over a telephone call. A
silence that mutes nothing that fires ends without a word. That it is about to end is told once,
also when the daemon was off at the time (`Silence.warned_at`).

It stands beside muting, and is asked before the mutes of a turn are others; what its
author is told belongs to no incident (`telling.aside`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from daemon.core.alerting.titles import lasting
from daemon.core.chronicle import EntryKind, NoticeType
from daemon.core.incidents.casebook import Casebook
from daemon.core.model import Alert, Incident, Silence
from daemon.core.plan import Plan
from daemon.core.telling.aside import Aside, tell_aside
from daemon.core.turn import Turn

MOST: Final = 100
"""So many timelines get a line at most."""
SHOWN: Final = 10
"""So many incidents are named to the author."""


class Endings:
    """Tells of silences that end, in the incidents of a casebook."""

    def __init__(self, plan: Plan, book: Casebook) -> None:
        self._plan = plan
        self._book = book

    def replan(self, plan: Plan) -> None:
        """Other persons may be told."""
        self._plan = plan

    def tell(self, silence: Silence, firing: Iterable[Alert], turn: Turn) -> None:
        """It ends soon, or has ended.

        Args:
            firing: The firing alerts, with the mutes that they had until now.
        """
        found = dict.fromkeys(
            alert.incident or ""
            for alert in firing
            if any(mute.by == silence.key for mute in alert.muted)
        )
        incidents = [self._book.incidents[key] for key in found if self._book.is_open(key)]
        if not incidents:
            return
        left = silence.ends_at - turn.now
        text = f"the silence by {silence.created_by} "
        text += f"ends in {lasting(left)}" if left > 0 else "has ended"
        for incident in incidents[:MOST]:
            self._book.write(turn, incident, EntryKind.MUTED, text)
        if silence.created_by in self._plan.persons:
            self._tell_author(silence, incidents, left > 0, turn)

    def _tell_author(
        self, silence: Silence, incidents: list[Incident], is_to_come: bool, turn: Turn
    ) -> None:
        when = f"ends in {lasting(silence.ends_at - turn.now)}" if is_to_come else "has ended"
        about = ", ".join(map(str, silence.matchers))
        worst = sorted(incidents, key=lambda one: (-one.severity, one.fired_at))
        named = "; ".join(f"{one.title} ({one.severity.word})" for one in worst[:SHOWN])
        more = f" and {len(incidents) - SHOWN} more" if len(incidents) > SHOWN else ""
        aside = Aside(
            NoticeType.SILENCE,
            "silence",
            silence.key,
            title=f"Your silence {when}",
            text=f"It mutes what matches {about}. Firing still: {named}{more}.",
            reason="end of a silence",
            from_=turn.now,
        )
        tell_aside(self._plan, silence.created_by, aside, turn)
