"""DNS messages (RFC 1035): a question into bytes, an answer out of them.

An own reader, since what a check needs of it is small, and an answer is hostile input whose
cost must be bounded: names jump backwards only and a bounded number of times, and the records
that are read are counted. Everything here is pure; `checks.dns_query` does the asking.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

from checks.dns_records import TYPES, Reader, Violation, encode_name, show_record

RECORD_LIMIT: Final = 1_000
"""How many records of one answer are read."""
UDP_SIZE: Final = 1_232
"""The largest answer asked for over UDP: what no network on the way breaks up."""

RCODES: Final = {
    0: "NOERROR",
    1: "FORMERR",
    2: "SERVFAIL",
    3: "NXDOMAIN",
    4: "NOTIMP",
    5: "REFUSED",
    6: "YXDOMAIN",
    7: "YXRRSET",
    8: "NXRRSET",
    9: "NOTAUTH",
    10: "NOTZONE",
    16: "BADVERS",
}
_REASONS: Final = {
    3: "stale answer",
    6: "DNSSEC bogus",
    7: "signature expired",
    8: "signature not yet valid",
    9: "DNSKEY missing",
    10: "signatures missing",
    13: "cached error",
    14: "not ready",
    15: "blocked",
    16: "censored",
    17: "filtered",
    18: "prohibited",
    20: "not authoritative",
    22: "no reachable authority",
    23: "network error",
}
"""The usual codes of RFC 8914."""
_ANSWER, _AUTHORITATIVE, _TRUNCATED, _WANT_RECURSION = 0x8000, 0x0400, 0x0200, 0x0100
_AUTHENTIC: Final = 0x0020
_INTERNET, _OPT, _CNAME = 1, 41, 5
_EXTENDED_ERROR: Final = 15
_HEADER: Final = struct.Struct("!6H")


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked.

    Attributes:
        name: Without the dot at its end, lower-case, in ASCII.
        record: The word for the type: `MX`.
    """

    name: str
    record: str


@dataclass(frozen=True, slots=True)
class Record:
    """A record of the answer section; `data` is its value as it is written in a zone file."""

    owner: str
    type: int
    ttl: int
    data: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered.

    Attributes:
        truncated: There is more than fitted; it must be asked for over TCP.
        authentic: The server says that it verified DNSSEC signatures (AD).
        aliases: The CNAMEs that were followed from the name asked for.
        records: Those of the type asked for, of the name or its last alias.
        explanation: What the server says of an error (RFC 8914), or "".
        edns: Whether it understood our extension (EDNS).
    """

    rcode: str
    authoritative: bool
    truncated: bool
    authentic: bool
    aliases: tuple[str, ...]
    records: tuple[Record, ...]
    explanation: str
    edns: bool


class Mismatch(Exception):
    """It is no answer to the question; its text says why. It may come from anybody."""


def encode_question(question: Question, number: int, *, edns: bool = True) -> bytes:
    """The message that asks `question`, numbered to recognise the answer."""
    header = _HEADER.pack(number, _WANT_RECURSION | _AUTHENTIC, 1, 0, 0, 1 if edns else 0)
    asked = encode_name(question.name) + struct.pack("!2H", TYPES[question.record], _INTERNET)
    return header + asked + (struct.pack("!BHHIH", 0, _OPT, UDP_SIZE, 0, 0) if edns else b"")


def read_answer(message: bytes, question: Question, number: int) -> Answer:
    """The answer to `question` that `message` holds.

    Raises:
        Mismatch: It answers something else.
        Violation: It is an answer, but broken.
    """
    if len(message) < _HEADER.size:
        raise Mismatch("what came is too short for an answer")
    found, flags, questions, *counts = _HEADER.unpack_from(message)
    if found != number:
        raise Mismatch("the answer has another number than the question")
    if not flags & _ANSWER:
        raise Mismatch("what came is a question")
    reader = Reader(message, _HEADER.size)
    _compare(reader, question, questions, flags & 0xF)
    if sum(counts) > RECORD_LIMIT:
        raise Violation(f"it says that it holds {sum(counts)} records; {RECORD_LIMIT} are read")
    truncated = bool(flags & _TRUNCATED)
    records: list[Record] = []
    high, explanation, edns = 0, "", False
    if not truncated:  # what is cut off is asked for again
        records = [record for _ in range(counts[0]) if (record := _read(reader)) is not None]
        high, explanation, edns = _extension(reader, counts[1] + counts[2])
    code = flags & 0xF | high << 4
    aliases, asked_for = _follow(records, question)
    return Answer(
        rcode=RCODES.get(code, f"RCODE{code}"),
        authoritative=bool(flags & _AUTHORITATIVE),
        truncated=truncated,
        authentic=bool(flags & _AUTHENTIC),
        aliases=aliases,
        records=asked_for,
        explanation=explanation,
        edns=edns,
    )


def _compare(reader: Reader, question: Question, count: int, code: int) -> None:
    if count == 0 and code not in {0, 3}:
        return  # a server that could not or would not read the question need not repeat it
    if count != 1:
        raise Mismatch(f"the answer repeats {count} questions")
    try:
        name = reader.name()
        kind, family = reader.numbers("!2H")
    except Violation:
        raise Mismatch("the answer's question cannot be read") from None
    if (name.lower(), kind, family) != (question.name, TYPES[question.record], _INTERNET):
        raise Mismatch("another question was answered")


def _read(reader: Reader) -> Record | None:
    """The next record; None for what is not of the Internet's class."""
    owner = reader.name()
    kind, family, ttl, length = reader.numbers("!HHIH")
    data = show_record(reader, kind, length)
    return Record(owner.lower(), kind, ttl, data) if family == _INTERNET else None


def _follow(
    records: list[Record], question: Question
) -> tuple[tuple[str, ...], tuple[Record, ...]]:
    """The aliases from the question's name on, and the records of the type at their end.

    Records of other names are not asked for, whatever a server adds.
    """
    kind, name = TYPES[question.record], question.name
    next_of = {one.owner: one.data for one in records if one.type == _CNAME}
    aliases: list[str] = []
    while kind != _CNAME and name in next_of and len(aliases) < len(next_of):
        name = next_of[name]
        aliases.append(name)
    asked_for = tuple(one for one in records if one.type == kind and one.owner == name)
    return tuple(aliases), asked_for


def _extension(reader: Reader, count: int) -> tuple[int, str, bool]:
    """The high bits of the code, the explanation, and whether there is an OPT record."""
    for _ in range(count):
        reader.name()
        kind, _, ttl, length = reader.numbers("!HHIH")
        options = reader.bytes(length)
        if kind == _OPT:
            return ttl >> 24, _explanation(options), True
    return 0, "", False


def _explanation(options: bytes) -> str:
    inner = Reader(options, 0)
    while inner.left >= 4:
        code, length = inner.numbers("!2H")
        value = inner.bytes(length)
        if code == _EXTENDED_ERROR and length >= 2:
            number = int.from_bytes(value[:2])
            text = value[2:].decode("utf-8", "replace")
            return f"{_REASONS.get(number, f'reason {number}')}{f': {text}' if text else ''}"
    return ""
