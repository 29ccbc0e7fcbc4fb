"""What every measure is given: the targets, how long to look, and a place for files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.children import Talker
from bench.figures import Figure
from bench.target import AUTHORITY

LISTENERS: Final = 8
RUNS: Final = 3


@dataclass(frozen=True, slots=True)
class Pace:
    """How long to warm up, how long a window is, and how many there are.

    Attributes:
        brief: Leave out what takes long: a look, no figures.
    """

    warm_s: float = 11.0
    window_s: float = 9.0
    runs: int = RUNS
    brief: bool = False


FULL, QUICK = Pace(), Pace(9.0, 2.0, 1, brief=True)


@dataclass(frozen=True, slots=True)
class Lab:
    """The surroundings of a run.

    Attributes:
        home: A directory for this run alone.
    """

    targets: Talker
    pace: Pace
    home: Path

    def ports(self, kind: str) -> list[int]:
        """Where targets of a kind listen."""
        found: list[int] = self.targets.first[kind]
        return found

    @property
    def authority(self) -> Path:
        """The certificate that HTTPS targets are verified against."""
        return self.home / AUTHORITY


Measure = Callable[[Lab], Iterator[Figure]]
