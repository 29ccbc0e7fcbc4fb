"""What the commands about reports have in common: in which form, and where to."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

from daemon.cli.arguments import Option
from daemon.cli.ask import say, write
from daemon.cli.stop import Stop

_BESIDE: Final = ("-wal", "-shm", "-journal", ".lock")
"""What lies beside a database and belongs to it."""


class Written(StrEnum):
    """How a report is written."""

    MD = "md"
    HTML = "html"
    CSV = "csv"
    JSON = "json"


Form = Annotated[
    Written, Option(("--format", "-f"), "FORMAT", "md, html, csv or json; md without it.")
]
Out = Annotated[Path | None, Option(("--out",), "FILE", "Where to; else to standard output.")]


def deliver(text: str, out: Path | None) -> None:
    """Write a report to where it is wanted.

    Raises:
        Stop: The file cannot be written, or something else than a report is there.
    """
    if out is None:
        write(text)
    else:
        _put(out, text)
        say("wrote", str(out))


def _put(out: Path, text: str) -> None:
    """Write the file, whole or not at all, in the place of an older report of that name.

    Raises:
        Stop: It cannot be written, or something else than a report is there.
    """
    from daemon.report.files import put as put_whole

    try:
        place = out.resolve()
        _keep_what_is_none(place, out)
        put_whole(place, text)
    except (OSError, RuntimeError) as error:  # a loop of links is a RuntimeError in Python 3.11
        why = error.strerror if isinstance(error, OSError) else None
        raise Stop(f"{out}: cannot be written: {why or error}") from None
    sys.stdout.flush()


def _keep_what_is_none(place: Path, out: Path) -> None:
    """A slip of the hand must not replace a database, its locks, a configuration, a device."""
    from daemon.store.connect import is_database

    mend = "name another file"
    if place.exists() and not place.is_file():
        raise Stop(f"{out}: is no regular file; {mend}, or leave --out away")
    if place.suffix == ".toml":
        raise Stop(f"{out}: is a configuration by its name; {mend}")
    bare = place.name
    for end in _BESIDE:
        bare = bare.removesuffix(end)
    if is_database(place) or is_database(place.with_name(bare or place.name)):
        raise Stop(f"{out}: belongs to a database; {mend}")
