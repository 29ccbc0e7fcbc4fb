"""The records of what is observed: a check's state and a service's.

What they become is decided in `daemon.core.observing.health` and `daemon.core.observing.estate`.
"""

from __future__ import annotations

from checks.result import Status
from daemon.core.model.basics import Instant
from daemon.core.record import record


@record(frozen=True, slots=True)
class CheckState:
    """What the engine knows of a check, apart from its newest result.

    Attributes:
        status: The confirmed (hard) status.
        since: When `status` began: the first failed run of a confirmed failure, the first
            good run of a recovery.
        hard: False while the newest runs disagree with `status` and are not yet confirmed.
        soft_status: The newest run's own verdict.
        soft_since: When the run of equal verdicts that is being confirmed began.
        attempts: How many runs in a row disagreed with `status`, counted up to what confirms
            it.
        soft_floor: The mildest of those runs: what the failure is confirmed as.
        measured: Whether `status` was found by runs; False while nothing could be measured
            (not yet, a gap, an unreachable parent, a lost uplink), and then `status` is unknown.
        cause: Why `status` is unknown, in words: `orders-db is down`, `uplink is down`.
        unreachable: The down parent that hides this check, if any.
        flap_window: The last 20 transitions as bits, newest lowest; 1 is a change.
        last_ping, started, expires: A heartbeat's last ping, open start, and deadline.
    """

    key: str
    status: Status = Status.UNKNOWN
    since: Instant | None = None
    hard: bool = True
    soft_status: Status = Status.UNKNOWN
    soft_since: Instant | None = None
    attempts: int = 0
    soft_floor: Status = Status.UP
    measured: bool = False
    cause: str | None = "not measured yet"
    unreachable: str | None = None
    flapping: bool = False
    flap_window: int = 0
    last_ping: Instant | None = None
    started: Instant | None = None
    expires: Instant | None = None


@record(frozen=True, slots=True)
class ServiceState:
    """A service's status, and up to when its timeline is settled in the store.

    Attributes:
        settled: Up to here its state intervals are final and stored.
    """

    key: str
    status: Status = Status.UNKNOWN
    since: Instant | None = None
    unreachable: str | None = None
    settled: Instant | None = None
