"""daemon.cli.table: aligned, scrubbed, coloured only where that is wanted."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.cli.table import Cell, painted, scrub, shortened, table, wants_colour, width, word


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_columns_are_aligned_and_the_header_stands_above() -> None:
    shown = table(["A", "LONG"], [["first", "x"], ["2", Cell("y", "down")]], colour=False)

    assert shown == "A      LONG\nfirst  x\n2      y\n"


def test_wide_characters_and_marks_are_counted_as_the_terminal_does() -> None:
    assert (width("日本"), width("é"), width("e\u0301"), width("◆ ok")) == (4, 1, 1, 4)
    rows = table(["N", "V"], [["日本", "1"], ["abcd", "2"]], colour=False).splitlines()
    assert [width(row) for row in rows[1:]] == [7, 7]


def test_the_last_column_is_cut_to_the_terminal_with_an_ellipsis() -> None:
    shown = table(["A", "MESSAGE"], [["x", "m" * 100]], colour=False, columns=30)

    assert shown.splitlines()[1] == "x  " + "m" * 26 + "…"
    assert shortened("abc", 3) == "abc"


def test_colour_is_never_alone_and_only_where_it_is_wanted() -> None:
    assert painted(word("critical"), colour=False) == "◆ critical"
    assert painted(word("critical"), colour=True) == "\x1b[1;91m◆ critical\x1b[0m"
    assert painted(Cell("x", "no such style"), colour=True) == "x"


def test_no_color_and_streams_that_are_no_terminal_get_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert wants_colour(Terminal())
    assert not wants_colour(io.StringIO())
    monkeypatch.setenv("NO_COLOR", "1")
    assert not wants_colour(Terminal())


@given(st.text(max_size=200))
def test_nothing_a_terminal_would_obey_gets_through(text: str) -> None:
    assert scrub(text).isprintable()
    shown = table(["A"], [[text]], colour=False)
    assert all(row.isprintable() for row in shown.split("\n"))
