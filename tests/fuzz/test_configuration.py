"""Any document at all either loads or is refused with `ConfigError`; nothing else comes out."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
import tomli
import tomli_w
from hypothesis import example, given
from hypothesis import strategies as st

import checks
from daemon.config import Config, ConfigError, dump, load
from daemon.config.complaints import keys_of
from daemon.config.registry import SECTIONS, Shape
from daemon.notify.spec import CHANNEL_KINDS
from tests.fuzz.trials import kept, tries

HOME = Path(__file__).parents[1] / "config"
FULL = (HOME / "full.toml").read_bytes()

NAMES = st.sampled_from(["a", "b", "c", "my name", "", "none", "a.b", "\x1b[31m"])
KINDS = st.sampled_from([*checks.KINDS, *CHANNEL_KINDS, "slack", "nonsense"])
TEXTS = st.one_of(
    NAMES,
    st.sampled_from(
        [
            "5s", "0s", "30d", "month", "P1", "critical", "down", "UTC", "Nowhere/Town",
            'check="a"', "=~", 'x=~"("', "latency_ms > 1.0", "status ==", "channel:a",
            "person:b", "team:c", "http://a/", "*.toml", "/", "../..", "group:x",
        ]
    ),
    st.text(max_size=8),
)  # fmt: skip
SCALARS = st.one_of(
    TEXTS,
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.dates(),
    st.fixed_dictionaries({}, optional={"env": TEXTS, "file": TEXTS, "credential": TEXTS}),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.one_of(NAMES, st.text(max_size=4)), inner, max_size=3),
    ),
    max_leaves=6,
)


def tables(section: str) -> st.SearchStrategy[dict[str, Any]]:
    """Tables whose keys are mostly those that the section knows."""
    model = SECTIONS[section].model
    known = dict.fromkeys(keys_of(model), VALUES)
    if section in {"check", "channel"}:
        known |= {"kind": KINDS, "url": VALUES, "host": VALUES, "port": VALUES, "period": VALUES}
    if "name" in known:
        known["name"] = NAMES
    return st.fixed_dictionaries({}, optional={**known, "stray": VALUES})


def sections(section: str) -> st.SearchStrategy[Any]:
    match SECTIONS[section].shape:
        case Shape.TABLE:
            good: st.SearchStrategy[Any] = tables(section)
        case Shape.NAMED:
            good = st.dictionaries(NAMES, tables(section), max_size=3)
        case Shape.ARRAY:
            good = st.lists(tables(section), max_size=3)
    return st.one_of(good, good, good, VALUES)


DOCUMENTS = st.fixed_dictionaries(
    {}, optional={**{name: sections(name) for name in SECTIONS}, "include": VALUES, "x": VALUES}
)


def outcome(raw: bytes) -> Config | ConfigError:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "config.toml"
        path.write_bytes(raw)
        try:
            return load(path)
        except ConfigError as error:
            return error


def check(found: Config | ConfigError) -> None:
    """What loads can be shown; what does not is told in printable lines."""
    if isinstance(found, Config):
        tomli.loads(dump(found))
    else:
        assert found.problems
        assert all(str(problem).isprintable() for problem in found.problems)


@tries(120)
@given(DOCUMENTS)
@example({"route": [{"route": [{"route": 3}]}], "check": [3, {"name": ["a"]}]})
@example({"severity": {"P1": {}, "critical": 3}, "policy": {"none": 1}})
def test_any_document_loads_or_is_refused_in_words(document: dict[str, Any]) -> None:
    text = tomli_w.dumps(document)
    tomli.loads(text)

    check(outcome(text.encode()))


@tries(200)
@given(st.one_of(st.binary(max_size=200), st.text(max_size=200).map(str.encode)))
@example(b"\xef\xbb\xbf[daemon]\n")
@example(b"a = " + b"[" * 5_000)
@example(b"a = " + b"9" * 5_000)
@example(b"a = 1e99999999999999999999\n")
@example(b"a = {b = 1e400}\nsla = [{target = inf, name = nan}]\n")
def test_any_bytes_load_or_are_refused_in_words(raw: bytes) -> None:
    check(outcome(raw))


EDITS = st.lists(
    st.tuples(
        st.sampled_from(["cut", "repeat", "insert", "swap"]),
        st.integers(0, 10_000),
        st.integers(0, 40),
        st.sampled_from(
            [
                b"",
                b'"',
                b"[",
                b"]",
                b"=",
                b"\n",
                b"\x00",
                b"\xff",
                b"#",
                b"'" * 3,
                b"0",
                b"-1",
                b"{}",
            ]
        ),
    ),
    min_size=1,
    max_size=4,
)


def edited(raw: bytes, edits: list[tuple[str, int, int, bytes]]) -> bytes:
    """`raw` with pieces cut out, doubled, put in, or lines exchanged."""
    for what, where, size, piece in edits:
        at = where % (len(raw) + 1)
        match what:
            case "cut":
                raw = raw[:at] + raw[at + size :]
            case "repeat":
                raw = raw[: at + size] + raw[at:]
            case "insert":
                raw = raw[:at] + piece + raw[at:]
            case _:
                lines = raw.split(b"\n")
                one, two = where % len(lines), size % len(lines)
                lines[one], lines[two] = lines[two], lines[one]
                raw = b"\n".join(lines)
    return raw


def hold(raw: bytes) -> None:
    """As `check`, and every problem stands on a line that the file has."""
    found = outcome(raw)
    check(found)
    if isinstance(found, ConfigError):
        last = raw.replace(b"\r\n", b"\n").count(b"\n") + 1
        for problem in found.problems:
            assert problem.line is None or 1 <= problem.line <= last, problem


@tries(60)
@given(EDITS)
def test_a_good_file_that_was_hurt_loads_or_is_refused_with_a_line_of_its_own(
    edits: list[tuple[str, int, int, bytes]],
) -> None:
    hold(edited(FULL, edits))


@pytest.mark.parametrize("path", kept("configuration"), ids=lambda path: path.stem)
def test_a_file_that_once_showed_something_loads_or_is_refused(path: Path) -> None:
    hold(path.read_bytes())
