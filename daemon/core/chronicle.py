"""What the engine writes down and sends out: lines that never change once they are written.

An incident's timeline, the audit log, the closed pieces of timelines, and the notices that go
into the outbox. The records that do change are in `daemon.core.model`.
"""

from __future__ import annotations

import enum

from checks.result import Status
from daemon.core.model import Actor, Alert, Incident, Instant
from daemon.core.record import record


class EntryKind(enum.StrEnum):
    """What a line of an incident's timeline tells."""

    FIRED = "fired"
    JOINED = "joined"
    ALERT_RESOLVED = "alert_resolved"
    SEVERITY = "severity"
    MUTED = "muted"
    UNMUTED = "unmuted"
    ESCALATED = "escalated"
    SPENT = "spent"
    QUEUED = "queued"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    ACKNOWLEDGED = "acknowledged"
    UNACKNOWLEDGED = "unacknowledged"
    ACK_EXPIRED = "ack_expired"
    SNOOZED = "snoozed"
    ASSIGNED = "assigned"
    UNASSIGNED = "unassigned"
    REOPENED = "reopened"
    REPLANNED = "replanned"
    """Another configuration has somebody no longer whom the incident would have told."""
    LATE = "late"
    REMINDED = "reminded"
    UPDATE = "update"
    ROLE = "role"
    MERGED = "merged"
    SPLIT = "split"
    NOTE = "note"
    RESOLVED = "resolved"
    RESPONSE = "response"
    """What became of a response: due, held, asks, begins, ended."""


@record(frozen=True, slots=True)
class Entry:
    """A line of an incident's timeline; never changed once written."""

    incident: str
    at: Instant
    kind: EntryKind
    actor: Actor
    text: str


@record(frozen=True, slots=True)
class Audit:
    """An operator's action, for the audit log."""

    at: Instant
    actor: Actor
    action: str
    subject: str
    detail: str = ""


@record(frozen=True, slots=True)
class Interval:
    """A closed piece of a timeline: `entity` (`check`, `service`, or `sla` for an objective that
    counts runs) `name` was `status` from `start` (inclusive) to `end` (exclusive)."""

    entity: str
    name: str
    start: Instant
    end: Instant
    status: Status


@record(frozen=True, slots=True)
class RunOutput:
    """What a response's run wrote, bounded and scrubbed."""

    run: str
    at: Instant
    text: str


@record(frozen=True, slots=True)
class KeptReport:
    """A report that was made and is kept as it was.

    Attributes:
        key: Its id.
        name: The `[[report]]` that made it; None for an operator's.
        label: The period, as it was asked for; [start, end).
        body: The whole of it, packed.
        form, file_name, file: As it goes out, packed: written once, so that every attempt sends
            the same. None where it goes nowhere.
        folder: Where the file is still to be put; None: nowhere, or it is there.
    """

    key: str
    name: str | None
    label: str
    service: str | None
    organization: str | None
    start: Instant
    end: Instant
    made_at: Instant
    made_by: str
    final: bool
    digest: str
    body: bytes
    form: str | None = None
    file_name: str | None = None
    file: bytes | None = None
    folder: str | None = None


@record(frozen=True, slots=True)
class FiledReport:
    """The file of a kept report is in its folder."""

    key: str


class NoticeType(enum.StrEnum):
    """What a delivery says of its incident; the `type` of a webhook's body."""

    FIRING = "incident.firing"
    ESCALATED = "incident.escalated"
    REPEATED = "incident.repeated"
    UPDATED = "incident.updated"
    ACKNOWLEDGED = "incident.acknowledged"
    RESOLVED = "incident.resolved"
    HANDOVER = "oncall.handover"
    """Of no incident: who comes on call, or goes."""
    SILENCE = "silence.ending"
    """Of no incident: a silence ends soon, or has ended."""
    REPORT = "report.made"
    """Of no incident: a report that was made, as a mail's attachment."""


@record(frozen=True, slots=True)
class Notice:
    """One notification to one recipient over one channel, as it was decided.

    Attributes:
        key: The idempotency key; the same on every attempt.
        recipient: The person's name, or "" where the channel itself is the recipient.
        address: Where on the channel, if the person's entry says so.
        reason: Why now, in words: `first notification`, `new alerts added`, `level 2`.
        expires_at: After this it is of no use any more; None if it always is.
        fallback_of: The key of the notice that could not be delivered.
        stays: It waits for its own channel, and turns to no fallback.
        personal: It is for this person alone, who was given something to do or is reminded of it:
            no digest keeps it back.
        incident, alerts: The incident and its alerts as they were at the decision.
    """

    key: str
    type: NoticeType
    channel: str
    recipient: str
    address: str | None
    at: Instant
    reason: str
    incident: Incident
    alerts: tuple[Alert, ...]
    level: int | None = None
    expires_at: Instant | None = None
    fallback_of: str | None = None
    stays: bool = False
    personal: bool = False
