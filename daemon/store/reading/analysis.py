"""Asking questions over months, beside the daemon: threads and connections of their own.

A question is a plain function that takes a connection that cannot write and answers with frozen
values: `incidents` (pages, statistics), `alerts` (top alerts, noise), `trends`
(services' days), `latency` (percentiles from rollups), `spans` (state intervals for reports).
With a daemon one asks through `Analysis.ask`, which runs the question on a reader's thread:
never in the loop, and never in the writer's way. Without one (a backup on another machine) one
calls the same function on `open_reader(path)`.

    page = await store.analysis.ask(partial(history_page, filter=IncidentFilter(service="shop")))

All times are milliseconds since the epoch, all spans [start, end), all days days of UTC,
counted from 1970-01-01.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import Final, TypeVar

from daemon.store.connect import open_reader
from daemon.store.errors import StoreUnusable, unusable

_T = TypeVar("_T")

READERS: Final = 2
"""So many questions are answered at once: a short one passes a long one."""
CACHE_KIB: Final = 16_000
"""Of each reader: the index pages of a month's incidents."""


class Analysis:
    """Readers for long questions. Nothing is opened before the first question."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._threads = ThreadPoolExecutor(READERS, "tocsin-analysis")
        self._idle: SimpleQueue[sqlite3.Connection] = SimpleQueue()
        self._closed = False

    async def ask(self, question: Callable[[sqlite3.Connection], _T]) -> _T:
        """The answer, from one snapshot of the database.

        Raises:
            StoreUnusable: The database is closed, or cannot be read.
        """
        if self._closed:
            raise StoreUnusable(f"{self._path}: the database is closed")
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._answer, question)

    async def ask_apart(self, question: Callable[[sqlite3.Connection], _T]) -> _T:
        """As `ask`, in a process of its own (`daemon.store.reading.apart`): for what takes longer
        than a tenth of a second, and answers with little. The question must be one that can be
        pickled.

        Raises:
            StoreError: The database is closed, or cannot be read, or it takes too long.
        """
        if self._closed:
            raise StoreUnusable(f"{self._path}: the database is closed")
        from daemon.store.reading.apart import ask_apart  # which few daemons are asked for

        return await ask_apart(self._path, question)

    def _answer(self, question: Callable[[sqlite3.Connection], _T]) -> _T:
        """On a reader's thread. As many connections as threads: one is always idle here."""
        connection = self._reader()
        try:
            connection.execute("BEGIN")
            try:
                return question(connection)
            finally:
                connection.execute("ROLLBACK")
        except sqlite3.Error as error:
            raise unusable(self._path, error) from error
        finally:
            self._idle.put(connection)

    def _reader(self) -> sqlite3.Connection:
        if not self._idle.empty():
            return self._idle.get()
        connection = open_reader(self._path, any_thread=True)
        connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}").fetchall()
        return connection

    async def close(self) -> None:
        """End the questions that run, and close the connections."""
        self._closed = True
        await asyncio.to_thread(self._threads.shutdown, wait=True, cancel_futures=True)
        while not self._idle.empty():
            self._idle.get().close()
