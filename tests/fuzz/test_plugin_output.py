"""Whatever a plugin writes, what is made of it is bounded, clean and fit to be stored.

`corpus/plugin_output` holds outputs of real plugins and those that once showed, or would have
shown, something; each is replayed by name, and by a real program through the whole check.
"""

from __future__ import annotations

import math
import sys
import time
import unicodedata
from pathlib import Path

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import checks
from checks.conditions import compile_condition
from checks.exec import ExecSpec, read_output
from checks.perfdata import ITEM_LIMIT, Perf, parse_perfdata
from checks.program import OUTPUT_LIMIT
from checks.result import Status
from checks.text import MESSAGE_LIMIT, clean_lines

CORPUS = sorted((Path(__file__).parent / "corpus" / "plugin_output").glob("*.bin"))
READ_WITHIN_S = 2.0
"""A generous bound for the largest output; what runs away takes minutes."""

WORDS = st.sampled_from(
    [
        *("'", "''", "=", ";", ":", "@", "~", "|", "\n", "\r\n", " ", "\t", "U", "1", "-5", "1e9"),
        *(",", ".", "a", "label", "ms", "%", "B", "\x1b[31m", "\x9b", "\x00", "\u202e", "\ud800"),
    ]
)
OUTPUTS = st.one_of(
    st.binary(max_size=400),
    st.lists(WORDS, max_size=80).map(lambda words: "".join(words).encode("utf-8", "surrogatepass")),
)
JUNK = st.text(st.sampled_from("abc019;:@~,.%-+é"), min_size=1, max_size=12)
GOOD = st.tuples(
    st.from_regex(r"[a-z][a-z0-9_/ ]{0,20}[a-z]", fullmatch=True),
    st.floats(allow_nan=False, allow_infinity=False, width=32),
).filter(lambda item: "  " not in item[0])


def is_clean(text: str, *, lines: bool = False) -> bool:
    """Whether a text has no control characters, nothing invisible and no half characters."""
    allowed = "\n\t" if lines else ""
    return all(
        character in allowed or unicodedata.category(character) not in {"Cc", "Cs"}
        for character in text
    ) and not set(text) & set("\u200b\u202a\u202b\u202d\u202e\u2066\u2067\u2068\ufeff")


def hold(raw: bytes) -> None:
    """Read an output as a check does, and hold all that comes of it to what is promised."""
    text = clean_lines(raw[:OUTPUT_LIMIT].decode("utf-8", "replace"), OUTPUT_LIMIT)
    began_s = time.perf_counter()
    output, long_output, perf = read_output(text)
    assert time.perf_counter() - began_s < READ_WITHIN_S
    assert len(output) <= MESSAGE_LIMIT
    assert is_clean(output)
    assert is_clean(long_output, lines=True)
    for item in perf:
        hold_item(item)
    msgspec.json.encode({item.label: item.value for item in perf})


def hold_item(item: Perf) -> None:
    assert 0 < len(item.label) <= 100
    assert item.label == item.label.strip()
    assert is_clean(item.label)
    assert len(item.uom) <= 10
    assert not any(character.isspace() or character == ";" for character in item.uom)
    for number in (item.value, item.min, item.max):
        assert number is None or math.isfinite(number)
    for span in (item.warn, item.crit):
        assert span is None or span.start <= span.end
    assert item.state in {"ok", "warning", "critical", "unknown"}
    assert (item.state == "unknown") == (item.value is None)


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_the_corpus_is_read(path: Path) -> None:
    hold(path.read_bytes())


def test_there_is_a_corpus() -> None:
    assert len(CORPUS) > 15


@settings(max_examples=4 * settings().max_examples, deadline=None)
@given(OUTPUTS)
@example(b"")
@example(b"|" + b"'=" * 200)
def test_no_output_breaks_what_is_promised(raw: bytes) -> None:
    hold(raw)


@settings(max_examples=60, deadline=None)
@given(st.lists(WORDS, min_size=1, max_size=6), st.lists(WORDS, max_size=3))
def test_the_largest_output_is_read_in_bounded_time(unit: list[str], first: list[str]) -> None:
    whole = ("x|" + "".join(first)).encode("utf-8", "surrogatepass")
    repeated = "".join(unit).encode("utf-8", "surrogatepass")
    hold((whole + repeated * (OUTPUT_LIMIT // len(repeated) + 1))[:OUTPUT_LIMIT])


@given(st.lists(st.one_of(GOOD, JUNK), max_size=30))
def test_every_good_item_is_found_among_junk(parts: list[tuple[str, float] | str]) -> None:
    text = " ".join(
        part if isinstance(part, str) else f"'{part[0]}'={part[1]!r}s" for part in parts
    )
    good = [part for part in parts if not isinstance(part, str)]
    found = parse_perfdata(text)
    assert len(found) <= ITEM_LIMIT
    assert [(item.label, item.value) for item in found] == good


@given(OUTPUTS)
def test_a_condition_can_be_evaluated_on_whatever_was_read(raw: bytes) -> None:
    _, _, perf = read_output(clean_lines(raw.decode("utf-8", "replace"), OUTPUT_LIMIT))
    values = {item.label: {"value": item.value, "state": item.state} for item in perf}
    condition = compile_condition("perf.all(label, size(label) > 0)", {"perf": "map"}, "expect")
    assert condition.holds({"perf": values})


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
async def test_the_corpus_goes_through_a_whole_check(path: Path) -> None:
    program = "import pathlib, sys; sys.stdout.buffer.write(pathlib.Path(sys.argv[1]).read_bytes())"
    run = (sys.executable, "-ISc", program, str(path))
    check = checks.prepare(ExecSpec(name="probe", run=run), 20_000)
    found = await checks.run(check, 0)
    assert (found.status, found.fault) == (Status.UP, None), found
    assert found.metrics["exit_code"] == 0
    assert is_clean(found.message)
    assert found.message
    msgspec.json.encode(found.metrics)
