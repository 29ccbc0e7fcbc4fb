"""A dictionary that keeps what a store would: built from effects alone, read by a restart."""

from __future__ import annotations

import random
from collections.abc import Iterable

from checks.result import Result
from daemon.core.chronicle import Audit, Entry, Interval, Notice
from daemon.core.effects import Append, Drop, Effect, Enqueue, Observed, Save
from daemon.core.model import Record
from daemon.core.snapshot import Snapshot

SAMPLES = 2_000


class Mirror:
    """What is on disk after these effects."""

    def __init__(self) -> None:
        self.records: dict[tuple[type, str], Record] = {}
        self.last: dict[str, Result] = {}
        self.samples: list[Result] = []
        self.intervals: list[Interval] = []
        self.entries: list[Entry] = []
        self.audits: list[Audit] = []
        self.notices: list[Notice] = []

    def apply(self, effects: Iterable[Effect]) -> None:
        """Write the effects of one turn."""
        for effect in effects:
            match effect:
                case Save(record):
                    self.records[type(record), record.key] = record
                case Drop(kind, key):
                    self.records.pop((kind, key), None)
                case Observed(result):
                    self.last[result.check] = result
                    self.samples = [*self.samples[-SAMPLES:], result]
                case Append(line):
                    self._append(line)
                case Enqueue(notice):
                    self.notices.append(notice)

    def _append(self, line: Entry | Audit | Interval) -> None:
        if isinstance(line, Interval):
            self.intervals.append(line)
        elif isinstance(line, Entry):
            self.entries.append(line)
        elif isinstance(line, Audit):
            self.audits.append(line)

    def snapshot(self, seed: int = 0) -> Snapshot:
        """What a restart reads: the records in no particular order."""
        records = list(self.records.values())
        random.Random(seed).shuffle(records)  # noqa: S311  # an order, not a secret
        settled: dict[str, int] = {}
        for interval in self.intervals:
            if interval.entity == "service":
                settled[interval.name] = interval.end
        return Snapshot(
            records=tuple(records),
            last=dict(self.last),
            samples=tuple(self.samples),
            intervals=tuple(self.intervals),
        )
