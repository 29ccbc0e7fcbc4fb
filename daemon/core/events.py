"""What can happen to the engine. `Engine.handle(event, now)` takes these and nothing else.

Events are frozen values, so a recorded run can be replayed to the same effects.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from checks.result import Result
from daemon.core.chronicle import KeptReport, NoticeType
from daemon.core.labels import Matcher
from daemon.core.model import Actor, AmendmentKind, Instant, Millis, Recurrence, RunState
from daemon.core.plan import CalendarPiece, Plan
from daemon.core.severity import Severity


@dataclass(frozen=True, slots=True)
class Tick:
    """Nothing happened but time: fire what is due."""


@dataclass(frozen=True, slots=True)
class ResultsArrived:
    """Probes ended. Each check is in it once at most, as its runs follow one another."""

    results: tuple[Result, ...]


class Signal(enum.StrEnum):
    """What a heartbeat's ping says."""

    SUCCESS = "success"
    START = "start"
    FAIL = "fail"
    LOG = "log"


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class Gap:
    """Nothing could be measured from `start` to `now`: the machine slept or the clock jumped.

    Every check is unknown in it; what became due in it is due once, now.
    """

    start: Instant


@dataclass(frozen=True, slots=True)
class PlanChanged:
    """The configuration was reloaded."""

    plan: Plan


@dataclass(frozen=True, slots=True)
class SelfReport:
    """Tocsin watches itself: `problem` (`database`, `loop`, `outbox`, ...) holds or not."""

    problem: str
    holds: bool
    message: str


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class CheckNow:
    """An operator wants this check run at once."""

    check: str
    actor: Actor


@dataclass(frozen=True, slots=True)
class CleanUp:
    """An admin has a part of the history removed; `detail` says which, in words. It is
    written down before that is done."""

    detail: str
    actor: Actor


@dataclass(frozen=True, slots=True)
class Acknowledge:
    """Take an incident: stops its escalation and its repeats.

    Attributes:
        version: The version the operator saw; refused if it has changed. None to not ask.
        expires_after: The acknowledgement ends after this; None for never.
    """

    incident: str
    actor: Actor
    comment: str = ""
    expires_after: Millis | None = None
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Snooze:
    """Take an incident for a time: an acknowledgement that must have an end.

    Attributes:
        lasts: It ends after this.
    """

    incident: str
    actor: Actor
    lasts: Millis
    comment: str = ""
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Assign:
    """Give an incident to a person; that does not acknowledge it.

    Attributes:
        to: The person; None takes the assignment away.
    """

    incident: str
    actor: Actor
    to: str | None
    comment: str = ""
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Unacknowledge:
    """Give an incident back: its escalation goes on with the time it had left."""

    incident: str
    actor: Actor
    version: int | None = None


@dataclass(frozen=True, slots=True)
class AddNote:
    """Write a line into an incident's timeline."""

    incident: str
    actor: Actor
    text: str


@dataclass(frozen=True, slots=True)
class SetRole:
    """Give a person a part in mending an incident.

    Attributes:
        role: `commander`, `scribe`, or a word of one's own.
        to: The person; None takes the part away.
    """

    incident: str
    actor: Actor
    role: str
    to: str | None
    version: int | None = None


@dataclass(frozen=True, slots=True)
class PostUpdate:
    """Tell those who ask how it goes.

    Attributes:
        next_in: The next update is promised for then.
    """

    incident: str
    actor: Actor
    text: str
    next_in: Millis | None = None
    version: int | None = None


@dataclass(frozen=True, slots=True)
class OpenIncident:
    """Begin an incident by hand."""

    actor: Actor
    title: str
    service: str | None = None
    severity: Severity = Severity.HIGH
    text: str = ""


@dataclass(frozen=True, slots=True)
class FireTest:
    """Fire marked alerts that go the real way; see `daemon.core.testing`.

    Attributes:
        services: Whose checks they say are down, in turn.
        severity: Instead of the one that each would have.
        lasts: They resolve by themselves after this.
    """

    actor: Actor
    services: tuple[str, ...]
    lasts: Millis
    severity: Severity | None = None
    alerts: int = 1


@dataclass(frozen=True, slots=True)
class Merge:
    """Move the alerts of other incidents into this one; the others end by that."""

    incident: str
    actor: Actor
    others: tuple[str, ...]
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Split:
    """Move some firing alerts of an incident into a new one."""

    incident: str
    actor: Actor
    alerts: tuple[str, ...]
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Resolve:
    """End an incident by hand; its alerts that still fire open a new one only when they
    fire anew."""

    incident: str
    actor: Actor
    comment: str = ""
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Escalate:
    """Run the next level of an incident's policy now."""

    incident: str
    actor: Actor
    version: int | None = None


@dataclass(frozen=True, slots=True)
class PutSilence:
    """Make a silence, or change the one with id `silence`.

    Attributes:
        starts_at: None for now.
        recurs: It comes again; then its start and end follow from that.
    """

    actor: Actor
    matchers: tuple[Matcher, ...]
    starts_at: Instant | None
    ends_at: Instant
    comment: str
    created_by: str | None = None
    silence: str | None = None
    recurs: Recurrence | None = None


@dataclass(frozen=True, slots=True)
class ExpireSilence:
    """End a silence now; ending an ended one changes nothing."""

    silence: str
    actor: Actor


@dataclass(frozen=True, slots=True)
class BeginMaintenance:
    """Announce planned work, for now or later, without touching the configuration.

    Attributes:
        services: Whose alerts it mutes; or else
        match: which: those that all of these match.
        start: None for now.
    """

    actor: Actor
    name: str
    services: tuple[str, ...]
    match: tuple[Matcher, ...]
    start: Instant | None
    end: Instant
    reason: str = ""


@dataclass(frozen=True, slots=True)
class EndMaintenance:
    """End planned work before its time, or take back what has not begun.

    Attributes:
        work: Its id, or the name of what is active or announced.
    """

    work: str
    actor: Actor


@dataclass(frozen=True, slots=True)
class RunResponse:
    """Run a response for an incident now.

    Attributes:
        dry_run: Only write down what would be done.
    """

    incident: str
    response: str
    actor: Actor
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class ApproveRun:
    """Let a run begin that waits for approval."""

    run: str
    actor: Actor


@dataclass(frozen=True, slots=True)
class RefuseRun:
    """Have a run that waits for approval not begin."""

    run: str
    actor: Actor
    comment: str = ""


@dataclass(frozen=True, slots=True)
class ResetResponse:
    """Set a response going again: its breaker, its limit and its cooldown begin anew."""

    response: str
    actor: Actor


@dataclass(frozen=True, slots=True)
class Amend:
    """Say something of an SLA's past: exclude [start, end), or write a note on it."""

    sla: str
    actor: Actor
    kind: AmendmentKind
    start: Instant
    end: Instant
    text: str


@dataclass(frozen=True, slots=True)
class KeepReport:
    """Keep a report that was made."""

    report: KeptReport
    actor: Actor


@dataclass(frozen=True, slots=True)
class Withdraw:
    """Take an exclusion or a note back."""

    amendment: str
    actor: Actor


@dataclass(frozen=True, slots=True)
class PutOverride:
    """Put others on call on a schedule for a while.

    Attributes:
        persons: Who; of a swap, the two whose shifts change hands.
        start: None for now.
        replaces: In whose place alone; None for everybody's.
    """

    schedule: str
    actor: Actor
    persons: tuple[str, ...]
    start: Instant | None
    end: Instant
    replaces: str | None = None
    swap: bool = False
    comment: str = ""


@dataclass(frozen=True, slots=True)
class EndOverride:
    """End an override now, or take back one that has not begun."""

    schedule: str
    override: str
    actor: Actor


@dataclass(frozen=True, slots=True)
class CalendarRead:
    """The calendar of a schedule was read anew.

    Attributes:
        pieces: Who is on call by it: in order, none overlapping.
    """

    schedule: str
    pieces: tuple[CalendarPiece, ...]


Command = (
    CheckNow
    | CleanUp
    | Amend
    | KeepReport
    | Withdraw
    | Acknowledge
    | Snooze
    | Assign
    | Unacknowledge
    | AddNote
    | SetRole
    | PostUpdate
    | OpenIncident
    | FireTest
    | Merge
    | Split
    | Resolve
    | Escalate
    | PutSilence
    | ExpireSilence
    | BeginMaintenance
    | EndMaintenance
    | RunResponse
    | ApproveRun
    | RefuseRun
    | ResetResponse
    | PutOverride
    | EndOverride
)
"""Events that an operator caused. They may be refused with a `daemon.core.errors.Refusal`."""

Event = (
    Tick
    | ResultsArrived
    | Ping
    | Gap
    | PlanChanged
    | SelfReport
    | Settled
    | RunEnded
    | CalendarRead
    | Command
)
