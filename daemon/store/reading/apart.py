"""A long question in a process of its own: what reads and reckons for a second (a month's report
of a thousand services) would make the daemon's loop wait for the interpreter's lock, again and
again.

The process (`daemon.store.reading.answering`) reads the pickled question on its standard input and
writes the pickled answer to its standard output. Only the process that starts it speaks to it. The
answer is read in the daemon: a question asked here gives figures, not all that they stand on,
or what is made of them as bytes, which cost the daemon nothing. What is pickled is read by the same
version only: a newer one that is installed over a running daemon answers when that is restarted.
"""

from __future__ import annotations

import asyncio
import pickle
import sqlite3
import sys
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any, Final, TypeVar, cast

from daemon import __version__
from daemon.store.errors import StoreError, StoreUnusable

_T = TypeVar("_T")

LONGEST_S: Final = 120.0
"""After this long a question is given up."""


_PROGRAM: Final = "import gc; gc.disable(); from daemon.store.reading.answering import main; main()"
"""What is made is needed until the end, and looking for rubbish among a million values took a third
of the time."""


class _Patient(pickle.Pickler):
    """Asks about every object, in vain: so the interpreter may let the loop go on in between, as it
    may not in the middle of a pickling that is C from one end to the other."""

    def reducer_override(self, _: object) -> Any:
        return NotImplemented


def _pickled(question: object) -> bytes:
    """A whole configuration may be in it, of thousands of checks."""
    written = BytesIO()
    _Patient(written, pickle.HIGHEST_PROTOCOL).dump(question)
    return written.getvalue()


async def ask_apart(path: Path, question: Callable[[sqlite3.Connection], _T]) -> _T:
    """The answer, from one snapshot of the database.

    Args:
        question: A function of a module (or a `partial` of one), so that it can be pickled.

    Raises:
        StoreError: The database cannot be read, or the process did not come to an end.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-c", _PROGRAM, str(path), __version__),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
    except OSError as error:
        raise StoreUnusable(f"{path}: no process to ask it can be started: {error}") from None
    try:
        asked = await asyncio.to_thread(_pickled, question)
        answer, _ = await asyncio.wait_for(process.communicate(asked), LONGEST_S)
    except TimeoutError:
        raise StoreUnusable(f"{path}: no answer within {LONGEST_S:.0f} s; ask for less") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise StoreUnusable(f"{path}: a question ended with exit code {process.returncode}")
    told = pickle.loads(answer)  # noqa: S301  # by a process of our own, over a pipe of our own
    if isinstance(told, StoreError):
        raise told
    return cast("_T", told)
