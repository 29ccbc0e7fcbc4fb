"""The table of one kind of record, and the statements that keep it in step with the engine.

Which table keeps what is `daemon.store.codec`'s to say.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from daemon.core.model import Record

Row = tuple[Any, ...]
"""Values for the placeholders of one statement."""


@dataclass(frozen=True)
class Table:
    """The table of one kind of record.

    Attributes:
        columns: As `row` gives them; the first is the key, the last the record.
        keeps: What the engine drops stays as history, with `live` 0.
    """

    name: str
    columns: str
    row: Callable[[Any], Row]
    decode: Callable[[str], Record]
    keeps: bool = False

    @cached_property
    def upsert(self) -> str:
        """Store a row's newest value."""
        names = [name.strip() for name in self.columns.split(",")]
        changes = [f"{name} = excluded.{name}" for name in names[1:]]
        if self.keeps:
            changes.append("live = 1")
        marks = ", ".join("?" * len(names))
        return (
            f"INSERT INTO {self.name} ({self.columns}) VALUES ({marks})"  # noqa: S608  # names from this file
            f" ON CONFLICT (key) DO UPDATE SET {', '.join(changes)}"
        )

    @cached_property
    def drop(self) -> str:
        """The engine knows this key no longer."""
        if self.keeps:
            return f"UPDATE {self.name} SET live = 0 WHERE key = ?"  # noqa: S608  # names from this file
        return f"DELETE FROM {self.name} WHERE key = ?"  # noqa: S608  # names from this file

    @cached_property
    def select(self) -> str:
        """The records that the engine knows."""
        where = " WHERE live" if self.keeps else ""
        return f"SELECT record FROM {self.name}{where}"  # noqa: S608  # names from this file
