"""The records of who is told what and when: groups, steps of escalation, what was said last.

Their timers are decided in `daemon.core.telling.groups` and `daemon.core.oncall.escalation`; both
belong to an incident.
"""

from __future__ import annotations

from collections.abc import Mapping

from daemon.core.model.basics import HOUR, MINUTE, Instant, Millis
from daemon.core.record import record
from daemon.core.severity import Severity


@record(frozen=True, slots=True)
class Level:
    """One level of an escalation policy.

    Attributes:
        after: Milliseconds since the incident triggered.
        notify: Targets: `channel:NAME` or `person:NAME`.
        repeat: Tell this level again that often until the next one; None for once.
        only_in: Time intervals in one of which it must be to be told; empty for always.
        min_alerts: How many alerts there must be.
        round_robin: Tell one of the targets in turn.
        require, require_within: So many must have taken it in this time, or the next follows.
    """

    after: Millis
    notify: tuple[str, ...]
    repeat: Millis | None = None
    only_in: tuple[str, ...] = ()
    min_alerts: int = 1
    round_robin: bool = False
    require: int = 0
    require_within: Millis = MINUTE


@record(frozen=True, slots=True)
class Escalation:
    """Where an incident stands in its policy, which is copied when the incident begins.

    Attributes:
        level: The last level that was run, from 0; -1 before the first.
        next_at: When the next step is due; None while paused or when spent.
        started_at: The time the levels' `after` count from; pauses move it.
        paused_at: Since when it rests (acknowledged or muted).
        round: How many times the whole policy has been repeated.
        round_every: How long after its last level it starts over, or turns to `then`.
        not_before: No step runs before this (the group's `group_wait` ends).
        stepped_at: When the last step ran; pauses move it.
        brought_by: The key of the group whose route brought it; empty for the incident's own.
        picks: Whom each level that tells one in turn told last, by the level from 0.
    """

    policy: str
    levels: tuple[Level, ...]
    rounds: int = 0
    then: tuple[str, ...] = ()
    level: int = -1
    round: int = 0
    started_at: Instant | None = None
    next_at: Instant | None = None
    paused_at: Instant | None = None
    spent: bool = False
    round_every: Millis = 5 * MINUTE
    not_before: Instant | None = None
    stepped_at: Instant | None = None
    brought_by: str = ""
    picks: tuple[tuple[int, str], ...] = ()


@record(frozen=True, slots=True)
class Told:
    """What a recipient was last told of an incident.

    Attributes:
        channel, recipient: A channel's name, and the person's name on it, or "".
        firing: The fingerprints that were firing then; empty once told it is over.
        severity: The severity it was told with.
        address: Where on the channel, as when it was told.
        notice: The key of the notice that said it, while nobody knows what became of it.
        reached: Something of the incident was delivered to them.
        lost: What they were last told could not be delivered: it is to be told again.
    """

    channel: str
    recipient: str
    at: Instant
    firing: tuple[str, ...]
    severity: Severity
    resolved: bool = False
    address: str | None = None
    notice: str = ""
    reached: bool = False
    lost: bool = False


@record(frozen=True, slots=True)
class Group:
    """The alerts that one route gathers by their `group_by` labels, and its timers.

    Attributes:
        key: `ROUTE:{labels}`, as Alertmanager writes it; with `@INCIDENT` where it only
            notifies.
        route: The route's path in the tree, `0`, `1.2`, ...
        incident: The incident it belongs to.
        owner: Whether this group's route owns the incident, or only notifies.
        flush_at: When it next looks whether to tell something.
        channels, wait, interval, repeat: As its route said when the group began; so are
            `mute_in` and `active_in` (names of time intervals) and `suppress`.
        default_wait: `wait` follows from severity, not from the route.
    """

    key: str
    route: str
    labels: Mapping[str, str]
    incident: str
    owner: bool
    alerts: tuple[str, ...]
    opened_at: Instant
    flush_at: Instant | None
    flushed_at: Instant | None = None
    told: tuple[Told, ...] = ()
    channels: tuple[str, ...] = ()
    wait: Millis = 0
    interval: Millis = 5 * MINUTE
    repeat: Millis = 4 * HOUR
    default_wait: bool = False
    mute_in: tuple[str, ...] = ()
    active_in: tuple[str, ...] = ()
    suppress: Millis = 0
    require: int = 0
    require_within: Millis = MINUTE
