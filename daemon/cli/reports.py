"""`report list|show`: the reports that are kept; through the daemon, or from the database alone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

from daemon.cli.arguments import Argument, Command
from daemon.cli.ask import answer, ask, write_table
from daemon.cli.database import on_file
from daemon.cli.options import Config, Format, Output, Socket
from daemon.cli.reporting import Form, Out, Written, deliver
from daemon.cli.stop import Exit, Stop
from daemon.cli.table import Cell
from daemon.cli.times import local

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

    from daemon.api.schema.daily import AnyReport
    from daemon.api.schema.reports import ReportLine
    from daemon.client import Client

T = TypeVar("T")

_COLUMNS = ["ID", "PERIOD", "OF", "STATE", "MADE", "BY", "DIGEST"]
_MOST = 1_000
"""So many are listed of a file."""
_DIGEST_SHOWN = 12


def listed(socket: Socket = None, config: Config = None, output: Format = Output.TABLE) -> None:
    """List the reports that are kept, the newest first.

    Example: tocsin report list
    """
    found = _either(socket, config, lambda client: client.reports(), _lines)
    rows = [_row(one) for one in found]
    answer(output, found, lambda: write_table(_COLUMNS, rows, "no report is kept"))


def show(
    report: Annotated[str, Argument("ID", "The report, or a beginning of its id.")],
    format_: Form = Written.MD,
    out: Out = None,
    socket: Socket = None,
    config: Config = None,
) -> None:
    """Show a report that is kept, as it was made.

    Example: tocsin report show 5c1e --format html --out october.html
    """
    from daemon.report.forms import Form as Known
    from daemon.report.forms import written

    alone = partial(_one, prefix=report)
    view = _either(socket, config, lambda client: client.kept_report(report), alone)
    text = written(view, Known(format_))
    deliver(text, out)


def _row(one: ReportLine) -> list[Cell | str]:
    about = one.service or one.organization or "all services"
    return [
        Cell(one.id[:8], "bold"),
        one.label,
        f"{one.name} ({about})" if one.name else about,
        "final" if one.final else Cell("so far", "degraded"),
        local(one.generated_at),
        one.made_by,
        Cell(one.digest[:_DIGEST_SHOWN], "faint"),
    ]


def _lines(connection: sqlite3.Connection) -> list[ReportLine]:
    from daemon.report.keeping import line
    from daemon.store.reading.reports import kept_reports

    return [line(one) for one in kept_reports(connection, _MOST)]


def _one(connection: sqlite3.Connection, prefix: str) -> AnyReport:
    from daemon.report.keeping import unpack
    from daemon.store.reading.reports import kept_report

    found = kept_report(connection, prefix)
    if len(found) != 1:
        many = "several reports have" if found else "no report that is kept has"
        raise Stop(f"{many} an id that begins with {prefix!r}; see `tocsin report list`")
    return unpack(found[0])


def _either(
    socket: Path | None,
    config: Path | None,
    online: Callable[[Client], Awaitable[T]],
    offline: Callable[[sqlite3.Connection], T],
) -> T:
    """Ask the daemon; without one, the database's file."""
    try:
        return ask(socket, config, online)
    except Stop as stop:
        if stop.code != Exit.NO_DAEMON or socket is not None:
            raise
    return on_file(config, partial(_read, offline))


def _read(question: Callable[[sqlite3.Connection], T], database: Path) -> T:
    import sqlite3

    from daemon.store.connect import open_reader
    from daemon.store.errors import unusable

    connection = open_reader(database)
    try:
        return question(connection)
    except sqlite3.Error as error:
        raise unusable(database, error) from error
    finally:
        connection.close()


MORE: Mapping[str, Command] = {"list": listed, "show": show}
