"""How often a channel may be tried: its limits, as token buckets with time as an argument.

Theory. A bucket holds as many tokens as its rate counts and is full at first; every attempt
takes one, and they come back evenly: `30/m` allows 30 at once, then one every 2 s. All that a
bucket has to know is when it would be full again. That time is kept multiplied by the rate's
count, so that nothing is rounded, ever: over any span a bucket gives what its rate allows in
that span, and the count on top at most.

A clock that was set back would make a bucket wait for the lost time as well; so it is never
taken to lack more than all of its tokens.
"""

from __future__ import annotations

import re
from typing import Final

from daemon.core.model import HOUR, MINUTE, SECOND, Instant, Millis
from daemon.core.record import record

_UNITS: Final = {"s": SECOND, "m": MINUTE, "h": HOUR}
_RATE: Final = re.compile(r"([0-9]{1,6})/([smh])")

To = tuple[str, str]
"""Who is told: a person's name and their address; empty for the channel itself."""


@record(frozen=True, slots=True)
class Rate:
    """So many attempts in such a time."""

    count: int
    per_ms: Millis

    @property
    def step_ms(self) -> Millis:
        """The time in which one token comes back, rounded up."""
        return -(-self.per_ms // self.count)


def parse_rate(text: str) -> Rate:
    """Read `30/m`: 30 a minute.

    Raises:
        ValueError: It is no rate; the message shows the form it should have.
    """
    found = _RATE.fullmatch(text)
    if found is None:
        raise ValueError(f'{text[:40]!r} is no rate; write it like "1/s", "30/m" or "200/h"')
    if int(found[1]) == 0:
        raise ValueError("a rate of 0 would tell nobody; leave the key out for no limit")
    return Rate(int(found[1]), _UNITS[found[2]])


class Bucket:
    """The tokens of one rate."""

    __slots__ = ("_full_at", "_rate")

    def __init__(self, rate: Rate) -> None:
        self._rate = rate
        self._full_at = 0

    @property
    def due_at(self) -> Instant:
        """From when on there is a token."""
        rate = self._rate
        return -(-(self._full_at - (rate.count - 1) * rate.per_ms) // rate.count)

    def has_token(self, now: Instant) -> bool:
        """Whether there is a token now."""
        rate = self._rate
        self._full_at = min(self._full_at, (now + rate.per_ms) * rate.count)
        return now >= self.due_at

    def spend(self, now: Instant) -> None:
        """Take a token, which must be there."""
        rate = self._rate
        self._full_at = max(self._full_at, now * rate.count) + rate.per_ms


class Limits:
    """What a channel is limited to: altogether, and for each recipient."""

    def __init__(self, channel: Rate | None = None, recipient: Rate | None = None) -> None:
        self.rates = (channel, recipient)
        self.step_ms = recipient.step_ms if recipient is not None else 0
        self._all = Bucket(channel) if channel is not None else None
        self._each = recipient
        self._buckets: dict[To, Bucket] = {}

    @property
    def due_at(self) -> Instant:
        """From when on the channel may be tried."""
        return self._all.due_at if self._all is not None else 0

    def allows(self, now: Instant) -> bool:
        """Whether the channel may be tried now."""
        return self._all is None or self._all.has_token(now)

    def recipient_due_at(self, to: To, now: Instant) -> Instant:
        """From when on this recipient may be told something; not after `now` if now."""
        bucket = self._buckets.get(to)
        return now if bucket is None or bucket.has_token(now) else bucket.due_at

    def spend(self, to: To, now: Instant) -> None:
        """An attempt to tell this recipient begins."""
        if self._all is not None:
            self._all.spend(now)
        if self._each is not None:
            self._buckets.setdefault(to, Bucket(self._each)).spend(now)
