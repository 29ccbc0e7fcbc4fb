"""Overrides at run time: an operator puts others on call for a while, or has two swap shifts.

They lie above everything that a schedule's configuration says, those overrides included; of two at
once the one made last counts. Each has an end; one that is ended before it began is as if it had
never been made, one that runs ends at that moment. They are kept (and so what was can be asked)
for `KEEP` after their end, survive restarts and reloads, and wait in silence where a reload has
taken their schedule or all of their persons away.

`Overrides` has the records, carries operators' commands out and puts them over a plan
(`applied`); what they mean at an instant is `daemon.core.oncall.schedules`'s to say.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from typing import Final

from daemon.core.changing import replace
from daemon.core.chronicle import Audit
from daemon.core.deadlines import Deadlines
from daemon.core.errors import Invalid, NotAllowed, NotFound
from daemon.core.events import EndOverride, PutOverride
from daemon.core.model import DAY, Instant, Millis, Override
from daemon.core.nearest import did_you_mean
from daemon.core.oncall.clockwork import written
from daemon.core.plan import Plan, SchedulePlan
from daemon.core.turn import Turn

KEEP: Final[Millis] = 100 * DAY
"""How long an override is remembered after its end."""
LONGEST: Final[Millis] = 366 * DAY
MOST: Final = 200
"""So many that are not over may a schedule have."""
LONGEST_COMMENT: Final = 2_000
_TWO: Final = 2


class Overrides:
    """The overrides that were made at run time.

    Attributes:
        records: By id.
    """

    def __init__(self) -> None:
        self.records: dict[str, Override] = {}
        self._deadlines = Deadlines()

    def restore(self, records: Iterable[Override]) -> None:
        """Take in what a store kept."""
        for record in records:
            self._keep(record)

    def next_deadline(self) -> Instant | None:
        """When the next is to be forgotten."""
        return self._deadlines.next()

    def tick(self, turn: Turn) -> None:
        """Forget what has long been over."""
        for key, _ in self._deadlines.take_due(turn.now):
            turn.drop(self.records.pop(key))

    def applied(self, plan: Plan) -> Plan:
        """The plan with its schedules as they are with the overrides; the plan itself if there
        are none."""
        found: dict[str, list[Override]] = {}
        for one in sorted(self.records.values(), key=lambda one: (one.made_at, one.key)):
            persons = tuple(name for name in one.persons if name in plan.persons)
            is_whole = len(persons) == _TWO if one.swap else bool(persons)
            if is_whole and one.schedule in plan.schedules:
                found.setdefault(one.schedule, []).append(replace(one, persons=persons))
        if not found:
            return plan
        schedules = {
            name: _with(schedule, tuple(found.get(name, ())))
            for name, schedule in plan.schedules.items()
        }
        return replace(plan, schedules=schedules)

    def put(self, command: PutOverride, plan: Plan, turn: Turn) -> Override:
        """Make an override.

        Raises:
            NotFound: The configuration has no such schedule.
            Invalid: It has no such person, the times do not fit, or the comment is too long.
            NotAllowed: The schedule has too many.
        """
        self._check(command, plan, turn.now)
        start = max(turn.now, command.start or turn.now)
        made = Override(
            key=self._new_key(command, turn.now),
            schedule=command.schedule,
            start=start,
            end=command.end,
            persons=command.persons,
            created_by=command.actor.name,
            made_at=turn.now,
            replaces=command.replaces,
            swap=command.swap,
            comment=command.comment,
        )
        self._keep(made)
        turn.save(made)
        action = "swap shifts" if made.swap else "override"
        turn.append(Audit(turn.now, command.actor, action, made.schedule, words(made)))
        return made

    def end(self, command: EndOverride, turn: Turn) -> Override:
        """End an override now; one that has not begun is taken back.

        Raises:
            NotFound: There is none with this id on this schedule.
            NotAllowed: It is over already.
        """
        found = self.records.get(command.override)
        if found is None or found.schedule != command.schedule:
            raise NotFound(f"{command.schedule} has no override {command.override!r}")
        if found.end <= turn.now:
            raise NotAllowed(f"override {found.key} is over since {written(found.end)}")
        turn.append(Audit(turn.now, command.actor, "end override", found.schedule, words(found)))
        if found.start >= turn.now:
            del self.records[found.key]
            self._deadlines.set(found.key, None)
            turn.drop(found)
            return found
        ended = replace(found, end=turn.now)
        self._keep(ended)
        turn.save(ended)
        return ended

    def _keep(self, record: Override) -> None:
        self.records[record.key] = record
        self._deadlines.set(record.key, record.end + KEEP)

    def _check(self, command: PutOverride, plan: Plan, now: Instant) -> None:
        if command.schedule not in plan.schedules:
            raise NotFound(unknown("schedule", command.schedule, plan.schedules))
        named = [*command.persons, *([] if command.replaces is None else [command.replaces])]
        for name in named:
            if name not in plan.persons:
                raise Invalid(unknown("person", name, plan.persons))
        if not command.persons:
            raise Invalid("an override names who is on call")
        if command.swap and len(set(command.persons)) != _TWO:
            raise Invalid("a swap takes two persons")
        if command.end <= max(now, command.start or now):
            raise Invalid("an override must end after it begins, and not in the past")
        if command.end - max(now, command.start or now) > LONGEST:
            raise Invalid(f"an override lasts {LONGEST // DAY} days at most")
        if len(command.comment) > LONGEST_COMMENT:
            raise Invalid(f"the comment is longer than {LONGEST_COMMENT} characters")
        mine = (one for one in self.records.values() if one.schedule == command.schedule)
        if sum(one.end > now for one in mine) >= MOST:
            raise NotAllowed(f"{command.schedule} has {MOST} overrides; end some of them")

    def _new_key(self, command: PutOverride, now: Instant) -> str:
        number = 0
        while True:
            parts = (command.schedule, *command.persons, str(now), str(number))
            key = hashlib.sha256("\x00".join(parts).encode()).hexdigest()[:8]
            if key not in self.records:
                return key
            number += 1


def words(override: Override) -> str:
    """What it is, for the audit log: `ana and ben swap, 2026-... to 2026-...`."""
    span = f"{written(override.start)} to {written(override.end)}"
    names = " and ".join(override.persons)
    place = "swap" if override.swap else f"in place of {override.replaces or 'everybody'}"
    comment = f"; {override.comment}" if override.comment else ""
    return f"{override.key}: {names} {place}, {span}{comment}"


def unknown(what: str, name: str, known: Collection[str]) -> str:
    """That there is none of this name, with the nearest that there is."""
    return f"the configuration has no {what} {name[:100]!r}{did_you_mean(name, known)}"


def _with(schedule: SchedulePlan, overrides: tuple[Override, ...]) -> SchedulePlan:
    return replace(schedule, made=overrides) if schedule.made != overrides else schedule
