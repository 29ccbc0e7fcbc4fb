"""A picture of a check's last hours, for a mail: its latency, and below it its status.

Drawn here, as a PNG of two dozen lines of zlib: mail clients show no SVG, and a library that draws
would weigh more than the whole daemon. It holds no text; what it shows is said beside it.

A page goes first: reading and drawing have a second together, and a mail whose picture is not
ready by then goes out without.
"""

from __future__ import annotations

import asyncio
import logging
import struct
import zlib
from collections.abc import Awaitable, Callable, Iterable, Sequence
from itertools import pairwise
from typing import Final

from checks.result import Result, Status
from daemon.core.model import HOUR, Instant, Millis
from daemon.core.record import record
from daemon.notify.channel import Message

_log = logging.getLogger(__name__)

PATIENCE_S: Final = 1.0
SPAN_MS: Final[Millis] = 3 * HOUR
WIDTH: Final = 592
HEIGHT: Final = 110
_STRIP: Final = 8
"""Pixels of the statuses below; two more part them from the latencies."""
_LATE: Final = 3
"""So many times the usual distance between two results is a gap, in which nothing is known."""
_FEWEST: Final = 2
"""Fewer results show nothing."""

Read = Callable[[str, Instant], Awaitable[Sequence[Result]]]
"""A check's results since a time, oldest first."""

_INK: Final = b"\x2f\x6f\xb0"
_PAPER: Final = b"\xf2\xf4\xf7"
_NOTHING: Final = b"\xd0\xd5\xdd"
_STRIP_INK: Final = {
    Status.UP: b"\x06\x76\x47",
    Status.DEGRADED: b"\xdc\x68\x03",
    Status.UNKNOWN: b"\x66\x70\x85",
    Status.DOWN: b"\xb4\x23\x18",
}


@record(frozen=True, slots=True)
class Chart:
    """A picture, and what it shows in words."""

    png: bytes
    caption: str


class Charts:
    """Draws pictures of what is stored."""

    def __init__(self, read: Read, patience_s: float = PATIENCE_S) -> None:
        self._read = read
        self._patience_s = patience_s

    async def of(self, message: Message) -> Chart | None:
        """The picture of the check that the gravest alert is about; None if there is none, or
        not in time."""
        alerts = message.notice.alerts
        check = alerts[0].labels.get("check") if alerts else None
        if check is None:
            return None
        until = message.notice.at
        try:
            async with asyncio.timeout(self._patience_s):
                results = await self._read(check, until - SPAN_MS)
                return await asyncio.to_thread(drawn, check, results, until)
        except Exception as error:  # noqa: BLE001  # whatever it is, the mail goes out
            _log.warning("a mail goes out without its picture of %s: %r", check, error)
            return None


def drawn(check: str, results: Sequence[Result], until: Instant) -> Chart | None:
    """The picture of these results up to a time; None of too few."""
    inside = [one for one in results if until - SPAN_MS <= one.at < until]
    known = [one.latency_ms for one in inside if one.latency_ms is not None]
    if len(inside) < _FEWEST:
        return None
    most = max(known, default=0.0)
    columns = _columns(inside, until)
    heights = [_height(column, most) for column in columns]
    strip = b"".join(_status_ink(column) for column in columns)
    plot = HEIGHT - _STRIP - 2
    rows = [
        b"".join(_INK if height >= plot - y else _PAPER for height in heights) for y in range(plot)
    ]
    rows += [_PAPER * WIDTH] * 2 + [strip] * _STRIP
    hours = SPAN_MS // HOUR
    latency = f"latency up to {most:.0f} ms above, " if known else ""
    return Chart(_png(rows), f"{check}, the last {hours} hours: {latency}status below")


def _columns(results: Iterable[Result], until: Instant) -> list[list[Result]]:
    """The results of each pixel's part of the time."""
    columns: list[list[Result]] = [[] for _ in range(WIDTH)]
    for one in results:
        columns[(one.at - (until - SPAN_MS)) * WIDTH // SPAN_MS].append(one)
    return _carried(columns)


def _carried(columns: Sequence[list[Result]]) -> list[list[Result]]:
    """A result stands until the next, where that comes about as soon as they usually do."""
    filled = [x for x, column in enumerate(columns) if column]
    gaps = [after - before for before, after in pairwise(filled)]
    usual = sorted(gaps)[len(gaps) // 2] if gaps else 1
    carried = list(columns)
    for before, after in pairwise([*filled, min(WIDTH, filled[-1] + usual)]):
        if after - before <= _LATE * usual:
            carried[before:after] = [columns[before]] * (after - before)
    return carried


def _height(column: Sequence[Result], most: float) -> int:
    """How many pixels high the greatest latency of a column is."""
    known = [one.latency_ms for one in column if one.latency_ms is not None]
    if not known or most <= 0:
        return 0
    return max(1, round(max(known) / most * (HEIGHT - _STRIP - 2)))


def _status_ink(column: Sequence[Result]) -> bytes:
    """The colour of the worst status of a column."""
    for status in (Status.DOWN, Status.DEGRADED, Status.UNKNOWN, Status.UP):
        if any(one.status is status for one in column):
            return _STRIP_INK[status]
    return _NOTHING


def _png(rows: Sequence[bytes]) -> bytes:
    """A picture of rows of red, green and blue (PNG specification, third edition)."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        whole = kind + data
        return struct.pack(">I", len(data)) + whole + struct.pack(">I", zlib.crc32(whole))

    head = struct.pack(">IIBBBBB", WIDTH, len(rows), 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"".join(b"\x00" + row for row in rows), 6)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )
