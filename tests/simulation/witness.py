"""The witness: sees what the engine did, and holds it against the definitions.

It knows what is so (`Sight`, by the records and by what clocks show) and for how long each incident
called for somebody (`Ladder`); who is on call, what mutes an alert and when a level is due it
works out for itself. What it finds wrong it raises at once, with the moment and the incident.
"""

from __future__ import annotations

from datetime import UTC, datetime

from daemon.core.chronicle import Entry, EntryKind, Notice, NoticeType
from daemon.core.effects import Effect
from daemon.core.events import Assign, Escalate, Event, Merge, Split
from daemon.core.model import (
    HOUR,
    Escalation,
    Group,
    Incident,
    IncidentState,
    Instant,
    Level,
    Millis,
)
from daemon.core.oncall.schedules import on_call
from daemon.core.plan import Plan
from daemon.core.telling.notices import ALARMING
from tests.simulation.almanac import Almanac
from tests.simulation.ladder import Ladder
from tests.simulation.sight import FOLLOWS, Sight

Whom = tuple[str, str, str]
"""An incident, a channel, a person on it."""


class Witness(Sight):
    """Sees every turn of a year.

    Attributes:
        told: Who was delivered a page, of which incident.
        over: Who was sent its end.
        pages, answers: How many levels were run, how many answers on who is on call compared.
    """

    def __init__(self, almanac: Almanac, plan: Plan) -> None:
        super().__init__(almanac, plan)
        self.told: set[Whom] = set()
        self.over: set[Whom] = set()
        self.pages = self.answers = self.muted_spells = 0
        self.off_until: Instant = 0
        self.off_ms: Millis = 0
        self._ladders: dict[str, Ladder] = {}
        self._lines: dict[str, list[Entry]] = {}

    # -- what it is shown --------------------------------------------------------------

    def was_off(self, now: Instant, span: Millis) -> None:
        """The daemon was off until now."""
        self.off_until, self.off_ms = now, span
        for ladder in self._ladders.values():
            ladder.lee += span

    def saw(
        self,
        event: Event | None,
        effects: list[Effect],
        entries: list[Entry],
        notices: list[Notice],
        now: Instant,
    ) -> None:
        """One turn, as it was written."""
        self._take_in(effects)
        for key in self._touched.keys() - self._open.keys():
            self._ladders.pop(key, None)
            self._lines.pop(key, None)
        for entry in entries:
            self._lines.setdefault(entry.incident, []).append(entry)
            self._step(entry, event, now)
        for notice in notices:
            self._told(notice, event, now)

    def settled(self, now: Instant) -> None:
        """The engine has nothing more to do at this moment: hold what it touched."""
        for key in self._touched:
            incident = self._open.get(key)
            if incident is not None:
                self._hold_course(incident, now)
        self._touched.clear()

    def survey(self, now: Instant) -> None:
        """Each hour: who is on call. Each fourth: everything, touched or not."""
        for name in self.plan.schedules:
            self.answers += 1
            schedule = self._schedule(name)
            said, true = on_call(schedule, now), self._almanac.on_call(schedule)
            if said != true:
                self._fail(now, f"on call for {name}: {said}, by the clock on the wall {true}")
        if now // HOUR % 4:
            return
        for alert in self._firing.values():
            shown = [mute for mute in alert.muted if mute.kind not in FOLLOWS]
            if bool(shown) is not self._is_muted(alert):
                self._fail(now, f"{alert.key} {alert.labels} is shown as muted by {shown}")
        for incident in self._open.values():
            self._hold_course(incident, now)

    # -- steps of policies -------------------------------------------------------------

    def _step(self, entry: Entry, event: Event | None, now: Instant) -> None:
        if isinstance(event, Merge | Split):
            self._ladders.pop(entry.incident, None)
            return
        incident = self._open.get(entry.incident)
        if incident is not None and incident.storm is not None:
            self._ladders.pop(entry.incident, None)  # others went on in it, with their policies
            return
        steps = None if incident is None else incident.escalation
        if incident is None or steps is None:
            return
        ladder = self._ladder(incident.key, steps, entry, now)
        ladder.turn_to(now)
        if entry.kind is EntryKind.REOPENED and not entry.text.startswith("escalated"):
            ladder.restart()
        elif entry.kind is EntryKind.SPENT:
            ladder.is_spent = True
        elif entry.kind is EntryKind.ESCALATED:
            self._escalated(ladder, incident, entry.text, event, now)
        if ladder.faults:
            self._fail(now, f"{incident.title}: {ladder.faults}", incident.key)

    def _ladder(self, key: str, steps: Escalation, entry: Entry, now: Instant) -> Ladder:
        known = self._ladders.get(key)
        begins = "takes the place of" in entry.text and entry.kind is EntryKind.ESCALATED
        if known is None or (begins and known.policy != steps.policy):
            known = self._ladders[key] = Ladder.of(steps, now)
        return known

    def _escalated(
        self, ladder: Ladder, incident: Incident, text: str, event: Event | None, now: Instant
    ) -> None:
        hurried = isinstance(event, Escalate) and event.incident == incident.key
        slack = self.off_ms if now == self.off_until else 0
        head, _, reached = text.partition(": ")
        if head.startswith("the policy starts over"):
            if not hurried:
                ladder.end(head, slack)
            ladder.restart()
        elif "starts over" in head:
            ladder.restart()
        elif head == "last resort":
            if not hurried:
                ladder.end(head, slack)
        elif head.startswith("again level "):
            ladder.again(int(head.split()[-1]) - 1, slack)
        elif head.startswith("level "):
            number = int(head.split()[-1]) - 1
            not_before = 0 if ladder.top >= 0 else self._first_look(ladder, incident, now)
            ladder.level(number, on_time=not hurried, slack=slack, not_before=not_before)
            self._hold_names(incident, ladder.levels[number], reached, now)
            if reached.startswith("nobody"):
                ladder.pass_on()

    def _first_look(self, ladder: Ladder, incident: Incident, now: Instant) -> Instant:
        """When its group's wait is over; what is graver waits less, but from now on only."""
        group = self._policy_group(incident)
        at = 0 if group is None else group.opened_at + group.wait
        if ladder.first_at is None or at < ladder.first_at:
            ladder.first_at = at if ladder.first_at is None else max(at, min(now, ladder.first_at))
        return ladder.first_at

    def _hold_names(self, incident: Incident, level: Level, reached: str, now: Instant) -> None:
        """Whoever a level names at this moment is told, and nobody else."""
        self.pages += 1
        expected = {word for target in level.notify for word in self._reached(target, incident)}
        named = reached.partition(" (not reachable")[0]
        said = set() if named == "nobody" else set(named.split(", "))
        if said != expected:
            self._fail(now, f"tells {said}, on call are {expected}", incident.key)

    # -- notices -----------------------------------------------------------------------

    def _told(self, notice: Notice, event: Event | None, now: Instant) -> None:
        whom = (notice.incident.key, notice.channel, notice.recipient)
        if notice.type is NoticeType.RESOLVED:
            self.over.add(whom)
        if notice.type not in ALARMING:
            return
        if whom in self.over:
            self._fail(now, f"{whom} is called after it was told that it is over", whom[0])
        incident = self._open.get(notice.incident.key)
        if incident is None or notice.incident.muted:
            self._fail(now, f"{whom} is called to {notice.incident}", whom[0])
        elif not any(not self._is_muted(alert) for alert in self._alerts_of(incident)):
            self._fail(now, f"{whom} is called while all is muted: {notice.reason}", whom[0])
        elif not isinstance(event, Escalate | Assign | Merge | Split):
            self._hold_hours(notice, incident, now)

    def _hold_hours(self, notice: Notice, incident: Incident, now: Instant) -> None:
        if notice.level is not None or notice.recipient:
            ways: list[Group | None] = [self._policy_group(incident)]
        else:
            of_all = self._groups_of(incident)
            ways = [group for group in of_all if notice.channel in group.channels] or [*of_all]
        if all(map(self._rests, ways)):
            self._fail(now, f"{notice.channel} is told at an hour in which its routes rest")

    def delivered(self, notice: Notice) -> None:
        """The notice reached whom it was for."""
        if notice.type in ALARMING:
            self.told.add((notice.incident.key, notice.channel, notice.recipient))

    # -- courses -----------------------------------------------------------------------

    def _hold_course(self, incident: Incident, now: Instant) -> None:
        """Its policy runs if it calls for somebody and rests if not, and no level is overdue."""
        steps = incident.escalation
        if steps is None:
            return
        ladder = self._ladders.get(incident.key)
        if ladder is None:
            ladder = self._ladders[incident.key] = Ladder.under_way(steps, now)
        ladder.turn_to(now)
        calls = incident.state is IncidentState.TRIGGERED and self._calls(incident)
        if calls is not (steps.paused_at is None):
            state = "rests" if steps.paused_at is not None else "runs"
            self._fail(now, f"the policy {state}; calls: {calls}", incident.key)
        if ladder.runs and not calls:
            self.muted_spells += 1
        ladder.run_or_rest(runs=calls)
        late = ladder.overdue(now, self._first_look(ladder, incident, now))
        if late is not None:
            self._fail(now, late, incident.key)

    def untold(self) -> set[Whom]:
        """Who was called and never told that it is over, of those who want to hear."""
        deaf = {name for name, one in self.plan.channels.items() if not one.send_resolved}
        return {whom for whom in self.told - self.over if whom[1] not in deaf}

    def _fail(self, now: Instant, text: str, incident: str = "") -> None:
        """With the timeline of the incident."""
        lines = [f"{_time(e.at)} {e.kind} {e.text}" for e in self._lines.get(incident, ())]
        raise AssertionError("\n".join((f"{_time(now)}: {incident} {text}", *lines[-40:])))


def _time(at: Instant) -> str:
    return f"{datetime.fromtimestamp(at / 1000, UTC):%Y-%m-%d %H:%M:%S.%f}"[:-3]
