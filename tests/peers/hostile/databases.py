"""Database servers gone wrong: they stop in the middle, lie about lengths, and ask for too much.

The names begin with the protocol they pretend to speak: `pg`, `my`, `redis`.
"""

from __future__ import annotations

import asyncio
import itertools
import struct

from tests.peers.hostile.script import Script, drips, pours, says
from tests.peers.hostile.streams import CONTROLS, GARBAGE


def _pg(mark: bytes, payload: bytes) -> bytes:
    """A PostgreSQL message (manual, "Message Formats")."""
    return mark + struct.pack("!i", len(payload) + 4) + payload


_PG_IN = (
    _pg(b"R", bytes(4))
    + _pg(b"S", b"server_version\x0015.4\0")
    + _pg(b"K", bytes(8))
    + _pg(b"Z", b"I")
)
_PG_REFUSED = _pg(
    b"E",
    b"SFATAL\0C28P01\0M" + CONTROLS.decode("ascii", "ignore").replace("\0", "").encode() + b"\0\0",
)
_PG_NOTICE = _pg(b"N", b"SNOTICE\0C00000\0Mhello\0\0")

POSTGRES: dict[str, Script] = {
    "pg_enormous": pours(b"R" + struct.pack("!i", 2**31 - 1), bytes(65_536)),
    "pg_negative": says(b"R" + struct.pack("!i", -5) + bytes(100)),
    "pg_unknown_message": says(_pg(b"?", b"what") + _PG_IN),
    "pg_unknown_login": says(_pg(b"R", struct.pack("!i", 99))),
    "pg_short_message": says(_pg(b"R", b"\0")),
    "pg_broken_error": says(_pg(b"E", b"SFAT")),
    "pg_refuses_with_controls": says(_PG_REFUSED, then="close"),
    "pg_broken_scram": says(
        _pg(b"R", struct.pack("!i", 10) + b"SCRAM-SHA-256\0\0"),
        _pg(b"R", struct.pack("!i", 11) + b"r=,s=%%%,i=none"),
    ),
    "pg_stops_in_login": says(_pg(b"R", bytes(4))),
    "pg_drips_login": drips(_pg(b"R", bytes(4))),
    "pg_notices": pours(_pg(b"R", bytes(4)), _PG_NOTICE * 1000),
    "pg_stops_in_query": says(_PG_IN),
    "pg_closes_in_query": says(_PG_IN, b"", then="close"),
    "pg_resets_in_query": says(_PG_IN, b"", then="reset"),
    "pg_garbage_in_query": says(_PG_IN, GARBAGE),
    "pg_enormous_row": says(_PG_IN, b"D" + struct.pack("!i", 2**31 - 1) + bytes(2**22)),
    "pg_floods_query": pours(_PG_IN, _PG_NOTICE * 1000),
    "pg_tls_stalls": says(b"S"),
    "pg_tls_in_plain": says(b"S" + _PG_IN),
    "pg_tls_refused": says(b"N"),
    "pg_tls_error": says(b"E" + CONTROLS, then="close"),
}


def _my(sequence: int, payload: bytes) -> bytes:
    """A MySQL packet."""
    return struct.pack("<I", len(payload))[:3] + bytes([sequence % 256]) + payload


def _greeting(
    version: bytes = b"5.7.44", plugin: bytes = b"mysql_native_password", capabilities: int = 0xF7FF
) -> bytes:
    """Handshake, version 10, with all capabilities but TLS unless told otherwise."""
    low, high = struct.pack("<H", capabilities), struct.pack("<H", 0x00FF)
    return _my(
        0,
        b"\x0a" + version + b"\0" + bytes(4) + b"saltsalt" + b"\0" + low
        + b"\x21" + struct.pack("<H", 2) + high + b"\x15" + bytes(10) + b"saltsaltsalt\0"
        + plugin + b"\0",
    )  # fmt: skip


_OK = b"\0\0\0" + struct.pack("<H", 2) + bytes(2)
_MY_IN = (_greeting(), _my(2, _OK), _my(1, _OK))
"""Greeting, good login, good first statement."""


async def _my_enormous(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A greeting of packets that go on and on."""
    body = bytes(0xFFFFFF)
    for sequence in itertools.count():
        writer.write(b"\xff\xff\xff" + bytes([sequence % 256]))
        writer.write(body)
        await writer.drain()


async def _my_rows(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Rows without end."""
    for answer in _MY_IN:
        writer.write(answer)
        await reader.read(65_536)
    column = b"\x03def" + b"\0" * 3 + b"\x01n\x01n\x0c" + struct.pack("<HIBHB", 33, 10, 253, 0, 0)
    end = b"\xfe\0\0\x02\0"
    writer.write(_my(1, b"\x01") + _my(2, column + b"\0\0") + _my(3, end))
    for sequence in itertools.count(4):
        writer.write(_my(sequence, b"\x05hello"))
        if sequence % 1000 == 0:
            await writer.drain()


MYSQL: dict[str, Script] = {
    "my_stops_in_greeting": says(_greeting()[:20], asked=False),
    "my_empty_packet": says(_my(0, b""), asked=False),
    "my_short_greeting": says(_my(0, b"\x0a"), asked=False),
    "my_no_version": says(_greeting(version=b"latest"), asked=False),
    "my_unknown_plugin": says(_greeting(plugin=b"\xff\xfe"), asked=False),
    "my_wrong_sequence": says(b"\x01\0\0\x63x", asked=False),
    "my_enormous": _my_enormous,
    "my_refuses_with_controls": says(
        _my(0, b"\xff" + struct.pack("<H", 1045) + b"#28000" + CONTROLS), asked=False
    ),
    "my_broken_error": says(_my(0, b"\xff"), asked=False),
    "my_wants_clear_text": says(_greeting(plugin=b"mysql_clear_password"), asked=False),
    "my_switches_to_clear_text": says(
        _greeting(), _my(2, b"\xfemysql_clear_password\0"), asked=False
    ),
    "my_switches_to_nonsense": says(_greeting(), _my(2, b"\xfe\xff\xff\0"), asked=False),
    "my_stops_in_login": says(_greeting(), asked=False),
    "my_resets_in_login": says(_greeting(), b"", asked=False, then="reset"),
    "my_stops_in_query": says(*_MY_IN, asked=False),
    "my_resets_in_query": says(*_MY_IN, b"", asked=False, then="reset"),
    "my_garbage_in_query": says(*_MY_IN, GARBAGE, asked=False),
    "my_wants_a_file": says(*_MY_IN, _my(1, b"\xfb/etc/passwd"), asked=False),
    "my_columns_without_number": says(*_MY_IN, _my(1, b"\xfe" + b"\xff" * 8), asked=False),
    "my_rows_without_end": _my_rows,
    "my_tls_stalls": says(_greeting(capabilities=0xFFFF), b"", asked=False),
    "my_tls_garbage": says(_greeting(capabilities=0xFFFF), GARBAGE, asked=False),
}

REDIS: dict[str, Script] = {
    "redis_bulk_of_10_gb": pours(b"$10737418240\r\n", b"x" * 65_536),
    "redis_bulk_that_never_ends": drips(b"x", head=b"$1048000\r\n" + b"x" * 1_000_000),
    "redis_negative_bulk": says(b"$-7\r\n"),
    "redis_bulk_of_words": says(b"$ten\r\nx\r\n"),
    "redis_array_of_millions": says(b"*99999999\r\n"),
    "redis_array_in_array": pours(b"", b"*1\r\n" * 1000),
    "redis_array_that_drips": drips(b":1\r\n", head=b"*262144\r\n" + b":1\r\n" * 200_000),
    "redis_line_without_end": pours(b"+", b"x" * 65_536),
    "redis_error_with_controls": says(b"-ERR " + CONTROLS.replace(b"\r\r", b"") + b"\r\n"),
    "redis_controls": says(b"+" + CONTROLS.replace(b"\r\r", b"") + b"\r\n"),
    "redis_number_too_long": says(b":" + b"9" * 5000 + b"\r\n"),
    "redis_stops_in_reply": says(b"$10\r\nabc"),
    "redis_closes_in_reply": says(b"$10\r\nabc", then="close"),
    "redis_resets_in_reply": says(b"$10\r\nabc", then="reset"),
    "redis_answers_first": says(b"+PONG\r\n", asked=False),
}

SCRIPTS: dict[str, Script] = {**POSTGRES, **MYSQL, **REDIS}
