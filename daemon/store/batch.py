"""What is to be written, between the engine and the writer: a batch, growing.

Effects are gathered in the shape in which they are written fastest: statements by kind, the
newest value of each record. So a batch that cannot be written for an hour (a full disk)
grows with what is new, not with how often it changed. All that was added at once is written at
once, in one transaction with the rest.

Records are values that never change, so they are encoded late, by the writer's thread: of an
incident that changed a hundred times while the last batch was written, one value is encoded.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sized
from dataclasses import astuple, dataclass, field
from typing import Any, Final, TypeVar

import msgspec

from daemon.core.chronicle import (
    Audit,
    Entry,
    FiledReport,
    Interval,
    KeptReport,
    Notice,
    RunOutput,
)
from daemon.core.effects import Append, Drop, Effect, Enqueue, Save
from daemon.core.model import Alert, Instant, Record
from daemon.store.codec import TABLES, notice_row, occurrence_row
from daemon.store.result_codec import ResultRow
from daemon.store.schema.channels import REMEMBER
from daemon.store.schema.mailing import FILED
from daemon.store.schema.reports import KEEP
from daemon.store.table import Row, Table

_log = logging.getLogger("tocsin.store")
_T = TypeVar("_T")

_INSERT_NAME: Final = "INSERT OR IGNORE INTO check_name (id, name) VALUES (?, ?)"
_INSERT_RESULT: Final = (
    "INSERT OR REPLACE INTO result (check_id, at, status, latency_us, fault, message, metrics)"
    " VALUES (?, ?, ?, ?, ?, ?, ?)"
)
_INSERT_OCCURRENCE: Final = (
    "INSERT OR REPLACE INTO alert_history"
    " (fingerprint, fired_at, resolved_at, name, severity, source, incident, record)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)
_INSERT_ENTRY: Final = (
    "INSERT INTO timeline (incident, at, kind, actor, origin, text) VALUES (?, ?, ?, ?, ?, ?)"
)
_INSERT_AUDIT: Final = (
    "INSERT INTO audit (at, actor, origin, action, subject, detail) VALUES (?, ?, ?, ?, ?, ?)"
)
_INSERT_INTERVAL: Final = (
    "INSERT OR REPLACE INTO interval (entity, name, start_at, end_at, status)"
    " VALUES (?, ?, ?, ?, ?)"
)
_INSERT_OUTPUT: Final = "INSERT OR REPLACE INTO response_output (run, at, text) VALUES (?, ?, ?)"
_INSERT_NOTICE: Final = (
    "INSERT INTO delivery (key, incident, type, channel, recipient, address, reason, state,"
    " attempts, created_at, next_at, detail, record)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, 'queued', 0, ?, ?, '', ?) ON CONFLICT (key) DO NOTHING"
)
_UPDATE_DELIVERY: Final = (
    "UPDATE delivery SET state = ?, attempts = ?, next_at = ?, sent_at = ?, detail = ?"
    " WHERE key = ?"
)

Statements = tuple[str, list[Row]]
"""One statement and all the rows it is run with."""

UNENCODABLE: Final = (TypeError, ValueError, OverflowError, KeyError, msgspec.MsgspecError)
"""What says that a value has no row."""


@dataclass(slots=True)
class Batch:
    """What goes into the next transaction.

    Attributes:
        results: Rows of `result`; the only part that may be given up when memory is short.
        decisive: There is something in it that must be on disk before it is acted on.
    """

    names: list[Row] = field(default_factory=list)
    saves: dict[str, dict[str, Record | Row]] = field(default_factory=dict)
    drops: dict[str, dict[str, Row]] = field(default_factory=dict)
    occurrences: dict[tuple[str, int], Alert | Row] = field(default_factory=dict)
    lines: dict[str, list[Row]] = field(default_factory=dict)
    notices: list[Notice | Row] = field(default_factory=list)
    updates: dict[str, Row] = field(default_factory=dict)
    results: list[ResultRow] = field(default_factory=list)
    decisive: bool = False

    def __bool__(self) -> bool:
        return self.decisive or bool(self.results)

    @property
    def size(self) -> int:
        """How many rows it holds."""
        by_table: list[Sized] = [*self.saves.values(), *self.drops.values(), *self.lines.values()]
        held: list[Sized] = [self.results, self.names, self.notices, *by_table]
        return sum(map(len, held)) + len(self.occurrences) + len(self.updates)

    def decide(self, effect: Effect) -> None:
        """Take in an effect that is a decision; others (probes, results) are not for here.

        Raises:
            KeyError: It is a record of a kind that has no table.
        """
        if isinstance(effect, Save):
            record = effect.record
            self._save(TABLES[type(record)], record.key, record)
            if isinstance(record, Alert) and record.fired_at is not None:
                self.occurrences[record.key, record.fired_at] = record
        elif isinstance(effect, Drop):
            self._drop(TABLES[effect.kind], effect.key)
        elif isinstance(effect, Enqueue):
            self.notices.append(effect.notice)
        elif isinstance(effect, Append):
            self._append(effect.entry)
        else:
            return
        self.decisive = True

    def delivery(self, key: str, row: Row) -> None:
        """How far a delivery got; the newest word on each counts."""
        self.updates[key] = row
        self.decisive = True

    def remember(self, channel: str, key: str, at: Instant, text: str) -> None:
        """A note of a channel."""
        self._line(REMEMBER, (channel, key, at, text))
        self.decisive = True

    def _save(self, table: Table, key: str, record: Record | Row) -> None:
        saves = self.saves.get(table.name)
        if saves is None:
            saves = self.saves[table.name] = {}
        saves[key] = record
        drops = self.drops.get(table.name)
        if drops:
            drops.pop(key, None)

    def _drop(self, table: Table, key: str) -> None:
        if not table.keeps:
            self.saves.get(table.name, {}).pop(key, None)
        self.drops.setdefault(table.name, {})[key] = (key,)

    def _append(
        self, line: Entry | Audit | Interval | RunOutput | KeptReport | FiledReport
    ) -> None:
        if isinstance(line, Entry):
            row: Row = (line.incident, line.at, line.kind.value, line.actor.name)
            self._line(_INSERT_ENTRY, (*row, line.actor.origin, line.text))
        elif isinstance(line, Audit):
            row = (line.at, line.actor.name, line.actor.origin)
            self._line(_INSERT_AUDIT, (*row, line.action, line.subject, line.detail))
        elif isinstance(line, RunOutput):
            self._line(_INSERT_OUTPUT, (line.run, line.at, line.text))
        elif isinstance(line, KeptReport):
            self._line(KEEP, astuple(line))
        elif isinstance(line, FiledReport):
            self._line(FILED, (line.key,))
        else:
            row = (line.entity, line.name, line.start, line.end, int(line.status))
            self._line(_INSERT_INTERVAL, row)

    def _line(self, statement: str, row: Row) -> None:
        lines = self.lines.get(statement)
        if lines is None:
            lines = self.lines[statement] = []
        lines.append(row)

    def absorb(self, newer: Batch) -> None:
        """Take in a batch that came after this one."""
        self.names += newer.names
        for table in TABLES.values():
            for key, record in newer.saves.get(table.name, {}).items():
                self._save(table, key, record)
            for key in newer.drops.get(table.name, {}):
                self._drop(table, key)
        self.occurrences |= newer.occurrences
        for statement, rows in newer.lines.items():
            self.lines.setdefault(statement, []).extend(rows)
        self.notices += newer.notices
        self.updates |= newer.updates
        self.results += newer.results
        self.decisive |= newer.decisive

    def encode(self) -> int:
        """Make rows of the records that are none yet; how many cannot be, and are left out."""
        before = self.size
        for table in TABLES.values():
            _encode(self.saves.get(table.name, {}), table.row)
        alerts: dict[str, Any] = self.saves.get(TABLES[Alert].name, {})
        _encode(self.occurrences, lambda alert: occurrence_row(alert, alerts.get(alert.key)))
        notices = dict(enumerate(self.notices))
        _encode(notices, notice_row)
        self.notices = list(notices.values())
        return before - self.size

    def statements(self) -> Iterator[Statements]:
        """All statements that have rows, in an order that keeps references whole. The batch
        is encoded."""
        for statement, rows in self._decisions():
            if rows:
                yield statement, rows
        if self.results:
            yield _INSERT_RESULT, self.results

    def _decisions(self) -> Iterator[Statements]:
        yield _INSERT_NAME, self.names
        for table in TABLES.values():
            yield table.upsert, _rows(self.saves.get(table.name, {}).values())
            yield table.drop, _rows(self.drops.get(table.name, {}).values())
        yield _INSERT_OCCURRENCE, _rows(self.occurrences.values())
        yield from self.lines.items()
        yield _INSERT_NOTICE, _rows(self.notices)
        yield _UPDATE_DELIVERY, _rows(self.updates.values())


def _encode(kept: dict[_T, Any], row: Callable[[Any], Row]) -> None:
    for key, record in list(kept.items()):
        if isinstance(record, tuple):
            continue
        try:
            kept[key] = row(record)
        except UNENCODABLE as error:
            del kept[key]
            _log.error("a record cannot be stored (%s): %.200r", error, record)


def _rows(encoded: Iterable[object]) -> list[Row]:
    return [row for row in encoded if isinstance(row, tuple)]
