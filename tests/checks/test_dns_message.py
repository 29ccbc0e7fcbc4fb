"""DNS messages: what is written is what the definitions say, and hostile ones cost little."""

from __future__ import annotations

import struct
import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.dns_message import Mismatch, Question, encode_question, read_answer
from checks.dns_records import TYPES, Reader, Violation, encode_name, show_record

ASKED = Question("www.example.org", "A")


def head(
    flags: int = 0x8180,
    *,
    number: int = 7,
    asked: Question = ASKED,
    counts: tuple[int, ...] = (0, 0, 0),
) -> bytes:
    question = encode_name(asked.name) + struct.pack("!2H", TYPES[asked.record], 1)
    return struct.pack("!6H", number, flags, 1, *counts) + question


def record(owner: bytes, kind: int, data: bytes, *, ttl: int = 300, family: int = 1) -> bytes:
    return owner + struct.pack("!HHIH", kind, family, ttl, len(data)) + data


POINTER = b"\xc0\x0c"
"""To the name of the question."""


def test_a_question_is_encoded_as_the_definition_says() -> None:
    assert encode_question(ASKED, 0x1234, edns=False) == bytes.fromhex(
        "12340120000100000000000003777777076578616d706c65036f72670000010001"
    )
    assert encode_question(ASKED, 1)[-11:] == bytes.fromhex("00002904d0000000000000")


def test_an_alias_is_followed_to_the_records_of_its_end() -> None:
    edge = encode_name("edge.example.net")
    message = head(counts=(4, 0, 0)) + b"".join(
        [
            record(edge, 1, bytes((192, 0, 2, 9)), ttl=30),
            record(POINTER, 5, edge),
            record(encode_name("bank.example"), 1, bytes((198, 51, 100, 1))),
            record(edge, 1, bytes((192, 0, 2, 8)), family=3),
        ]
    )
    found = read_answer(message, ASKED, 7)
    assert found.aliases == ("edge.example.net",)
    assert [(one.data, one.ttl) for one in found.records] == [("192.0.2.9", 30)]
    assert (found.rcode, found.truncated, found.authentic, found.authoritative) == (
        "NOERROR",
        False,
        False,
        False,
    )


def test_flags_and_codes_are_told() -> None:
    found = read_answer(head(0x8423 | 0x0080), ASKED, 7)
    assert (found.rcode, found.authoritative, found.authentic) == ("NXDOMAIN", True, True)
    assert read_answer(head(0x858E), ASKED, 7).rcode == "RCODE14"
    assert read_answer(head(0x8380), ASKED, 7).truncated


def test_an_explanation_of_the_server_is_told() -> None:
    option = struct.pack("!3H", 15, 2 + 7, 6) + b"expired"
    opt = b"\0" + struct.pack("!HHIH", 41, 1232, 1 << 24, len(option)) + option
    found = read_answer(head(0x8182, counts=(0, 0, 1)) + opt, ASKED, 7)
    assert (found.explanation, found.edns, found.rcode) == (
        "DNSSEC bogus: expired",
        True,
        "RCODE18",
    )


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (b"", "too short"),
        (head(number=8), "another number"),
        (head(0x0100), "a question"),
        (head(asked=Question("evil.example", "A")), "another question was answered"),
        (head(asked=Question("www.example.org", "AAAA")), "another question was answered"),
        (struct.pack("!6H", 7, 0x8180, 0, 0, 0, 0), "repeats 0 questions"),
        (head()[:-3], "cannot be read"),
    ],
)
def test_what_answers_something_else_is_no_answer(message: bytes, words: str) -> None:
    with pytest.raises(Mismatch, match=words):
        read_answer(message, ASKED, 7)


def test_the_case_of_a_name_is_of_no_matter() -> None:
    message = head().replace(b"example", b"eXAMPle")
    assert read_answer(message, ASKED, 7).rcode == "NOERROR"


def test_a_refusal_need_not_repeat_the_question() -> None:
    assert read_answer(struct.pack("!6H", 7, 0x8185, 0, 0, 0, 0), ASKED, 7).rcode == "REFUSED"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (record(b"\xc0\x21", 1, bytes(4)), "in circles"),
        (record(b"\x01a\xc0\x21", 1, bytes(4)), "in circles"),
        (record(b"\xff\xff", 1, bytes(4)), "in circles"),
        (record(POINTER, 1, bytes(5)), "wrong length"),
        (record(POINTER, 5, POINTER + b"x"), "wrong length"),
        (record(POINTER, 16, b"\x05abc"), "too early"),
        (record(POINTER, 1, bytes(4))[:-1], "too early"),
        (record(b"\x7f" + b"a" * 127 + b"\0", 1, bytes(4)), "too long"),
        (record(b"\x3f" + b"a" * 63 + (b"\x3f" + b"a" * 63) * 4 + b"\0", 1, b""), "too long"),
    ],
)
def test_a_broken_answer_is_named(body: bytes, words: str) -> None:
    with pytest.raises(Violation, match=words):
        read_answer(head(counts=(1, 0, 0)) + body, ASKED, 7)


def test_too_many_records_are_not_read() -> None:
    with pytest.raises(Violation, match="holds 65535 records; 1000 are read"):
        read_answer(head(counts=(65535, 0, 0)), ASKED, 7)


def test_a_bomb_of_compressed_names_is_read_in_no_time() -> None:
    steps = b"".join(b"\x01a" + struct.pack("!H", 0xC000 | 33 + 4 * n) for n in range(30))
    start = b"\x01a\0\0" + steps
    first = record(b"\0", 16, start + bytes(255 - len(start) % 255), ttl=1)
    last = struct.pack("!H", 0xC000 | 33 + 11)
    many = record(last, 5, last) * 999
    began = time.perf_counter()
    with suppress(Violation):  # either is good: what counts is that it ends soon
        read_answer(head(counts=(1000, 0, 0)) + first + many, ASKED, 7)
    assert time.perf_counter() - began < 1.0


@given(st.binary(max_size=600), st.integers(0, 60))
def test_any_bytes_are_an_answer_or_a_named_fault(noise: bytes, count: int) -> None:
    for message in (noise, head(counts=(count, 1, 1)) + noise):
        try:
            read_answer(message, ASKED, 7)
        except (Mismatch, Violation) as told:
            assert str(told)  # noqa: PT017  # both ways out are allowed


@pytest.mark.parametrize(
    ("kind", "data", "shown"),
    [
        ("AAAA", bytes.fromhex("20010db8" + "0" * 23 + "1"), "2001:db8::1"),
        ("NS", encode_name("NS1.Example.org"), "ns1.example.org"),
        ("PTR", b"\0", "."),
        ("MX", b"\0\x0a" + encode_name("mail.example.org"), "10 mail.example.org"),
        ("SRV", struct.pack("!3H", 1, 2, 443) + encode_name("a.b"), "1 2 443 a.b"),
        ("TXT", b"\x03v=s\x04pf1 ", "v=spf1 "),
        ("TXT", b"\x06\x1b[31m\xff", "\\027[31m\\255"),
        ("TXT", b"\x03\xc3\xa4x", "äx"),
        ("CAA", b"\0\x05issueca.example", '0 issue "ca.example"'),
        ("DS", b"\x12\x34\x08\x02\xab", "4660 8 2 ab"),
        ("TLSA", b"\x03\x01\x01\xcd", "3 1 1 cd"),
        (
            "SOA",
            encode_name("ns.x") + encode_name("adm.x") + struct.pack("!5I", 2026, 1, 2, 3, 4),
            "ns.x adm.x 2026 1 2 3 4",
        ),
        ("CNAME", b"\x05a.b\x1bc\x01\\\0", "a\\.b\\027c.\\\\"),
    ],
)
def test_records_are_shown_as_in_a_zone_file(kind: str, data: bytes, shown: str) -> None:
    assert show_record(Reader(data, 0), TYPES[kind], len(data)) == shown


@pytest.mark.parametrize("name", ["a..b", ".a", "a" * 64, ".".join(["abcdefg"] * 32)])
def test_a_name_that_cannot_be_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="a name"):
        encode_name(name)
