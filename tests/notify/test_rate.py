"""Rates and their buckets: what they read, and that they give what was allowed and no more."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.core.model import HOUR, MINUTE, SECOND
from daemon.notify.rate import Bucket, Limits, Rate, parse_rate
from tests.notify.lab import T0

RATES = st.builds(Rate, st.integers(1, 500), st.sampled_from([SECOND, MINUTE, HOUR]))
PAUSES = st.lists(st.integers(0, 200_000), max_size=60)


@pytest.mark.parametrize(
    ("text", "rate"),
    [("1/s", Rate(1, SECOND)), ("30/m", Rate(30, MINUTE)), ("200/h", Rate(200, HOUR))],
)
def test_a_rate_is_a_count_and_a_unit(text: str, rate: Rate) -> None:
    assert parse_rate(text) == rate


@pytest.mark.parametrize("text", ["", "30", "30/min", "1.5/s", "-1/s", " 1/s", "/m", "9999999/s"])
def test_what_is_no_rate_is_refused_with_the_form_it_should_have(text: str) -> None:
    with pytest.raises(ValueError, match='write it like "1/s"'):
        parse_rate(text)


def test_a_rate_of_nothing_is_refused_with_the_mend() -> None:
    with pytest.raises(ValueError, match="leave the key out"):
        parse_rate("0/m")


@given(RATES, PAUSES)
def test_a_bucket_gives_what_its_definition_says_to_the_millisecond(
    rate: Rate, pauses: list[int]
) -> None:
    """Against tokens counted in fractions: so many at first, refilled evenly, never more."""
    bucket, tokens, now = Bucket(rate), Fraction(rate.count), T0
    for pause in pauses:
        now += pause
        refilled = tokens + Fraction(pause * rate.count, rate.per_ms)
        tokens = min(Fraction(rate.count), refilled)
        assert bucket.has_token(now) == (tokens >= 1)
        if tokens >= 1:
            bucket.spend(now)
            tokens -= 1


@given(RATES, st.integers(1, 600))
def test_a_bucket_says_when_its_next_token_comes(rate: Rate, spent: int) -> None:
    bucket, now = Bucket(rate), T0
    for _ in range(spent):
        now = max(now, bucket.due_at)
        assert bucket.has_token(now)
        bucket.spend(now)
    due_at = bucket.due_at
    assert bucket.has_token(due_at)
    if due_at > now:
        assert not bucket.has_token(due_at - 1)
        assert due_at - now <= rate.step_ms


def test_a_clock_that_was_set_back_costs_one_refill_at_most() -> None:
    bucket = Bucket(Rate(2, MINUTE))
    bucket.spend(T0)
    early = T0 - 10 * HOUR
    assert not bucket.has_token(early)
    assert bucket.due_at == early + 30 * SECOND


def test_limits_count_for_the_channel_and_for_each_recipient() -> None:
    limits = Limits(Rate(3, MINUTE), Rate(1, MINUTE))
    limits.spend(("ana", ""), T0)
    assert limits.allows(T0)
    assert limits.recipient_due_at(("ana", ""), T0) == T0 + MINUTE
    assert limits.recipient_due_at(("ben", ""), T0) == T0
    limits.spend(("ben", ""), T0)
    limits.spend(("cas", ""), T0)
    assert not limits.allows(T0)
    assert limits.due_at == T0 + 20 * SECOND


def test_without_rates_everything_is_allowed_always() -> None:
    limits = Limits()
    for _ in range(1_000):
        limits.spend(("", ""), T0)
    assert limits.allows(T0)
    assert limits.recipient_due_at(("", ""), T0) == T0
