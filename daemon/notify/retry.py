"""Whether a failed delivery is tried again, and when: a pure function.

Waits double from 5 s to at most 5 min, each shortened by up to a fifth so that what failed
together does not come back together. The jitter is a hash of key and attempt, so the same
history always gives the same times. A receiver's `Retry-After` lengthens the wait, within
the same 5 min. Nothing is tried at or after its deadline: the notice's own end of
usefulness, or the policy's patience.
"""

from __future__ import annotations

import hashlib
from typing import Final

from daemon.core.model import DAY, MINUTE, SECOND, Instant, Millis
from daemon.core.record import record


@record(frozen=True, slots=True)
class Delivered:
    """The receiver took it; `receipt` is what it said."""

    receipt: str


@record(frozen=True, slots=True)
class Failed:
    """The receiver did not take it; `detail` says why.

    Attributes:
        ours: The fault is Tocsin's own and says nothing of the receiver.
        answered: The receiver is there, though it could not deliver.
    """

    detail: str
    permanent: bool = False
    retry_after_ms: Millis | None = None
    ours: bool = False
    answered: bool = False


Outcome = Delivered | Failed


@record(frozen=True, slots=True)
class Patience:
    """How long a channel is tried.

    Attributes:
        first_ms: The wait after the first failure; doubles from there.
        longest_ms: No wait is longer, whatever the receiver asks for.
        age_ms: Given up when the decision to tell is older than this.
    """

    first_ms: Millis = 5 * SECOND
    longest_ms: Millis = 5 * MINUTE
    age_ms: Millis = DAY


WITHOUT_FALLBACK: Final = Patience()
"""Nobody else tells it: go on for a day."""
WITH_FALLBACK: Final = Patience(age_ms=2 * MINUTE)
"""Another channel stands by: turn to it soon. Five attempts fit."""


@record(frozen=True, slots=True)
class Done:
    """Delivered: settle it."""


@record(frozen=True, slots=True)
class Retry:
    """Try again at `at`."""

    at: Instant


@record(frozen=True, slots=True)
class GiveUp:
    """Never again; `reason` says why, in words."""

    reason: str


Decision = Done | Retry | GiveUp


def deadline(decided_at: Instant, expires_at: Instant | None, patience: Patience) -> Instant:
    """From when on a notice that was decided at `decided_at` is not tried any more."""
    latest = decided_at + patience.age_ms
    return latest if expires_at is None else min(latest, expires_at)


def wait_ms(key: str, attempts: int, patience: Patience = WITHOUT_FALLBACK) -> Millis:
    """The wait after the `attempts`-th failure (from 1) of the notice with this key."""
    doublings = min(max(attempts, 1) - 1, 30)
    full = min(patience.first_ms << doublings, patience.longest_ms)
    digest = hashlib.blake2b(f"{key}\x00{attempts}".encode(), digest_size=8).digest()
    fifth = full // 5
    return full - (int.from_bytes(digest) % (fifth + 1))


def decide(
    outcome: Outcome,
    *,
    key: str,
    attempts: int,
    now: Instant,
    until: Instant,
    patience: Patience = WITHOUT_FALLBACK,
) -> Decision:
    """What follows from the outcome of the `attempts`-th attempt.

    Args:
        key: The notice's idempotency key.
        attempts: How many were made, with this one.
        until: The notice's `deadline`.
    """
    if isinstance(outcome, Delivered):
        return Done()
    if outcome.permanent:
        return GiveUp(outcome.detail)
    asked = min(outcome.retry_after_ms or 0, patience.longest_ms)
    at = now + max(wait_ms(key, attempts, patience), asked)
    if at >= until:
        return GiveUp(f"{outcome.detail}; given up after {_times(attempts)}, too late for another")
    return Retry(at)


def _times(attempts: int) -> str:
    return "1 attempt" if attempts == 1 else f"{attempts} attempts"
