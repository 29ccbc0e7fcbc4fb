"""`python -m bench [NAME ...]`: measure, print a table; see docs/performance.md."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from bench import inside, live
from bench.children import Talker
from bench.figures import Figure, machine, table, write_json

Measure = Callable[[Talker, live.Pace], Iterator[Figure]]

MEASURES: dict[str, Measure] = {
    "bare": lambda targets, _: inside.bare(targets.first["http"]),
    "engine": lambda _, __: inside.engine(),
    "store": lambda _, __: inside.store(),
    "hub": lambda _, __: inside.hub(),
    "http100": lambda targets, pace: live.checks("http", 100, pace, targets),
    "http1000": lambda targets, pace: live.checks("http", 1_000, pace, targets),
    "http5000": lambda targets, pace: live.checks("http", 5_000, pace, targets),
    "tcp5000": lambda targets, pace: live.checks("tcp", 5_000, pace, targets),
}
"""Every measure by its name, in the order of the table."""


def main(arguments: list[str]) -> int:
    """Measure what is asked for; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(MEASURES))
    parser.add_argument("--quick", action="store_true", help="short windows: a look, no figures")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all values there")
    given = parser.parse_args(arguments)
    unknown = [name for name in given.names if name not in MEASURES]
    if unknown:
        parser.error(f"there is no measure {unknown[0]!r}; there are {', '.join(MEASURES)}")
    began_s = time.monotonic()
    print(machine(), file=sys.stderr)
    try:
        figures = _measure(given.names or list(MEASURES), live.QUICK if given.quick else live.FULL)
    except live.NotMeasured as error:
        print(f"bench: not measured: {error}", file=sys.stderr)
        return 1
    print(table(figures))
    print(f"\n{machine()}; took {time.monotonic() - began_s:.0f} s")
    if given.json is not None:
        write_json(given.json, figures)
    return 0


def _measure(names: list[str], pace: live.Pace) -> list[Figure]:
    figures: list[Figure] = []
    with Talker("bench.target", live.LISTENERS) as targets:
        for name in names:
            print(f"{name} ...", file=sys.stderr, flush=True)
            figures += MEASURES[name](targets, pace)
    return figures


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
