"""Hindsight: an incident as it stood at an earlier time, from its record and its timeline.

Theory. A record says what became of an incident; its timeline says when. Each side of it (who
has it, how grave it is, what mutes it, where its policy stands, whom it is given to, who has which
part, what those who ask were told) is looked at by itself. If the timeline has no line about that
side after the moment, the record still says how it was. If it has, the lines up to the moment do.
So nothing that came later shows, and of a moment after the last line the record is the answer.

What no line tells is as in the record: title and summary, what is at stake, links. Where a policy
stood `daemon.core.incidents.retracing` finds.

Pure: values in, a value out. The store reads what goes in (`daemon.store.reading.past_open`), and
`daemon.past` shows what comes out.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from daemon.core.changing import replace
from daemon.core.chronicle import Entry, EntryKind
from daemon.core.incidents.retracing import (
    BROUGHT,
    GIVEN_BACK,
    MUTING,
    STEPPING,
    TAKEN,
    merged_key,
    retraced,
)
from daemon.core.model import (
    Escalation,
    Incident,
    IncidentState,
    Instant,
    Mute,
    MuteKind,
    StatusUpdate,
)
from daemon.core.oncall import escalation as policy
from daemon.core.oncall.clockwork import read
from daemon.core.record import record
from daemon.core.severity import Severity, parse_severity

_K = EntryKind
_ASSIGNING: Final = frozenset({_K.ASSIGNED, _K.UNASSIGNED, _K.MERGED})
_INHERITED: Final = TAKEN | GIVEN_BACK | _ASSIGNING | {_K.ESCALATED, _K.SPENT, _K.ROLE}
"""What stays true of a part that is split off."""

_LASTS: Final = re.compile(r"(?:(?P<comment>.*); )?for (?P<ms>\d+) ms|(?P<plain>.*)", re.DOTALL)
_UNTIL: Final = re.compile(r"until (?P<at>[-0-9]{10} [:0-9]{8} UTC)(?:; )?")
_UPDATE: Final = re.compile(
    r"(?P<text>.*?)(?:; the next follows at (?P<at>[-0-9]{10} [:0-9]{8} UTC))?"
    r"(?:; nobody is told while it is muted|; no stakeholder knows of it)?",
    re.DOTALL,
)
_SILENCE_ENDS: Final = re.compile(r"the silence by .* (?:ends in|has ended)")
_REASONS: Final = (
    ("silenced by ", MuteKind.SILENCE),
    ("maintenance", MuteKind.MAINTENANCE),
    ("unreachable: ", MuteKind.DEPENDENCY),
    ("its check is flapping", MuteKind.FLAPPING),
    ("muted in the time interval", MuteKind.TIME),
    ("told only in the time interval", MuteKind.TIME),
    ("part of storm", MuteKind.CORRELATION),
    ("not told before", MuteKind.SUPPRESSION),
)
"""How reasons for muting begin, in the words of those who give them."""

_NOTHING: Final[Mapping[str, Incident]] = MappingProxyType({})


@record(frozen=True, slots=True)
class _Told:
    """A timeline in two: the lines up to a moment, and the kinds of those after it; and whether
    one of those says that it got a policy only then."""

    at: Instant
    before: Sequence[Entry]
    after: Collection[EntryKind]
    is_of_a_later_policy: bool
    brought: Mapping[str, Incident]

    def last(self, kinds: Collection[EntryKind]) -> Entry | None:
        """The newest line of these kinds up to the moment."""
        return next((line for line in reversed(self.before) if line.kind in kinds), None)

    def is_newer(self, kinds: Collection[EntryKind]) -> bool:
        """Whether there is a line of these kinds after the moment."""
        return any(kind in kinds for kind in self.after)


def as_it_was(
    record: Incident,
    entries: Sequence[Entry],
    at: Instant,
    inherited: Sequence[Entry] = (),
    brought: Mapping[str, Incident] = _NOTHING,
) -> Incident | None:
    """The incident at this moment, right after what happened then; None if there was none yet.

    The alerts in it (`alerts`, `firing`) and its down time are left as they are in the record:
    whoever knows when alerts fired says them (`with_alerts`).

    Args:
        entries: Its whole timeline, in order. Without one (it was pruned) the record's own times
            are all there is.
        inherited: The timeline of the one it was split from.
        brought: The incidents that were merged into it by then, as they stood before that.
    """
    if record.fired_at > at or (entries and entries[0].at > at):
        return None  # one that was split off counts from when its alerts fired
    begun = entries[0].at if entries else at
    before = [line for line in inherited if line.kind in _INHERITED and line.at <= begun]
    lines = [*before, *(line for line in entries if not _is_aside(line))]
    told = _Told(
        at,
        [line for line in lines if line.at <= at],
        {line.kind for line in lines if line.at > at},
        _has_another_policy(record, lines, at),
        brought,
    )
    if record.resolved_at is not None and record.resolved_at <= at:
        return record
    was = _taken(replace(record, resolved_at=None, resolved_by=None, merged_into=None), told)
    was = replace(
        was,
        severity=_severity(record, entries, at),
        muted=_muted(record, told),
        assigned_to=_assigned(record, told),
        roles=_roles(record, told),
        status_update=_update(record, told),
        notified_at=_until(record.notified_at, at),
        unmuted_at=_unmuted_at(record, told),
        reopened_at=_until(record.reopened_at, at),
        late=() if record.resolved_at is not None or told.after else record.late,
        contacts=() if told.after else record.contacts,
    )
    return replace(was, escalation=_escalation(record, was, told))


def absorbed(entries: Sequence[Entry]) -> list[tuple[Instant, str]]:
    """The incidents that were merged into this one, and when."""
    return [(line.at, merged_key(line)) for line in entries if line.kind is _K.MERGED]


def with_alerts(was: Incident, alerts: Collection[str], firing: Sequence[str]) -> Incident:
    """The incident with those of its alerts that had joined it, and those that fired."""
    members = tuple(key for key in was.alerts if key in alerts)
    return replace(was, alerts=members, firing=tuple(firing))


def _has_another_policy(record: Incident, lines: Iterable[Entry], at: Instant) -> bool:
    """Whether a merger after the moment brought its policy, in place of none or of another one."""
    later = (line for line in lines if line.at > at and BROUGHT.fullmatch(line.text))
    first = next(later, None)
    if first is None or record.escalation is None:
        return False
    return not first.text.endswith(f" takes the place of {record.escalation.policy}")


def _is_aside(line: Entry) -> bool:
    """A line under another's kind: that a silence ends soon."""
    return line.kind is _K.MUTED and _SILENCE_ENDS.match(line.text) is not None


def _until(then: Instant | None, at: Instant) -> Instant | None:
    return then if then is not None and then <= at else None


def _taken(record: Incident, told: _Told) -> Incident:
    """Who has it, and since when."""
    first = _until(record.first_acknowledged_at, told.at)
    if not told.is_newer(TAKEN | GIVEN_BACK):
        is_taken = record.acknowledged_by is not None
        state = IncidentState.ACKNOWLEDGED if is_taken else IncidentState.TRIGGERED
        return replace(record, state=state, first_acknowledged_at=first)
    line = told.last(TAKEN | GIVEN_BACK)
    free = replace(
        record,
        state=IncidentState.TRIGGERED,
        acknowledged_at=None,
        acknowledged_by=None,
        ack_comment=None,
        ack_until=None,
        first_acknowledged_at=first,
    )
    if line is None or line.kind in GIVEN_BACK:
        return free
    comment, until = _terms(line)
    return replace(
        free,
        state=IncidentState.ACKNOWLEDGED,
        acknowledged_at=_taken_at(told),
        acknowledged_by=line.actor.name,
        ack_comment=comment or None,
        ack_until=until,
    )


def _taken_at(told: _Told) -> Instant | None:
    """Taken anew by another, it counts from when it was first taken this time."""
    at: Instant | None = None
    for line in told.before:
        if line.kind in GIVEN_BACK:
            at = None
        elif line.kind in TAKEN and at is None:
            at = line.at
    return at


def _terms(line: Entry) -> tuple[str, Instant | None]:
    """The comment of whoever took it, and until when, as the line has them."""
    if line.kind is _K.SNOOZED:
        until = _UNTIL.match(line.text)
        return _UNTIL.sub("", line.text, count=1), None if until is None else read(until["at"])
    found = _LASTS.fullmatch(line.text)
    if found is None or found["ms"] is None:
        return line.text, None
    return found["comment"] or "", line.at + int(found["ms"])


def _severity(record: Incident, entries: Sequence[Entry], at: Instant) -> Severity:
    """What the first change after the moment began from."""
    later = (line for line in entries if line.kind is _K.SEVERITY and line.at > at)
    line = next(later, None)
    return record.severity if line is None else parse_severity(line.text.partition(" ")[0])


def _muted(record: Incident, told: _Told) -> tuple[Mute, ...]:
    if record.resolved_at is None and not told.is_newer(MUTING):
        return record.muted
    line = told.last(MUTING)
    if line is None or line.kind is _K.UNMUTED:
        return ()
    return tuple(mute_of(reason) for reason in line.text.split("; "))


def mute_of(reason: str) -> Mute:
    """The reason for muting that a line of a timeline names; by what is not in the line."""
    kinds = (kind for begin, kind in _REASONS if reason.startswith(begin))
    return Mute(next(kinds, MuteKind.INHIBITION), "", reason)


def _unmuted_at(record: Incident, told: _Told) -> Instant | None:
    if record.unmuted_at is None or record.unmuted_at <= told.at:
        return record.unmuted_at
    line = told.last({_K.UNMUTED})
    return None if line is None else line.at


def _assigned(record: Incident, told: _Told) -> str | None:
    if not told.is_newer(_ASSIGNING):
        return record.assigned_to
    to: str | None = None
    for line in told.before:
        if line.kind is _K.ASSIGNED:
            to = line.text.removeprefix("to ").partition("; ")[0]
        elif line.kind is _K.UNASSIGNED:
            to = None
        elif line.kind is _K.MERGED and (other := told.brought.get(merged_key(line))):
            to = to or other.assigned_to
    return to


def _roles(record: Incident, told: _Told) -> tuple[tuple[str, str], ...]:
    if not told.is_newer({_K.ROLE}):
        return record.roles
    roles: dict[str, str] = {}
    for line in told.before:
        if line.kind is _K.ROLE:
            role, _, rest = line.text.partition(": ")
            roles[role] = rest.partition("; ")[0]
    return tuple(sorted((role, to) for role, to in roles.items() if to != "nobody"))


def _update(record: Incident, told: _Told) -> StatusUpdate | None:
    said = record.status_update
    if said is None or said.at <= told.at:
        return said
    line = told.last({_K.UPDATE})
    found = None if line is None else _UPDATE.fullmatch(line.text)
    if line is None or found is None:
        return None
    next_at = None if found["at"] is None else read(found["at"])
    return StatusUpdate(found["text"], line.actor.name, line.at, next_at)


def _escalation(record: Incident, was: Incident, told: _Told) -> Escalation | None:
    """Where its policy stood: as in the record, if no line about that came later; else the steps
    are taken once more."""
    steps = record.escalation
    if steps is None or told.is_of_a_later_policy:
        return None
    stepped_later = steps.stepped_at is not None and steps.stepped_at > told.at
    if told.is_newer(STEPPING) or stepped_later:
        rests = bool(was.muted) or was.state is IncidentState.ACKNOWLEDGED
        others = {key: one.escalation for key, one in told.brought.items()}
        start = steps, record.fired_at
        return retraced(*start, told.before, told.at, rests=rests, brought=others)
    ended_at = record.resolved_at
    if ended_at is not None and steps.paused_at == ended_at:
        return policy.resumed(steps, ended_at)
    return steps
