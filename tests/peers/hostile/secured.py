"""TLS gone wrong: handshakes that stall, drip or lie, and certificates that do not hold."""

from __future__ import annotations

import asyncio
import ssl
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import trustme

from tests.peers.hostile.script import Script, drips, says

_SERVER_HELLO = bytes.fromhex("160303007a0200007603030000")
"""The beginning of one; more is announced than ever comes."""
_ENORMOUS_RECORD = b"\x16\x03\x03\xff\xff" + b"\x02" * 4096
_ALERT = bytes.fromhex("15030300020228")
"""Fatal: handshake failure."""


async def _reads_on(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    while await reader.read(1):  # noqa: ASYNC110  # slowness is the point
        await asyncio.sleep(0.05)


SCRIPTS: dict[str, Script] = {
    "tls_stalls": says(_SERVER_HELLO),
    "tls_reads_slowly": _reads_on,
    "tls_drips": drips(_SERVER_HELLO + bytes(10_000)),
    "tls_closes": says(_SERVER_HELLO, then="close"),
    "tls_resets": says(_SERVER_HELLO, then="reset"),
    "tls_enormous_record": says(_ENORMOUS_RECORD),
    "tls_alert": says(_ALERT, then="close"),
    "tls_answered_in_plain": says(b"HTTP/1.1 400 Bad Request\r\n\r\n", then="close"),
}


def contexts() -> dict[str, ssl.SSLContext]:
    """Servers that speak TLS well, with certificates that nobody should accept."""
    authority = trustme.CA()
    return {
        "tls_expired": _context(authority, -3),
        "tls_untrusted": _context(authority, 30),
        "tls_wrong_name": _context(authority, 30, "other.example.org"),
        "tls_self_signed": _self_signed(),
    }


def _context(authority: trustme.CA, days: int, name: str = "127.0.0.1") -> ssl.SSLContext:
    ends = datetime.now(UTC) + timedelta(days=days)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(
        name, not_before=ends - timedelta(days=365), not_after=ends
    ).configure_cert(context)
    return context


def _self_signed() -> ssl.SSLContext:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as directory:
        place = Path(directory) / "own.pem"
        authority.private_key_pem.write_to_path(place)
        authority.cert_pem.write_to_path(place, append=True)
        context.load_cert_chain(place)
    return context
