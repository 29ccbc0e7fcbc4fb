"""`report`: what a period was, for people, customers and programs; through the daemon, or from the
database alone."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

from daemon.cli.arguments import ITSELF, Commands, Option
from daemon.cli.ask import ask
from daemon.cli.options import Config, Socket, time_of
from daemon.cli.reporting import Form, Out, Written, deliver
from daemon.cli.reports import MORE
from daemon.cli.stop import Exit, Stop
from daemon.cli.times import now_ms

if TYPE_CHECKING:
    from daemon.api.schema.daily import AnyReport, DailyView
    from daemon.api.schema.reports import ReportView
    from daemon.client import Client
    from daemon.config import Config as Loaded

T = TypeVar("T")

Period = Annotated[
    str,
    Option(
        ("--period", "-p"),
        "PERIOD",
        "2026-10, 2026-Q3, 2026, last-30d or FROM..TO; required without --daily.",
    ),
]
Service = Annotated[str | None, Option(("--service",), "NAME", "Of this service only.")]
Org = Annotated[str | None, Option(("--org",), "NAME", "Of this organisation's services only.")]


At = Annotated[
    str | None, Option(("--at",), "TIME", "Count up to then, as it was known; now without it.")
]


Daily = Annotated[
    bool, Option(("--daily",), "", "What fired on a day, who was called; instead of --period.")
]
Date = Annotated[
    str | None,
    Option(("--date",), "DATE", "With --daily: 2026-11-20, yesterday (also without it) or today."),
]


Keep = Annotated[
    bool,
    Option(("--keep",), "", "Have the daemon keep it; its id goes to standard error."),
]


def report(
    period: Period = "",
    daily: Daily = False,
    date: Date = None,
    service: Service = None,
    org: Org = None,
    format_: Form = Written.MD,
    out: Out = None,
    at: At = None,
    keep: Keep = False,
    socket: Socket = None,
    config: Config = None,
) -> int:
    """Report what was promised and kept in a period; exit 1 when an SLA was missed.

    Asks the daemon; where none runs, reads the database itself. The same period gives the same
    figures and the same digest, whoever asks and when. With --daily, the alerts of a day: that
    judges nothing, and exits with 0.

    Example: tocsin report --period 2026-10 --format html --out october.html
    """
    from daemon.report.forms import Form as Known
    from daemon.report.forms import written

    view: AnyReport
    if keep:
        _need_whole(daily=daily, at=at)
    if daily:
        _need_day(period, at)
        view = _of_day(date, service, org, socket, config)
        code = Exit.GOOD
    else:
        _need_period(period, date)
        if keep:
            view = _kept(period, service, org, socket, config)
        else:
            view = _of_period(period, service, org, time_of(at), socket, config)
        code = Exit.NEGATIVE if view.summary.missed else Exit.GOOD
    text = written(view, Known(format_))
    deliver(text, out)
    return code


def _need_day(period: str, at: str | None) -> None:
    if period:
        raise Stop("--daily and --period do not go together; a day is named by --date 2026-11-20")
    if at is not None:
        raise Stop("--daily and --at do not go together; a day is counted up to its end, or now")


def _need_period(period: str, date: str | None) -> None:
    if date is not None:
        raise Stop("--date is the day of --daily; give that as well, or --period without --date")
    if not period:
        raise Stop(
            "say which period: --period 2026-10, 2026-Q3, 2026, last-30d or FROM..TO;"
            " or --daily for the alerts of a day"
        )


def _need_whole(*, daily: bool, at: str | None) -> None:
    if daily:
        raise Stop("--keep and --daily do not go together; a [[report]] keeps each day's alerts")
    if at is not None:
        raise Stop("--keep and --at do not go together; what is kept is counted up to now")


def _kept(
    period: str, service: str | None, org: str | None, socket: Path | None, config: Path | None
) -> ReportView:
    """Made and kept by the daemon, which alone writes to the database."""
    view = ask(socket, config, lambda client: client.keep_report(period, service, org))
    sys.stderr.write(f"kept as {view.id}; see `tocsin report show {view.id}`\n")
    return view


def _of_period(
    period: str,
    service: str | None,
    org: str | None,
    at: int | None,
    socket: Path | None,
    config: Path | None,
) -> ReportView:
    def online(client: Client) -> Awaitable[ReportView]:
        return client.report(period, service, org, at)

    def offline(database: Path, loaded: Loaded) -> ReportView:
        from daemon.report.offline import read

        zone = loaded.daemon.timezone
        return read(database, loaded.plan, zone, now_ms(), period, at, service, org)

    return _through_daemon_or_file(socket, config, online, offline)


def _of_day(
    date: str | None,
    service: str | None,
    org: str | None,
    socket: Path | None,
    config: Path | None,
) -> DailyView:
    def online(client: Client) -> Awaitable[DailyView]:
        return client.daily_report(date, service, org)

    def offline(database: Path, loaded: Loaded) -> DailyView:
        from daemon.report.offline import read_day

        zone = loaded.daemon.timezone
        return read_day(database, loaded.plan, zone, now_ms(), date, service, org)

    return _through_daemon_or_file(socket, config, online, offline)


def _through_daemon_or_file(
    socket: Path | None,
    config: Path | None,
    online: Callable[[Client], Awaitable[T]],
    offline: Callable[[Path, Loaded], T],
) -> T:
    """The report: of the daemon, or without one from the file.

    Raises:
        Stop: It cannot be made; says why.
    """
    try:
        return ask(socket, config, online)
    except Stop as stop:
        if stop.code != Exit.NO_DAEMON or socket is not None:
            raise
    return _from_file(config, offline)


def _from_file(config: Path | None, offline: Callable[[Path, Loaded], T]) -> T:
    from daemon.config import ConfigError, find_config, load
    from daemon.config.paths import configured, database_at
    from daemon.report.periods import BadPeriod
    from daemon.report.question import LiesAhead, NoSuchScope
    from daemon.store.errors import StoreError

    try:
        database = database_at(configured("database", config))
        if not database.is_file():
            raise Stop(f"there is no daemon and no database {database}", code=Exit.NO_DAEMON)
        return offline(database, load(find_config(config)))
    except ConfigError as error:
        raise Stop(*map(str, error.problems)) from None
    except (StoreError, BadPeriod, LiesAhead, NoSuchScope) as error:
        raise Stop(str(error)) from None
    except OSError as error:
        raise Stop(f"{error.filename or database}: {error.strerror or error}") from None


COMMANDS: Commands = {"report": {ITSELF: report, **MORE}}
