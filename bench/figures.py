"""Figures: what was measured, beside its goal, as a table and as JSON."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure, measured several times.

    Attributes:
        values: One for each run, in `unit`.
        goal: What it is not to exceed (or to reach, if `more_is_better`); None for none.
    """

    name: str
    unit: str
    values: Sequence[float]
    goal: float | None = None
    more_is_better: bool = False

    @property
    def verdict(self) -> str:
        """The median held against the goal, in words."""
        if self.goal is None:
            return ""
        middle = median(self.values)
        met = middle >= self.goal if self.more_is_better else middle <= self.goal
        return "met" if met else "not met"

    def row(self) -> tuple[str, ...]:
        """Name, unit, minimum, median, maximum, goal, verdict."""
        spread = (min(self.values), median(self.values), max(self.values))
        goal = "" if self.goal is None else _short(self.goal)
        return self.name, self.unit, *map(_short, spread), goal, self.verdict


def _short(value: float) -> str:
    """Three significant digits, without an exponent."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.3f}" if value < 1 else f"{value:.2f}"


HEAD = ("figure", "unit", "min", "median", "max", "goal", "")


def table(figures: Iterable[Figure]) -> str:
    """The figures in columns."""
    rows = [HEAD, *(figure.row() for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    return "\n".join(
        "  ".join(
            text.ljust(width) if column in {0, 1, 6} else text.rjust(width)
            for column, (text, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def machine() -> str:
    """On what it was measured."""
    cpus = len(os.sched_getaffinity(0))
    load = os.getloadavg()[0]
    return (
        f"{platform.system()} {platform.machine()}, {cpus} cores, Python"
        f" {platform.python_version()}, load average {load:.1f}"
    )


def write_json(path: Path, figures: Iterable[Figure]) -> None:
    """All values of all runs."""
    told = {
        "machine": machine(),
        "figures": [
            {
                "name": figure.name,
                "unit": figure.unit,
                "values": list(figure.values),
                "goal": figure.goal,
                "verdict": figure.verdict or None,
            }
            for figure in figures
        ],
    }
    path.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
