"""Durations and secrets as they stand in a file."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from checks.durations import format_duration, parse_duration
from checks.spec import Secret, Strict


class Held(Strict):
    secret: Secret


@given(st.integers(0, 10**13))
def test_a_duration_survives_being_written_and_read(span_ms: int) -> None:
    assert parse_duration(format_duration(span_ms)) == span_ms


@pytest.mark.parametrize(
    ("text", "span_ms"),
    [("250ms", 250), ("30s", 30_000), ("1h30m", 5_400_000), ("7d", 604_800_000), ("1.5s", 1500)],
)
def test_durations_are_read_as_milliseconds(text: str, span_ms: int) -> None:
    assert parse_duration(text) == span_ms


@pytest.mark.parametrize("text", ["", "5", "5 parsecs", "-3s", "1s!", 5, None, "s", "1h and 2m"])
def test_what_is_no_duration_shows_the_form(text: object) -> None:
    with pytest.raises(ValueError, match="write it like"):
        parse_duration(text)


@given(st.text(max_size=30))
def test_no_text_breaks_the_reader_of_durations(text: str) -> None:
    try:
        found: int | str = parse_duration(text)
    except ValueError as error:
        found = str(error)
    assert "write it like" in found if isinstance(found, str) else found >= 0


def test_a_secret_is_read_from_where_it_is_named_and_never_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "secret"
    path.write_text("hush-1\n")
    monkeypatch.setenv("HUSH", "hush-2")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    for source, value in (
        ({"file": str(path)}, "hush-1"),
        ({"env": "HUSH"}, "hush-2"),
        ({"credential": "secret"}, "hush-1"),
        ("hush-3", "hush-3"),
    ):
        held = Held.model_validate({"secret": source})
        assert held.secret.get_secret_value() == value
        assert value not in repr(held) + held.model_dump_json() + str(held.model_dump())


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ({"env": "NO_SUCH_VARIABLE"}, "NO_SUCH_VARIABLE is not set"),
        ({"file": "/no/such"}, "cannot be read: No such file"),
        ({"vault": "x"}, "a secret is"),
        ({}, "a secret is"),
    ],
)
def test_a_secret_that_cannot_be_read_is_an_error_that_says_why(source: object, words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        Held.model_validate({"secret": source})
