"""What one run of a check found.

The runner asks a probe for an `Observation`; `checks.judge` holds it against the check's
conditions and makes the `Result` that everything after it works on: the engine, the store
and the event stream. These types are all that the core knows of the outside world.

Both are made for every run, so they are structs: as frozen as a dataclass, and made in an
eighth of its time. `changed` gives a copy of either with other values.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Any

import msgspec

Scalar = bool | int | float | str
"""A metric's value: numbers can be windowed by rules, strings only compared."""


class Status(enum.IntEnum):
    """How a check or a service is, ordered from best to worst.

    `UNKNOWN` is worse than `DEGRADED` because what was not measured may be down.
    """

    UP = 0
    DEGRADED = 1
    UNKNOWN = 2
    DOWN = 3

    @property
    def word(self) -> str:
        """The word for this status in configuration, API and on the screen."""
        return self.name.lower()


class Fault(enum.StrEnum):
    """Why a run did not find its target well; one word an operator can act on."""

    RESOLVE = "resolve"
    """The target's name has no address."""
    REFUSED = "refused"
    """Nothing listens there, or the network says so."""
    UNREACHABLE = "unreachable"
    """No route to the target."""
    TIMEOUT = "timeout"
    RESET = "reset"
    """The target closed the connection in the middle."""
    TLS = "tls"
    AUTH = "auth"
    PROTOCOL = "protocol"
    """The target answered something its protocol does not allow."""
    QUERY = "query"
    """A database or a name server refused the question."""
    PROGRAM = "program"
    """A program that was run said so, or died."""
    CONDITION = "condition"
    """An `expect` condition did not hold."""
    SILENT = "silent"
    """A heartbeat that was due did not come."""
    INTERNAL = "internal"
    """A fault of Tocsin or its host; never a verdict about the target (status unknown)."""


class Observation(msgspec.Struct, frozen=True, gc=False):
    """What a probe saw, before any condition judged it.

    Attributes:
        fields: What conditions may name: `status`, `body`, `json`, `rows`, ... of this kind.
        latency_ms: Wall time of the whole exchange in milliseconds; None if it never began.
        phases: Milliseconds spent in each phase, in order (`resolve`, `connect`, ...).
        metrics: Named values worth keeping; numbers can be used by rules.
        fault: Why the exchange itself failed, or None if it completed.
        message: One line for an operator, free of secrets and control characters.
    """

    fields: Mapping[str, Any] = msgspec.field(default_factory=dict)
    latency_ms: float | None = None
    phases: Mapping[str, float] = msgspec.field(default_factory=dict)
    metrics: Mapping[str, Scalar] = msgspec.field(default_factory=dict)
    fault: Fault | None = None
    message: str = ""
    degraded: bool = False
    """The probe itself calls this degraded (a plugin's WARNING)."""
    unknown: bool = False
    """Nothing can be said of the target (a plugin's UNKNOWN): the verdict is unknown."""


class Result(msgspec.Struct, frozen=True, gc=False):
    """One judged run of a check.

    Attributes:
        check: The check's name.
        at: When the run began, in milliseconds since the Unix epoch, UTC.
        status: The verdict of this run alone (soft).
        latency_ms: As in `Observation`.
        message: What to tell an operator: `200 in 12 ms`, or the failed condition resolved,
            `status == 200 (status is 502)`.
    """

    check: str
    at: int
    status: Status
    latency_ms: float | None = None
    message: str = ""
    fault: Fault | None = None
    phases: Mapping[str, float] = msgspec.field(default_factory=dict)
    metrics: Mapping[str, Scalar] = msgspec.field(default_factory=dict)


changed = msgspec.structs.replace
"""A copy of an observation or a result with other values for the named fields."""
