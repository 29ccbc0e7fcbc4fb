"""Retracing: where an incident's policy stood at an earlier time, from the lines of its timeline.

Theory. What a policy is to do next is kept only as it is now. But its steps have left a line each,
and so has whatever made it rest or go on: an acknowledgement, a mute, their ends. So the policy is
begun once more as when the incident fired, and its own functions (`daemon.core.oncall.escalation`)
are run over the lines, each at its time. Repeats of a level leave no line where nobody was told
anything; those that were due come in between.

What no line tells is lost: how long the first message of a group was waited for, and hours in which
nobody may be told. A step that would then have been due before the moment has no time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from daemon.core.changing import replace
from daemon.core.chronicle import Entry, EntryKind
from daemon.core.model import Escalation, Instant
from daemon.core.oncall import escalation as policy

_K = EntryKind
TAKEN: Final = frozenset({_K.ACKNOWLEDGED, _K.SNOOZED})
GIVEN_BACK: Final = frozenset({_K.UNACKNOWLEDGED, _K.ACK_EXPIRED, _K.REOPENED})
MUTING: Final = frozenset({_K.MUTED, _K.UNMUTED})
STEPPING: Final = TAKEN | GIVEN_BACK | MUTING | {_K.ESCALATED, _K.SPENT, _K.REPLANNED}
"""The lines that change where a policy stands."""

BROUGHT: Final = re.compile(r"policy .+ (?:begins|takes the place of .+)")
"""What was merged into the incident brought a policy, its own."""
_LEVEL: Final = re.compile(r"(?:again )?level (\d+)\b")
_ROUND: Final = re.compile(r"the policy starts over \((\d+) of \d+\)")


def retraced(
    steps: Escalation,
    fired_at: Instant,
    lines: Iterable[Entry],
    at: Instant,
    *,
    rests: bool,
    brought: Mapping[str, Escalation | None],
) -> Escalation:
    """The policy as it stood at `at`.

    Args:
        steps: As it stands now: its levels.
        lines: The timeline up to then.
        rests: Whether its incident was acknowledged or muted then.
        brought: The policies of incidents that were merged into it, as they stood before that.
    """
    found, muted, taken, merged = _begun(steps, fired_at), False, False, ""
    for line in lines:
        merged = merged_key(line) if line.kind is _K.MERGED else merged
        if line.kind is _K.ESCALATED and BROUGHT.fullmatch(line.text):
            found = brought.get(merged) or found
        muted = line.kind is _K.MUTED if line.kind in MUTING else muted
        taken = line.kind in TAKEN if line.kind in TAKEN | GIVEN_BACK else taken
        found = _after(_caught_up(found, line.at), line)
        found = policy.paused(found, line.at) if muted or taken else policy.resumed(found, line.at)
    found = _caught_up(found, at)
    if rests:
        return policy.paused(found, at)
    is_past = found.next_at is not None and found.next_at <= at
    return replace(found, next_at=None) if is_past else found


def merged_key(line: Entry) -> str:
    """Which incident was merged into this one, by its line."""
    return line.text.partition(" ")[0]


def _begun(steps: Escalation, fired_at: Instant) -> Escalation:
    """The policy at the incident's beginning."""
    return policy.restarted(replace(steps, paused_at=None, brought_by="", picks=()), fired_at)


def _caught_up(steps: Escalation, at: Instant) -> Escalation:
    """With the repeats of its level that came before: of those there may be no line."""
    while steps.next_at is not None and steps.next_at < at and steps.level >= 0:
        if not (policy.coming(steps) or "").endswith(" again"):
            break
        steps, _ = policy.stepped(steps, steps.next_at)
    return steps


def _after(steps: Escalation, line: Entry) -> Escalation:
    """The policy after the step that this line tells, if it does."""
    match line.kind:
        case _K.REOPENED | _K.ACK_EXPIRED:
            if line.text.startswith("escalated;"):  # by hand: the level follows on its own line
                return steps
            return policy.restarted(steps, line.at)
        case _K.SPENT:
            return replace(steps, spent=True, next_at=None)
        case _K.ESCALATED:
            return _stepped(policy.resumed(steps, line.at), line)
        case _:
            return steps


def _stepped(steps: Escalation, line: Entry) -> Escalation:
    """After the step that this line tells was run."""
    if found := _LEVEL.match(line.text):
        return _at_level(steps, int(found[1]) - 1, line.at)
    if found := _ROUND.match(line.text):
        again = policy.restarted(steps, line.at)
        return replace(again, round=int(found[1]))
    if line.text.startswith("last resort"):
        return replace(steps, spent=True, stepped_at=line.at, next_at=None)
    if " starts over" in line.text:
        return policy.restarted(steps, line.at)
    return steps


def _at_level(steps: Escalation, level: int, at: Instant) -> Escalation:
    if not 0 <= level < len(steps.levels):
        return steps  # of a policy whose place another took
    is_early = steps.next_at is None or at < steps.next_at
    is_last = level == len(steps.levels) - 1
    begun = steps.started_at
    if level != steps.level and (is_early or is_last):
        begun = at - steps.levels[level].after
    reached = replace(
        steps, level=level, stepped_at=at, started_at=begun, paused_at=at, not_before=None
    )
    reached = replace(reached, spent=policy.coming(reached) is None)
    return policy.resumed(reached, at)
