"""What the engine promises after every event, as oracles written from the definitions.

A machine that drives an engine derives from `Promises` and calls `hold` after each event.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from daemon.core.chronicle import Entry, EntryKind, Notice
from daemon.core.effects import Append, Drop, Effect, Enqueue, Save
from daemon.core.engine import Engine
from daemon.core.events import (
    Assign,
    Escalate,
    Event,
    Merge,
    PostUpdate,
    SetRole,
    Split,
)
from daemon.core.labels import match_all
from daemon.core.model import (
    HOUR,
    MINUTE,
    Alert,
    AlertState,
    Group,
    Incident,
    IncidentState,
    Instant,
    MuteKind,
    Record,
    Silence,
    Storm,
)
from daemon.core.plan import (
    InhibitPlan,
    MaintenancePlan,
    Plan,
)
from daemon.core.severity import Severity
from daemon.core.telling.notices import ALARMING
from tests.core.mirror import Mirror


class Promises:
    """The invariants of the deciding half.

    Attributes:
        mirror: What a store would have, up to and including the event.
        ran: The levels each incident has run since its policy last began.
        left: How long each resting escalation still had.
        went: Which incidents an incident's alerts went to by merging and splitting.
        untold: Since when somebody is to be told of an incident's alert (or its severity).
    """

    now: int
    plan: Plan
    engine: Engine
    mirror: Mirror
    recorded: list[tuple[Event, int]]

    def __init__(self) -> None:
        super().__init__()
        self.ran: dict[str, set[int]] = {}
        self.left: dict[str, int] = {}
        self.untold: dict[tuple[str, str], int] = {}
        self.went: dict[str, set[str]] = {}

    def hold(self, old: dict[str, Incident], effects: list[Effect], entries: list[Entry]) -> None:
        """Everything that is promised after an event.

        Args:
            old: The incidents as they were before it.
            entries: The lines of the timelines that it added.
        """
        self.note_where_alerts_went()
        self.same_as_mirror()
        self.nobody_is_called_while_muted(effects)
        self.mutes_are_as_they_are_defined()
        self.storms_hold_what_another_tells()
        self.what_a_channel_is_believed_to_know_it_was_told()
        self.nothing_is_late()
        self.nothing_that_calls_for_somebody_stays_untold()
        self.escalations_have_a_next_step_or_a_reason()
        self.changes_are_told_and_counted(old, entries)
        self.levels_run_once(entries)
        self.pauses_keep_the_time_that_was_left(old, entries)
        self.keys_are_unique()

    def same_as_mirror(self) -> None:
        """What the engine remembers is what its effects told a store to keep."""
        assert by_key(self.engine.snapshot().records) == by_key(self.mirror.records.values())

    def nobody_is_called_while_muted(self, effects: list[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, Enqueue) and effect.notice.type in ALARMING:
                assert not effect.notice.incident.muted
                self.comes_by_a_route_that_tells(effect.notice)
                incident = self.engine.incidents[effect.notice.incident.key]
                firing = [self.engine.alerts[key] for key in incident.firing]
                assert any(not self.is_muted(alert) for alert in firing)

    def comes_by_a_route_that_tells(self, notice: Notice) -> None:
        """Unless an operator asked for it."""
        if isinstance(
            self.recorded[-1][0], Escalate | Assign | SetRole | PostUpdate | Merge | Split
        ):
            return
        incident = self.engine.incidents[notice.incident.key]
        groups = self.groups_of(incident)
        if notice.level is not None or notice.recipient:
            groups = [self.policy_group(incident)]
        elif notice.fallback_of is None:
            by_name = f"channel:{notice.channel}"
            called = by_name in self.called_by_policy(incident)
            told_by = [group for group in groups if notice.channel in group.channels]
            groups = [*told_by, *([self.policy_group(incident)] if called else ())] or groups
        assert any(not self.is_mute(group) for group in groups), notice

    def groups_of(self, incident: Incident) -> list[Group]:
        return [group for group in self.engine.groups.values() if group.incident == incident.key]

    def policy_group(self, incident: Incident) -> Group:
        """The group by whose route its policy came."""
        steps = incident.escalation
        return self.engine.groups[(steps.brought_by if steps else "") or incident.group]

    def called_by_policy(self, incident: Incident) -> set[str]:
        """The targets that its policy names."""
        steps = incident.escalation
        if steps is None:
            return set()
        return {*steps.then, *(one for level in steps.levels for one in level.notify)}

    def is_mute(self, group: Group) -> bool:
        """Whether its route is mute now; the machine's intervals are parts of every hour."""
        matching = {
            name: any(
                start <= self.now // MINUTE % (24 * 60) < end
                for hours in interval.any_of
                for start, end in hours.times
            )
            for name, interval in self.plan.intervals.items()
        }
        active = [name for name in group.active_in if name in matching]
        return any(matching.get(name, False) for name in group.mute_in) or (
            bool(active) and not any(matching[name] for name in active)
        )

    def is_told_by(self, group: Group, alert: Alert) -> bool:
        """Whether the group's route tells this alert now."""
        assert alert.fired_at is not None
        old_enough = self.now - alert.fired_at >= group.suppress
        return old_enough and not alert.muted and not self.is_mute(group)

    def policy_calls(self, incident: Incident) -> bool:
        """Whether there is an alert that its policy may tell."""
        group = self.policy_group(incident)
        return any(self.is_told_by(group, self.engine.alerts[key]) for key in incident.firing)

    def is_held(self, incident: Incident, firing: list[Alert]) -> bool:
        """Whether each of its routes holds it back."""
        return all(
            self.is_mute(group)
            or (
                any(a.key in group.alerts and not a.muted for a in firing)
                and not any(a.key in group.alerts and self.is_told_by(group, a) for a in firing)
            )
            for group in self.groups_of(incident)
        )

    def mutes_are_as_they_are_defined(self) -> None:
        for alert in self.engine.alerts.values():
            aside = (MuteKind.FLAPPING, MuteKind.CORRELATION)
            shown = [mute for mute in alert.muted if mute.kind not in aside]
            fires = alert.state is AlertState.FIRING
            assert bool(shown) is (fires and self.is_muted(alert))
        for incident in self.engine.incidents.values():
            firing = [self.engine.alerts[key] for key in incident.firing]
            muted = all(a.muted for a in firing) or self.is_held(incident, firing)
            assert bool(incident.muted) is (bool(firing) and muted)
            for alert in firing:
                assert bool(alert.held_back) is self.is_held_back(incident, alert)

    def is_held_back(self, incident: Incident, alert: Alert) -> bool:
        """Whether none of the routes that gathered the alert tells it at this hour and age."""
        unmuted = replace(alert, muted=())
        groups = [group for group in self.groups_of(incident) if alert.key in group.alerts]
        return bool(groups) and not any(self.is_told_by(group, unmuted) for group in groups)

    def storms_hold_what_another_tells(self) -> None:
        """A storm's alerts fire; what it holds is no graver than what was told, for a minute at
        most, and beside it one fires in the same incident that can be told of."""
        members: dict[str, list[Alert]] = {key: [] for key in self.engine.storms}
        for alert in self.engine.alerts.values():
            held = [mute for mute in alert.muted if mute.kind is MuteKind.CORRELATION]
            if alert.storm is None:
                assert not held
                continue
            assert alert.state is AlertState.FIRING
            assert not alert.dismissed
            members[alert.storm].append(alert)
            for mute in held:
                assert alert.effective <= self.engine.storms[alert.storm].worst
                assert mute.until is not None
                assert self.now < mute.until <= self.now + MINUTE
        for one in members.values():
            assert one
            for alert in one:
                if any(mute.kind is MuteKind.CORRELATION for mute in alert.muted):
                    assert [a for a in one if not a.muted and a.incident == alert.incident]

    def is_muted(self, alert: Alert) -> bool:
        """Whether the alert is muted, from the definitions; flapping aside, which the first
        notice itself brings about."""
        labels = alert.matchable
        for silence in self.engine.silences.values():
            if silence.state(self.now) == "active" and match_all(silence.matchers, labels):
                return True
        for window in self.plan.maintenance.values():
            about = alert.labels.get("service") in window.services
            if self.is_active(window) and (
                about or (window.match and match_all(window.match, labels))
            ):
                return True
        if alert.terms.unreachable:
            return True
        return not alert.dismissed and any(
            (other.state is AlertState.FIRING or has_just_ended(self.plan, other, alert, self.now))
            and not other.dismissed
            and inhibits(plan, other, alert)
            for plan in self.plan.inhibits
            for other in self.engine.alerts.values()
        )

    def is_active(self, window: MaintenancePlan) -> bool:
        """Whether a window of the machine's plans is: each begins at a minute of every hour."""
        assert window.cron is not None
        return (self.now - int(window.cron.split()[0]) * MINUTE) % HOUR < window.duration

    def what_a_channel_is_believed_to_know_it_was_told(self) -> None:
        heard: dict[tuple[str, str], set[str]] = {}
        for notice in self.mirror.notices:
            for key in self.line(notice.incident.key):
                known = heard.setdefault((key, notice.channel), set())
                known.update(alert.key for alert in notice.alerts)
        for group in self.engine.groups.values():
            for told in group.told:
                if told.channel in self.plan.channels:
                    assert set(told.firing) <= heard[group.incident, told.channel]

    def nothing_is_late(self) -> None:
        deadline = self.engine.next_deadline()
        assert deadline is None or deadline > self.now
        for group in self.engine.groups.values():
            assert group.flush_at is None or group.flush_at > self.now

    def nothing_that_calls_for_somebody_stays_untold(self) -> None:
        """Whatever fires un-muted, and how grave it is, is told to somebody within the wait and
        one interval of its incident's groups, unless somebody has it."""
        calls: dict[tuple[str, str], int] = {}
        for incident in self.engine.incidents.values():
            if incident.state is not IncidentState.TRIGGERED:
                continue
            groups = [g for g in self.engine.groups.values() if g.incident == incident.key]
            within = max(group.wait + group.interval for group in groups)
            unmuted = [
                alert
                for alert in map(self.engine.alerts.get, incident.firing)
                if alert and all(self.is_told_by(group, alert) for group in groups)
            ]
            worst = max((alert.effective for alert in unmuted), default=None)
            told = self.told_of(incident)
            for alert in unmuted:
                known = alert.key in told
                if alert.effective is worst:
                    known = known and max(told.values()) >= worst
                if not known:
                    since = self.untold.get((incident.key, alert.key), self.now)
                    calls[incident.key, alert.key] = since
                    assert self.now - since <= within, f"nobody is told of {alert}"
        self.untold = calls
        fired = [a for a in self.engine.alerts.values() if a.state is AlertState.FIRING]
        for alert in fired:
            incident_of = self.engine.incidents.get(alert.incident or "")
            if not alert.dismissed:
                assert incident_of is not None, f"{alert} is in no incident"
                assert incident_of.state is not IncidentState.RESOLVED

    def line(self, key: str) -> set[str]:
        """The incident, and those that its alerts went to by merging and splitting."""
        found, new = {key}, [key]
        while new:
            new = [went for one in new for went in self.went.get(one, ()) if went not in found]
            found.update(new)
        return found

    def note_where_alerts_went(self) -> None:
        for incident in self.engine.incidents.values():
            if incident.split_from:
                self.went.setdefault(incident.split_from, set()).add(incident.key)
            if incident.merged_into:
                self.went.setdefault(incident.key, set()).add(incident.merged_into)

    def told_of(self, incident: Incident) -> dict[str, Severity]:
        """The alerts that somebody was called to in this incident, and how grave they were."""
        found: dict[str, Severity] = {}
        for notice in self.mirror.notices:
            if incident.key in self.line(notice.incident.key) and notice.type in ALARMING:
                for alert in notice.alerts:
                    if alert.resolved_at is None:
                        found[alert.key] = max(alert.effective, found.get(alert.key, Severity.INFO))
        return found

    def escalations_have_a_next_step_or_a_reason(self) -> None:
        deadline = self.engine.next_deadline()
        for incident in self.engine.incidents.values():
            if incident.state is IncidentState.RESOLVED:
                assert not incident.firing
                assert not [g for g in self.engine.groups.values() if g.incident == incident.key]
                continue
            assert incident.firing
            steps = incident.escalation
            if steps is None:
                continue
            calls = not incident.muted and self.policy_calls(incident)
            if incident.state is IncidentState.TRIGGERED and calls:
                assert steps.paused_at is None
                assert steps.spent or steps.next_at is not None
                if steps.next_at is not None:
                    assert self.now < steps.next_at
                    assert deadline is not None
                    assert deadline <= steps.next_at
            else:
                assert steps.paused_at is not None
                assert steps.next_at is None

    def changes_are_told_and_counted(
        self, before: dict[str, Incident], entries: list[Entry]
    ) -> None:
        for incident in self.engine.incidents.values():
            old = before.get(incident.key)
            kinds = [entry.kind for entry in entries if entry.incident == incident.key]
            if old is None:
                assert EntryKind.FIRED in kinds
                continue
            if old != replace(incident, told=old.told, settled=old.settled):
                assert incident.version > old.version
            told = {
                IncidentState.ACKNOWLEDGED: {EntryKind.ACKNOWLEDGED, EntryKind.SNOOZED},
                IncidentState.RESOLVED: {EntryKind.RESOLVED},
                IncidentState.TRIGGERED: {EntryKind.UNACKNOWLEDGED, EntryKind.REOPENED},
            }
            if old.state is not incident.state:
                assert told[incident.state] & set(kinds)
            if bool(old.muted) is not bool(incident.muted) and incident.firing:
                assert {EntryKind.MUTED, EntryKind.UNMUTED} & set(kinds)

    def levels_run_once(self, entries: list[Entry]) -> None:
        for entry in entries:
            ran = self.ran.setdefault(entry.incident, set())
            begun = "starts over" in entry.text or "takes the place" in entry.text
            if entry.kind is EntryKind.REOPENED or begun:
                ran.clear()
            elif entry.kind is EntryKind.ESCALATED and entry.text.startswith("level "):
                level = int(entry.text.split(":")[0].split()[1])
                assert level not in ran, f"level {level} ran twice"
                ran.add(level)

    def pauses_keep_the_time_that_was_left(
        self, before: dict[str, Incident], entries: list[Entry]
    ) -> None:
        for key, incident in self.engine.incidents.items():
            steps = incident.escalation
            old = before[key].escalation if key in before else None
            if steps is None or old is None:
                continue
            kinds = {entry.kind for entry in entries if entry.incident == key}
            if EntryKind.REOPENED in kinds and EntryKind.ESCALATED not in kinds:
                assert steps.level == -1
            if EntryKind.MERGED in kinds:
                self.left.pop(key, None)  # its policy may be the other's from now on
            elif old.paused_at is None and steps.paused_at is not None and old.next_at is not None:
                self.left[key] = old.next_at - self.now
            elif old.paused_at is not None and steps.paused_at is None:
                left = self.left.pop(key, 0)
                if EntryKind.REOPENED not in kinds and left > 0 and steps.level == old.level >= 0:
                    assert steps.next_at == self.freed_at(before[key]) + left
                if EntryKind.REOPENED in kinds and steps.level > 0:
                    overdue = (steps.started_at or 0) + steps.levels[steps.level].after <= self.now
                    assert overdue or isinstance(self.recorded[-1][0], Escalate)

    def freed_at(self, incident: Incident) -> int:
        """When what muted it ended; now, if that was not its own end."""
        ends = [mute.until for mute in incident.muted]
        known = [at for at in ends if at is not None]
        ended = bool(known) and len(known) == len(ends)
        return min(self.now, max(known)) if ended else self.now

    def keys_are_unique(self) -> None:
        keys = [notice.key for notice in self.mirror.notices]
        fresh = [n for n in self.mirror.notices if n.fallback_of is None]
        assert len({notice.key for notice in fresh}) == len(fresh)
        assert all(key.startswith("msg_") and len(key) == 28 for key in keys)


def inhibits(plan: InhibitPlan, source: Alert, target: Alert) -> bool:
    """Alertmanager's words, one pair at a time."""
    causes, suffers = source.matchable, target.matchable
    if not (match_all(plan.source, causes) and match_all(plan.target, suffers)):
        return False
    if any(causes.get(name, "") != suffers.get(name, "") for name in plan.equal):
        return False
    both = match_all(plan.source, suffers)
    return not (both and match_all(plan.target, causes))


def has_just_ended(plan: Plan, cause: Alert, symptom: Alert, now: Instant) -> bool:
    """Whether the cause resolved after the symptom began, and no longer ago than the symptom's
    check may need to find that it is well."""
    check = plan.checks.get(symptom.labels.get("check", ""))
    if check is None or cause.resolved_at is None or cause.state is not AlertState.RESOLVED:
        return False
    needs = max(check.every, check.every_down) + (check.up_after - 1) * check.retry_every
    until = cause.resolved_at + min(5 * MINUTE, needs + check.timeout)
    return (symptom.pending_at or 0) <= cause.resolved_at and now < until


def by_key(records: Iterable[Record]) -> dict[tuple[type, str], Record]:
    """The deciding half's records by type and key."""
    kept = (Alert, Silence, Group, Incident, Storm)
    return {(type(r), r.key): r for r in records if isinstance(r, kept)}


def decided(effects: list[Effect]) -> list[Effect]:
    """The effects of the deciding half: what is not about checks and services."""
    kept = (Alert, Silence, Group, Incident, Storm)
    return [
        effect
        for effect in effects
        if (isinstance(effect, Save) and isinstance(effect.record, kept))
        or (isinstance(effect, Drop) and effect.kind in kept)
        or (isinstance(effect, Append) and isinstance(effect.entry, Entry))
        or isinstance(effect, Enqueue)
    ]
