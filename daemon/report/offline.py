"""A report from a database's file, without a daemon: nothing is written to it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from daemon.api.schema.reports import ReportView
from daemon.core.model import Instant
from daemon.core.plan import Plan
from daemon.report.periods import parse_period
from daemon.report.question import ask
from daemon.report.view import make
from daemon.store.connect import open_reader
from daemon.store.errors import unusable


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
        StoreError: The file cannot be read.
    """
    question = ask(plan, parse_period(period, zone, now), now, at, service, organization)
    connection = open_reader(database)
    try:
        connection.execute("BEGIN")
        return make(connection, question)
    except sqlite3.Error as error:
        raise unusable(database, error) from error
    finally:
        connection.close()
