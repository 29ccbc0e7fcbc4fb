"""`python -m tests.mutation [MODULE ...]` (`make mutants`): see docs/mutation.md."""

from __future__ import annotations

import argparse
import gc
import importlib
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.mutation.operators import Mutant, mutants
from tests.mutation.trial import Target, Unfit, fair_cpu_s, outcomes

GOAL_PERCENT: Final = 85
"""A module of whose mutants fewer are killed fails the command."""

TARGETS: Final = {
    name: Target(
        f"daemon.core.{package}.{module}",
        tuple(f"tests/core/{package}/test_{tested}.py" for tested in (module, *more)),
    )
    for name, package, module, *more in (
        ("health", "observing", "health"),
        ("incidents", "incidents", "life"),
        ("escalation", "oncall", "escalation"),
        ("mute", "muting", "mute"),
        ("availability", "sla", "availability", "figures"),
    )
}
"""The modules that decide, each with its own tests and no others."""

EXPLAINED: Final = Path("docs/mutation.md")
"""Where every survivor is listed with the reason why it may live."""


@dataclass(frozen=True, slots=True)
class Score:
    """What became of a module's mutants."""

    name: str
    killed: int
    survivors: tuple[Mutant, ...]

    @property
    def total(self) -> int:
        """How many there were."""
        return self.killed + len(self.survivors)

    @property
    def percent(self) -> float:
        """Killed of all; not rounded."""
        return 100 * self.killed / self.total


def main(arguments: list[str]) -> int:
    """Try the modules asked for; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("modules", nargs="*", metavar="MODULE", help=", ".join(TARGETS))
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="trials at once")
    given = parser.parse_args(arguments)
    unknown = [name for name in given.modules if name not in TARGETS]
    if unknown:
        parser.error(f"there is no module {unknown[0]!r}; there are {', '.join(TARGETS)}")
    began_s = time.monotonic()
    scores: list[Score] = []
    try:
        for name in given.modules or TARGETS:
            scores.append(_score(name, given.jobs))
            print("\n".join(_living(scores[-1])), flush=True)
    except Unfit as error:
        print(f"mutation: {error}", file=sys.stderr)
        return 1
    print("\n".join(_table(scores)))
    print(f"took {time.monotonic() - began_s:.0f} s with {given.jobs} at once")
    return int(any(score.percent < GOAL_PERCENT for score in scores))


def _score(name: str, jobs: int) -> Score:
    print(f"{name} ...", file=sys.stderr, flush=True)
    target = TARGETS[name]
    module = importlib.import_module(target.module)
    for file in target.tests:
        importlib.import_module(file.removesuffix(".py").replace("/", "."))
    gc.freeze()
    assert module.__file__ is not None
    source = Path(module.__file__).read_text()
    cpu_s = fair_cpu_s(target, source, module.__file__)
    tried = mutants(source, module.__file__, vars(module))
    found = list(outcomes(target, tried, cpu_s, jobs))
    living = sorted((m for m, killed in found if not killed), key=lambda m: (m.line, str(m)))
    return Score(name, len(found) - len(living), tuple(living))


def _living(score: Score) -> Iterator[str]:
    explained = EXPLAINED.read_text()
    yield f"{score.name}: {len(score.survivors)} of {score.total} survived"
    for mutant in score.survivors:
        mark = "" if f"`{mutant}`" in explained else f"  (not explained in {EXPLAINED})"
        yield f"  {score.name}.py:{mutant.line}: {mutant.operator}: {mutant}{mark}"


def _table(scores: list[Score]) -> Iterator[str]:
    yield f"\n{'module':<14}{'mutants':>8}{'killed':>8}{'survived':>10}{'killed %':>10}"
    for score in scores:
        low = "" if score.percent >= GOAL_PERCENT else f"  below {GOAL_PERCENT} %"
        yield (
            f"{score.name:<14}{score.total:>8}{score.killed:>8}"
            f"{len(score.survivors):>10}{score.percent:>10.1f}{low}"
        )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
