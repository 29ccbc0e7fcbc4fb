"""Broken configurations, each with exactly the problems that stand beside it.

`broken/NAME.toml` is loaded; `broken/NAME.expected` holds what must be said, a line each:
file, line, key, what is wrong and the mend. A line that ends in `...` is compared up to there.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from daemon.config import ConfigError, load

BROKEN = Path(__file__).parent / "broken"
NAMES = sorted(path.stem for path in BROKEN.glob("*.toml"))


@pytest.fixture(autouse=True)
def _in_their_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(BROKEN)
    monkeypatch.delenv("TOCSIN_TEST_ABSENT", raising=False)
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)


def problems_of(name: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(Path(f"{name}.toml"))
    return str(caught.value).split("\n")


@pytest.mark.parametrize("name", NAMES)
def test_every_fault_is_told_with_file_line_key_and_mend(name: str) -> None:
    expected = (BROKEN / f"{name}.expected").read_text(encoding="utf-8").splitlines()
    found = problems_of(name)

    assert len(found) == len(expected), found
    for line, wanted in zip(found, expected, strict=True):
        if wanted.endswith("..."):
            assert line.startswith(wanted.removesuffix("..."))
        else:
            assert line == wanted


@pytest.mark.parametrize("name", NAMES)
def test_every_problem_is_one_harmless_line(name: str) -> None:
    for line in problems_of(name):
        assert line.isprintable()
        assert len(line) <= 500


def test_there_are_many_more_than_thirty_of_them() -> None:
    assert len(NAMES) > 60
