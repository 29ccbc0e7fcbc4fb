"""What all records are written in: instants, spans of time, and who did something.

Times are `Instant`s (milliseconds since the Unix epoch, UTC), spans are `Millis`; absent is
None.
"""

from __future__ import annotations

from daemon.core.record import record

Instant = int
Millis = int

SECOND: Millis = 1_000
MINUTE: Millis = 60 * SECOND
HOUR: Millis = 60 * MINUTE
DAY: Millis = 24 * HOUR


@record(frozen=True, slots=True)
class Actor:
    """Who did something, and from where.

    Attributes:
        name: A user's name, or `tocsin` for the engine itself.
        origin: How they came: `unix uid 1000`, `engine`.
    """

    name: str
    origin: str


ENGINE = Actor("tocsin", "engine")
