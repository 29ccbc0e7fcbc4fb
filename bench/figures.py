"""Figures: what was measured, beside its goal and its peers, as a table, Markdown and JSON.

A figure is Tocsin's or a peer's. A peer's that bears the name of one of Tocsin's stands
beside it in the table's last column; a peer that is not installed is named as such, and no
number is made up for it.
"""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure, measured several times.

    Attributes:
        values: One for each run, in `unit`; none where a peer is not installed.
        goal: What it is not to exceed (or to reach, if `more_is_better`); None for none.
        peer: Whose figure it is; empty for Tocsin's.
        worst: The greatest value is held against the goal, not the median.
    """

    name: str
    unit: str
    values: Sequence[float]
    goal: float | None = None
    more_is_better: bool = False
    peer: str = ""
    worst: bool = False

    @property
    def middle(self) -> float:
        """The median."""
        return median(self.values)

    @property
    def verdict(self) -> str:
        """The median (or the worst) held against the goal, in words."""
        if self.goal is None or not self.values:
            return ""
        if self.more_is_better:
            met = (min(self.values) if self.worst else self.middle) >= self.goal
        else:
            met = (max(self.values) if self.worst else self.middle) <= self.goal
        return "met" if met else "not met"

    @property
    def spread(self) -> tuple[str, str, str]:
        """Minimum, median, maximum, in words."""
        if not self.values:
            return "not installed", "", ""
        return short(min(self.values)), short(self.middle), short(max(self.values))

    def row(self) -> tuple[str, ...]:
        """Name, unit, minimum, median, maximum, goal, verdict."""
        goal = "" if self.goal is None else short(self.goal)
        return self.name, self.unit, *self.spread, goal, self.verdict


def short(value: float) -> str:
    """Three significant digits, without an exponent."""
    if value == 0:
        return "0"
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.3f}" if value < 1 else f"{value:.2f}"


HEAD = ("figure", "unit", "min", "median", "max", "goal", "", "peers beside it (median)")
_LEFT = frozenset({0, 1, 6, 7})
"""The columns of words."""


def rows(figures: Iterable[Figure]) -> Iterator[tuple[str, ...]]:
    """Tocsin's figures with their peers beside them; then those of peers alone."""
    everything = list(figures)
    own = [figure for figure in everything if not figure.peer]
    named = {figure.name for figure in own}
    for figure in own:
        yield *figure.row(), "; ".join(_beside(figure, everything))
    for figure in everything:
        if figure.peer and figure.name not in named:
            name, *others = figure.row()
            yield f"{figure.peer}: {name}", *others, ""


def _beside(figure: Figure, everything: Iterable[Figure]) -> Iterator[str]:
    for other in everything:
        if other.peer and other.name == figure.name:
            yield f"{other.peer} {short(other.middle) if other.values else 'not installed'}"


def ratio(
    figures: Iterable[Figure], name: str, peer: str, goal: float | None = None
) -> Iterator[Figure]:
    """Tocsin's figure as a part of a peer's in the same run, window by window; nothing where
    one of them was not measured."""
    found = {figure.peer: figure for figure in figures if figure.name == name and figure.values}
    if "" in found and peer in found:
        pairs = zip(sorted(found[""].values), sorted(found[peer].values), strict=False)
        yield Figure(f"as a part of {peer}'s: {name}", "", [own / his for own, his in pairs], goal)


def table(figures: Iterable[Figure]) -> str:
    """The figures in columns."""
    lines = [HEAD, *rows(figures)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEAD))]
    return "\n".join(
        "  ".join(
            text.ljust(width) if column in _LEFT else text.rjust(width)
            for column, (text, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def markdown(figures: Iterable[Figure]) -> str:
    """The figures as a table to be put into a document."""
    rule = ("---" if column in _LEFT else "--:" for column in range(len(HEAD)))
    lines = (HEAD, tuple(rule), *rows(figures))
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def machine() -> str:
    """On what it was measured."""
    cpus = len(os.sched_getaffinity(0))
    load = os.getloadavg()[0]
    return (
        f"{platform.system()} {platform.machine()}, {cpus} cores, Python"
        f" {platform.python_version()}, load average {load:.1f}"
    )


def percentile(values: Iterable[float], share: float) -> float:
    """The value that `share` of the values do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


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
                "peer": figure.peer or None,
            }
            for figure in figures
        ],
    }
    path.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
