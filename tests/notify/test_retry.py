"""The retry policy: when a failed delivery is tried again, and when no more."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from daemon.core.model import DAY, MINUTE, SECOND
from daemon.notify.retry import (
    WITH_FALLBACK,
    WITHOUT_FALLBACK,
    Delivered,
    Done,
    Failed,
    GiveUp,
    Retry,
    deadline,
    decide,
    wait_ms,
)

KEYS = st.text(min_size=1, max_size=40)
ATTEMPTS = st.integers(1, 10_000)
NOWS = st.integers(0, 2**45)


def test_waits_double_from_five_seconds_to_five_minutes_less_up_to_a_fifth() -> None:
    for attempts, full_s in enumerate([5, 10, 20, 40, 80, 160, 300, 300, 300], start=1):
        wait = wait_ms("key", attempts)
        assert full_s * SECOND * 0.8 <= wait <= full_s * SECOND


def test_what_failed_together_does_not_come_back_together() -> None:
    assert len({wait_ms(f"key-{number}", 4) for number in range(100)}) > 90


@given(KEYS, ATTEMPTS)
def test_the_jitter_is_the_same_for_the_same_history(key: str, attempts: int) -> None:
    assert wait_ms(key, attempts) == wait_ms(key, attempts)
    assert 4 * SECOND <= wait_ms(key, attempts) <= 5 * MINUTE


@given(KEYS, ATTEMPTS, NOWS)
def test_what_was_delivered_is_done_whatever_the_time(key: str, attempts: int, now: int) -> None:
    decision = decide(Delivered("ok"), key=key, attempts=attempts, now=now, until=0)
    assert decision == Done()


@given(KEYS, ATTEMPTS, NOWS)
def test_a_permanent_failure_is_never_retried(key: str, attempts: int, now: int) -> None:
    refused = Failed("410 Gone", permanent=True, retry_after_ms=1)
    decision = decide(refused, key=key, attempts=attempts, now=now, until=now + DAY)
    assert decision == GiveUp("410 Gone")


@given(KEYS, ATTEMPTS, NOWS, st.integers(0, 2 * DAY), st.none() | st.integers(0, 10 * DAY))
def test_a_retry_is_in_the_future_before_the_deadline_and_within_five_minutes(
    key: str, attempts: int, now: int, left: int, asked: int | None
) -> None:
    outcome = Failed("503", retry_after_ms=asked)
    decision = decide(outcome, key=key, attempts=attempts, now=now, until=now + left)
    if isinstance(decision, Retry):
        assert now < decision.at < now + left
        assert decision.at - now <= 5 * MINUTE
        assert decision.at - now >= min(asked or 0, 5 * MINUTE)
    else:
        assert isinstance(decision, GiveUp)
        assert left <= 5 * MINUTE


def test_retry_after_lengthens_the_wait_and_never_shortens_it() -> None:
    def at(asked_ms: int | None) -> int:
        outcome = Failed("429", retry_after_ms=asked_ms)
        decision = decide(outcome, key="k", attempts=3, now=0, until=DAY)
        assert isinstance(decision, Retry)
        return decision.at

    plain = at(None)
    assert at(SECOND) == plain
    assert at(90 * SECOND) == 90 * SECOND
    assert at(DAY) == 5 * MINUTE


def test_giving_up_says_why_and_after_how_many_attempts() -> None:
    decision = decide(Failed("503 Busy"), key="k", attempts=1, now=10, until=20)
    assert decision == GiveUp("503 Busy; given up after 1 attempt, too late for another")


def test_the_deadline_is_the_earlier_of_usefulness_and_patience() -> None:
    assert deadline(1_000, None, WITHOUT_FALLBACK) == 1_000 + DAY
    assert deadline(1_000, 5_000, WITHOUT_FALLBACK) == 5_000
    assert deadline(1_000, 10 * DAY, WITH_FALLBACK) == 1_000 + 2 * MINUTE


@given(KEYS)
def test_with_a_fallback_five_attempts_fit_into_two_minutes(key: str) -> None:
    now, attempts = 0, 1
    until = deadline(0, None, WITH_FALLBACK)
    while True:
        decision = decide(
            Failed("503"), key=key, attempts=attempts, now=now, until=until, patience=WITH_FALLBACK
        )
        if not isinstance(decision, Retry):
            break
        now, attempts = decision.at, attempts + 1
    assert attempts in {5, 6}
