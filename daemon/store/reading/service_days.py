"""Sums of services' days (`service_day`), for periods that are past.

A day's row is made of the pieces that were final when it was made. A piece that becomes final later
leaves a note (`service_day_due`) in the transaction that writes it; while a service has one, its
rows may lack something, and whoever wants it exactly asks its pieces
(`daemon.store.reading.spans`).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from daemon.core.model import Millis

Known = tuple[Millis, Millis, Millis]
"""Up, degraded and down; the rest of a span is unknown."""

_SUMS: Final = """
    SELECT value, sum(up_ms), sum(degraded_ms), sum(down_ms) FROM json_each(:names) AS wanted
    CROSS JOIN service_day ON service = wanted.value AND day >= :first AND day < :last
    GROUP BY key"""


def services_due(connection: sqlite3.Connection) -> set[str]:
    """The services whose days are to be made anew."""
    return {name for (name,) in connection.execute("SELECT service FROM service_day_due")}


def day_sums(
    connection: sqlite3.Connection, names: Iterable[str], first_day: int, last_day: int
) -> Mapping[str, Known]:
    """What each of these services was on the days [first_day, last_day); one without a row is
    not there."""
    asked = {
        "names": msgspec.json.encode(list(names)).decode(),
        "first": first_day,
        "last": last_day,
    }
    return {
        name: (up, degraded, down) for name, up, degraded, down in connection.execute(_SUMS, asked)
    }
