"""`export`: a whole table as CSV or JSON, through the daemon or from the database's file."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import aclosing, contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

from daemon.cli.arguments import Argument, Commands, Option
from daemon.cli.ask import ask
from daemon.cli.database import on_file
from daemon.cli.options import Config, Socket, time_of
from daemon.cli.stop import Exit, Stop

if TYPE_CHECKING:
    from daemon.client import Client


class Table(StrEnum):
    """What can be exported."""

    ALERTS = "alerts"
    RESULTS = "results"
    DELIVERIES = "deliveries"


class Form(StrEnum):
    """In which form."""

    CSV = "csv"
    JSON = "json"


def export(
    table: Annotated[Table, Argument("TABLE", "alerts, results or deliveries.")],
    form: Annotated[
        Form, Option(("--format",), "FORM", "csv, or json: an object a line.")
    ] = Form.CSV,
    since: Annotated[str | None, Option(("--since",), "TIME", "From then on: 7d.")] = None,
    until: Annotated[str | None, Option(("--until",), "TIME", "Up to then.")] = None,
    out: Annotated[Path | None, Option(("--out",), "FILE", "Where to; must not exist yet.")] = None,
    socket: Socket = None,
    config: Config = None,
) -> None:
    """Write out alerts, results of checks or deliveries, all or of a span.

    An alert comes once for each time it fired. Without a daemon the database's file is read.

    Example: tocsin export results --since 2h --format json --out results.json
    """
    start, end = time_of(since), time_of(until)
    if start is not None and end is not None and start >= end:
        raise Stop("--since must come before --until")

    async def online(client: Client) -> None:
        async with aclosing(client.export(table.value, form.value, start, end)) as pieces:
            with _target(out) as target:
                async for piece in pieces:
                    target.write(piece)
                    target.flush()

    def offline(database: Path) -> None:
        with _target(out) as target:
            for piece in _pieces(database, table, form, start, end):
                target.write(piece)

    try:
        ask(socket, config, online)
    except Stop as stop:
        if stop.code != Exit.NO_DAEMON or socket is not None:
            raise
        on_file(config, offline)


def _pieces(
    database: Path, table: Table, form: Form, start: int | None, end: int | None
) -> Iterable[bytes]:
    from daemon.store.connect import examine, open_reader
    from daemon.store.reading.exports import FOR_EVER, Wanted, pieces

    examine(database)
    connection = open_reader(database)
    try:
        until = FOR_EVER if end is None else end
        yield from pieces(connection, Wanted(table.value, form.value, start or 0, until))
    finally:
        connection.close()


@contextmanager
def _target(out: Path | None) -> Iterator[BinaryIO]:
    """Standard output, or a new file that is there only when it is whole."""
    if out is None:
        yield sys.stdout.buffer
        return
    if out.exists():
        raise Stop(f"{out}: exists already; name a new file")
    part = out.with_name(f"{out.name}.part")
    try:
        with part.open("wb") as target:
            yield target
        part.rename(out)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


COMMANDS: Commands = {"export": export}
