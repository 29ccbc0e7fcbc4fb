"""Figures are held against their goals by their medians."""

from __future__ import annotations

import json
from pathlib import Path

from bench.figures import Figure, table, write_json


def test_the_median_decides_whether_a_goal_is_met() -> None:
    assert Figure("cpu", "ms", [0.1, 0.1, 9.0], 0.2).verdict == "met"
    assert Figure("cpu", "ms", [0.1, 0.3, 0.3], 0.2).verdict == "not met"
    assert Figure("rate", "rows/s", [100.0, 300.0, 300.0], 200.0, more_is_better=True).verdict == (
        "met"
    )
    assert Figure("cpu", "ms", [0.1]).verdict == ""


def test_a_row_shows_minimum_median_maximum_and_goal() -> None:
    figure = Figure("memory", "MB", [70.04, 1234.5, 68.0], 70.0)
    assert figure.row() == ("memory", "MB", "68.0", "70.0", "1,234", "70.0", "not met")
    assert table([figure]).splitlines()[1].split() == [*figure.row()[:6], "not", "met"]


def test_the_file_holds_every_value(tmp_path: Path) -> None:
    write_json(tmp_path / "figures.json", [Figure("cpu", "ms", [0.3, 0.1], 0.2)])
    told = json.loads((tmp_path / "figures.json").read_text())
    assert told["figures"] == [
        {"name": "cpu", "unit": "ms", "values": [0.3, 0.1], "goal": 0.2, "verdict": "met"}
    ]
