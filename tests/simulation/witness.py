"""The witness: sees what the engine did, and holds it against the definitions.

It knows what was written (`Shelf`), what clocks show (`Almanac`) and for how long each incident
called for somebody (`Ladder`); who is on call, what mutes an alert and when a level is due it
works out for itself. What it finds wrong it raises at once, with the moment and the incident.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from daemon.core.chronicle import Entry, EntryKind, Notice, NoticeType
from daemon.core.effects import Drop, Effect, Save
from daemon.core.events import Assign, Escalate, Event, Merge, Split
from daemon.core.labels import match_all
from daemon.core.model import (
    HOUR,
    Alert,
    AlertState,
    Escalation,
    Group,
    Incident,
    IncidentState,
    Instant,
    Level,
    Millis,
    MuteKind,
    Override,
    Silence,
)
from daemon.core.notices import ALARMING
from daemon.core.oncall import on_call
from daemon.core.plan import Plan, SchedulePlan
from daemon.core.severity import Severity
from daemon.core.sources import test_of
from tests.core.promises import inhibits
from tests.simulation.almanac import Almanac
from tests.simulation.ladder import Ladder
from tests.simulation.shelf import Shelf

Whom = tuple[str, str, str]
"""An incident, a channel, a person on it."""


class Witness:
    """Sees every turn of a year.

    Attributes:
        told: Who was delivered a page, of which incident.
        over: Who was sent its end.
        pages, answers: How many levels were run, how many answers on who is on call compared.
    """

    def __init__(self, shelf: Shelf, almanac: Almanac, plan: Plan) -> None:
        self.plan = plan
        self.told: set[Whom] = set()
        self.over: set[Whom] = set()
        self.seen: set[str] = set()
        self.pages = self.answers = self.muted_spells = 0
        self.off_until: Instant = 0
        self.off_ms: Millis = 0
        self._shelf = shelf
        self._almanac = almanac
        self._firing: dict[str, Alert] = {}
        self._causes: dict[str, Alert] = {}
        self._open: dict[str, Incident] = {}
        self._groups: dict[str, Group] = {}
        self._silences: dict[str, Silence] = {}
        self._made: dict[str, Override] = {}
        self._ladders: dict[str, Ladder] = {}
        self._touched: dict[str, None] = {}
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
            shown = [mute for mute in alert.muted if mute.kind is not MuteKind.FLAPPING]
            if bool(shown) is not self._is_muted(alert):
                self._fail(now, f"{alert.key} {alert.labels} is shown as muted by {shown}")
        for incident in self._open.values():
            self._hold_course(incident, now)

    # -- records -----------------------------------------------------------------------

    def _take_in(self, effects: list[Effect]) -> None:
        for effect in effects:
            match effect:
                case Save(Alert() as alert):
                    self._alert(alert)
                case Drop(kind, key) if kind is Alert:
                    self._firing.pop(key, None)
                case Save(Incident() as incident):
                    self._incident(incident)
                case Save(Group() as group):
                    self._groups[group.key] = group
                    self._touched[group.incident] = None
                case Drop(kind, key) if kind is Group:
                    self._groups.pop(key, None)
                case Save(Override() as made):
                    self._made[made.key] = made
                case Drop(kind, key) if kind is Override:
                    self._made.pop(key, None)
                case Save(Silence() as silence):
                    self._silences[silence.key] = silence
                case Drop(kind, key) if kind is Silence:
                    self._silences.pop(key, None)
                case _:
                    pass

    def _alert(self, alert: Alert) -> None:
        fires = alert.state is AlertState.FIRING
        labels = alert.matchable
        real = test_of(alert.source) is None
        causes = real and any(match_all(rule.source, labels) for rule in self.plan.inhibits)
        for known, holds in ((self._firing, fires), (self._causes, fires and causes)):
            if holds:
                known[alert.key] = alert
            else:
                known.pop(alert.key, None)

    def _incident(self, incident: Incident) -> None:
        self.seen.add(incident.key)
        self._touched[incident.key] = None
        if incident.state is IncidentState.RESOLVED:
            self._open.pop(incident.key, None)
            self._ladders.pop(incident.key, None)
            self._lines.pop(incident.key, None)
        else:
            self._open[incident.key] = incident

    def _groups_of(self, incident: Incident) -> list[Group]:
        return [group for group in self._groups.values() if group.incident == incident.key]

    def _policy_group(self, incident: Incident) -> Group | None:
        steps = incident.escalation
        return self._groups.get((steps.brought_by if steps else "") or incident.group)

    # -- steps of policies -------------------------------------------------------------

    def _step(self, entry: Entry, event: Event | None, now: Instant) -> None:
        if isinstance(event, Merge | Split):
            self._ladders.pop(entry.incident, None)
            return
        incident = self._open.get(entry.incident)
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

    def _schedule(self, name: str) -> SchedulePlan:
        """As it is configured, with what operators put above it."""
        made = sorted(self._made.values(), key=lambda one: (one.made_at, one.key))
        return replace(
            self.plan.schedules[name], made=tuple(one for one in made if one.schedule == name)
        )

    def _reached(self, target: str, incident: Incident) -> list[str]:
        kind, _, name = target.partition(":")
        match kind:
            case "channel":
                return [name]
            case "person":
                persons: tuple[str, ...] = (name,)
            case "team":
                persons = self.plan.teams[name].members
            case _:
                persons = self._almanac.on_call(self._schedule(name))
        grave = incident.severity >= Severity.CRITICAL
        found = [self.plan.persons[person] for person in persons if person in self.plan.persons]
        return [
            f"{person.name} via {way.channel}"
            for person in found
            for way in (person.high if grave else person.low)
        ]

    # -- mutes -------------------------------------------------------------------------

    def _is_muted(self, alert: Alert) -> bool:
        """Whether it is, by the definitions; flapping aside, which the first page brings."""
        labels, now = alert.matchable, self._now
        if any(
            match_all(silence.matchers, labels)
            for silence in self._silences.values()
            if silence.starts_at <= now < silence.ends_at
        ):
            return True
        if alert.terms.unreachable is not None:
            return True
        windows = self.plan.maintenance.values()
        if any(match_all(w.match, labels) and self._almanac.is_planned(w) for w in windows):
            return True
        return not alert.dismissed and any(
            not other.dismissed and inhibits(rule, other, alert)
            for rule in self.plan.inhibits
            for other in self._causes.values()
            if all(other.labels.get(n, "") == labels.get(n, "") for n in rule.equal)
        )

    _now: Instant = 0

    def turn_to(self, now: Instant) -> None:
        """It is so late now."""
        self._now = now
        self._almanac.turn_to(now)

    def _rests(self, group: Group | None) -> bool:
        """Whether the group's route tells nothing at this hour."""
        if group is None:
            return False
        known = self.plan.intervals
        active = [known[name] for name in group.active_in if name in known]
        if any(self._almanac.is_open(known[n]) for n in group.mute_in if n in known):
            return True
        return bool(active) and not any(map(self._almanac.is_open, active))

    def _calls(self, incident: Incident) -> bool:
        """Whether it has an alert that its policy may tell now."""
        group = self._policy_group(incident)
        if self._rests(group):
            return False
        young = 0 if group is None else group.suppress
        return any(
            not self._is_hidden(alert) and (alert.fired_at or 0) + young <= self._now
            for alert in self._alerts_of(incident)
        )

    def _is_hidden(self, alert: Alert) -> bool:
        """Muted by definition, or by flapping as it shows."""
        flaps = any(mute.kind is MuteKind.FLAPPING for mute in alert.muted)
        return flaps or self._is_muted(alert)

    def _alerts_of(self, incident: Incident) -> list[Alert]:
        found = (self._firing.get(key) for key in incident.firing)
        return [alert for alert in found if alert is not None]

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
