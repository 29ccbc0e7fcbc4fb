"""From a plain connection to the point where TLS may begin: STARTTLS and its kin.

Each protocol has its own way to ask; what they share is that nothing may be said in the clear
after the yes, because it would be taken for something said under TLS.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Final, Literal

from checks.errors import ProbeError
from checks.result import Fault
from checks.stream import Stream
from checks.text import one_line

Upgrade = Literal["smtp", "imap", "pop3", "ftp", "ldap", "postgres", "mysql"]

PORTS: Final[Mapping[str, int]] = MappingProxyType(
    {
        "smtp": 25,
        "imap": 143,
        "pop3": 110,
        "ftp": 21,
        "ldap": 389,
        "postgres": 5432,
        "mysql": 3306,
    }
)
"""Where each protocol is usually spoken in the clear."""

_LINES_LIMIT: Final = 100
_PACKET_LIMIT: Final = 4_096
_REPLY: Final = re.compile(r"(\d{3})(?:([ -])(.*))?")
_POSTGRES_REQUEST: Final = struct.pack("!ii", 8, 80_877_103)
_LDAP_REQUEST: Final = bytes.fromhex("301d02010177188016") + b"1.3.6.1.4.1.1466.20037"
_LDAP_ANSWER: Final = re.compile(
    rb"\x02\x01\x01\x78(?:[\x00-\x7f]|\x81.|\x82..|\x84....)\x0a\x01(.)", re.DOTALL
)
"""An extended response to message 1, up to its result code."""
_MYSQL_SSL: Final = 0x0800
_MYSQL_REQUEST: Final = struct.pack("<IIB23x", 0x8000 | _MYSQL_SSL | 0x0200 | 1, 1 << 24, 33)


async def upgrade(stream: Stream, protocol: Upgrade) -> None:
    """Ask for TLS and wait for the yes.

    Raises:
        ProbeError: The target does not offer it, or does not speak `protocol`.
    """
    await _WAYS[protocol](stream)
    if stream.waiting_bytes:
        raise ProbeError(
            Fault.PROTOCOL, f"{stream.words} said more in the clear after it agreed to TLS"
        )


def _strange(stream: Stream, protocol: str, said: str) -> ProbeError:
    shown = f'"{one_line(said, 80)}"' if said else "nothing"
    return ProbeError(Fault.PROTOCOL, f"{stream.words} does not speak {protocol}: it said {shown}")


def _without(stream: Stream, protocol: str, said: str = "") -> ProbeError:
    shown = f': it said "{one_line(said, 80)}"' if said else ""
    return ProbeError(Fault.TLS, f"{stream.words} offers no TLS over {protocol}{shown}")


async def _numbered(stream: Stream, protocol: str) -> tuple[int, list[str]]:
    """A reply of SMTP or FTP: its code, and the texts of its lines."""
    texts: list[str] = []
    code = ""
    for _ in range(_LINES_LIMIT):
        line = await stream.read_line()
        found = _REPLY.fullmatch(line)
        if found is None and not code:
            raise _strange(stream, protocol, line)
        code = code or (found[1] if found is not None else "")
        texts.append((found[3] or "") if found is not None else line)
        if found is not None and found[1] == code and found[2] != "-":
            return int(code), texts
    raise ProbeError(Fault.PROTOCOL, f"{stream.words} does not end its reply {code}")


async def _greeted(stream: Stream, protocol: str) -> None:
    code, texts = await _numbered(stream, protocol)
    if code != 220:
        said = one_line(f"{code} {texts[-1]}", 80)
        raise ProbeError(Fault.REFUSED, f'{stream.words} turns us away: "{said}"')


async def _smtp(stream: Stream) -> None:
    await _greeted(stream, "SMTP")
    address = stream.local_address
    stream.write(f"EHLO [{'IPv6:' if ':' in address else ''}{address}]\r\n".encode("ascii"))
    code, texts = await _numbered(stream, "SMTP")
    if code != 250 or "STARTTLS" not in {text.strip().upper() for text in texts[1:]}:
        raise _without(stream, "SMTP", "" if code == 250 else f"{code} {texts[-1]}")
    stream.write(b"STARTTLS\r\n")
    code, texts = await _numbered(stream, "SMTP")
    if code != 220:
        raise _without(stream, "SMTP", f"{code} {texts[-1]}")


async def _ftp(stream: Stream) -> None:
    await _greeted(stream, "FTP")
    stream.write(b"AUTH TLS\r\n")
    code, texts = await _numbered(stream, "FTP")
    if code != 234:
        raise _without(stream, "FTP", f"{code} {texts[-1]}")


async def _pop3(stream: Stream) -> None:
    greeting = await stream.read_line()
    if not greeting.startswith("+OK"):
        raise _strange(stream, "POP3", greeting)
    stream.write(b"STLS\r\n")
    answer = await stream.read_line()
    if not answer.startswith("+OK"):
        raise _without(stream, "POP3", answer)


async def _imap(stream: Stream) -> None:
    greeting = await stream.read_line()
    if not greeting.upper().startswith("* OK"):
        raise _strange(stream, "IMAP", greeting)
    stream.write(b"t1 STARTTLS\r\n")
    for _ in range(_LINES_LIMIT):
        answer = await stream.read_line()
        if answer.upper().startswith("T1 OK"):
            return
        if not answer.startswith("*"):
            raise _without(stream, "IMAP", answer)
    raise ProbeError(Fault.PROTOCOL, f"{stream.words} does not answer STARTTLS")


async def _postgres(stream: Stream) -> None:
    stream.write(_POSTGRES_REQUEST)
    answer = await stream.read_exactly(1)
    if answer == b"N":
        raise _without(stream, "PostgreSQL")
    if answer != b"S":
        said = answer.decode("latin-1")
        raise _strange(stream, "PostgreSQL", said)


async def _mysql(stream: Stream) -> None:
    header = await stream.read_exactly(4)
    length = int.from_bytes(header[:3], "little")
    if not 0 < length <= _PACKET_LIMIT or header[3] != 0:
        raise _strange(stream, "MySQL", header.decode("latin-1"))
    greeting = await stream.read_exactly(length)
    if greeting[0] == 0xFF:
        said = greeting[3:].decode("utf-8", "replace")
        raise ProbeError(Fault.REFUSED, f'{stream.words} turns us away: "{one_line(said, 120)}"')
    version_end = greeting.find(b"\0", 1)
    flags = greeting[version_end + 14 : version_end + 16]  # thread, salt and filler stand before
    if greeting[0] != 10 or version_end < 0 or len(flags) < 2:
        raise _strange(stream, "MySQL", greeting[:40].decode("latin-1"))
    if not int.from_bytes(flags, "little") & _MYSQL_SSL:
        raise _without(stream, "MySQL")
    stream.write(len(_MYSQL_REQUEST).to_bytes(3, "little") + b"\x01" + _MYSQL_REQUEST)


async def _ldap(stream: Stream) -> None:
    stream.write(_LDAP_REQUEST)
    tag, length = await stream.read_exactly(2)
    if tag == 0x30 and length & 0x80:
        octets = length & 0x7F
        length = int.from_bytes(await stream.read_exactly(octets)) if octets <= 4 else 0
    if tag != 0x30 or not 0 < length <= _PACKET_LIMIT:
        raise _strange(stream, "LDAP", bytes((tag,)).decode("latin-1"))
    message = await stream.read_exactly(length)
    code = _LDAP_ANSWER.match(message)
    if code is None:
        raise _strange(stream, "LDAP", message[:40].decode("latin-1"))
    if code[1] != b"\0":
        raise _without(stream, "LDAP", f"result code {code[1][0]}")


_WAYS: Final[Mapping[Upgrade, Callable[[Stream], Awaitable[None]]]] = {
    "smtp": _smtp,
    "imap": _imap,
    "pop3": _pop3,
    "ftp": _ftp,
    "ldap": _ldap,
    "postgres": _postgres,
    "mysql": _mysql,
}
