"""Services' totals in the periods before a report's, which its trend shows.

Half a year of a thousand services' pieces is a million rows, and their days are a hundredth of
that. So whole days (UTC) come from services' days, the rest at a period's ends from the pieces
there, and what is not written yet from the timeline that the report has anyway. The sums are those
of the pieces, to the millisecond; where services' days may lack something, or time is excluded
before the report's period, the pieces themselves are asked (`daemon.report.reckon`).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence

from checks.result import Status
from daemon.core.model import DAY
from daemon.core.sla.timeline import Totals
from daemon.report.past import Past
from daemon.report.periods import Span
from daemon.store.reading.service_days import day_sums
from daemon.store.reading.spans import stretches_of


def totals_before(
    connection: sqlite3.Connection, past: Past, wanted: Mapping[Span, Iterable[str]]
) -> Mapping[tuple[str, Span], Totals]:
    """What each of these services was in these spans.

    Args:
        past: Their histories from the spans' ends on, at least.
    """
    found: dict[tuple[str, Span], Totals] = {}
    for span, names in wanted.items():
        known = _written(connection, list(names), span)
        for name, sums in known.items():
            found[name, span] = _whole(sums, past, name, span)
    return found


def _written(
    connection: sqlite3.Connection, names: Sequence[str], span: Span
) -> Mapping[str, list[int]]:
    """Milliseconds by status, of what is written."""
    found = {name: [0, 0, 0, 0] for name in names}
    first, last = -(-span[0] // DAY), span[1] // DAY
    if first < last:
        for name, (up, degraded, down) in day_sums(connection, names, first, last).items():
            found[name] = [up, degraded, 0, down]
    for low, high in _ends(span):
        for name, pieces in stretches_of(connection, "service", low, high, names).items():
            sums = found[name]
            for start, end, status in pieces:
                sums[status] += min(end, high) - max(start, low)
    return found


def _ends(span: Span) -> Iterator[Span]:
    """What of the span is no whole day."""
    start, end = span
    first, last = -(-start // DAY) * DAY, end // DAY * DAY
    if first >= last:
        yield span
        return
    if start < first:
        yield start, first
    if last < end:
        yield last, end


def _whole(sums: Sequence[int], past: Past, name: str, span: Span) -> Totals:
    """With what is not written yet; the rest is unknown."""
    up, degraded, down = sums[Status.UP], sums[Status.DEGRADED], sums[Status.DOWN]
    since = past.written.get(name)
    low = span[0] if since is None else max(span[0], since)
    if low < span[1]:
        lasting = past.timelines[name].totals(low, span[1])
        up, degraded = up + lasting[Status.UP], degraded + lasting[Status.DEGRADED]
        down += lasting[Status.DOWN]
    return up, degraded, span[1] - span[0] - up - degraded - down, down
