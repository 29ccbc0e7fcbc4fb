"""What operators do beside incidents: checks, responses, SLAs, reports, schedules, cleaning up."""

from __future__ import annotations

from daemon.core.chronicle import KeptReport
from daemon.core.model import Actor, AmendmentKind, Instant, Record
from daemon.core.record import record


@record(frozen=True, slots=True)
class CheckNow:
    """An operator wants this check run at once."""

    check: str
    actor: Actor


@record(frozen=True, slots=True)
class CleanUp:
    """An admin has a part of the history removed; `detail` says which, in words. It is
    written down before that is done."""

    detail: str
    actor: Actor


@record(frozen=True, slots=True)
class TryChannel:
    """An operator sends a test message over a channel; it is written down before that is done.

    Attributes:
        is_addressed: It goes to an address that was named, which stands nowhere on record, and
            not to whom the channel tells by itself.
    """

    channel: str
    is_addressed: bool
    actor: Actor


@record(frozen=True, slots=True)
class Forget:
    """An admin has a person forgotten.

    Attributes:
        pseudonym: What stands for them from now on.
        records: Those of the engine's records that named the person, without them.
    """

    pseudonym: str
    records: tuple[Record, ...]
    actor: Actor


@record(frozen=True, slots=True)
class RunResponse:
    """Run a response for an incident now.

    Attributes:
        dry_run: Only write down what would be done.
    """

    incident: str
    response: str
    actor: Actor
    dry_run: bool = False


@record(frozen=True, slots=True)
class ApproveRun:
    """Let a run begin that waits for approval."""

    run: str
    actor: Actor


@record(frozen=True, slots=True)
class RefuseRun:
    """Have a run that waits for approval not begin."""

    run: str
    actor: Actor
    comment: str = ""


@record(frozen=True, slots=True)
class ResetResponse:
    """Set a response going again: its breaker, its limit and its cooldown begin anew."""

    response: str
    actor: Actor


@record(frozen=True, slots=True)
class Amend:
    """Say something of an SLA's past: exclude [start, end), or write a note on it."""

    sla: str
    actor: Actor
    kind: AmendmentKind
    start: Instant
    end: Instant
    text: str


@record(frozen=True, slots=True)
class Mailing:
    """Whom a report is mailed to.

    Attributes:
        channel: An e-mail channel.
        person: The person's name; "" for the channel's own recipients.
        address: Where the person is there.
    """

    channel: str
    person: str = ""
    address: str | None = None


@record(frozen=True, slots=True)
class KeepReport:
    """Keep a report that was made, and mail it.

    Attributes:
        subject, text: What the mail says; the report itself is attached to it.
    """

    report: KeptReport
    actor: Actor
    mailings: tuple[Mailing, ...] = ()
    subject: str = ""
    text: str = ""


@record(frozen=True, slots=True)
class FileReport:
    """The file of a report that is kept is in its folder now."""

    report: str


@record(frozen=True, slots=True)
class MailReport:
    """Mail a report that is kept once more to those who did not get it.

    Attributes:
        report: Its id; `made_at`: when it was made.
        number: How many times it was put into the outbox for them before.
    """

    report: str
    made_at: Instant
    actor: Actor
    mailings: tuple[Mailing, ...]
    number: int
    subject: str
    text: str


@record(frozen=True, slots=True)
class Withdraw:
    """Take an exclusion or a note back."""

    amendment: str
    actor: Actor


@record(frozen=True, slots=True)
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


@record(frozen=True, slots=True)
class EndOverride:
    """End an override now, or take back one that has not begun."""

    schedule: str
    override: str
    actor: Actor
