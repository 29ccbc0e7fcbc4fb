"""What is seen, and what came of what was begun: results, pings, deliveries, runs, settings."""

from __future__ import annotations

import enum

from checks.result import Result
from daemon.core.chronicle import NoticeType
from daemon.core.model import Instant, RunState
from daemon.core.plan import CalendarPiece, Plan
from daemon.core.record import record


@record(frozen=True, slots=True)
class Tick:
    """Nothing happened but time: fire what is due."""


@record(frozen=True, slots=True)
class ResultsArrived:
    """Probes ended. Each check is in it once at most, as its runs follow one another."""

    results: tuple[Result, ...]


class Signal(enum.StrEnum):
    """What a heartbeat's ping says."""

    SUCCESS = "success"
    START = "start"
    FAIL = "fail"
    LOG = "log"


@record(frozen=True, slots=True)
class Ping:
    """A heartbeat came in.

    Attributes:
        exit_code: As the pinging program gave it; not zero counts as `FAIL`.
        body: What it sent along, shortened.
    """

    check: str
    signal: Signal
    exit_code: int | None = None
    body: str = ""


@record(frozen=True, slots=True)
class Gap:
    """Nothing could be measured from `start` to `now`: the machine slept or the clock jumped.

    Every check is unknown in it; what became due in it is due once, now.
    """

    start: Instant


@record(frozen=True, slots=True)
class PlanChanged:
    """The configuration was reloaded."""

    plan: Plan


@record(frozen=True, slots=True)
class SelfReport:
    """Tocsin watches itself: `problem` (`database`, `loop`, `outbox`, ...) holds or not."""

    problem: str
    holds: bool
    message: str


@record(frozen=True, slots=True)
class Settled:
    """A notice was delivered, or never will be.

    Attributes:
        notice: Its idempotency key.
        detail: What the receiver said, or why it failed.
        type: What the notice said; decides whether its fallback is still of use.
        fallback_of: Set when it was itself sent in place of another.
        level: The escalation level it was sent for, if any.
        refused: The receiver will not take it at any time.
        stays: It turns to no fallback.
        personal: No digest kept it back, nor does one keep back what is sent in its place.
    """

    notice: str
    incident: str
    channel: str
    recipient: str
    delivered: bool
    attempts: int
    detail: str
    type: NoticeType = NoticeType.FIRING
    fallback_of: str | None = None
    level: int | None = None
    refused: bool = False
    stays: bool = False
    personal: bool = False


@record(frozen=True, slots=True)
class RunEnded:
    """A response's run came to its end.

    Attributes:
        outcome: `SUCCEEDED`, `FAILED` or `TIMED_OUT`.
        detail: What came of it, in one line.
        output: What it wrote, bounded and scrubbed.
    """

    run: str
    outcome: RunState
    detail: str
    exit_code: int | None = None
    output: str = ""


@record(frozen=True, slots=True)
class CalendarRead:
    """The calendar of a schedule was read anew.

    Attributes:
        pieces: Who is on call by it: in order, none overlapping.
    """

    schedule: str
    pieces: tuple[CalendarPiece, ...]
