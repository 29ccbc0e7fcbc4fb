"""Tocsin's peers, measured in the same run against the same targets, where they are installed.

`prometheus`, `monit` and `nagios` start the programs with a configuration that asks of them
what the bench asks of Tocsin; `measure` reads what they cost. A program that is not here is
told as not installed.
"""

from __future__ import annotations

from collections.abc import Sequence

from bench.figures import Figure, ratio
from bench.live import cost_of

STACK = "Prometheus stack"
"""Prometheus, blackbox_exporter and Alertmanager together."""

PARTS = {5_000: 1 / 6, 1_000: 1 / 5}
"""What part of the stack's cost a check may have, by the number of checks."""


def compared(figures: Sequence[Figure]) -> list[Figure]:
    """The figures, and Tocsin's as parts of its peers'."""
    found = list(figures)
    for count, goal in PARTS.items():
        found += ratio(figures, cost_of("http", count), STACK, goal)
    return found
