"""What is to be written, between the engine and the writer: a batch, growing.

Effects are encoded as they come in and gathered in the shape in which they are written
fastest: statements by kind, the newest value of each record. So a batch that cannot be
written for an hour (a full disk) grows with what is new, not with how often it changed.
All that was added at once is written at once, in one transaction with the rest.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from daemon.core.chronicle import Audit, Entry, Interval
from daemon.core.effects import Append, Drop, Effect, Enqueue, Save
from daemon.core.model import Alert
from daemon.store.codec import TABLES, ResultRow, Row, Table, notice_row, occurrence_row

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


@dataclass(slots=True)
class Batch:
    """What goes into the next transaction.

    Attributes:
        results: Rows of `result`; the only part that may be given up when memory is short.
        decisive: There is something in it that must be on disk before it is acted on.
    """

    names: list[Row] = field(default_factory=list)
    saves: dict[str, dict[str, Row]] = field(default_factory=dict)
    drops: dict[str, dict[str, Row]] = field(default_factory=dict)
    occurrences: dict[tuple[str, int], Row] = field(default_factory=dict)
    lines: dict[str, list[Row]] = field(default_factory=dict)
    notices: list[Row] = field(default_factory=list)
    updates: dict[str, Row] = field(default_factory=dict)
    results: list[ResultRow] = field(default_factory=list)
    decisive: bool = False

    def __bool__(self) -> bool:
        return self.decisive or bool(self.results)

    @property
    def size(self) -> int:
        """How many rows it holds."""
        return len(self.results) + sum(len(rows) for _, rows in self.decisions())

    def decide(self, effect: Effect) -> None:
        """Take in an effect that is a decision; others (probes, results) are not for here.

        Raises:
            TypeError, ValueError: It cannot be encoded.
        """
        if isinstance(effect, Save):
            record = effect.record
            self._save(TABLES[type(record)], TABLES[type(record)].row(record))
            if isinstance(record, Alert) and record.fired_at is not None:
                self.occurrences[record.key, record.fired_at] = occurrence_row(record)
        elif isinstance(effect, Drop):
            self._drop(TABLES[effect.kind], effect.key)
        elif isinstance(effect, Enqueue):
            self.notices.append(notice_row(effect.notice))
        elif isinstance(effect, Append):
            self._append(effect.entry)
        else:
            return
        self.decisive = True

    def delivery(self, key: str, row: Row) -> None:
        """How far a delivery got; the newest word on each counts."""
        self.updates[key] = row
        self.decisive = True

    def _save(self, table: Table, row: Row) -> None:
        self.saves.setdefault(table.name, {})[row[0]] = row
        self.drops.get(table.name, {}).pop(row[0], None)

    def _drop(self, table: Table, key: str) -> None:
        if not table.keeps:
            self.saves.get(table.name, {}).pop(key, None)
        self.drops.setdefault(table.name, {})[key] = (key,)

    def _append(self, line: Entry | Audit | Interval) -> None:
        if isinstance(line, Entry):
            row: Row = (line.incident, line.at, line.kind.value, line.actor.name)
            self._line(_INSERT_ENTRY, (*row, line.actor.origin, line.text))
        elif isinstance(line, Audit):
            row = (line.at, line.actor.name, line.actor.origin)
            self._line(_INSERT_AUDIT, (*row, line.action, line.subject, line.detail))
        else:
            row = (line.entity, line.name, line.start, line.end, int(line.status))
            self._line(_INSERT_INTERVAL, row)

    def _line(self, statement: str, row: Row) -> None:
        self.lines.setdefault(statement, []).append(row)

    def absorb(self, newer: Batch) -> None:
        """Take in a batch that came after this one."""
        self.names += newer.names
        for table in TABLES.values():
            for row in newer.saves.get(table.name, {}).values():
                self._save(table, row)
            for key in newer.drops.get(table.name, {}):
                self._drop(table, key)
        self.occurrences |= newer.occurrences
        for statement, rows in newer.lines.items():
            self.lines.setdefault(statement, []).extend(rows)
        self.notices += newer.notices
        self.updates |= newer.updates
        self.results += newer.results
        self.decisive |= newer.decisive

    def decisions(self) -> Iterator[Statements]:
        """Everything but results, in an order that keeps references whole."""
        yield _INSERT_NAME, self.names
        for table in TABLES.values():
            yield table.upsert, list(self.saves.get(table.name, {}).values())
            yield table.drop, list(self.drops.get(table.name, {}).values())
        yield _INSERT_OCCURRENCE, list(self.occurrences.values())
        yield from self.lines.items()
        yield _INSERT_NOTICE, self.notices
        yield _UPDATE_DELIVERY, list(self.updates.values())

    def statements(self) -> Iterator[Statements]:
        """All statements that have rows, in the order to run them."""
        for statement, rows in self.decisions():
            if rows:
                yield statement, rows
        if self.results:
            yield _INSERT_RESULT, self.results
