"""The estates that are measured are configurations that Tocsin accepts."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest

from bench.estate import Estate
from daemon.config import load


@pytest.mark.parametrize("kind", ["http", "tcp"])
def test_an_estate_is_a_good_configuration(kind: Literal["http", "tcp"], tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(Estate(25, [1024, 1025], kind).configuration(tmp_path))
    plan = load(path).plan
    assert len(plan.checks) == 25
    assert {check.kind for check in plan.checks.values()} == {kind}
    assert len(plan.services) == 3
    assert list(plan.slas) == ["a0000"]
    assert list(plan.rules) == ["slow"]
