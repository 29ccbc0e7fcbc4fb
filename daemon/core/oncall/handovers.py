"""Hand-overs: whoever comes on call is told so, and whoever goes.

A schedule with `handoff` announces every change of who is on call, by its length ahead of it or,
with none, as it comes. Those who come are told until when they have it and which open incidents
call the schedule; those who go, who has it then. Both over their contacts for what is not urgent,
at once, never over a telephone call. What was announced last is kept (`Handover`), and a change is
what differs from that: so each is announced once, also one that came while the daemon was off, and
an override made at run time that takes effect now is announced now. A schedule that is seen for
the first time is taken as it is.

Nothing is looked at between two changes. It stands beside the desk and before the outbox; what it
tells belongs to no incident (`telling.aside`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from daemon.core.chronicle import NoticeType
from daemon.core.deadlines import Deadlines
from daemon.core.incidents.casebook import Casebook
from daemon.core.model import DAY, Handover, Incident, Instant, Millis
from daemon.core.oncall.clockwork import shown
from daemon.core.oncall.schedules import following, on_call
from daemon.core.plan import Plan, SchedulePlan
from daemon.core.telling.aside import Aside, tell_aside
from daemon.core.turn import Turn

LOOK_AGAIN: Final[Millis] = 30 * DAY
"""A change farther ahead than anybody looked is looked for again after this."""
_LOOK: Final = 400
"""What looking at a schedule costs of a turn's room."""
SHOWN: Final = 20
"""So many open incidents are named."""


class Handovers:
    """Announces who is on call.

    Attributes:
        records: What was announced last, by the schedule's name.
    """

    def __init__(self, plan: Plan, book: Casebook) -> None:
        self.records: dict[str, Handover] = {}
        self._book = book
        self._deadlines = Deadlines()
        self._plan = plan
        self.replan(plan)

    def restore(self, records: Iterable[Handover]) -> None:
        """Take in what a store kept."""
        self.records = {record.key: record for record in records}

    def replan(self, plan: Plan) -> None:
        """Others may be on call now: every schedule that is another is looked at at once."""
        before, self._plan = self._plan.schedules, plan
        for name in list(before):
            if name not in plan.schedules:
                self._deadlines.set(name, None)
        for name, schedule in plan.schedules.items():
            if schedule.handoff is None:
                self._deadlines.set(name, None)
            elif before.get(name) is not schedule or self._deadlines.get(name) is None:
                self._deadlines.set(name, 0)

    def forget(self, turn: Turn) -> None:
        """Drop what was announced of schedules that announce nothing any more."""
        for name in list(self.records):
            schedule = self._plan.schedules.get(name)
            if schedule is None or schedule.handoff is None:
                turn.drop(self.records.pop(name))

    def next_deadline(self) -> Instant | None:
        """When the next change is to be announced."""
        return self._deadlines.next()

    def tick(self, turn: Turn) -> None:
        """Announce what is due, as much as there is room for in this turn: to look a year ahead
        takes its time."""
        while not turn.is_full and (name := self._deadlines.pop(turn.now)) is not None:
            turn.spend(_LOOK)
            self._look(self._plan.schedules[name], turn)

    def _look(self, schedule: SchedulePlan, turn: Turn) -> None:
        ahead = schedule.handoff or 0
        at = turn.now + ahead
        persons, known = on_call(schedule, at), self.records.get(schedule.name)
        if known is None or known.persons != persons:
            self.records[schedule.name] = Handover(schedule.name, persons)
            turn.save(self.records[schedule.name])
        if known is not None and known.persons != persons:
            self._announce(schedule, known.persons, persons, turn)
        coming = following(schedule, at)
        look_at = turn.now + LOOK_AGAIN if coming is None else coming.start - ahead
        self._deadlines.set(schedule.name, max(turn.now + 1, look_at))

    def _announce(
        self, schedule: SchedulePlan, before: tuple[str, ...], after: tuple[str, ...], turn: Turn
    ) -> None:
        begins = self._begins(schedule, before, turn.now)
        come = [name for name in after if name not in before]
        go = [name for name in before if name not in after]
        since = f"from {shown(begins, schedule.timezone)}" if begins > turn.now else "now"
        has = " and ".join(after) or "nobody"
        for name in come:
            title = f"You are on call for {schedule.name} {since}"
            self._tell(schedule, name, title, self._coming(schedule, begins), begins, turn)
        for name in go:
            title = f"You are not on call for {schedule.name} {since}"
            then = f"On call is {has}." + self._open_words(schedule)
            self._tell(schedule, name, title, then, begins, turn)

    def _begins(self, schedule: SchedulePlan, before: tuple[str, ...], now: Instant) -> Instant:
        """When the change takes effect that is announced now."""
        if on_call(schedule, now) != before:
            return now
        coming = following(schedule, now)
        return now if coming is None else coming.start

    def _coming(self, schedule: SchedulePlan, begins: Instant) -> str:
        coming = following(schedule, begins)
        until = f"Until {shown(coming.start, schedule.timezone)}. " if coming else ""
        return until + (self._open_words(schedule).strip() or "No incident is open.")

    def _open_words(self, schedule: SchedulePlan) -> str:
        """The open incidents that call this schedule, the gravest first."""
        found = sorted(self._open(schedule), key=lambda one: (-one.severity, one.fired_at))
        if not found:
            return ""
        more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
        named = "; ".join(
            f"{one.title} ({one.severity.word}, {one.state.value}, {one.key})"
            for one in found[:SHOWN]
        )
        return f" Open: {named}{more}."

    def _open(self, schedule: SchedulePlan) -> Iterable[Incident]:
        target = f"schedule:{schedule.name}"
        for incident in self._book.incidents.values():
            steps = incident.escalation
            if steps is None or not self._book.is_open(incident.key):
                continue
            if any(target in level.notify for level in steps.levels) or target in steps.then:
                yield incident

    def _tell(
        self, schedule: SchedulePlan, name: str, title: str, text: str, at: Instant, turn: Turn
    ) -> None:
        aside = Aside(
            NoticeType.HANDOVER,
            "handover",
            schedule.name,
            title=title,
            text=text,
            reason=f"hand-over of {schedule.name}",
            from_=max(at, turn.now),
        )
        tell_aside(self._plan, name, aside, turn)
