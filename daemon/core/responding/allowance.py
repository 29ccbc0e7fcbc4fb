"""Whether a response may run, and whether it helps: its limit, its cooldown, its breaker.

Theory. A response may begin at most `most` times in any span of `per`, and not within
`cooldown` of its last beginning. A run helps if it succeeds, its incident is over `helps_within`
after the run's end, and nothing fired anew in the same group meanwhile. `stop_after` runs in a
row that did not help stop the response: it would only hide what is the matter, or make it worse.
Only an operator sets it going again.

These functions make the next value of a `ResponseState`; `daemon.core.responding.responses` asks
them.
"""

from __future__ import annotations

from daemon.core.changing import replace
from daemon.core.model import Instant, ResponseState
from daemon.core.plan import ResponsePlan
from daemon.core.record import record


@record(frozen=True, slots=True)
class Hindrance:
    """Why a response may not begin now.

    Attributes:
        until: When it may; None if only an operator can say so.
    """

    why: str
    until: Instant | None


def hindrance(plan: ResponsePlan, state: ResponseState, now: Instant) -> Hindrance | None:
    """What keeps the response from beginning now, if anything does."""
    if state.stopped_at is not None:
        return Hindrance(f"it is stopped: {state.stopped_why}", None)
    free_at = 0
    why = ""
    if plan.cooldown and state.recent:
        free_at, why = state.recent[-1] + plan.cooldown, "it has run only just now (cooldown)"
    if plan.most is not None and len(state.recent) >= plan.most:
        window_ends = state.recent[-plan.most] + plan.per
        if window_ends > free_at:
            times = "time" if plan.most == 1 else "times"
            free_at, why = window_ends, f"it has run {plan.most} {times} lately (max)"
    return Hindrance(why, free_at) if free_at > now else None


def begun(plan: ResponsePlan, state: ResponseState, run: str, now: Instant) -> ResponseState:
    """A run begins."""
    kept = max(plan.most or 0, 1)
    return replace(state, recent=(*state.recent, now)[-kept:], runs=state.runs + 1, last_run=run)


def failed(state: ResponseState) -> ResponseState:
    """A run did not succeed."""
    return replace(state, failed=state.failed + 1)


def judged(
    plan: ResponsePlan, state: ResponseState, *, helped: bool, now: Instant
) -> ResponseState:
    """It is known whether a run helped; the response stops if too many in a row did not."""
    if helped:
        return replace(state, unhelpful=0) if state.stopped_at is None else state
    after = replace(state, unhelpful=state.unhelpful + 1)
    if after.stopped_at is not None or not 0 < plan.stop_after <= after.unhelpful:
        return after
    runs = "1 run" if after.unhelpful == 1 else f"{after.unhelpful} runs in a row"
    return replace(after, stopped_at=now, stopped_why=f"{runs} did not help")


def reset(state: ResponseState, now: Instant) -> ResponseState:
    """An operator sets it going again: nothing that was counts, and what fires now is not
    begun upon."""
    return replace(state, known_at=now, recent=(), unhelpful=0, stopped_at=None, stopped_why="")


def judge_at(plan: ResponsePlan, now: Instant) -> Instant | None:
    """When it is to be looked at whether a run that succeeded now helped; None if its success
    is all that was wanted of it."""
    return now + plan.helps_within if plan.when.is_remedy else None
