"""HTTP gone wrong."""

from __future__ import annotations

import asyncio
import gzip

from tests.peers.hostile.script import Script, drips, pours, says
from tests.peers.hostile.streams import CONTROLS

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
FINE = OK + b"Content-Length: 2\r\n\r\nok"
BOMB = gzip.compress(bytes(16 * 1024 * 1024), 9)


async def fine(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A good answer."""
    await reader.readuntil(b"\r\n\r\n")
    writer.write(FINE)
    await writer.drain()


async def redirects_on_and_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Redirect to a place that is new each time, and longer."""
    place = (await reader.readuntil(b"\r\n\r\n")).split(b" ")[1]
    writer.write(
        b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: "
        + place.rstrip(b"/")
        + b"/next\r\n\r\n"
    )
    await writer.drain()


def redirect(place: bytes) -> Script:
    """A redirect to somewhere."""
    return says(
        b"HTTP/1.1 301 Moved\r\nContent-Length: 0\r\nLocation: " + place + b"\r\n\r\n",
        then="close",
    )


def encoded(name: bytes, body: bytes) -> Script:
    """A body in an encoding that nobody asked for."""
    head = b"Content-Encoding: %b\r\nContent-Length: %d\r\n\r\n" % (name, len(body))
    return says(OK + head + body, then="close")


SCRIPTS: dict[str, Script] = {
    "endless_body": pours(OK + b"\r\n", b"x" * 65_536),
    "endless_chunks": pours(CHUNKED, b"10000\r\n" + b"x" * 65_536 + b"\r\n"),
    "endless_small_chunks": pours(CHUNKED, b"1\r\nx\r\n" * 8192),
    "endless_chunk_extension": pours(CHUNKED, b"1;" + b"y" * 65_536),
    "endless_trailers": pours(CHUNKED + b"0\r\n", b"X-Trailer: 1\r\n" * 4096),
    "endless_headers": pours(OK, b"X-Filler: 1\r\n" * 4096),
    "endless_header_line": pours(OK + b"X: ", b"y" * 65_536),
    "endless_status_line": pours(b"HTTP/1.1 200 ", b"y" * 65_536),
    "endless_interim": pours(b"", b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" * 1000),
    "drips_head": drips(b"X: y\r\n", head=OK),
    "drips_body": drips(b"x", head=OK + b"\r\n"),
    "drips_chunk": drips(b"1\r\nx\r\n", head=CHUNKED),
    "redirect_loop": redirect(b"/"),
    "redirects_on_and_on": redirects_on_and_on,
    "redirect_to_nonsense": redirect(b"http://[::1/"),
    "redirect_to_a_file": redirect(b"file:///etc/passwd"),
    "redirect_with_controls": redirect(b"http://a\x1b]0;x\x07b/"),
    "redirect_to_bytes": redirect(b"/\xff\xfe\xe2\x80\xae"),
    "redirect_to_a_long_name": redirect(b"http://" + b"a" * 60_000 + b"/"),
    "gzip_bomb": encoded(b"gzip", BOMB),
    "br_bomb": encoded(b"br", b"\xdb\xff\xff\xff" + b"\xff" * 1000),
    "length_too_long": says(OK + b"Content-Length: 100\r\n\r\nshort", then="close"),
    "length_too_long_and_held": says(OK + b"Content-Length: 100\r\n\r\nshort"),
    "length_too_short": says(OK + b"Content-Length: 2\r\n\r\nlonger than that", then="close"),
    "length_negative": says(OK + b"Content-Length: -1\r\n\r\nx", then="close"),
    "length_twice": says(OK + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx", then="close"),
    "length_enormous": says(OK + b"Content-Length: " + b"9" * 30 + b"\r\n\r\nx", then="close"),
    "length_of_16_exabytes": says(OK + b"Content-Length: 18446744073709551615\r\n\r\nx"),
    "length_and_chunks": says(
        OK + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", then="close"
    ),
    "chunk_without_number": says(CHUNKED + b"zz\r\nabc\r\n0\r\n\r\n", then="close"),
    "chunk_too_large": says(CHUNKED + b"f" * 20 + b"\r\nx", then="close"),
    "chunk_without_end": says(CHUNKED + b"2\r\nabcdef\r\n0\r\n\r\n", then="close"),
    "http09": says(b"<html>old</html>\n", then="close"),
    "no_status": says(b"HTTP/1.1 \r\n\r\n", then="close"),
    "status_of_nothing": says(b"HTTP/1.1 000 Nothing\r\nContent-Length: 0\r\n\r\n", then="close"),
    "status_of_a_million": says(b"HTTP/1.1 1000000 Much\r\n\r\n", then="close"),
    "switches_protocols": says(
        b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n" + CONTROLS
    ),
    "controls_in_status": says(b"HTTP/1.1 500 " + CONTROLS + b"\r\n\r\n", then="close"),
    "controls_in_header": says(OK + b"X: " + CONTROLS + b"\r\n\r\n", then="close"),
    "controls_in_body": says(
        b"HTTP/1.1 500 No\r\nContent-Length: %d\r\n\r\n%b" % (len(CONTROLS), CONTROLS),
        then="close",
    ),
    "nul_in_header_name": says(OK + b"X\x00Y: z\r\n\r\n", then="close"),
    "answers_first": says(FINE, asked=False, then="close"),
    "answers_twice": says(FINE + FINE, then="close"),
    "stops_in_head": says(OK + b"X: "),
    "closes_in_head": says(OK + b"X: ", then="close"),
    "resets_in_head": says(OK + b"X: ", then="reset"),
    "resets_in_body": says(OK + b"Content-Length: 100\r\n\r\nshort", then="reset"),
}
