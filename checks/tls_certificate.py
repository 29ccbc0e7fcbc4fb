"""What stands in a certificate (X.509, RFC 5280): names, issuer, dates.

The standard library decodes only certificates that it has verified, and of all others the
operator wants to know just what is wrong with them. So the few fields that are told are read
from the DER bytes here. Nothing is decided on them: whether a chain is good is OpenSSL's word.
"""

from __future__ import annotations

import functools
import hashlib
import ipaddress
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, NamedTuple

from checks.text import one_line

NAMES_LIMIT: Final = 1_000
"""How many names of one certificate are read."""
_NAME_LENGTH: Final = 300
_DAY_S: Final = 86_400.0

_BOOLEAN, _OCTETS, _OID = 0x01, 0x04, 0x06
_UTC_TIME, _BMP, _UNIVERSAL = 0x17, 0x1E, 0x1C
_SEQUENCE, _VERSION, _EXTENSIONS = 0x30, 0xA0, 0xA3
_DNS_NAME, _IP_NAME = 0x82, 0x87
_SUBJECT_ALT_NAME: Final = bytes.fromhex("551d11")
_ATTRIBUTES: Final = {
    bytes.fromhex("550403"): "CN",
    bytes.fromhex("550406"): "C",
    bytes.fromhex("550407"): "L",
    bytes.fromhex("550408"): "ST",
    bytes.fromhex("55040a"): "O",
    bytes.fromhex("55040b"): "OU",
    bytes.fromhex("0992268993f22c640119"): "DC",
    bytes.fromhex("2a864886f70d010901"): "emailAddress",
}
"""The parts of a distinguished name that are told; RFC 4514 has their short names."""


class _Element(NamedTuple):
    tag: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Certificate:
    """One certificate, its texts scrubbed.

    Attributes:
        subject, issuer: Distinguished names, most special part first: `CN=a.example, O=Acme`.
        names: The DNS names and addresses that it is for, in its order.
        fingerprint: SHA-256 of the whole, hexadecimal.
        self_issued: Whether subject and issuer are the same.
    """

    subject: str
    issuer: str
    names: tuple[str, ...]
    not_before: datetime
    not_after: datetime
    fingerprint: str
    self_issued: bool

    def days_left(self, now: datetime) -> float:
        """Days until it ends, two decimals; negative once it has."""
        return round((self.not_after - now).total_seconds() / _DAY_S, 2)

    def covers(self, host: str) -> bool:
        """Whether `host`, a name or an address, is among its names (RFC 6125)."""
        try:
            return str(ipaddress.ip_address(host)) in self.names
        except ValueError:
            asked = _ascii(host).split(".")
        return any(_matches(name.lower().rstrip(".").split("."), asked) for name in self.names)


def _ascii(host: str) -> str:
    host = host.lower().rstrip(".")
    return host if host.isascii() else host.encode("idna").decode("ascii")


def _matches(pattern: Sequence[str], asked: Sequence[str]) -> bool:
    """A wildcard stands for the whole first label, and never right below the top."""
    if pattern[0] == "*" and len(pattern) > 2:
        return list(pattern[1:]) == list(asked[1:])
    return list(pattern) == list(asked)


@functools.lru_cache(maxsize=4096)
def read_certificate(der: bytes) -> Certificate:
    """What `der` says.

    Raises:
        ValueError: It is no certificate.
    """
    fields = _to_be_signed(der)
    issuer, validity, subject = fields[2], fields[3], fields[4]
    first, last = _inside(der, validity)[:2]
    return Certificate(
        subject=_distinguished(der, subject),
        issuer=_distinguished(der, issuer),
        names=_alternative_names(der, fields[6:]),
        not_before=_time(der, first),
        not_after=_time(der, last),
        fingerprint=hashlib.sha256(der).hexdigest(),
        self_issued=der[subject.start : subject.end] == der[issuer.start : issuer.end],
    )


def _to_be_signed(der: bytes) -> list[_Element]:
    """serialNumber, signature, issuer, validity, subject, key, and what is optional."""
    whole = _element(der, 0, len(der))
    signed = _element(der, whole.start, whole.end)
    fields = _inside(der, signed)
    if fields and fields[0].tag == _VERSION:  # version 1 leaves it out
        fields = fields[1:]
    if len(fields) < 6 or fields[3].tag != _SEQUENCE or len(_inside(der, fields[3])) < 2:
        raise ValueError("this is no certificate")
    return fields


def _element(der: bytes, at: int, end: int) -> _Element:
    """The DER element at `at`, which must end before `end`."""
    if at + 2 > end:
        raise ValueError("a certificate ends too early")
    length, start = der[at + 1], at + 2
    if length & 0x80:
        octets = length & 0x7F
        length = int.from_bytes(der[start : start + octets])
        start += octets
    if start + length > end:
        raise ValueError("a certificate ends too early")
    return _Element(der[at], start, start + length)


def _elements(der: bytes, outer: _Element) -> Iterator[_Element]:
    at = outer.start
    while at < outer.end:
        found = _element(der, at, outer.end)
        yield found
        at = found.end


def _inside(der: bytes, outer: _Element) -> list[_Element]:
    return list(_elements(der, outer))


def _time(der: bytes, element: _Element) -> datetime:
    form = "%y%m%d%H%M%SZ" if element.tag == _UTC_TIME else "%Y%m%d%H%M%SZ"
    text = der[element.start : element.end].decode("ascii")
    return datetime.strptime(text, form).replace(tzinfo=UTC)


def _distinguished(der: bytes, name: _Element) -> str:
    """The known parts of a distinguished name; several of one RDN follow each other."""
    parts: list[str] = []
    for relative in _elements(der, name):
        for attribute in _elements(der, relative):
            pair = _inside(der, attribute)
            if len(pair) == 2 and pair[0].tag == _OID:
                word = _ATTRIBUTES.get(der[pair[0].start : pair[0].end])
                if word is not None:
                    parts.append(f"{word}={_text(der, pair[1])}")
    return one_line(", ".join(reversed(parts)), _NAME_LENGTH)


def _text(der: bytes, element: _Element) -> str:
    code = {_BMP: "utf-16-be", _UNIVERSAL: "utf-32-be"}.get(element.tag, "utf-8")
    return der[element.start : element.end].decode(code, "replace")


def _alternative_names(der: bytes, optional: Sequence[_Element]) -> tuple[str, ...]:
    for outer in optional:
        if outer.tag != _EXTENSIONS:
            continue
        for extension in _elements(der, _element(der, outer.start, outer.end)):
            parts = [part for part in _elements(der, extension) if part.tag != _BOOLEAN]
            if len(parts) == 2 and der[parts[0].start : parts[0].end] == _SUBJECT_ALT_NAME:
                return tuple(_general_names(der, parts[1]))
    return ()


def _general_names(der: bytes, value: _Element) -> Iterator[str]:
    if value.tag != _OCTETS:
        return
    names = _elements(der, _element(der, value.start, value.end))
    for _, name in zip(range(NAMES_LIMIT), names, strict=False):
        raw = der[name.start : name.end]
        if name.tag == _DNS_NAME:
            yield one_line(raw.decode("ascii", "replace"), _NAME_LENGTH)
        elif name.tag == _IP_NAME and len(raw) in {4, 16}:
            yield str(ipaddress.ip_address(raw))
