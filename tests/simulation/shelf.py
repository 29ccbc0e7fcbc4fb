"""What is on disk: built from effects alone, and read back through the store's own codec."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from checks.result import Result
from daemon.core.chronicle import Entry, Interval, Notice
from daemon.core.effects import Append, Drop, Effect, Enqueue, Observed, Save
from daemon.core.model import HOUR, Record
from daemon.core.snapshot import Snapshot
from daemon.store.codec import TABLES, decode_notice, notice_row
from daemon.store.result_codec import read_result, result_row

_REACH = HOUR
"""How far back the rules of the estate look, and more."""


class Shelf:
    """The state, the newest results, and the outbox with what is not settled yet.

    Attributes:
        outbox: Notices by key.
    """

    def __init__(self) -> None:
        self.records: dict[tuple[type, str], Record] = {}
        self.outbox: dict[str, Notice] = {}
        self._last: dict[str, Result] = {}
        self._samples: deque[Result] = deque()
        self._open: dict[tuple[str, str], Interval] = {}

    def write(self, effects: Iterable[Effect]) -> tuple[list[Entry], list[Notice]]:
        """Keep what one turn brought; answers with its lines of timelines and its notices."""
        entries: list[Entry] = []
        notices: list[Notice] = []
        for effect in effects:
            match effect:
                case Save(record):
                    self.records[type(record), record.key] = record
                case Drop(kind, key):
                    self.records.pop((kind, key), None)
                case Observed(result):
                    self._observed(result)
                case Append(Entry() as entry):
                    entries.append(entry)
                case Append(Interval() as interval):
                    self._open[interval.entity, interval.name] = interval
                case Enqueue(notice):
                    notices.append(notice)
                    self.outbox[notice.key] = notice
                case _:
                    pass
        return entries, notices

    def _observed(self, result: Result) -> None:
        self._last[result.check] = result
        self._samples.append(result)
        while self._samples[0].at < result.at - _REACH:
            self._samples.popleft()

    def read(self) -> Snapshot:
        """What a new process finds, all of it through rows and back."""
        coded = (
            TABLES[kind].decode(TABLES[kind].row(record)[-1])
            for (kind, _), record in self.records.items()
        )
        self.outbox = {
            key: decode_notice(notice_row(notice)[-1]) for key, notice in self.outbox.items()
        }
        return Snapshot(
            records=tuple(coded),
            last={name: _coded(result) for name, result in self._last.items()},
            samples=tuple(map(_coded, self._samples)),
            intervals=tuple(sorted(self._open.values(), key=lambda one: (one.end, one.start))),
        )


def _coded(result: Result) -> Result:
    _, *row = result_row(1, result, None)
    return read_result(result.check, tuple(row))
