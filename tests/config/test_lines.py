"""daemon.config.lines: which line each key of a TOML text stands on."""

from __future__ import annotations

from typing import Any

import pytest
import tomli
import tomli_w
from hypothesis import given
from hypothesis import strategies as st

from daemon.config.lines import line_of, scan

KEYS = st.text(min_size=0, max_size=8)
SCALARS = st.one_of(
    st.booleans(),
    st.integers(-(2**60), 2**60),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=20),
    st.dates(),
    st.times(),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)
DOCUMENTS = st.dictionaries(KEYS, VALUES, max_size=4)


def paths(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Every path in a parsed document."""
    found = [path] if path else []
    if isinstance(value, dict):
        for key, member in value.items():
            found += paths(member, (*path, key))
    elif isinstance(value, list):
        for position, member in enumerate(value):
            found += paths(member, (*path, position))
    return found


def test_keys_tables_and_arrays_of_tables_have_the_line_they_are_written_on() -> None:
    text = """\
# a comment
top = 1

[daemon]
timezone = "UTC"  # [not.a.table]
[[check]]
name = "a"
[[check]]
name = "b"
expect = [
    "status == 200", # first
    'x == "]"',
]
[check.labels]
env = "prod"
"""
    lines = scan(text)

    assert lines["top",] == 2
    assert lines["daemon",] == 4
    assert lines["daemon", "timezone"] == 5
    assert lines["check", 0, "name"] == 7
    assert lines["check", 1] == 8
    assert lines["check", 1, "expect", 0] == 11
    assert lines["check", 1, "expect", 1] == 12
    assert lines["check", 1, "labels", "env"] == 15


def test_nested_arrays_of_tables_count_within_their_parent() -> None:
    lines = scan("[[a]]\n[[a.b]]\nx=1\n[[a.b]]\nx=2\n[[a]]\n[[a.b]]\nx=3\n")

    assert lines["a", 0, "b", 1, "x"] == 5
    assert lines["a", 1, "b", 0, "x"] == 8


def test_dotted_and_quoted_keys_are_followed() -> None:
    lines = scan('a."b.c" . d = 1\n[x."y\\u0041".z]\n\'k k\' = {m = {n = 1}}\n')

    assert lines["a", "b.c", "d"] == 1
    assert lines["x", "yA", "z", "k k", "m", "n"] == 3


@pytest.mark.parametrize(
    "value",
    [
        '"""one\n# two [x]\n\\"""\nthree"""',
        "'''one\n\"\"\"\nthree\nfour'''",
        '""""quoted""""\n\n',
        "[1,\n# ] comment\n[2, 3],\n]",
        '"a # no comment \\" ]"',
        "1979-05-27 07:32:00",
    ],
)
def test_values_of_many_lines_do_not_shift_what_follows(value: str) -> None:
    text = f"first = {value}\nlast = 1\n"
    tomli.loads(text)

    assert scan(text)["last",] == text.count("\n")


def test_a_key_without_a_line_of_its_own_has_the_nearest_table_s() -> None:
    lines = scan("[a]\nb = 1\n\n[c.d]\n")

    assert line_of(lines, ("a", "missing", 3)) == 1
    assert line_of(lines, ("c", "d", "x")) == 4
    assert line_of(lines, ("nowhere",)) is None


def test_windows_line_ends_count_once() -> None:
    assert scan("a = 1\r\n\r\n[b]\r\nc = 2\r\n")["b", "c"] == 4


@given(DOCUMENTS)
def test_every_path_of_any_document_is_found_on_a_line_that_shows_its_key(
    document: dict[str, Any],
) -> None:
    text = tomli_w.dumps(document, multiline_strings=True)
    parsed = tomli.loads(text)
    rows = text.replace("\r\n", "\n").split("\n")
    lines = scan(text)

    for path in paths(parsed):
        line = lines[path]
        assert 1 <= line <= len(rows)
        if isinstance(path[-1], str) and path[-1].isascii() and path[-1].isalnum():
            assert path[-1] in rows[line - 1]


@given(st.text(max_size=60))
def test_any_text_at_all_ends_without_an_error(text: str) -> None:
    assert isinstance(scan(text), dict)
