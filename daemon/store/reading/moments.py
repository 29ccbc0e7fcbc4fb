"""The moments of the past at which something changed that a dashboard shows, to step from one to
the next: an incident fired, was taken, given back, ended, became a part of another; the confirmed
status of a service changed."""

from __future__ import annotations

import sqlite3
from typing import Final

from daemon.core.model import Instant
from daemon.core.record import record
from daemon.store.schema.moments import KINDS

_WRITTEN: Final = """
    WITH RECURSIVE one (name) AS (
        SELECT min(name) FROM interval WHERE entity = 'service' UNION ALL
        SELECT (SELECT min(name) FROM interval WHERE entity = 'service' AND name > one.name)
        FROM one WHERE one.name IS NOT NULL)
    SELECT min((SELECT min(start_at) FROM interval WHERE entity = 'service' AND name = one.name)),
        max((SELECT max(start_at) FROM interval
            WHERE entity = 'service' AND name = one.name AND start_at < :at)),
        min((SELECT min(start_at) FROM interval
            WHERE entity = 'service' AND name = one.name AND start_at > :at))
    FROM one WHERE name IS NOT NULL"""
_LASTING: Final = """
    SELECT min(since), max(CASE WHEN since < :at THEN since END),
        min(CASE WHEN since > :at THEN since END) FROM service_state"""
_LINES: Final = f"""
    SELECT (SELECT min(fired_at) FROM incident),
        (SELECT max(at) FROM timeline WHERE at < :at AND kind IN ({KINDS})),
        (SELECT min(at) FROM timeline WHERE at > :at AND kind IN ({KINDS}))"""  # noqa: S608  # words of the store's own


@record(frozen=True, slots=True)
class Around:
    """What lies around a moment.

    Attributes:
        oldest: The first moment of which anything is known.
        before, after: The nearest at which something changed.
        incidents_from: When the oldest incident fired that is kept.
    """

    oldest: Instant | None
    before: Instant | None
    after: Instant | None
    incidents_from: Instant | None


def around(connection: sqlite3.Connection, at: Instant) -> Around:
    """The moments around this one; none is later than what is written."""
    rows = [connection.execute(query, {"at": at}).fetchone() for query in _QUERIES]
    oldest, before, after = zip(*rows, strict=True)
    return Around(
        oldest=min((one for one in oldest if one is not None), default=None),
        before=max((one for one in before if one is not None), default=None),
        after=min((one for one in after if one is not None), default=None),
        incidents_from=rows[-1][0],
    )


_QUERIES: Final = (_WRITTEN, _LASTING, _LINES)
