"""daemon.cli.times: times and spans as operators write and read them."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.durations import parse_duration
from daemon.api.times import stamp
from daemon.cli.times import age, instant, local, most, parse_span, parse_time, span, until

NOW = 1_795_255_865_000
"""2026-11-21 10:11:05 UTC."""


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("250ms", 250),
        ("30s", 30_000),
        ("1h30m", 5_400_000),
        ("7d", 604_800_000),
        ("1.5 h", 5_400_000),
    ],
)
def test_spans_are_read_as_the_configuration_reads_them(text: str, ms: int) -> None:
    assert parse_span(text) == ms == parse_duration(text)


@pytest.mark.parametrize("text", ["", "5", "5x", "-5m", "m", "1h 30", "99999999d"])
def test_what_is_no_span_is_refused_with_the_form_it_should_have(text: str) -> None:
    with pytest.raises(ValueError, match=r"no duration|hundred years"):
        parse_span(text)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("now", NOW),
        ("2h ago", NOW - 7_200_000),
        ("now+30m", NOW + 1_800_000),
        ("now - 1h", NOW - 3_600_000),
        ("90s", NOW - 90_000),
        ("2026-11-21T10:11:05Z", NOW),
        ("2026-11-21T11:11:05.000+01:00", NOW),
    ],
)
def test_times_are_absolute_or_counted_from_now(text: str, at: int) -> None:
    assert parse_time(text, NOW) == at


@pytest.mark.parametrize("text", ["", "tomorrow", "2026-13-01", "now+", "ago", "2026-11-21T99:00Z"])
def test_what_is_no_time_is_refused_in_words(text: str) -> None:
    with pytest.raises(ValueError, match="is no"):
        parse_time(text, NOW)


@pytest.mark.parametrize("text", ["9999-12-31T23:59:59Z", "1900-01-01", "1969-12-31", "2200-01-01"])
def test_a_time_beyond_all_calendars_is_refused_in_words(text: str) -> None:
    with pytest.raises(ValueError, match="outside the years 1970 to 2199"):
        parse_time(text, NOW)


@given(st.text(max_size=30))
def test_any_text_is_a_time_or_refused_in_words(text: str) -> None:
    with contextlib.suppress(ValueError):  # the refusal; nothing else may come out
        assert isinstance(parse_time(text, NOW), int)


@given(st.integers(0, 4_000_000_000_000))
def test_a_time_of_the_api_is_read_back_exactly(at: int) -> None:
    assert instant(stamp(at)) == at


def test_spans_are_shown_with_two_units_at_most() -> None:
    assert [span(ms) for ms in (0, 999, 45_000, 492_000, 3 * 86_400_000 + 4 * 3_600_000 + 5)] == [
        "0s", "0s", "45s", "8m12s", "3d4h",
    ]  # fmt: skip
    assert span(86_400_000 + 5_000) == "1d"


def test_ages_and_waits_are_counted_from_now_and_absent_ones_are_a_dash() -> None:
    assert age(stamp(NOW - 61_000), NOW) == "1m1s"
    assert until(stamp(NOW + 125_000), NOW) == "in 2m5s"
    assert until(stamp(NOW - 1), NOW) == "due"
    assert (age(None, NOW), until(None, NOW), local(None)) == ("–", "–", "–")


def test_what_was_overspent_is_never_told_less_than_it_was() -> None:
    told = {0: "0s", 1: "1s", 900: "1s", 7_001: "8s", 119_500: "2m", 3_660_001: "1h2m",
            86_400_001: "1d1h"}  # fmt: skip
    assert {ms: most(ms) for ms in told} == told
