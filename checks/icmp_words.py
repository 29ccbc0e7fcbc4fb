"""What an ICMP error says, in an operator's words (RFC 792, RFC 1122, RFC 4443)."""

from __future__ import annotations

import socket
import sys
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

_UNREACHABLE_4: Final[Mapping[int, str]] = MappingProxyType(
    {
        0: "network unreachable",
        1: "host unreachable",
        2: "protocol unreachable",
        3: "port unreachable",
        4: "the packet is too big for the path",
        5: "source route failed",
        6: "network unknown",
        7: "host unknown",
        9: "network administratively prohibited",
        10: "host administratively prohibited",
        13: "administratively filtered",
    }
)
_UNREACHABLE_6: Final[Mapping[int, str]] = MappingProxyType(
    {
        0: "no route to the host",
        1: "administratively prohibited",
        2: "beyond the scope of the source address",
        3: "host unreachable",
        4: "port unreachable",
        5: "source address refused by policy",
        6: "route rejected",
    }
)


def error_words(family: int, sort: int, code: int) -> str:
    """What an ICMP error of this type and code means."""
    return (_words_4 if family == socket.AF_INET else _words_6)(sort, code)


def _words_4(sort: int, code: int) -> str:
    if sort == 3:
        return _UNREACHABLE_4.get(code, f"unreachable (code {code})")
    if sort == 11:
        return "time to live exceeded (a routing loop?)"
    return f"parameter problem (code {code})" if sort == 12 else f"ICMP error {sort}, code {code}"


def _words_6(sort: int, code: int) -> str:
    if sort == 1:
        return _UNREACHABLE_6.get(code, f"unreachable (code {code})")
    if sort == 2:
        return "the packet is too big for the path"
    if sort == 3:
        return "hop limit exceeded (a routing loop?)"
    return f"parameter problem (code {code})" if sort == 4 else f"ICMP error {sort}, code {code}"


def address_of(place: bytes) -> str:
    """The address in the kernel's `sockaddr` behind an extended error."""
    family = int.from_bytes(place[:2], sys.byteorder) if len(place) >= 8 else 0
    if family == socket.AF_INET:
        return socket.inet_ntop(socket.AF_INET, place[4:8])
    if family == socket.AF_INET6 and len(place) >= 24:
        return socket.inet_ntop(socket.AF_INET6, place[8:24])
    return ""
