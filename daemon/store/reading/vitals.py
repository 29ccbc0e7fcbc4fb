"""What a health score is made of, read in one go for one service or a thousand: time by status,
incidents by severity, and latency, lately and usually."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from checks.result import Status
from daemon.core.chronicle import Interval
from daemon.core.model import DAY, Instant, Millis
from daemon.core.record import record
from daemon.store.reading.hours import unwritten
from daemon.store.reading.incidents import NO_TEST
from daemon.store.reading.latency import measured
from daemon.store.reading.spans import stretches_of
from daemon.store.rollups.measured import Measured

P95: Final = 0.95


@record(frozen=True, slots=True)
class Found:
    """What the store says of a service: time by status, incidents by severity, latency."""

    spent: Mapping[Status, Millis]
    incidents: Mapping[str, int]
    latency_ms: float | None
    usual_ms: float | None


_INCIDENTS: Final = f"""SELECT service, severity, count(*) FROM incident
    WHERE service IN (SELECT value FROM json_each(:names))
    AND fired_at >= :start AND fired_at < :end AND {NO_TEST} GROUP BY 1, 2"""  # noqa: S608  # words of the store's own


def vitals_found(
    connection: sqlite3.Connection,
    checks: Mapping[str, Sequence[str]],
    start: Instant,
    end: Instant,
    present: Mapping[str, Sequence[Interval]],
) -> Mapping[str, Found]:
    """What the store says of these services in [start, end).

    Args:
        checks: Each service's checks.
        present: The services' pieces that are not final, as in `trends`.
    """
    written = stretches_of(connection, "service", start, end, checks)
    newest = unwritten(connection, {name: present.get(name, ()) for name in checks})
    incidents = _incidents(connection, checks, start, end)
    names = [check for owned in checks.values() for check in owned]
    usual = measured(connection, names, start, end)
    last = measured(connection, names, max(start, end - DAY), end)
    found = {}
    for name, owned in checks.items():
        spent = dict.fromkeys(Status, 0)
        lasting = ((one.start, one.end, one.status) for one in newest[name])
        for low, high, status in (*written[name], *lasting):
            spent[status] += max(0, min(high, end) - max(low, start))
        found[name] = Found(spent, incidents.get(name, {}), _p95(last, owned), _p95(usual, owned))
    return found


def _incidents(
    connection: sqlite3.Connection, names: Iterable[str], start: Instant, end: Instant
) -> Mapping[str, Counter[str]]:
    asked_for = msgspec.json.encode(list(names)).decode()
    found: dict[str, Counter[str]] = {}
    for service, severity, count in connection.execute(
        _INCIDENTS, {"names": asked_for, "start": start, "end": end}
    ):
        found.setdefault(service, Counter())[severity] = count
    return found


def _p95(by_check: Mapping[str, Measured], names: Iterable[str]) -> float | None:
    """Of all runs of these checks together."""
    total = Measured()
    for name in names:
        total.merge(by_check[name])
    return total.percentile_ms(P95)
