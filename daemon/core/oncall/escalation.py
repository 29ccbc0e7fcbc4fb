"""Escalation: who is told next, and when.

Theory. A policy is a list of levels, each due `after` the incident triggered. It runs only
while its incident is triggered and not muted; a pause moves every time that is still to come
by its own length, so whoever takes over has the time that was left. After the last level
the policy starts over `rounds` times and then turns to `then`, each `round_every` after the
last level; then it is *spent*. A level with a `repeat` is told again that often until
the next step; a last level with one, where no further step follows, until somebody acts. A
level that reaches nobody is followed by the next at once.

Levels that were due while nobody looked (the daemon was off) are run once each, in order.
Repeats and rounds count from when the step before was really run, so they never pile up.

An `Escalation` is a value kept in its incident, copied from the policy when the incident
began; these functions make the next value. They tell nobody: see `daemon.core.telling.teller`.
"""

from __future__ import annotations

import enum

from daemon.core.changing import replace
from daemon.core.model import Escalation, Instant, Millis
from daemon.core.plan import PolicyPlan
from daemon.core.record import record


class StepKind(enum.Enum):
    """What is due next."""

    LEVEL = "level"
    REPEAT = "repeat"
    ROUND = "round"
    """The policy starts over; its first level follows as a step of its own."""
    THEN = "then"


@record(frozen=True, slots=True)
class Step:
    """A step that was run: tell `targets`.

    Attributes:
        level: The level from 0; for `THEN` that of the last one.
    """

    kind: StepKind
    level: int
    targets: tuple[str, ...]


def begun(policy: PolicyPlan, now: Instant, not_before: Instant) -> Escalation:
    """The policy at the start of an incident; no step runs before `not_before`."""
    return _timed(
        Escalation(
            policy=policy.name,
            levels=policy.levels,
            rounds=policy.rounds,
            then=policy.then,
            round_every=policy.round_every,
            started_at=now,
            not_before=not_before,
            spent=not policy.levels and not policy.then,
        )
    )


def paused(escalation: Escalation, now: Instant) -> Escalation:
    """At rest, because its incident is acknowledged, muted or over."""
    if escalation.paused_at is not None:
        return escalation
    return replace(escalation, paused_at=now, next_at=None)


def resumed(escalation: Escalation, now: Instant) -> Escalation:
    """Going on with the time that was left."""
    if escalation.paused_at is None:
        return escalation
    rest = now - escalation.paused_at
    return _timed(
        replace(
            escalation,
            paused_at=None,
            started_at=_later(escalation.started_at, rest),
            stepped_at=_later(escalation.stepped_at, rest),
        )
    )


def restarted(escalation: Escalation, now: Instant) -> Escalation:
    """From level 0 again; at rest if it was."""
    fresh = replace(
        escalation,
        level=-1,
        round=0,
        started_at=now,
        stepped_at=None,
        spent=not escalation.levels and not escalation.then,
        paused_at=None if escalation.paused_at is None else now,
    )
    return _timed(fresh)


def hastened(escalation: Escalation, not_before: Instant) -> Escalation:
    """A graver alert joined: the group waits less, and so does the first level."""
    if escalation.not_before is None or not_before >= escalation.not_before:
        return escalation
    return _timed(replace(escalation, not_before=not_before))


def stepped(escalation: Escalation, now: Instant) -> tuple[Escalation, Step | None]:
    """Run the step that is due; returns None for the step if none is."""
    upcoming = _upcoming(escalation)
    if escalation.paused_at is not None or upcoming is None or upcoming[1] > now:
        return escalation, None
    return _run(escalation, upcoming[0], now)


def hurried(escalation: Escalation, now: Instant) -> tuple[Escalation, tuple[Step, ...]]:
    """Run the next level (or what comes after the last) at once; those after it keep their
    distances. No step if nothing is left to run, two if the policy starts over by it."""
    escalation = replace(escalation, not_before=None)
    upcoming = _next_step(escalation)
    if upcoming is None:
        return escalation, ()
    after, step = _run(escalation, upcoming[0], now, on_time=False)
    if upcoming[0] is not StepKind.ROUND:
        return after, (step,)
    after, level = _run(after, StepKind.LEVEL, now, on_time=False)
    return after, (step, level)


def succeeded(escalation: Escalation, policy: PolicyPlan) -> Escalation:
    """Another policy takes its place, at the level where it stands. What was spent goes on only
    where the other has more levels."""
    taken = replace(
        escalation,
        policy=policy.name,
        levels=policy.levels,
        rounds=policy.rounds,
        then=policy.then,
        round_every=policy.round_every,
        level=min(escalation.level, len(policy.levels) - 1),
        spent=escalation.spent and len(policy.levels) <= escalation.level + 1,
    )
    return _timed(replace(taken, spent=_upcoming(taken) is None))


def ahead(escalation: Escalation) -> tuple[str, ...]:
    """All whom it may still tell by itself."""
    if escalation.spent:
        return ()
    starts_over = escalation.round < escalation.rounds
    levels = escalation.levels[0 if starts_over else escalation.level + 1 :]
    if _repeat(escalation) is not None:
        levels = (*levels, escalation.levels[escalation.level])
    return (*(target for level in levels for target in level.notify), *escalation.then)


def passed_on(escalation: Escalation, now: Instant) -> Escalation:
    """The level that was just run reaches nobody: the next one, or after the last `then`, is due
    at once, and those after it keep their distances. Another round waits for its time."""
    upcoming = _next_step(escalation)
    if upcoming is None or upcoming[0] is StepKind.ROUND or upcoming[1] <= now:
        return escalation
    early = upcoming[1] - now
    started_at = _later(escalation.started_at, -early)
    return _timed(replace(escalation, started_at=started_at, not_before=None))


def coming(escalation: Escalation) -> str | None:
    """The step that is due next, in words: `level 2`, `level 1 again`, `round 2`, `last
    resort`; None once it is spent."""
    upcoming = _upcoming(escalation)
    if upcoming is None:
        return None
    match upcoming[0]:
        case StepKind.LEVEL:
            return f"level {escalation.level + 2}"
        case StepKind.REPEAT:
            return f"level {escalation.level + 1} again"
        case StepKind.ROUND:
            return f"round {escalation.round + 2}"
        case StepKind.THEN:
            return "last resort"


def _run(
    escalation: Escalation, kind: StepKind, now: Instant, *, on_time: bool = True
) -> tuple[Escalation, Step]:
    level = escalation.level
    after = replace(escalation, stepped_at=now)
    if kind is StepKind.ROUND:
        after = replace(after, round=after.round + 1, level=-1, started_at=now, stepped_at=None)
        return _timed(after), Step(kind, -1, ())
    if kind is StepKind.THEN:
        return _timed(replace(after, spent=True)), Step(kind, level, after.then)
    if kind is StepKind.LEVEL:
        level += 1
        after = replace(after, level=level)
        if not on_time or level == len(after.levels) - 1:
            after = replace(after, started_at=now - after.levels[level].after)
    after = replace(after, spent=_upcoming(after) is None)
    return _timed(after), Step(kind, level, after.levels[level].notify)


def _timed(escalation: Escalation) -> Escalation:
    """With `next_at` as it follows from the rest."""
    upcoming = None if escalation.paused_at is not None else _upcoming(escalation)
    return replace(escalation, next_at=None if upcoming is None else upcoming[1])


def _upcoming(escalation: Escalation) -> tuple[StepKind, Instant] | None:
    """The next step or, if that is sooner, the repeat of the level that was run."""
    if escalation.spent:
        return None
    following = _next_step(escalation)
    repeat = _repeat(escalation)
    if repeat is None or escalation.stepped_at is None:
        return following
    again_at = escalation.stepped_at + repeat
    if following is not None and following[1] <= again_at:
        return following
    return StepKind.REPEAT, again_at


def _repeat(escalation: Escalation) -> Millis | None:
    if escalation.level < 0:
        return None
    return escalation.levels[escalation.level].repeat or None


def _next_step(escalation: Escalation) -> tuple[StepKind, Instant] | None:
    """The next step that is not a repeat, and when it is due."""
    if escalation.spent or escalation.started_at is None:
        return None
    earliest = escalation.not_before or escalation.started_at
    following = escalation.level + 1
    if following < len(escalation.levels):
        due = escalation.started_at + escalation.levels[following].after
        return StepKind.LEVEL, max(due, earliest)
    last_after = escalation.levels[-1].after if escalation.levels else 0
    end = max(escalation.started_at + last_after + escalation.round_every, earliest)
    if escalation.levels and escalation.round < escalation.rounds:
        return StepKind.ROUND, end
    return (StepKind.THEN, end) if escalation.then else None


def _later(at: Instant | None, by: Millis) -> Instant | None:
    return None if at is None else at + by
