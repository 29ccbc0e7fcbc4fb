"""The page of proofs names tests that there are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "oncall-proofs.md").read_text(encoding="utf-8")
NAMED = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)


@pytest.mark.parametrize("path", sorted({path for path, _ in NAMED}))
def test_each_test_that_the_page_names_is_in_its_module(path: str) -> None:
    module = (ROOT / path).read_text(encoding="utf-8")
    for name in (name for where, name in NAMED if where == path):
        assert re.search(rf"^(?:(?:async )?def {name}\(|{name} = )", module, re.MULTILINE), name


def test_every_row_of_the_page_names_a_test_or_a_measurement() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("| ") and "shown by" not in line]
    assert len(rows) > 60
    for row in rows:
        assert re.search(r"`tests/[\w/]+\.py::\w+`|`python -m bench \w+`", row), row
