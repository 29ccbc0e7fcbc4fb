"""What goes out holds no secrets and nothing that steers a terminal."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.notify.scrub import MASK, Scrubber

SCRUB = Scrubber(["hunter2-hunter2"])


@pytest.mark.parametrize(
    ("dirty", "clean"),
    [
        ("postgres://shop:s3cret@db:5432/x failed", "postgres://***@db:5432/x failed"),
        ("password=s3cret host=db", "password=*** host=db"),
        ('{"api_key": "abc123", "a": 1}', '{"api_key": "***", "a": 1}'),
        ("Authorization: Bearer abcdefgh12345", "Authorization: Bearer ***"),
        ("it said hunter2-hunter2!", "it said ***!"),
        ("\x1b[31mred\x1b[0m \x1b]0;title\x07text", "red text"),
        ("a\u202eb\x00c\x7f", "abc"),
        ("one\r\ntwo", "one\ntwo"),
        ("https://wiki.example.org/a?b=c", "https://wiki.example.org/a?b=c"),
        ("status == 200 (status is 502)", "status == 200 (status is 502)"),
        ("ops@example.org", "ops@example.org"),
        ("PassWord=s3cret", "PassWord=***"),
        ("API-KEY: abc", "API-KEY: ***"),
        ("to\u212aen=abc", "to\u212aen=***"),
        ("ba\u017fic abcdefgh12345", "ba\u017fic ***"),
    ],
)
def test_secrets_and_escapes_go_and_words_stay(dirty: str, clean: str) -> None:
    assert SCRUB.text(dirty) == clean


@given(st.text(max_size=500))
def test_a_line_is_one_line_without_controls(text: str) -> None:
    line = SCRUB.line(text, 100)
    assert len(line) <= 100
    assert not any(unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"} for char in line)


@given(st.text(max_size=300))
def test_the_secret_never_stands_in_what_goes_out(text: str) -> None:
    assert "hunter2-hunter2" not in SCRUB.text(text + "hunter2-hunter2" + text)


def test_trees_are_scrubbed_in_every_text_and_bounded() -> None:
    deep: object = "end"
    for _ in range(50):
        deep = {"n": deep}
    tree = SCRUB.tree({"a\nb": ["hunter2-hunter2", 1, None, True], "deep": deep})
    assert tree["a b"] == [MASK, 1, None, True]
    assert "end" not in str(tree["deep"])


def test_a_short_secret_masks_no_ordinary_words() -> None:
    assert Scrubber(["a", ""]).text("a banana") == "a banana"
