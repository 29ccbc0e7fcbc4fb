"""A report from a database's file, without a daemon: nothing is written to it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

from daemon.api.schema.daily import DailyView
from daemon.api.schema.reports import ReportView
from daemon.core.model import Instant
from daemon.core.plan import Plan
from daemon.report.daily.day import parse_day
from daemon.report.daily.question import ask_day
from daemon.report.daily.view import make_daily
from daemon.report.periods import parse_period
from daemon.report.question import ask
from daemon.report.view import make
from daemon.store.connect import open_reader
from daemon.store.errors import unusable

T = TypeVar("T")


def read(
    database: Path,
    plan: Plan,
    zone: str,
    now: Instant,
    period: str,
    at: Instant | None = None,
    service: str | None = None,
    organization: str | None = None,
) -> ReportView:
    """The report.

    Raises:
        BadPeriod, NoSuchScope: There is none such.
        LiesAhead: `at` is a time to come.
        StoreError: The file cannot be read.
    """
    question = ask(plan, parse_period(period, zone, now), now, at, service, organization)
    return _asked(database, partial(make, question=question))


def read_day(
    database: Path,
    plan: Plan,
    zone: str,
    now: Instant,
    date: str | None = None,
    service: str | None = None,
    organization: str | None = None,
) -> DailyView:
    """The alert report of a day.

    Raises:
        BadPeriod, NoSuchScope: There is none such.
        StoreError: The file cannot be read.
    """
    question = ask_day(plan, parse_day(date, zone, now), now, service, organization)
    return _asked(database, partial(make_daily, question=question))


def _asked(database: Path, question: Callable[[sqlite3.Connection], T]) -> T:
    connection = open_reader(database)
    try:
        connection.execute("BEGIN")
        return question(connection)
    except sqlite3.Error as error:
        raise unusable(database, error) from error
    finally:
        connection.close()
