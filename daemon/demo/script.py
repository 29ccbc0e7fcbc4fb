"""What befalls the shop, second by second: a pure function of the time, in a loop.

0        30        60        90       120       150 s
.#####..................................................  orders-db is gone (cause)
.========...............................................  checkout, invoices unreachable
.................######.................................  checkout: a bad deployment
..........................######........................  the nightly backup does not call
............................/^^^^\\......................  search drips slower and slower
......................................########..........  invoices pile up
.........................................|_|_|_|_|_|_...  recommendations flap
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

LENGTH_MS: Final = 150_000


@dataclass(frozen=True, slots=True)
class Act:
    """A piece of the script: from `start_ms` to `end_ms` of each round.

    Attributes:
        begins, ends: What a spectator is told then.
    """

    name: str
    start_ms: int
    end_ms: int
    begins: str
    ends: str

    def at(self, time_ms: int) -> bool:
        """Whether it plays at this time since the start."""
        return self.start_ms <= time_ms % LENGTH_MS < self.end_ms

    def done(self, time_ms: int) -> float:
        """How much of it is over, 0 to 1."""
        passed = time_ms % LENGTH_MS - self.start_ms
        return min(1.0, max(0.0, passed / (self.end_ms - self.start_ms)))


DATABASE: Final = Act(
    "database",
    5_000,
    32_000,
    "The orders database dies. checkout and invoices need it: watch them go unreachable.",
    "The orders database is back.",
)
DEPLOYMENT: Final = Act(
    "deployment",
    46_000,
    70_000,
    "A bad deployment: checkout answers 502 while its database is well.",
    "The deployment was rolled back.",
)
BACKUP: Final = Act(
    "backup",
    72_000,
    92_000,
    "The nightly backup stops calling in. (A night lasts four seconds here.)",
    "The nightly backup calls in again.",
)
SEARCH: Final = Act(
    "search",
    78_000,
    104_000,
    "search gets slower with every request; first a rule sees it, then its check.",
    "search is quick again.",
)
INVOICES: Final = Act(
    "invoices",
    102_000,
    122_000,
    "Invoices are written but not sent; they pile up in the SQLite file.",
    "The pile of invoices is worked off.",
)
FLAPPING: Final = Act(
    "flapping",
    108_000,
    144_000,
    "recommendations cannot make up its mind: up, down, up. It is told once, not each time.",
    "recommendations settles.",
)
ACTS: Final = (DATABASE, DEPLOYMENT, BACKUP, SEARCH, INVOICES, FLAPPING)

_QUICK_MS: Final = 15
_SLOWEST_MS: Final = 750
_FLAP_MS: Final = 2_000
_PILE: Final = 80


@dataclass(frozen=True, slots=True)
class Scene:
    """How the shop is at a moment.

    Attributes:
        database: Whether the orders database listens.
        checkout, recommendations: Whether they answer as they should.
        backup: Whether the backup calls in.
        search_ms: How long a search takes.
        unsent: How many invoices wait to be sent.
    """

    database: bool = True
    checkout: bool = True
    recommendations: bool = True
    backup: bool = True
    search_ms: int = _QUICK_MS
    unsent: int = 2


def scene(time_ms: int) -> Scene:
    """How the shop is, so long after the start."""
    slow = SEARCH.done(time_ms) if SEARCH.at(time_ms) else 0.0
    pile = INVOICES.done(time_ms) if INVOICES.at(time_ms) else 0.0
    flap = FLAPPING.at(time_ms) and (time_ms % LENGTH_MS // _FLAP_MS) % 2 == 0
    return Scene(
        database=not DATABASE.at(time_ms),
        checkout=not DEPLOYMENT.at(time_ms),
        recommendations=not flap,
        backup=not BACKUP.at(time_ms),
        search_ms=round(_QUICK_MS + slow * (_SLOWEST_MS - _QUICK_MS)),
        unsent=round(2 + pile * _PILE),
    )


def changes(before_ms: int, after_ms: int) -> list[str]:
    """What a spectator is told between two times: acts that began or ended."""
    told = []
    for act in ACTS:
        was, now = act.at(before_ms), act.at(after_ms)
        if now and not was:
            told.append(act.begins)
        elif was and not now:
            told.append(act.ends)
    return told
