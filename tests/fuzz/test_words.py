"""Matchers and spans of time that are typed or sent: each means something or is refused in words,
and none, however long, takes the time of those who wait behind it."""

from __future__ import annotations

from contextlib import suppress
from time import perf_counter

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from checks.durations import format_duration, parse_duration
from daemon.cli.times import parse_span, parse_time
from daemon.core.labels import parse_matcher
from tests.api.lab import START
from tests.fuzz.trials import tries

LONG = 60_000
"""As much as a body may hold."""
LONGEST_S = 2.0

SPANS = st.one_of(
    st.text(max_size=20),
    st.text(alphabet="0123456789.smhdwMS- +e", max_size=20),
    st.sampled_from(["٣s", "1e3s", "1_0s", "5 m 3 s", "1.5.5s", ".5s", "5.s", "NaNs", "-1s"]),
)


@tries(300)
@given(SPANS)
@example("9" * 400 + "s")
@example("0" * 99 + "s")
def test_a_span_is_a_number_or_is_refused_the_same_on_both_sides(text: str) -> None:
    try:
        span_ms = parse_duration(text)
    except ValueError:
        return
    assert span_ms >= 0
    assert parse_duration(format_duration(span_ms)) == span_ms
    if text == text.strip() and span_ms < 10**12:
        assert parse_span(text) == span_ms


@tries(200)
@given(st.one_of(SPANS, SPANS.map(lambda text: f"now-{text}"), SPANS.map(lambda t: f"{t} ago")))
@example("now+")
@example("now+" + "9" * 400 + "s")
@example("0001-01-01")
@example("9999-12-31T23:59:59-23:59")
def test_a_point_in_time_is_one_or_is_refused(text: str) -> None:
    with suppress(ValueError):
        assert isinstance(parse_time(text, START), int)


@tries(300)
@given(
    st.one_of(
        st.text(max_size=30),
        st.tuples(
            st.sampled_from(["a", " a.b ", "severity", "", "a b", "é"]),
            st.sampled_from(["=", "!=", "=~", "!~", "==", "~", " = "]),
            st.text(max_size=12) | st.text(alphabet='"\\()[]*+?{}|^$ n', max_size=12),
        ).map("".join),
    ),
    st.text(max_size=8),
)
@example('a=~"\ud800"', "x")
@example('a=~"' + "(" * 2_000 + '"', "x")
@example('a=~"((a{100}){100}){100}"', "x")
def test_a_matcher_is_read_again_as_it_is_shown_or_refused(text: str, value: str) -> None:
    try:
        matcher = parse_matcher(text)
    except ValueError:
        return
    again = parse_matcher(str(matcher))
    assert (again.name, again.op, again.value) == (matcher.name, matcher.op, matcher.value)
    assert again.matches({matcher.name: value}) is matcher.matches({matcher.name: value})


@pytest.mark.parametrize(
    "text",
    [
        "1" * LONG, "1." * LONG, "1s" * LONG, "9" * 400 + "s", " " * LONG + "x",
        'a=" ' + " " * LONG + '"x', "a=" + " " * LONG + "x", "a" * LONG, "a" + " " * LONG + "x",
        "a=" + "\\" * LONG, 'a="' + '\\"' * LONG + '"',
    ],
    ids=lambda text: f"{text[:4]!r}",
)  # fmt: skip
def test_long_words_are_read_or_refused_in_no_time(text: str) -> None:
    began_s = perf_counter()
    for read in (parse_duration, parse_matcher):
        with suppress(ValueError):
            read(text)
    assert perf_counter() - began_s < LONGEST_S
