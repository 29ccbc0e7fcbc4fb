"""Figures are held against their goals, and stand beside their peers'."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench.figures import Figure, markdown, percentile, ratio, rows, table, write_json


def test_the_median_decides_whether_a_goal_is_met() -> None:
    assert Figure("cpu", "ms", [0.1, 0.1, 9.0], 0.2).verdict == "met"
    assert Figure("cpu", "ms", [0.1, 0.3, 0.3], 0.2).verdict == "not met"
    assert Figure("rate", "rows/s", [100.0, 300.0, 300.0], 200.0, more_is_better=True).verdict == (
        "met"
    )
    assert Figure("cpu", "ms", [0.1]).verdict == ""


def test_where_the_worst_counts_one_bad_value_breaks_the_goal() -> None:
    assert Figure("longest", "s", [9.0, 9.0, 10.4], 10.3, worst=True).verdict == "not met"
    assert Figure("rate", "", [2.0, 2.0, 1.0], 1.6, more_is_better=True, worst=True).verdict == (
        "not met"
    )


def test_a_row_shows_minimum_median_maximum_and_goal() -> None:
    figure = Figure("memory", "MB", [70.04, 1234.5, 68.0], 70.0)
    assert figure.row() == ("memory", "MB", "68.0", "70.0", "1,234", "70.0", "not met")
    assert table([figure]).splitlines()[1].split() == [*figure.row()[:6], "not", "met"]


def test_peers_stand_beside_the_figure_of_their_name() -> None:
    figures = [
        Figure("cpu", "ms", [0.1], 0.2),
        Figure("cpu", "ms", [0.5, 0.7], peer="Other"),
        Figure("cpu", "ms", [], peer="Absent"),
        Figure("disk", "MB", [3.0], peer="Other"),
        Figure("disk", "MB", [], peer="Absent"),
    ]
    assert [(line[0], line[2], line[-1]) for line in rows(figures)] == [
        ("cpu", "0.100", "Other 0.600; Absent not installed"),
        ("Other: disk", "3.00", ""),
        ("Absent: disk", "not installed", ""),
    ]


def test_a_ratio_needs_both_to_be_measured() -> None:
    own, other = Figure("cpu", "ms", [0.3, 0.1]), Figure("cpu", "ms", [1.0, 1.5], peer="Other")
    (found,) = ratio([own, other], "cpu", "Other", 0.25)
    assert found.values == pytest.approx([0.1, 0.2])
    assert found.verdict == "met"
    assert list(ratio([own, Figure("cpu", "ms", [], peer="Other")], "cpu", "Other")) == []
    assert list(ratio([other], "cpu", "Other")) == []


def test_the_markdown_table_has_as_many_columns_in_every_line() -> None:
    lines = markdown([Figure("cpu", "ms", [0.3], 0.2)]).splitlines()
    assert lines[2] == "| cpu | ms | 0.300 | 0.300 | 0.300 | 0.200 | not met |  |"
    assert len({line.count("|") for line in lines}) == 1


def test_a_percentile_is_a_value_that_was_measured() -> None:
    assert percentile(range(100), 0.99) == 99
    assert percentile(range(1000), 0.99) == 990
    assert percentile([7.0], 0.99) == 7.0


def test_the_file_holds_every_value(tmp_path: Path) -> None:
    write_json(tmp_path / "figures.json", [Figure("cpu", "ms", [0.3, 0.1], 0.2)])
    told = json.loads((tmp_path / "figures.json").read_text())
    assert told["figures"] == [
        {
            "name": "cpu",
            "unit": "ms",
            "values": [0.3, 0.1],
            "goal": 0.2,
            "verdict": "met",
            "peer": None,
        }
    ]
