"""What stands behind a report: how services were at the end of what is written, what operators
said of objectives' past, and the work that was done.

All of it is read from the file alone, so that a report is the same whether a daemon runs, has
been started anew, or never ran on this copy.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from checks.result import Status
from daemon.core.chronicle import Interval
from daemon.core.model import Amendment, CheckState, Instant, Record, ServiceState, Work
from daemon.core.snapshot import Snapshot
from daemon.store.codec import TABLES
from daemon.store.errors import StoreUnusable
from daemon.store.restore import newest_results
from daemon.store.schema import VERSION

_LAST: Final = """
    SELECT name, start_at, end_at, status FROM json_each(?) AS wanted
    CROSS JOIN interval INDEXED BY interval_by_end
    ON entity = 'service' AND name = wanted.value AND end_at =
        (SELECT max(end_at) FROM interval WHERE entity = 'service' AND name = wanted.value)"""
_SINCE: Final = """
    SELECT name, start_at, end_at, status FROM json_each(?) AS wanted
    CROSS JOIN interval ON entity = 'check' AND name = wanted.key AND end_at > wanted.value"""
_EVER: Final[Instant] = -(1 << 62)


def need_present_version(connection: sqlite3.Connection) -> None:
    """Make sure that the file has this version's tables; who only reads cannot migrate it.

    Raises:
        StoreUnusable: It has older ones.
    """
    found = connection.execute("PRAGMA user_version").fetchone()[0]
    if found != VERSION:
        raise StoreUnusable(
            f"the database has version {found}, and this program reads {VERSION};"
            " start the daemon on it once, or on a copy of it"
        )


def standing(connection: sqlite3.Connection, services: Mapping[str, Iterable[str]]) -> Snapshot:
    """What is known of these services behind their last written pieces, as a daemon that starts
    would read it: their last pieces, their checks' pieces since then, and how those are now.

    Args:
        services: The names of their checks.
    """
    wanted = {name: list(checks) for name, checks in services.items()}
    written = [
        Interval("service", name, start, end, Status(code))
        for name, start, end, code in connection.execute(_LAST, (_json(list(wanted)),))
    ]
    settled = dict.fromkeys(wanted, _EVER) | {one.name: one.end for one in written}
    since = {check: settled[name] for name, checks in wanted.items() for check in checks}
    written += [
        Interval("check", name, start, end, Status(code))
        for name, start, end, code in connection.execute(_SINCE, (_json(since),))
    ]
    records: list[Record] = []
    for kind in (CheckState, ServiceState):
        table = TABLES[kind]
        records += [table.decode(row[0]) for row in connection.execute(table.select)]
    return Snapshot(
        records=tuple(
            one for one in records if one.key in (since if isinstance(one, CheckState) else wanted)
        ),
        last=dict(newest_results(connection, since)),
        intervals=tuple(sorted(written, key=lambda one: (one.end, one.start))),
    )


def amendments(connection: sqlite3.Connection) -> Sequence[Amendment]:
    """What operators said of objectives' past and did not take back, oldest first."""
    table = TABLES[Amendment]
    found = [table.decode(row[0]) for row in connection.execute(table.select)]
    mine = [one for one in found if isinstance(one, Amendment)]
    return sorted(mine, key=lambda one: (one.made_at, one.key))


def works(connection: sqlite3.Connection) -> Sequence[Work]:
    """Planned work that happened, or was announced."""
    table = TABLES[Work]
    found = [table.decode(row[0]) for row in connection.execute(table.select)]
    return [one for one in found if isinstance(one, Work)]


def _json(wanted: object) -> str:
    return msgspec.json.encode(wanted).decode()
