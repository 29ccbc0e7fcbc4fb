"""Any document at all either loads or is refused with `ConfigError`; nothing else comes out."""

from __future__ import annotations

import tempfile
import tomllib
from pathlib import Path
from typing import Any

import tomli_w
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import checks
from daemon.config import Config, ConfigError, dump, load
from daemon.config.complaints import keys_of
from daemon.config.registry import SECTIONS, Shape
from daemon.notify.spec import CHANNEL_KINDS

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
        tomllib.loads(dump(found))
    else:
        assert found.problems
        assert all(str(problem).isprintable() for problem in found.problems)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(DOCUMENTS)
@example({"route": [{"route": [{"route": 3}]}], "check": [3, {"name": ["a"]}]})
@example({"severity": {"P1": {}, "critical": 3}, "policy": {"none": 1}})
def test_any_document_loads_or_is_refused_in_words(document: dict[str, Any]) -> None:
    text = tomli_w.dumps(document)
    tomllib.loads(text)

    check(outcome(text.encode()))


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.binary(max_size=200), st.text(max_size=200).map(str.encode)))
@example(b"\xef\xbb\xbf[daemon]\n")
@example(b"a = " + b"[" * 5_000)
@example(b"a = " + b"9" * 5_000)
@example(b"a = 1e99999999999999999999\n")
@example(b"a = {b = 1e400}\nsla = [{target = inf, name = nan}]\n")
def test_any_bytes_load_or_are_refused_in_words(raw: bytes) -> None:
    check(outcome(raw))
