"""The dns kind against name servers that mean it harm, over TCP and by datagrams."""

from __future__ import annotations

import struct

import pytest

from checks.result import Fault
from tests.checks.endurance import Case, endure
from tests.peers.hostile import Hostile
from tests.peers.nameserver import Script, record, start_nameserver

pytestmark = pytest.mark.asyncio(loop_factories=["uvloop"])

QUERY = "www.example.org"
SILENCE = "^no answer from .* to www.example.org A"
CLOSED = "closed the connection in the middle"
OTHER = "the answer has another number than the question"
SHORT = "what came is too short for an answer"

TCP = [
    Case("silent", Fault.TIMEOUT, SILENCE),
    Case("never_accepted", Fault.TIMEOUT, SILENCE),
    Case("resets", Fault.RESET, "the connection was reset"),
    Case("closes", Fault.RESET, CLOSED),
    Case("resets_when_asked", Fault.RESET, "the connection was reset"),
    Case("echoes", Fault.PROTOCOL, "what came is a question"),
    Case("garbage", Fault.PROTOCOL, OTHER),
    Case("zeros", Fault.PROTOCOL, SHORT),
    Case("line_without_end", Fault.PROTOCOL, OTHER),
    Case("drips", Fault.TIMEOUT, SILENCE),
    Case("controls", Fault.RESET, CLOSED),
    Case("speaks_out_of_turn", Fault.RESET, CLOSED),
    Case("dns_stops_in_length", Fault.TIMEOUT, SILENCE),
    Case("dns_stops_in_answer", Fault.TIMEOUT, SILENCE),
    Case("dns_closes_in_answer", Fault.RESET, CLOSED),
    Case("dns_resets_in_answer", Fault.RESET, "the connection was reset"),
    Case("dns_empty_answer", Fault.PROTOCOL, SHORT),
    Case("dns_empty_answers", Fault.PROTOCOL, SHORT),
    Case("dns_other_answers", Fault.PROTOCOL, OTHER),
    Case("dns_drips", Fault.TIMEOUT, SILENCE),
]
TEXT = record(16, b"\xff" + b"x" * 255)
LIES: list[tuple[Case, Script]] = [
    (Case("nothing", Fault.TIMEOUT, SILENCE), lambda _: []),
    (Case("echo", Fault.TIMEOUT, "what came is a question"), lambda asked: [asked.message]),
    (Case("empty", Fault.TIMEOUT, SILENCE), lambda _: [b""]),
    (Case("a_byte", Fault.TIMEOUT, SHORT), lambda _: [b"\0"]),
    (
        Case("flood_of_other_numbers", Fault.TIMEOUT, OTHER),
        lambda asked: [asked.answer(number=int.from_bytes(asked.message[:2]) ^ n)
                       for n in range(1, 2_000)],
    ),
    (Case("largest", Fault.QUERY, "knows no"), lambda asked: [asked.answer(*[TEXT] * 200)]),
    (
        Case("alias_of_itself", Fault.QUERY, "an alias of www.example.org"),
        lambda asked: [asked.answer(record(5, b"\xc0\x0c"))],
    ),
    (
        Case("alias_with_controls", Fault.QUERY, r"an alias of \\027\]0;x\\007"),
        lambda asked: [asked.answer(record(5, b"\x08\x1b]0;x\x07\xff\xc2\x00"))],
    ),
    (
        Case("counts_that_lie", Fault.TIMEOUT, "the answer repeats 65535 questions"),
        lambda asked: [
            asked.message[:2] + struct.pack("!5H", 0x8180, *[65_535] * 4) + asked.question
        ],
    ),
    (
        Case("cut_off_everywhere", Fault.PROTOCOL, "it is cut off, over TCP"),
        lambda asked: [asked.answer(flags=0x8380)],
    ),
    (
        Case("address_of_two_bytes", Fault.PROTOCOL, "an address in it has a wrong length"),
        lambda asked: [asked.answer(record(1, b"\1\2"))],
    ),
    (
        Case("name_in_circles", Fault.PROTOCOL, "a name in it goes in circles"),
        lambda asked: [asked.answer(record(1, b"\1\2\3\4", owner=b"\xc0\x21"))],
    ),
]  # fmt: skip


@pytest.mark.parametrize("case", TCP, ids=str)
async def test_a_hostile_name_server_over_tcp_costs_a_check_no_more_than_it_may(
    hostile: Hostile, case: Case
) -> None:
    server = f"{hostile.host}:{hostile.ports[case.target]}"
    await endure("dns", case, query=QUERY, server=server, transport="tcp")


@pytest.mark.parametrize(
    ("case", "script"), LIES, ids=lambda one: f"{one}" if isinstance(one, Case) else ""
)
async def test_a_name_server_that_lies_costs_a_check_no_more_than_it_may(
    case: Case, script: Script
) -> None:
    async with start_nameserver(script) as server:
        await endure("dns", case, query=QUERY, server=server.words)
