"""Text from outside comes out clean, in one line, and bounded."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.text import clean_lines, one_line


@pytest.mark.parametrize(
    ("dirty", "clean"),
    [
        ("plain", "plain"),
        ("a\r\nb\tc", "a b c"),
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07after", "after"),
        ("\x1b]8;;http://evil\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1bPq#0\x1b\\sixel gone", "sixel gone"),
        ("\x9b2Jcleared", "cleared"),
        ("abc\u202edef", "abc def"),
        ("zero\u200bwidth", "zero width"),
        ("nul\0bell\a", "nul bell"),
        ("ünïcode — fine ✓", "ünïcode — fine ✓"),
    ],
)
def test_escape_sequences_and_controls_are_taken_out(dirty: str, clean: str) -> None:
    assert one_line(dirty) == clean


@given(st.text(max_size=2000), st.integers(1, 400))
def test_any_text_becomes_one_bounded_line_without_controls(text: str, limit: int) -> None:
    line = one_line(text, limit)
    assert len(line) <= limit
    assert not any(unicodedata.category(char) in {"Cc", "Cs"} for char in line)
    assert one_line(line, limit) == line


@given(st.text(max_size=2000), st.integers(1, 400))
def test_lines_are_kept_where_they_are_wanted(text: str, limit: int) -> None:
    clean = clean_lines(text, limit)
    assert len(clean) <= limit
    assert not any(
        unicodedata.category(char) in {"Cc", "Cs"} for char in clean if char not in "\n\t"
    )


def test_lines_and_tabs_survive_and_returns_do_not() -> None:
    assert clean_lines("a\r\n\tb\x1b[2K\rc", 100) == "a\n\tbc"
