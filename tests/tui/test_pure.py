"""The small pure parts: scrubbing, words, lines, bars, filters."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tui import estate
from tui.drawing import words
from tui.drawing.bars import elapsed, gauge, shares, sparkline, stroke, wait_bar
from tui.drawing.scrub import TEXT_LIMIT, clean, scrub
from tui.drawing.text import Column, Layout, apart, cells, clip, fit, width_of, wrap
from tui.filter import EVERYTHING, parse_filter, split_matchers
from tui.showing.promised import budget_words


@given(st.text())
def test_cleaned_text_is_one_printable_line(text: str) -> None:
    """Whatever a host sends, what is left neither moves the cursor nor breaks the row."""
    assert clean(text).isprintable()


@pytest.mark.parametrize(
    ("hostile", "harmless"),
    [
        ("\x1b[2J\x1b]0;owned\x07gone", "·[2J·]0;owned·gone"),
        ("two\nlines", "two lines"),
        ("file\u202egpj.exe", "file·gpj.exe"),
        ("\x9b31mred", "·31mred"),
        ("[bold]not markup[/]", "[bold]not markup[/]"),
        ("naïve 漢字 ✓", "naïve 漢字 ✓"),
    ],
)
def test_what_could_harm_a_terminal_is_replaced_and_the_rest_stays(
    hostile: str, harmless: str
) -> None:
    """Escape sequences and overrides lose their control character; words stay words."""
    assert clean(hostile) == harmless


def test_a_shape_is_scrubbed_through_and_through() -> None:
    """Titles, nested labels, keys of dictionaries and lists are all cleaned."""
    state = estate.state()
    state.incidents[0].title = "a\x1bb"
    state.alerts[0].labels = {"k\x1b": "v\x1b"}
    state.incidents[0].muted = []
    scrubbed = scrub(state)
    assert scrubbed.incidents[0].title == "a·b"
    assert scrubbed.alerts[0].labels == {"k·": "v·"}


def test_endless_text_is_cut() -> None:
    """A peer that sends a megabyte in a title gets four thousand characters of it."""
    assert len(clean("x" * 1_000_000)) == TEXT_LIMIT


@pytest.mark.parametrize(
    ("ms", "text"),
    [(0, "0s"), (45_000, "45s"), (492_000, "8m12s"), (3 * estate.DAY + 4 * estate.HOUR, "3d4h"),
     (estate.DAY + 5_000, "1d"), (-5, "0s")],
)  # fmt: skip
def test_spans_have_two_units(ms: int, text: str) -> None:
    """As the configuration writes them."""
    assert words.span(ms) == text


@pytest.mark.parametrize(
    ("ms", "text"),
    [(151_000, "2:31"), (150_001, "2:31"), (1, "0:01"), (0, "0:00"), (3_751_000, "1:02:31")],
)
def test_countdowns_round_up_so_that_zero_means_due(ms: int, text: str) -> None:
    """A countdown at 0:00 is due, never almost due."""
    assert words.countdown(ms) == text


@given(st.integers(min_value=1, max_value=10**10))
def test_a_span_that_was_written_can_be_read(ms: int) -> None:
    """Reading what `span` writes loses less than its smaller unit."""
    whole = ms // 1000 * 1000
    if whole:
        read = words.parse_span(words.span(whole))
        assert read <= whole < read + estate.DAY


@pytest.mark.parametrize("text", ["", "soon", "0s", "-5m", "5", "5m later"])
def test_what_is_no_duration_is_refused_with_words(text: str) -> None:
    """The dialog shows the message; it must say something."""
    with pytest.raises(ValueError, match="duration"):
        words.parse_span(text)


def test_a_percentage_is_never_rounded_up() -> None:
    """99.99999 is not 100."""
    assert words.percent(99.99999) == "99.99%"
    assert words.percent(100.0) == "100%"
    assert words.percent(99.8999, 99.9) == "99.89%"
    assert words.percent(99.9) == "99.90%"


def test_times_of_other_days_carry_their_date() -> None:
    """10:11 yesterday is not 10:11."""
    assert words.moment(estate.NOW, estate.NOW, dt.UTC) == "10:11:05"
    assert words.moment(estate.NOW - estate.DAY, estate.NOW, dt.UTC) == "2026-11-20 10:11"


def test_a_time_that_cannot_be_read_is_absent() -> None:
    """The dashboard does not fall over a daemon's odd time."""
    assert words.instant("yesterday") is None
    assert words.instant(estate.ago(0)) == estate.NOW


@given(st.text(max_size=60), st.integers(0, 40))
def test_clipped_text_fits(text: str, width: int) -> None:
    """In cells, whatever the script."""
    assert cells(clip(clean(text), width)) <= width


SPANS = st.lists(st.tuples(st.text(max_size=12).map(clean), st.just("faint")), max_size=5)


@given(SPANS, st.integers(0, 40), st.sampled_from(["left", "right"]))
def test_a_fitted_line_has_exactly_its_width(
    spans: list[tuple[str, str]], width: int, align: str
) -> None:
    """Columns line up whatever stands in them."""
    assert width_of(fit(tuple(spans), width, align)) == width


@given(SPANS, SPANS, st.integers(1, 60))
def test_two_ends_of_a_line_share_its_width(
    left: list[tuple[str, str]], right: list[tuple[str, str]], width: int
) -> None:
    """Nothing is pushed off the edge when the right end alone fits."""
    if width_of(tuple(right)) <= width:
        assert width_of(apart(tuple(left), tuple(right), width)) == width


@given(st.text(max_size=200).map(clean), st.integers(8, 60))
def test_wrapped_prose_fits_and_loses_no_letter(text: str, width: int) -> None:
    """Breaking moves letters to other lines, never away."""
    lines = wrap(text, width)
    assert all(width_of(line) <= width for line in lines)
    letters = "".join(part for line in lines for part, _ in line).replace(" ", "")
    assert letters == text.replace(" ", "")


def test_flexible_columns_take_what_is_left_and_late_ones_wait_for_room() -> None:
    """A layout fills its width exactly."""
    columns = (Column("a", "A", 4), Column("b", "B", 4, flex=1), Column("c", "C", 9, from_width=40))
    narrow, wide = Layout.of(columns, 30), Layout.of(columns, 50)
    assert narrow.width("b") == 24
    assert narrow.width("c") == 0
    assert wide.width("c") == 9
    assert width_of(wide.heading()) == 50


@given(st.floats(-1, 2), st.integers(0, 40))
def test_a_bar_has_its_width_whatever_the_fraction(fraction: float, width: int) -> None:
    """Overspent and overfull included."""
    assert width_of(stroke(fraction, width, "good")) == width


def test_a_wait_bar_empties_towards_its_end() -> None:
    """Full at the start, half in the middle, empty when due."""
    filled = [
        sum(len(text) for text, style in wait_bar(0, 100, now, 10) if style != "track")
        for now in (0, 50, 100)
    ]
    assert filled == [10, 5, 0]


def test_a_stale_wait_bar_is_grey() -> None:
    """An old countdown must not look urgent or calm."""
    assert wait_bar(0, 100, 95, 10, stale=True)[0][1] == "faint"
    assert wait_bar(0, 100, 95, 10)[0][1] == "bad"


def test_elapsed_knows_waits_without_a_start() -> None:
    """Without a start, all of the wait is left until it is due."""
    assert elapsed(None, 100, 50) == 0.0
    assert elapsed(None, 100, 100) == 1.0


def test_an_overspent_budget_is_bad_and_empty() -> None:
    """Below zero nothing is left to draw."""
    assert gauge(-0.2, 6) == (("──────", "track"),)
    assert gauge(1.0, 6) == (("━━━━━━", "good"),)


def test_what_is_overspent_is_rounded_up_and_what_is_left_is_cut() -> None:
    """Nobody is shown less bad time than there was."""
    told = {-900: "−1s", -59_500: "−1m", -79_140_000: "−21h59m", -79_140_001: "−22h", 900: "0s"}
    assert {ms: budget_words(ms) for ms in told} == told


def test_a_sparkline_shows_failures_as_crosses() -> None:
    """A failed run has no latency; it is not a low one."""
    line = "".join(text for text, _ in sparkline([10.0, None, 20.0], 5))
    assert line == "  ▁×█"


def test_jitter_of_a_steady_series_stays_low() -> None:
    """One percent up and down is no mountain range."""
    line = "".join(text for text, _ in sparkline([100.0, 101.0, 100.0, 101.0], 4))
    assert set(line) == {"▁"}


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=5), st.integers(5, 60))
def test_a_share_bar_shows_every_part_that_is_there(amounts: list[int], width: int) -> None:
    """A minute of a month is one cell, not none, and the bar keeps its width."""
    parts = [(amount, str(place), "up") for place, amount in enumerate(amounts)]
    line = shares(parts, width)
    assert width_of(line) == width
    if any(amounts):
        shown = "".join(text for text, _ in line)
        assert {str(place) for place, amount in enumerate(amounts) if amount} == set(shown)


def test_a_filter_mixes_matchers_and_words() -> None:
    """Matchers look at labels, words at the row's text; all must hold."""
    made = parse_filter('severity=~"critical|high" disk')
    assert made.admits([{"severity": "high"}], "Disk is full")
    assert not made.admits([{"severity": "low"}], "Disk is full")
    assert not made.admits([{"severity": "high"}], "CPU is hot")


def test_a_filter_admits_when_one_of_several_label_sets_does() -> None:
    """An incident is found by any of its alerts."""
    made = parse_filter("check=a")
    assert made.admits([{"check": "b"}, {"check": "a"}], "")


def test_quoted_values_may_hold_spaces() -> None:
    """As in silences."""
    assert parse_filter('team="night shift"').admits([{"team": "night shift"}], "")


@pytest.mark.parametrize(("text", "says"), [('a="b', "quote"), ('a=~"("', "regular expression")])
def test_a_wrong_filter_says_what_is_wrong(text: str, says: str) -> None:
    """The filter line shows the message."""
    with pytest.raises(ValueError, match=says):
        parse_filter(text)


def test_an_empty_filter_admits_everything() -> None:
    """Spaces are no filter."""
    assert not parse_filter("   ")
    assert EVERYTHING.admits([], "anything")


@pytest.mark.parametrize(
    ("text", "says"),
    [("", "say what"), ("checkout", "no matcher"), ('env=~".*"', "everything")],
)
def test_a_silence_needs_matchers_that_match_something_definite(text: str, says: str) -> None:
    """A silence of everything is refused before it is sent."""
    with pytest.raises(ValueError, match=says):
        split_matchers(text)
