"""What would happen: an outage played through a plan in virtual time, and a route explained.

The rehearsal is the deciding half of the engine itself, on a stage of its own: it begins with
nothing in memory, one check fails at a given time, nobody acknowledges, and every notice is
taken to be delivered. So what it shows of groups, policies, schedules and contacts is what the
daemon would do; what lives in a running daemon (silences, other alerts) is not on the stage.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from checks.result import Fault, Result, Status
from daemon.core.chronicle import Entry, EntryKind, Notice, NoticeType
from daemon.core.decider import Decider
from daemon.core.effects import Append, Enqueue
from daemon.core.events import Settled
from daemon.core.labels import Matcher, match_all
from daemon.core.model import CheckState, Instant, Millis, Mute
from daemon.core.oncall.levels import PASSED_OVER
from daemon.core.plan import Plan, RoutePlan
from daemon.core.record import record
from daemon.core.ruling.conditions import of_check
from daemon.core.severity import Severity
from daemon.core.telling.intervals import Timetable
from daemon.core.telling.teller import NOBODY
from daemon.core.turn import Condition, Turn

MOST: Final = 1_000
"""A rehearsal ends after so many lines."""

_TELLING: Final = frozenset({EntryKind.MUTED, EntryKind.UNMUTED, EntryKind.SPENT})

Line = Notice | Entry
"""Somebody is told; or why nobody is: a mute, a level that reached nobody, a spent policy."""


def outage(plan: Plan, check: str, at: Instant, severity: Severity | None = None) -> Condition:
    """The condition of a check that is confirmed to be down since `at`.

    Args:
        severity: Another than the check's own.
    """
    state = CheckState(check, Status.DOWN, at, measured=True)
    found = Result(check, at, Status.DOWN, message="a rehearsal", fault=Fault.UNREACHABLE)
    condition = of_check(plan.checks[check], state, found, at)
    return condition if severity is None else msgspec.structs.replace(condition, severity=severity)


def rehearse(plan: Plan, condition: Condition, at: Instant, span: Millis) -> Iterator[Line]:
    """What is told when while the condition holds from `at` for `span`, in order."""
    decider, now, lines = Decider(plan), at, 0
    decider.begin()
    turn = Turn(at, conditions=[condition])
    while now <= at + span and lines < MOST:
        decider.decide(turn)
        told: list[Notice] = []
        for line in _lines(turn):
            if isinstance(line, Notice):
                told.append(line)
            lines += 1
            yield line
        if not told:
            due = decider.next_deadline()
            if due is None:
                return
            now = max(now, due)
        decider.begin()
        turn = Turn(now)
        for notice in told:
            decider.take(delivered(notice), turn)


def _lines(turn: Turn) -> Iterator[Line]:
    """The notices of a turn, and the lines of the timeline that say more than they do: that
    maintenance begins or ends, nobody is reached, the policy starts over or is spent."""
    for effect in turn.effects:
        if isinstance(effect, Enqueue):
            if effect.notice.type is not NoticeType.HANDOVER:
                yield effect.notice
        elif isinstance(effect, Append) and isinstance(effect.entry, Entry):
            entry = effect.entry
            reached = entry.text.partition(": ")[2]
            says_more = not reached or reached.startswith(NOBODY) or PASSED_OVER in entry.text
            if entry.kind in _TELLING or (entry.kind is EntryKind.ESCALATED and says_more):
                yield entry


def delivered(notice: Notice) -> Settled:
    """That this notice was delivered, at the first attempt."""
    return Settled(
        notice=notice.key,
        incident=notice.incident.key,
        channel=notice.channel,
        recipient=notice.recipient,
        delivered=True,
        attempts=1,
        detail="",
        type=notice.type,
        fallback_of=notice.fallback_of,
        level=notice.level,
    )


def mutes_at(plan: Plan, route: RoutePlan, at: Instant) -> tuple[Mute, ...]:
    """Why the route tells nothing at this time; empty if it does."""
    timetable = Timetable(plan.intervals)
    timetable.tick(at)
    return timetable.mutes(route.mute_time_intervals, route.active_time_intervals)


@record(frozen=True, slots=True)
class Visit:
    """A node of the routing tree, held against labels.

    Attributes:
        depth: 0 for the root.
        matches: Whether it takes them; None where it was not asked, since a sibling before it
            took them and does not `continue`.
        failing: The matchers that do not match.
    """

    depth: int
    node: RoutePlan
    matches: bool | None
    failing: tuple[Matcher, ...] = ()


def visits(root: RoutePlan, labels: Mapping[str, str]) -> Iterator[Visit]:
    """Every node in the order in which the tree is walked, and what became of it."""
    return _visits(root, labels, 0)


def _visits(node: RoutePlan, labels: Mapping[str, str], depth: int) -> Iterator[Visit]:
    yield Visit(depth, node, matches=True)
    taken = False
    for child in node.routes:
        failing = tuple(one for one in child.match if not match_all((one,), labels))
        if taken or failing:
            yield Visit(depth + 1, child, None if taken else False, () if taken else failing)
            continue
        yield from _visits(child, labels, depth + 1)
        taken = not child.continue_
