"""The records of automated actions: each run of a response, and how a response has done.

What runs when is decided in `daemon.core.responding.responses`; what a run writes is kept apart
from its record (`daemon.core.chronicle.RunOutput`), so that the engine's memory holds no one's
output.
"""

from __future__ import annotations

import enum

from daemon.core.model.basics import ENGINE, Actor, Instant
from daemon.core.record import record


class RunState(enum.StrEnum):
    """How far a run got."""

    WAITING = "waiting"
    """An operator is to approve it first."""
    RUNNING = "running"
    """It is decided and under way."""
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    INTERRUPTED = "interrupted"
    """The daemon ended while it ran; what became of it is not known."""
    REFUSED = "refused"
    """An operator refused it."""
    EXPIRED = "expired"
    """Nobody approved it in time, or its incident was over before."""
    DRY_RUN = "dry_run"
    """It was only written down."""

    @property
    def is_over(self) -> bool:
        """Whether nothing more comes of it."""
        return self not in (RunState.WAITING, RunState.RUNNING)


@record(frozen=True, slots=True)
class ResponseRun:
    """One run of a response for an incident. Its key is its id.

    Attributes:
        group: The group of its incident: what fires anew there was not helped.
        trigger: Why it is run: `firing`, `level 2`, `acknowledged`, `resolved`, `by hand`.
        action: What is done, in words without secrets.
        asked_by: Who wants it: the engine, or an operator.
        approved_by: Who approved or refused it, where that was asked.
        expires_at: Nobody can approve it any more after this.
        judge_at: When it is looked at whether it helped; None once that is known.
        detail: What came of it, in one line.
    """

    key: str
    response: str
    incident: str
    group: str
    state: RunState
    trigger: str
    action: str
    decided_at: Instant
    asked_by: Actor = ENGINE
    approved_by: str | None = None
    expires_at: Instant | None = None
    started_at: Instant | None = None
    ended_at: Instant | None = None
    judge_at: Instant | None = None
    exit_code: int | None = None
    detail: str = ""

    @property
    def is_trial(self) -> bool:
        """Whether an operator only wanted to see what would be done."""
        return self.state is RunState.DRY_RUN and self.asked_by != ENGINE


@record(frozen=True, slots=True)
class ResponseState:
    """How a response has done. Its key is its name.

    Attributes:
        known_at: Since when it is in force; it begins by itself only on incidents that fired
            since.
        recent: When its last runs began, as many as its limit counts.
        runs, failed: How many began, and how many of them did not succeed.
        last_run: The id of the run that began last.
        unhelpful: How many runs in a row did not help.
        stopped_at: Since when it runs no more, until an operator resets it.
        stopped_why: Why, in words.
    """

    key: str
    known_at: Instant
    recent: tuple[Instant, ...] = ()
    runs: int = 0
    failed: int = 0
    last_run: str = ""
    unhelpful: int = 0
    stopped_at: Instant | None = None
    stopped_why: str = ""
