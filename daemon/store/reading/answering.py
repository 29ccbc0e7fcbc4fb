"""The program that answers one question in a process of its own (`daemon.store.reading.apart`).

It reads a pickled question on its standard input, asks it on a connection that cannot write, writes
the pickled answer to its standard output, and ends; also when nobody reads that any more. It runs
at a low priority. It imports nothing that the question itself does not need: half a second is much
of what a report may take.
"""

from __future__ import annotations

import os
import pickle
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from daemon import __version__
from daemon.store.connect import open_reader
from daemon.store.errors import StoreError, StoreUnusable, unusable

NICENESS: Final = 10


def _answer(path: Path, question: Callable[[sqlite3.Connection], object]) -> object:
    try:
        connection = open_reader(path)
        try:
            connection.execute("BEGIN")
            return question(connection)
        finally:
            connection.close()
    except sqlite3.Error as error:
        return unusable(path, error)
    except StoreError as error:
        return error


def _answer_to(path: Path, version: str) -> object:
    """What is asked is read only if who asks is of this version: its values have other fields."""
    if version != __version__:
        words = f"version {__version__} was installed over {version}, which runs; restart it"
        return StoreUnusable(f"{path}: {words}")
    question = pickle.load(sys.stdin.buffer)  # noqa: S301  # from the process that started this
    return _answer(path, question)


def main() -> None:
    """Answer one question and end."""
    os.nice(NICENESS)
    path, version = Path(sys.argv[1]), sys.argv[2]
    answer = pickle.dumps(_answer_to(path, version))
    try:
        sys.stdout.buffer.write(answer)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        os._exit(1)  # whoever asked is gone; nothing is to be flushed any more
