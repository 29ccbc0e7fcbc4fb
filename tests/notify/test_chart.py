"""The picture of a check's last hours: what it shows, and that no mail waits for it."""

from __future__ import annotations

import asyncio
import struct
import zlib
from collections.abc import Sequence

import pytest

from checks.result import Result, Status
from daemon.core.model import HOUR, MINUTE, Instant
from daemon.notify.channels.email import compose as mail_of
from daemon.notify.chart import HEIGHT, SPAN_MS, WIDTH, Charts, drawn
from daemon.notify.render import Renderer
from tests.notify.lab import T0, compose, notice, over

UP, DOWN = Status.UP, Status.DOWN


def results() -> list[Result]:
    """A result a minute: well for two hours, slower in the second, down in the last."""
    found = []
    for minute in range(180):
        at = T0 - SPAN_MS + minute * MINUTE
        latency = 20.0 if minute < 60 else 80.0
        down = minute >= 120
        found.append(Result("web", at, DOWN if down else UP, None if down else latency))
    return found


async def stored(check: str, since: Instant) -> Sequence[Result]:
    assert (check, since) == ("checkout-http", T0 - 3 * HOUR)
    return results()


def pixels(png: bytes) -> list[bytes]:
    """The rows of a picture, as a reader of PNG finds them."""
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    at, data, size = 8, b"", (0, 0)
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        kind, body = png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        (told,) = struct.unpack(">I", png[at + 8 + length : at + 12 + length])
        assert told == zlib.crc32(kind + body)
        size = struct.unpack(">II", body[:8]) if kind == b"IHDR" else size
        data += body if kind == b"IDAT" else b""
        at += 12 + length
    assert size == (WIDTH, HEIGHT)
    raw, step = zlib.decompress(data), 1 + 3 * WIDTH
    return [raw[row * step + 1 : (row + 1) * step] for row in range(HEIGHT)]


def ink(row: bytes, share: float) -> bytes:
    x = int(WIDTH * share)
    return row[3 * x : 3 * x + 3]


def test_the_latency_stands_above_and_the_status_below() -> None:
    chart = drawn("web", results(), T0)
    assert chart is not None
    rows = pixels(chart.png)
    strip = [ink(rows[-1], share) for share in (0.1, 0.5, 0.9)]
    assert strip[0] == strip[1] != strip[2]
    bars = [sum(row[3 * x : 3 * x + 3] == b"\x2f\x6f\xb0" for row in rows) for x in range(WIDTH)]
    assert max(bars[: WIDTH // 3]) * 4 == max(bars[WIDTH // 3 : 2 * WIDTH // 3])
    assert max(bars[2 * WIDTH // 3 + 4 :]) == 0
    assert chart.caption == "web, the last 3 hours: latency up to 80 ms above, status below"
    assert len(chart.png) < 20_000


def test_a_gap_between_results_is_no_status() -> None:
    holed = [one for one in results() if not T0 - 2 * HOUR <= one.at < T0 - HOUR]
    chart = drawn("web", holed, T0)
    assert chart is not None
    strip = pixels(chart.png)[-1]
    assert len({ink(strip, share) for share in (0.2, 0.5, 0.8)}) == 3
    assert ink(strip, 0.5) == b"\xd0\xd5\xdd"


def test_too_few_results_and_those_of_other_times_make_no_picture() -> None:
    assert drawn("web", results()[:1], T0) is None
    assert drawn("web", results(), T0 + 4 * HOUR) is None


async def test_a_mail_shows_the_picture_that_it_carries() -> None:
    message = compose(notice())
    chart = await Charts(stored).of(message)
    mail = mail_of(message, "t@example.org", ["a@example.org"], Renderer(), chart)
    html = mail.get_body(("html",))
    assert html is not None
    (image,) = [part for part in mail.walk() if part.get_content_type() == "image/png"]
    assert f'src="cid:{image["Content-ID"].strip("<>")}"' in html.get_content()
    assert "the last 3 hours" in html.get_content()
    assert chart is not None
    assert image.get_content() == chart.png
    bare = mail_of(compose(over()), "t@example.org", ["a@example.org"], Renderer())
    assert not any(part.get_content_maintype() == "image" for part in bare.walk())
    told = Renderer("stakeholder")
    quiet = mail_of(message, "t@example.org", ["a@example.org"], told, chart)
    assert not any(part.get_content_maintype() == "image" for part in quiet.walk())


async def test_no_mail_waits_for_a_picture_that_does_not_come(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def hangs(_check: str, _since: Instant) -> Sequence[Result]:
        await asyncio.Event().wait()
        raise AssertionError

    async def breaks(_check: str, _since: Instant) -> Sequence[Result]:
        raise OSError("disk is gone")

    for read in (hangs, breaks):
        assert await Charts(read, patience_s=0.02).of(compose(notice())) is None
    assert "goes out without its picture of checkout-http" in caplog.text
    assert await Charts(hangs).of(compose(notice(alerts=()))) is None
