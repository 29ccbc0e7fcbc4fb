"""The `sqlite` kind: open a database file read-only, and query it.

The standard library blocks, so the work is done in a thread; a run that is out of time
interrupts its query there.
"""

from __future__ import annotations

import functools
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Annotated, Final, Literal
from urllib.parse import quote

from pydantic import Field

from checks.aside import Aside
from checks.errors import ProbeError
from checks.probe import Kind, Order, Trace
from checks.result import Fault, Observation
from checks.spec import CheckSpec
from checks.sql import FIELDS, ROW_LIMIT, rows_observation

_BUSY_S: Final = 1.0
"""How long to wait for a lock that a writer holds, at most."""


class SqliteSpec(CheckSpec):
    """A database file and a query.

    Attributes:
        path: The file; it is never made, and never written to.
        query: One statement; unless set, the file's header and schema are read.
    """

    kind: Literal["sqlite"] = "sqlite"
    path: Path
    query: Annotated[str, Field(min_length=1)] = "SELECT count(*) AS tables FROM sqlite_master"


class SqliteProbe:
    """Queries one file."""

    def __init__(self, order: Order) -> None:
        self._spec: SqliteSpec = order.spec
        self._busy_s = min(_BUSY_S, order.timeout_ms / 2000.0)
        self._aside = Aside(f"sqlite {self._spec.path.name}")
        self._open: sqlite3.Connection | None = None

    async def observe(self, trace: Trace) -> Observation:
        """Open, query, close."""
        trace.enter("query")
        try:
            columns, rows = await self._aside.call(self._query)
        except sqlite3.Error as error:
            raise self._fault(error) from None
        finally:
            if self._open is not None:  # the wait was cancelled: end the query in the thread
                self._open.interrupt()
        return rows_observation(columns, rows, trace)

    def _query(self) -> tuple[list[str], list[tuple[object, ...]]]:
        uri = f"file:{quote(str(self._spec.path.expanduser().absolute()))}?mode=ro"
        connect = functools.partial(sqlite3.connect, check_same_thread=False, isolation_level=None)
        with closing(connect(uri, uri=True, timeout=self._busy_s)) as connection:
            self._open = connection
            try:
                connection.execute("PRAGMA query_only = ON")
                cursor = connection.execute(self._spec.query)
                columns = [str(column[0]) for column in cursor.description or ()]
                return columns, cursor.fetchmany(ROW_LIMIT + 1)
            finally:
                self._open = None

    def _fault(self, error: sqlite3.Error) -> ProbeError:
        path, words = self._spec.path, str(error)
        if "unable to open" in words:
            try:
                path.expanduser().stat()
            except OSError as reason:
                return ProbeError(Fault.QUERY, f"{path}: {reason.strerror}")
            return ProbeError(Fault.QUERY, f"{path} cannot be opened (permission?)")
        if "not a database" in words:
            return ProbeError(Fault.PROTOCOL, f"{path} is no SQLite database")
        if "malformed" in words:
            return ProbeError(Fault.PROTOCOL, f"{path} is damaged: {words}")
        return ProbeError(Fault.QUERY, f"{path}: {words}")

    async def close(self) -> None:
        """Nothing is kept between runs."""


KIND: Final = Kind(name="sqlite", spec=SqliteSpec, fields=FIELDS, make=SqliteProbe, remote=False)
