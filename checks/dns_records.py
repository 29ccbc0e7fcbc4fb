"""Names and records in DNS messages, as they are written in zone files.

Names come without the dot at their end and in lower case; what could not stand on a screen, and
a dot inside of a label, is escaped as `\\DDD` or `\\.`, so that an answer is always plain text.
"""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Callable, Mapping
from typing import Any, Final

TYPES: Final[Mapping[str, int]] = {
    "A": 1,
    "NS": 2,
    "CNAME": 5,
    "SOA": 6,
    "PTR": 12,
    "MX": 15,
    "TXT": 16,
    "AAAA": 28,
    "SRV": 33,
    "DS": 43,
    "TLSA": 52,
    "CAA": 257,
}
_NAME_LIMIT: Final = 255
_LABEL_LIMIT: Final = 63
_JUMPS_LIMIT: Final = 32
"""How often a name may be continued elsewhere; real ones do it once or twice."""


class Violation(Exception):
    """Bytes that no DNS message may hold; its text says what is wrong."""


class Reader:
    """Takes a message apart from `at` on; nothing is read beyond its end."""

    def __init__(self, message: bytes, at: int) -> None:
        self._message = message
        self._at = at

    @property
    def left(self) -> int:
        """How many bytes are left."""
        return len(self._message) - self._at

    def bytes(self, count: int) -> bytes:
        """The next `count` bytes.

        Raises:
            Violation: The message ends before.
        """
        if self.left < count:
            raise Violation("it ends too early")
        self._at += count
        return self._message[self._at - count : self._at]

    def numbers(self, form: str) -> tuple[Any, ...]:
        """Numbers as `struct` reads them.

        Raises:
            Violation: The message ends before.
        """
        return struct.unpack(form, self.bytes(struct.calcsize(form)))

    def name(self) -> str:
        """A name, followed to where it is continued.

        Raises:
            Violation: It is broken, too long, or goes in circles.
        """
        labels: list[str] = []
        length, jumps, after = 1, 0, None
        while size := self.bytes(1)[0]:
            if size >= 0xC0:
                target = (size & 0x3F) << 8 | self.bytes(1)[0]
                after = self._at if after is None else after
                jumps += 1
                if target >= self._at - 2 or jumps > _JUMPS_LIMIT:
                    raise Violation("a name in it goes in circles")
                self._at = target
                continue
            length += size + 1
            if size > _LABEL_LIMIT or length > _NAME_LIMIT:
                raise Violation("a name in it is too long")
            labels.append(_plain(self.bytes(size), b".\\"))
        self._at = self._at if after is None else after
        return ".".join(labels).lower() or "."


def encode_name(name: str) -> bytes:
    """A name in ASCII as labels.

    Raises:
        ValueError: A label is empty or too long, or the whole is.
    """
    labels = [] if name in {"", "."} else name.removesuffix(".").split(".")
    encoded = [label.encode("ascii") for label in labels]
    if any(not 0 < len(label) <= _LABEL_LIMIT for label in encoded):
        raise ValueError("a name's labels have 1 to 63 characters")
    found = b"".join(bytes((len(label),)) + label for label in encoded) + b"\0"
    if len(found) > _NAME_LIMIT:
        raise ValueError("a name has at most 253 characters")
    return found


def _plain(raw: bytes, special: bytes = b"") -> str:
    """`raw` as printable ASCII; `special` characters get a backslash, others their number."""
    if raw.isalnum():
        return raw.decode("ascii")
    return "".join(
        f"\\{chr(byte)}" if byte in special else chr(byte) if 32 <= byte < 127 else f"\\{byte:03d}"
        for byte in raw
    )


def show_record(reader: Reader, kind: int, length: int) -> str:
    """The value of the record that the reader stands at, `length` bytes long.

    Raises:
        Violation: It is not what its type asks for.
    """
    show = _SHOWN.get(kind)
    before = reader.left
    if before < length:
        raise Violation("it ends too early")
    if show is None:
        reader.bytes(length)
        return ""
    shown = show(reader, length)
    if before - reader.left != length:
        raise Violation("a record in it has a wrong length")
    return shown


def _address(reader: Reader, length: int) -> str:
    if length not in {4, 16}:
        raise Violation("an address in it has a wrong length")
    return str(ipaddress.ip_address(reader.bytes(length)))


def _name(reader: Reader, _length: int) -> str:
    return reader.name()


def _mx(reader: Reader, _length: int) -> str:
    return f"{reader.numbers('!H')[0]} {reader.name()}"


def _srv(reader: Reader, _length: int) -> str:
    priority, weight, port = reader.numbers("!3H")
    return f"{priority} {weight} {port} {reader.name()}"


def _soa(reader: Reader, _length: int) -> str:
    names = f"{reader.name()} {reader.name()}"
    return " ".join((names, *map(str, reader.numbers("!5I"))))


def _txt(reader: Reader, length: int) -> str:
    """The strings of a TXT record joined, as everybody who publishes long ones means them."""
    whole = Reader(reader.bytes(length), 0)
    parts: list[bytes] = []
    while whole.left:
        parts.append(whole.bytes(whole.bytes(1)[0]))
    text = b"".join(parts).decode("utf-8", "surrogateescape")
    return "".join(
        char if char.isprintable() else "".join(f"\\{byte:03d}" for byte in _raw(char))
        for char in text
    )


def _raw(char: str) -> bytes:
    return char.encode("utf-8", "surrogateescape")


def _caa(reader: Reader, length: int) -> str:
    flags, size = reader.numbers("!2B")
    tag = _plain(reader.bytes(size))
    value = _plain(reader.bytes(max(0, length - 2 - size)), b'"')
    return f'{flags} {tag} "{value}"'


def _ds(reader: Reader, length: int) -> str:
    key, algorithm, digest = reader.numbers("!HBB")
    return f"{key} {algorithm} {digest} {reader.bytes(max(0, length - 4)).hex()}"


def _tlsa(reader: Reader, length: int) -> str:
    usage, selector, matching = reader.numbers("!3B")
    return f"{usage} {selector} {matching} {reader.bytes(max(0, length - 3)).hex()}"


_SHOWN: Final[Mapping[int, Callable[[Reader, int], str]]] = {
    TYPES["A"]: _address,
    TYPES["NS"]: _name,
    TYPES["CNAME"]: _name,
    TYPES["SOA"]: _soa,
    TYPES["PTR"]: _name,
    TYPES["MX"]: _mx,
    TYPES["TXT"]: _txt,
    TYPES["AAAA"]: _address,
    TYPES["SRV"]: _srv,
    TYPES["DS"]: _ds,
    TYPES["TLSA"]: _tlsa,
    TYPES["CAA"]: _caa,
}
