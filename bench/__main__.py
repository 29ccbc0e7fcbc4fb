"""`python -m bench [NAME ...]`: measure, print a table; see docs/performance.md."""

from __future__ import annotations

import argparse
import compileall
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

from bench import faults, inside, lab, live, past, questions, rate, reports, storm
from bench.children import NotMeasured, Talker, end_cleanly
from bench.figures import Figure, machine, markdown, table, write_json
from bench.peers import compared, measure

MEASURES: dict[str, lab.Measure] = {
    "bare": inside.bare,
    "engine": lambda _: inside.engine(),
    "store": lambda _: inside.store(),
    "hub": lambda _: inside.hub(),
    "http100": partial(live.checks, "http", 100),
    "http1000": partial(live.checks, "http", 1_000),
    "http5000": partial(live.checks, "http", 5_000),
    "https": partial(live.checks, "https", 2_000),
    "tcp5000": partial(live.checks, "tcp", 5_000),
    "idle": live.idle,
    "sustained": rate.sustained,
    "faults": faults.slow,
    "webhook": faults.quick,
    "storm": storm.storms,
    "stream": storm.stream,
    "past": past.starts,
    "questions": questions.questions,
    "reports": reports.reports,
    "prometheus": measure.prometheus,
    "monit": measure.monit,
    "nagios": measure.nagios,
}
"""Every measure by its name, in the order of the table."""


def compile_program() -> None:
    """Have the byte code on disk, as an installer leaves it: else every start of the daemon would
    compile what changed, where the environment forbids Python to keep it."""
    for package in ("checks", "daemon"):
        compileall.compile_dir(Path(__file__).parents[1] / package, quiet=2)


def main(arguments: list[str]) -> int:
    """Measure what is asked for; the exit code: 1 where something could not be measured."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(MEASURES))
    parser.add_argument("--quick", action="store_true", help="short windows: a look, no figures")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all values there")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the table there")
    given = parser.parse_args(arguments)
    unknown = [name for name in given.names if name not in MEASURES]
    if unknown:
        parser.error(f"there is no measure {unknown[0]!r}; there are {', '.join(MEASURES)}")
    end_cleanly()
    compile_program()
    began_s = time.monotonic()
    print(machine(), file=sys.stderr)
    figures, failures = _measure(
        given.names or list(MEASURES), lab.QUICK if given.quick else lab.FULL
    )
    print(table(figures))
    print(f"\n{machine()}; took {time.monotonic() - began_s:.0f} s")
    if given.json is not None:
        write_json(given.json, figures)
    if given.markdown is not None:
        given.markdown.write_text(markdown(figures), encoding="utf-8")
    for failure in failures:
        print(f"bench: not measured: {failure}", file=sys.stderr)
    return 1 if failures else 0


def _measure(names: list[str], pace: lab.Pace) -> tuple[list[Figure], list[str]]:
    """The figures, and what could not be measured and why."""
    figures: list[Figure] = []
    failures: list[str] = []
    with (
        tempfile.TemporaryDirectory(prefix="tocsin-bench-") as home,
        Talker("bench.target", lab.LISTENERS, home) as targets,
    ):
        surroundings = lab.Lab(targets, pace, Path(home))
        for name in names:
            began_s = time.monotonic()
            print(f"{name} ...", file=sys.stderr, end="", flush=True)
            try:
                figures += MEASURES[name](surroundings)
            except NotMeasured as error:
                failures.append(f"{name}: {error}")
            print(f" {time.monotonic() - began_s:.0f} s", file=sys.stderr, flush=True)
    return compared(figures), failures


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
