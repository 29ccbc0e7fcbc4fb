"""Kinship: which kinds of alerts tend to fire together, learned from their firings.

Theory. A kind is an alert's name and its service. Whenever one begins to fire, every other kind
that began to fire in the `WINDOW` before has fired *beside* it. Two kinds are akin by Jaccard's
measure: how often they fired together, of the times at which either did. A firing counts half
after `HALF_LIFE`, so what was mended is forgotten, and a pair needs `LEAST` firings together to be
told of. In a storm of more than `CROWD` kinds everything is beside everything: nothing is learned.

It only says what may be related, and mutes nothing. Memory is bounded: `MOST` kinds, those that
fired last, with `BESIDE` others each; a firing costs no more than a crowd. It stands beside the
muting of the deciding half; what it learns is kept (`Kin`), what fired lately is not.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from typing import Final

from daemon.core.alerting.sources import test_of
from daemon.core.model import DAY, MINUTE, Alert, Instant, Kin, Millis
from daemon.core.record import record
from daemon.core.turn import Turn

WINDOW: Final[Millis] = 10 * MINUTE
HALF_LIFE: Final[Millis] = 60 * DAY
LEAST: Final = 2.5
CROWD: Final = 30
MOST: Final = 5_000
BESIDE: Final = 20


@record(frozen=True, slots=True)
class Related:
    """Another kind that fires together with one.

    Attributes:
        score: From 0, never together, to 1, always.
        together: How often; what is long ago counts less.
    """

    name: str
    service: str
    score: float
    together: float


class Kinship:
    """What tends to fire together.

    Attributes:
        records: What is known of each kind; what fired last is last.
    """

    def __init__(self) -> None:
        self.records: dict[str, Kin] = {}
        self._recent: OrderedDict[str, Instant] = OrderedDict()
        self._beside_of: dict[str, set[str]] = {}

    def restore(self, records: Iterable[Kin]) -> None:
        """Take in what a store kept."""
        for kin in sorted(records, key=lambda one: (one.at, one.key)):
            self._keep(kin)

    def fired(self, alert: Alert, turn: Turn) -> None:
        """This alert began to fire; one of a test says nothing of others."""
        if test_of(alert.source) is not None:
            return
        kind, now = kind_of(alert), turn.now
        while self._recent and next(iter(self._recent.values())) <= now - WINDOW:
            self._recent.popitem(last=False)
        is_first = self._recent.pop(kind, None) is None
        others = tuple(self._recent) if len(self._recent) <= CROWD else None
        self._recent[kind] = now
        if not is_first or others is None:
            return
        old = self.records.get(kind) or Kin(kind, 0.0, now)
        faded = _fading(old.at, now)
        counts = {name: count * faded for name, count in old.beside}
        for other in others:
            counts[other] = counts.get(other, 0.0) + 1.0
        kept = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:BESIDE]
        self._drop(kind)
        record = Kin(kind, old.count * faded + 1.0, now, tuple(kept))
        self._keep(record)
        turn.save(record)
        if len(self.records) > MOST:
            oldest = next(iter(self.records))
            turn.drop(self.records[oldest])
            self._drop(oldest)

    def related(self, alert: Alert, now: Instant) -> list[Related]:
        """The kinds that fire together with this one's, the closest first."""
        return self.of(kind_of(alert), now)

    def of(self, kind: str, now: Instant) -> list[Related]:
        """The kinds that fire together with this one, the closest first."""
        own = self.records.get(kind)
        if own is None:
            return []
        others = {name for name, _ in own.beside} | self._beside_of.get(kind, set())
        found = [
            self._pair(own, self.records[name], now) for name in others if name in self.records
        ]
        close = [one for one in found if one.together >= LEAST]
        return sorted(close, key=lambda one: (-one.score, -one.together, one.name, one.service))

    def pairs(self, now: Instant) -> list[tuple[str, Related]]:
        """Every pair once, the closest first: a kind, and the other."""
        found = [
            (kind, one)
            for kind in self.records
            for one in self.of(kind, now)
            if kind < f"{one.name}@{one.service}"
        ]
        return sorted(found, key=lambda pair: (-pair[1].score, -pair[1].together, pair[0]))

    def _pair(self, one: Kin, other: Kin, now: Instant) -> Related:
        mine, theirs = _fading(one.at, now), _fading(other.at, now)
        together = dict(one.beside).get(other.key, 0.0) * mine
        together += dict(other.beside).get(one.key, 0.0) * theirs
        either = one.count * mine + other.count * theirs - together
        score = 0.0 if either <= 0 else min(1.0, together / either)
        name, _, service = other.key.rpartition("@")
        return Related(name, service, round(score, 3), round(together, 1))

    def _keep(self, record: Kin) -> None:
        self.records[record.key] = record
        for name, _ in record.beside:
            self._beside_of.setdefault(name, set()).add(record.key)

    def _drop(self, kind: str) -> None:
        record = self.records.pop(kind, None)
        for name, _ in record.beside if record is not None else ():
            known = self._beside_of[name]
            known.discard(kind)
            if not known:
                del self._beside_of[name]


def kind_of(alert: Alert) -> str:
    """What an alert is of: its name, and its service (or what made it)."""
    return f"{alert.name}@{alert.labels.get('service') or alert.source}"


def _fading(then: Instant, now: Instant) -> float:
    """How much what was counted up to then counts now."""
    return float(0.5 ** (max(0, now - then) / HALF_LIFE))
