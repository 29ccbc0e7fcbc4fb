"""What operators say of an objective's past after it was measured: exclusions and notes.

An exclusion takes a stretch of the past out of the figures, as planned maintenance would have;
the figures without it stay beside them. A note stands with the violations in its stretch. Both
are records, so they outlive a restart, and both are in the audit log with who, when and from
where. What is to come is not amended: that is what maintenance is for.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Final

from daemon.core.chronicle import Audit
from daemon.core.errors import Invalid, NotFound
from daemon.core.events import Amend, Withdraw
from daemon.core.model import Amendment, AmendmentKind, Instant
from daemon.core.plan import Plan
from daemon.core.sla.failing import Span
from daemon.core.turn import Turn

_NAMESPACE: Final = uuid.UUID("5e1f6ad0-5f0c-4a57-9a35-6c1f9b4b2f11")

_ACTIONS: Final = {
    AmendmentKind.EXCLUSION: "exclude from SLA",
    AmendmentKind.NOTE: "note on SLA",
}


class Amendments:
    """All amendments by id, and those of each objective in the order in which they were made."""

    def __init__(self) -> None:
        self.records: dict[str, Amendment] = {}
        self._of: dict[str, list[Amendment]] = {}

    def restore(self, records: Iterable[Amendment]) -> None:
        """Take in what a store kept."""
        for record in sorted(records, key=lambda one: (one.made_at, one.key)):
            self.records[record.key] = record
            self._of.setdefault(record.sla, []).append(record)

    def reword(self, record: Amendment) -> None:
        """The same amendment in other words."""
        self.records[record.key] = record
        mine = self._of[record.sla]
        self._of[record.sla] = [record if one.key == record.key else one for one in mine]

    def of(self, sla: str) -> tuple[Amendment, ...]:
        """Those of this objective."""
        return tuple(self._of.get(sla, ()))

    def add(self, command: Amend, plan: Plan, turn: Turn) -> Amendment:
        """Amend the past as an operator asks.

        Raises:
            NotFound: There is no such objective.
            Invalid: The stretch is empty or not past, or no reason is given.
        """
        if command.sla not in plan.slas:
            raise NotFound(f"there is no SLA {command.sla!r}")
        if not command.text.strip():
            raise Invalid("say why: a reason is written down with it")
        need_past((command.start, command.end), turn.now)
        made = Amendment(
            key=str(uuid.uuid5(_NAMESPACE, repr((command, turn.now)))),
            kind=command.kind,
            sla=command.sla,
            start=command.start,
            end=command.end,
            text=command.text,
            made_by=command.actor,
            made_at=turn.now,
        )
        self.restore([made])
        turn.save(made)
        turn.append(Audit(turn.now, command.actor, _ACTIONS[made.kind], made.sla, _told(made)))
        return made

    def withdraw(self, command: Withdraw, turn: Turn) -> Amendment:
        """Take an amendment back; the store keeps that it was.

        Raises:
            NotFound: There is no such amendment.
        """
        known = self.records.pop(command.amendment, None)
        if known is None:
            raise NotFound(f"there is no exclusion or note {command.amendment!r}")
        self._of[known.sla].remove(known)
        turn.drop(known)
        action = f"withdraw {known.kind}"
        turn.append(Audit(turn.now, command.actor, action, known.sla, _told(known)))
        return known


def need_past(stretch: Span, now: Instant) -> None:
    """Only what has been is amended.

    Raises:
        Invalid: The stretch is empty or not past.
    """
    start, end = stretch
    if end <= start:
        raise Invalid("the end must come after the start")
    if end > now:
        raise Invalid("it is not past yet; for what is to come there is maintenance")


def _told(one: Amendment) -> str:
    return f"{one.key}: {one.end - one.start} ms from {one.start}: {one.text}"
