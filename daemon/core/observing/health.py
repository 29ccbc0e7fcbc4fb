"""What a run means for a check's confirmed (hard) status: a state machine, as a table.

The theory. One bad run is no outage and one good run no recovery, so a check has a *hard*
status, which people are told, and may be in doubt about it while newest runs disagree. The
runs in a row that disagree are a *streak*. A streak of failing runs is confirmed after
`down_after` of them, a streak of good ones after `up_after`; a run that agrees with the hard
status again ends the streak and nothing has happened (a silent recovery).

A failing streak may be of mixed verdicts. It is confirmed as the mildest of them (degraded,
then unknown, then down), because that much every one of its runs bears out; when its newest
run was worse, that run begins the next streak. So `down` always stands on `down_after` runs
in a row that were down, and a target that alternates between down and degraded is degraded.

A check that was never measured, or could not be for a while, has no hard status to confirm
against: its first good run makes it up at once, a failing streak needs its confirmation.

A run that is `unknown` (a fault of Tocsin's own) counts as failing, but as the mildest of a
streak of unknowns only ever confirms `unknown`, never `down`.

While `held`, a streak is not confirmed however long it is: a parent or the uplink is in
doubt itself and may explain it (see `daemon.core.observing.dependencies`).

The observatory calls `step` for each result of a check that is not in its steady state.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Final

from checks.result import Status
from daemon.core.changing import replace
from daemon.core.model import CheckState, Instant
from daemon.core.record import record


class Phase(enum.Enum):
    """Where a check stands between what is confirmed and what its newest runs say."""

    UNMEASURED = "unmeasured"
    """No hard status, no failing streak."""
    SUSPECT = "suspect"
    """No hard status, a failing streak."""
    UP = "up"
    FAILING = "failing"
    """Hard up, a failing streak."""
    BAD = "bad"
    """Hard degraded, down or unknown; the newest run agrees."""
    SHIFTING = "shifting"
    """As `BAD`, but a streak fails differently."""
    RECOVERING = "recovering"
    """As `BAD`, but a streak of good runs."""

    __hash__ = object.__hash__  # all here are keys of tables, and an enum's own is not C


class Verdict(enum.Enum):
    """What a run is in the light of the phase."""

    GOOD = "good"
    """Up, and good runs are still too few to confirm."""
    RECOVERED = "recovered"
    """Up, and the last good run that was needed."""
    SAME = "same"
    """Failing in the way that is confirmed already."""
    FAILED = "failed"
    """Failing otherwise, and still too few (or held)."""
    CONFIRMED = "confirmed"
    """Failing otherwise, and the last run that was needed."""

    __hash__ = object.__hash__


class Action(enum.Enum):
    """What a step does."""

    KEEP = "keep"
    """Nothing: the run agrees, there was no doubt."""
    BEGIN = "begin"
    """A streak begins with this run."""
    COUNT = "count"
    """The streak is one run longer."""
    DISCARD = "discard"
    """The streak came to nothing: a silent recovery."""
    RISE = "rise"
    """Hard up."""
    FALL = "fall"
    """Hard degraded, unknown or down."""

    __hash__ = object.__hash__


class ImpossibleStep(Exception):
    """A phase was given a verdict that cannot occur in it: a fault of this module's caller."""


_P, _V, _A = Phase, Verdict, Action

TABLE: Final[Mapping[tuple[Phase, Verdict], tuple[Phase, Action] | None]] = {
    (_P.UNMEASURED, _V.GOOD): (_P.UP, _A.RISE),
    (_P.UNMEASURED, _V.RECOVERED): (_P.UP, _A.RISE),
    (_P.UNMEASURED, _V.SAME): None,
    (_P.UNMEASURED, _V.FAILED): (_P.SUSPECT, _A.BEGIN),
    (_P.UNMEASURED, _V.CONFIRMED): (_P.BAD, _A.FALL),
    (_P.SUSPECT, _V.GOOD): (_P.UP, _A.RISE),
    (_P.SUSPECT, _V.RECOVERED): (_P.UP, _A.RISE),
    (_P.SUSPECT, _V.SAME): None,
    (_P.SUSPECT, _V.FAILED): (_P.SUSPECT, _A.COUNT),
    (_P.SUSPECT, _V.CONFIRMED): (_P.BAD, _A.FALL),
    (_P.UP, _V.GOOD): (_P.UP, _A.KEEP),
    (_P.UP, _V.RECOVERED): (_P.UP, _A.KEEP),
    (_P.UP, _V.SAME): None,
    (_P.UP, _V.FAILED): (_P.FAILING, _A.BEGIN),
    (_P.UP, _V.CONFIRMED): (_P.BAD, _A.FALL),
    (_P.FAILING, _V.GOOD): (_P.UP, _A.DISCARD),
    (_P.FAILING, _V.RECOVERED): (_P.UP, _A.DISCARD),
    (_P.FAILING, _V.SAME): None,
    (_P.FAILING, _V.FAILED): (_P.FAILING, _A.COUNT),
    (_P.FAILING, _V.CONFIRMED): (_P.BAD, _A.FALL),
    (_P.BAD, _V.GOOD): (_P.RECOVERING, _A.BEGIN),
    (_P.BAD, _V.RECOVERED): (_P.UP, _A.RISE),
    (_P.BAD, _V.SAME): (_P.BAD, _A.KEEP),
    (_P.BAD, _V.FAILED): (_P.SHIFTING, _A.BEGIN),
    (_P.BAD, _V.CONFIRMED): (_P.BAD, _A.FALL),
    (_P.SHIFTING, _V.GOOD): (_P.RECOVERING, _A.BEGIN),
    (_P.SHIFTING, _V.RECOVERED): (_P.UP, _A.RISE),
    (_P.SHIFTING, _V.SAME): (_P.BAD, _A.DISCARD),
    (_P.SHIFTING, _V.FAILED): (_P.SHIFTING, _A.COUNT),
    (_P.SHIFTING, _V.CONFIRMED): (_P.BAD, _A.FALL),
    (_P.RECOVERING, _V.GOOD): (_P.RECOVERING, _A.COUNT),
    (_P.RECOVERING, _V.RECOVERED): (_P.UP, _A.RISE),
    (_P.RECOVERING, _V.SAME): (_P.BAD, _A.DISCARD),
    (_P.RECOVERING, _V.FAILED): (_P.SHIFTING, _A.BEGIN),
    (_P.RECOVERING, _V.CONFIRMED): (_P.BAD, _A.FALL),
}
"""Every phase and verdict: where it leads and what it does. None: `ImpossibleStep`."""

RECORDED: Final = frozenset({Action.KEEP, Action.DISCARD, Action.RISE, Action.FALL})
"""The steps that flapping counts: confirmed states and soft recoveries."""

_FAILING_STREAK: Final = frozenset({Phase.SUSPECT, Phase.FAILING, Phase.SHIFTING})


def phase_of(state: CheckState) -> Phase:
    """The phase that a check's record is in."""
    if not state.measured:
        return Phase.UNMEASURED if state.hard else Phase.SUSPECT
    if state.status is Status.UP:
        return Phase.UP if state.hard else Phase.FAILING
    if state.hard:
        return Phase.BAD
    return Phase.RECOVERING if state.soft_status is Status.UP else Phase.SHIFTING


@record(frozen=True, slots=True)
class Step:
    """What came of a run: the new record, and what was done (the first action, if a
    confirmation was followed by the beginning of the next streak)."""

    state: CheckState
    action: Action


def step(
    state: CheckState,
    verdict: Status,
    at: Instant,
    *,
    down_after: int,
    up_after: int,
    held: bool = False,
    message: str = "",
) -> Step:
    """Hold a run that began at `at` against the record.

    Args:
        held: Do not confirm a failure now.
        message: What the run said; the cause shown if it confirms `unknown`.

    Raises:
        ImpossibleStep: The table has no row for it; no record can lead there.
    """
    phase = phase_of(state)
    length = _length(state, phase, verdict)
    heard = _judge(state, verdict, length, down_after, up_after, held)
    row = TABLE[phase, heard]
    if row is None:
        raise ImpossibleStep(f"{state.key}: {heard.value} in phase {phase.value}")
    _, action = row
    limit = up_after if verdict is Status.UP else down_after
    new = _carry_out(action, state, verdict, at, min(length, limit), message)
    if action is Action.FALL and new.status is not verdict:
        new = _begin(new, verdict, at)
    return Step(new, action)


def _length(state: CheckState, phase: Phase, verdict: Status) -> int:
    """How long the streak is with this run, if it is of one."""
    if verdict is Status.UP:
        return state.attempts + 1 if phase is Phase.RECOVERING else 1
    return state.attempts + 1 if phase in _FAILING_STREAK else 1


def _judge(
    state: CheckState, verdict: Status, length: int, down_after: int, up_after: int, held: bool
) -> Verdict:
    if verdict is Status.UP:
        return Verdict.RECOVERED if length >= up_after else Verdict.GOOD
    if state.measured and verdict is state.status:
        return Verdict.SAME
    return Verdict.CONFIRMED if length >= down_after and not held else Verdict.FAILED


def _carry_out(
    action: Action, state: CheckState, verdict: Status, at: Instant, length: int, message: str
) -> CheckState:
    match action:
        case Action.KEEP:
            return state
        case Action.BEGIN:
            return _begin(state, verdict, at)
        case Action.COUNT:
            return _count(state, verdict, length)
        case Action.DISCARD:
            return _end_streak(state, verdict)
        case Action.RISE:
            streak = phase_of(state) is Phase.RECOVERING
            return decide(state, Status.UP, _start(state, at) if streak else at, None)
        case Action.FALL:
            return _fall(state, verdict, at, message)


def _start(state: CheckState, at: Instant) -> Instant:
    return at if state.soft_since is None else state.soft_since


def _begin(state: CheckState, verdict: Status, at: Instant) -> CheckState:
    return replace(
        state, hard=False, soft_status=verdict, soft_since=at, attempts=1, soft_floor=verdict
    )


def _count(state: CheckState, verdict: Status, length: int) -> CheckState:
    floor = min(state.soft_floor, verdict)
    if (length, verdict, floor) == (state.attempts, state.soft_status, state.soft_floor):
        return state
    return replace(state, soft_status=verdict, attempts=length, soft_floor=floor)


def _end_streak(state: CheckState, verdict: Status) -> CheckState:
    return replace(
        state, hard=True, soft_status=verdict, soft_since=None, attempts=0, soft_floor=Status.UP
    )


def _fall(state: CheckState, verdict: Status, at: Instant, message: str) -> CheckState:
    if phase_of(state) not in _FAILING_STREAK:
        return decide(state, verdict, at, message if verdict is Status.UNKNOWN else None)
    floor = min(state.soft_floor, verdict)
    return decide(state, floor, _start(state, at), message if floor is Status.UNKNOWN else None)


def decide(
    state: CheckState, status: Status, since: Instant, cause: str | None = None
) -> CheckState:
    """The record with this hard status from `since` on, without confirmation or streak."""
    return replace(
        state,
        status=status,
        since=since,
        hard=True,
        measured=True,
        soft_status=status,
        soft_since=None,
        attempts=0,
        soft_floor=Status.UP,
        cause=cause,
        unreachable=None,
    )


def failing_since(state: CheckState) -> Instant | None:
    """When the failing streak began that is being confirmed; None if there is none."""
    return state.soft_since if phase_of(state) in _FAILING_STREAK else None


def unmeasured(state: CheckState, since: Instant, cause: str) -> CheckState:
    """The record of a check that cannot be told from `since` on: what it was and any streak
    are void. A failing streak was part of what cannot be told; an unknown status lasts."""
    start = since
    if state.status is Status.UNKNOWN and state.since is not None:
        start = state.since
    elif (streak := failing_since(state)) is not None:
        start = min(since, streak)
    return replace(decide(state, Status.UNKNOWN, start, cause), measured=False)


def reachable(state: CheckState) -> CheckState:
    """The record of a check that nothing hides any more, and that was not measured yet."""
    cause = f"not measured since {state.unreachable} was down"
    return replace(state, unreachable=None, cause=cause)
