"""`report`: what a period was, for people, customers and programs; through the daemon, or from the
database alone."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from daemon.cli.arguments import Commands, Option
from daemon.cli.ask import ask, say, write
from daemon.cli.options import Config, Socket, time_of
from daemon.cli.stop import Exit, Stop
from daemon.cli.times import now_ms

if TYPE_CHECKING:
    from daemon.api.schema.reports import ReportView

Period = Annotated[
    str,
    Option(
        ("--period", "-p"),
        "PERIOD",
        "2026-10, 2026-Q3, 2026, last-30d or FROM..TO; required.",
    ),
]
Service = Annotated[str | None, Option(("--service",), "NAME", "Of this service only.")]
Org = Annotated[str | None, Option(("--org",), "NAME", "Of this organisation's services only.")]


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
At = Annotated[
    str | None, Option(("--at",), "TIME", "Count up to then, as it was known; now without it.")
]


def report(
    period: Period = "",
    service: Service = None,
    org: Org = None,
    format_: Form = Written.MD,
    out: Out = None,
    at: At = None,
    socket: Socket = None,
    config: Config = None,
) -> int:
    """Report what was promised and kept in a period; exit 1 when an SLA was missed.

    Asks the daemon; where none runs, reads the database itself. The same period gives the same
    figures and the same digest, whoever asks and when.

    Example: tocsin report --period 2026-10 --format html --out october.html
    """
    from daemon.report.forms import Form as Known
    from daemon.report.forms import written

    if not period:
        raise Stop("say which period: --period 2026-10, 2026-Q3, 2026, last-30d or FROM..TO")
    asked = _Asked(period, service, org, time_of(at))
    view = asked.through_daemon_or_file(socket, config)
    text = written(view, Known(format_))
    if out is None:
        write(text)
    else:
        _put(out, text)
        say("wrote", str(out))
    return Exit.NEGATIVE if view.summary.missed else Exit.GOOD


class _Asked:
    """A report that is asked for."""

    def __init__(self, period: str, service: str | None, org: str | None, at: int | None) -> None:
        self._period, self._service, self._org, self._at = period, service, org, at

    def through_daemon_or_file(self, socket: Path | None, config: Path | None) -> ReportView:
        """The report: of the daemon, or without one from the file.

        Raises:
            Stop: It cannot be made; says why.
        """
        try:
            return ask(
                socket,
                config,
                lambda client: client.report(self._period, self._service, self._org, self._at),
            )
        except Stop as stop:
            if stop.code != Exit.NO_DAEMON or socket is not None:
                raise
        return self._from_file(config)

    def _from_file(self, config: Path | None) -> ReportView:
        from daemon.config import ConfigError, find_config, load
        from daemon.config.paths import configured, database_at
        from daemon.report.offline import read
        from daemon.report.periods import BadPeriod
        from daemon.report.question import NoSuchScope
        from daemon.store import StoreError

        try:
            database = database_at(configured("database", config))
            if not database.is_file():
                raise Stop(f"there is no daemon and no database {database}", code=Exit.NO_DAEMON)
            loaded = load(find_config(config))
            scope = (self._service, self._org)
            zone = loaded.daemon.timezone
            return read(database, loaded.plan, zone, now_ms(), self._period, self._at, *scope)
        except ConfigError as error:
            raise Stop(*map(str, error.problems)) from None
        except (StoreError, BadPeriod, NoSuchScope) as error:
            raise Stop(str(error)) from None
        except OSError as error:
            raise Stop(f"{error.filename or database}: {error.strerror or error}") from None


def _put(out: Path, text: str) -> None:
    """Write the file, whole or not at all."""
    from daemon.report.files import put

    try:
        put(out, text)
    except OSError as error:
        raise Stop(f"{out}: cannot be written: {error.strerror or error}") from None
    sys.stdout.flush()


COMMANDS: Commands = {"report": report}
