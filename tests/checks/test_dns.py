"""The dns kind against a server that lies, cuts off and keeps silent, and against dnsmasq."""

from __future__ import annotations

import asyncio
import os
import socket
import struct
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

import checks.dns
from checks.dns import DnsSpec, read_server, system_servers
from checks.dns_records import encode_name
from checks.result import Fault, Result, Status
from tests.checks.conftest import Run
from tests.checks.hindrance import unhindered
from tests.peers import start_dnsmasq
from tests.peers.nameserver import (
    Asked,
    Script,
    address,
    always,
    by_transport,
    record,
    start_nameserver,
)
from tests.peers.process import Server, free_port


async def asked(run: Run, script: Script, *, host: str = "127.0.0.1", **keys: Any) -> Any:
    async with start_nameserver(script, host) as server:
        return await run("dns", **{"query": "www.example.org", "server": server.words, **keys})


async def test_a_name_that_is_known_is_up_and_all_is_told(run: Run) -> None:
    found = await asked(
        run,
        always(address("192.0.2.9", ttl=60), address("192.0.2.10"), flags=0x85A0),
        expect=[
            'rcode == "NOERROR"',
            'answers == ["192.0.2.10", "192.0.2.9"]',
            "count == 2",
            "ttl == 60",
            "authoritative && dnssec",
            'transport == "udp"',
            'server.startsWith("127.0.0.1:")',
            "size(aliases) == 0",
        ],
    )
    assert found.status is Status.UP, found
    assert found.message.startswith("192.0.2.10, 192.0.2.9 from 127.0.0.1:")
    assert found.metrics == {"count": 2, "ttl": 60}
    assert list(found.phases) == ["answer"]


@pytest.mark.skipif(not socket.has_ipv6, reason="this host has no IPv6")
async def test_a_server_may_have_an_ipv6_address(run: Run) -> None:
    found = await asked(run, always(address("192.0.2.9")), host="::1")
    assert found.status is Status.UP, found


async def test_a_server_may_have_a_name(run: Run) -> None:
    async with start_nameserver(always(address("192.0.2.9"))) as server:
        text = f"localhost:{server.port}"
        found = await run("dns", query="x.example", server=text, family="ipv4")
    assert found.status is Status.UP, found
    assert list(found.phases) == ["resolve", "answer"]


async def test_another_address_than_the_expected_is_down(run: Run) -> None:
    found = await asked(run, always(address("203.0.113.6")), expect=['"192.0.2.9" in answers'])
    assert (found.status, found.fault) == (Status.DOWN, Fault.CONDITION)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (3, "answers www.example.org A with NXDOMAIN: there is no such name"),
        (2, "answers www.example.org A with SERVFAIL: it could not find out"),
        (5, "answers www.example.org A with REFUSED: it does not answer us that"),
        (9, "answers www.example.org A with NOTAUTH"),
    ],
)
async def test_a_no_is_a_fault_in_words(run: Run, code: int, words: str) -> None:
    found = await asked(run, always(code=code))
    assert (found.status, found.fault) == (Status.DOWN, Fault.QUERY)
    assert found.message.endswith(words)


async def test_a_no_may_be_what_is_hoped_for(run: Run) -> None:
    found = await asked(run, always(code=3), expect=['rcode == "NXDOMAIN"'])
    assert found.status is Status.UP, found
    assert found.message.startswith("NXDOMAIN from 127.0.0.1:")


async def test_a_name_without_such_a_record_is_a_fault_unless_conditions_judge(run: Run) -> None:
    found = await asked(run, always(), record="AAAA")
    assert found.fault is Fault.QUERY
    assert found.message.endswith("knows no www.example.org AAAA record")
    found = await asked(run, always(), expect=["count == 0"])
    assert found.status is Status.UP, found
    found = await asked(run, always(), expect=["count == 0", "ttl > 5"])
    assert found.message == "ttl > 5 (there is no A record)"
    assert found.fault is Fault.CONDITION


async def test_an_alias_that_leads_nowhere_is_named(run: Run) -> None:
    alias = record(5, encode_name("old.example.net"))
    found = await asked(run, always(alias))
    assert found.message.endswith("A record, an alias of old.example.net")


async def test_why_a_server_says_no_is_told_without_its_control_characters(run: Run) -> None:
    told = b"\x1b[31mexpired\n since monday"
    option = struct.pack("!3H", 15, 2 + len(told), 7) + told
    opt = b"\0" + struct.pack("!HHIH", 41, 1232, 0, len(option)) + option

    def explain(one: Asked) -> list[bytes]:
        message = one.answer(code=2)
        return [message[:10] + b"\0\x01" + message[12:] + opt]

    found = await asked(run, explain)
    assert found.message.endswith(
        "SERVFAIL: it could not find out; signature expired: expired since monday"
    )


async def test_control_characters_of_names_are_escaped(run: Run) -> None:
    found = await asked(run, always(record(5, b"\x05a\x1b[2J\0")), record="CNAME")
    assert found.status is Status.UP, found
    assert found.message.startswith("a\\027[2j from ")


# Lies, silence and loss


async def test_what_does_not_answer_the_question_is_passed_over(run: Run) -> None:
    def lie_first(one: Asked) -> list[bytes]:
        number = int.from_bytes(one.message[:2]) ^ 1
        other = encode_name("evil.example") + b"\0\x01\0\x01"
        lie = address("203.0.113.6")
        return [
            b"",
            b"junk",
            one.message,
            one.answer(lie, number=number),
            one.answer(lie, question=other),
            one.answer(address("192.0.2.9")),
        ]

    found = await asked(run, lie_first, expect=['answers == ["192.0.2.9"]'])
    assert found.status is Status.UP, found


@pytest.mark.parametrize("number", [None, 1 << 15])
async def test_only_lies_are_no_answer_and_told(run: Run, number: int | None) -> None:
    def lie(one: Asked) -> list[bytes]:
        if number is not None:
            wrong = int.from_bytes(one.message[:2]) ^ number
            return [one.answer(address("203.0.113.6"), number=wrong)]
        other = encode_name("evil.example") + b"\0\x01\0\x01"
        return [one.answer(address("203.0.113.6"), question=other)]

    def is_told(found: Result) -> None:
        assert (found.status, found.fault) == (Status.DOWN, Fault.TIMEOUT)
        assert found.message.endswith(
            "(another question was answered)"
            if number is None
            else "(the answer has another number than the question)"
        )

    began = time.monotonic()
    await unhindered(lambda: asked(run, lie, timeout_ms=300), is_told)
    assert time.monotonic() - began < 10


async def test_an_answer_from_another_address_is_not_heard(run: Run) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.bind(("127.0.0.1", 0))
        stranger.setblocking(False)
        heard: list[Any] = []

        class Ears(asyncio.DatagramProtocol):
            def datagram_received(self, data: bytes, source: Any) -> None:
                heard.append(source)
                stranger.sendto(Asked(data, "udp").answer(address("203.0.113.6")), source)

        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            Ears, local_addr=("127.0.0.1", 0)
        )
        port = transport.get_extra_info("sockname")[1]

        async def ask() -> Result:
            heard.clear()
            return await run("dns", query="x.example", server=f"127.0.0.1:{port}", timeout_ms=200)

        def is_told(found: Result) -> None:
            assert len(heard) == 3
            assert found.message == f"no answer from 127.0.0.1:{port} to x.example A"

        await unhindered(ask, is_told)
        transport.close()


async def test_silence_is_named_with_the_server_within_the_timeout(run: Run) -> None:
    async with start_nameserver(lambda _: []) as server:

        async def ask() -> Result:
            server.asked.clear()
            return await run("dns", query="x.example", server=server.words, timeout_ms=300)

        def is_told(found: Result) -> None:
            assert found.message == f"no answer from {server.words} to x.example A"
            assert found.fault is Fault.TIMEOUT
            assert len({one.message for one in server.asked}) == 1
            assert len(server.asked) == 3

        began = time.monotonic()
        await unhindered(ask, is_told)
        assert time.monotonic() - began < 10


async def test_a_lost_datagram_is_sent_again(run: Run) -> None:
    seen: list[Asked] = []

    def lose_one(one: Asked) -> list[bytes]:
        seen.append(one)
        return [one.answer(address("192.0.2.9"))] if len(seen) > 1 else []

    found = await asked(run, lose_one, timeout_ms=600)
    assert found.status is Status.UP, found
    assert found.latency_ms >= 150


async def test_a_port_where_nobody_listens_is_refused(run: Run) -> None:
    port = free_port()
    for transport in ("udp", "tcp"):
        found = await run("dns", query="x.example", server=f"127.0.0.1:{port}", transport=transport)
        assert found.message == f"connection refused by 127.0.0.1:{port}"
        assert (found.status, found.fault) == (Status.DOWN, Fault.REFUSED)


async def test_the_next_server_is_asked_when_one_gives_no_answer(run: Run) -> None:
    port = free_port()
    async with start_nameserver(always(address("192.0.2.9"))) as server:
        found = await run(
            "dns",
            query="x.example",
            server=[f"127.0.0.1:{port}", server.words],
            expect=["addresses_failed == 1", f'server == "{server.words}"'],
        )
    assert found.status is Status.UP, found
    assert f"connection refused by 127.0.0.1:{port}" in found.message


async def test_when_no_server_answers_all_are_named(run: Run) -> None:
    ports = [free_port(), free_port()]
    found = await run("dns", query="x.example", server=[f"127.0.0.1:{port}" for port in ports])
    assert all(f"connection refused by 127.0.0.1:{port}" in found.message for port in ports)
    assert "addresses_failed" not in found.metrics


async def test_a_broken_answer_is_a_fault_of_the_protocol(run: Run) -> None:
    circle = record(5, b"\xc0\x2d")
    found = await asked(run, always(circle), record="CNAME")
    assert (found.status, found.fault) == (Status.DOWN, Fault.PROTOCOL)
    assert "sent a wrong answer: a name in it goes in circles" in found.message


# Over TCP


async def test_an_answer_that_is_cut_off_is_asked_for_over_tcp(run: Run) -> None:
    whole = [record(16, b"\xff" + b"x" * 255) for _ in range(100)]
    script = by_transport({"udp": always(flags=0x8380), "tcp": always(*whole)})
    found = await asked(run, script, record="TXT", expect=["count == 100", 'transport == "tcp"'])
    assert found.status is Status.UP, found
    assert list(found.phases) == ["answer", "connect"]


async def test_tcp_can_be_asked_for_alone(run: Run) -> None:
    async with start_nameserver(always(address("192.0.2.9"))) as server:
        found = await run("dns", query="x.example", server=server.words, transport="tcp")
    assert found.status is Status.UP, found
    assert [one.transport for one in server.asked] == ["tcp"]


async def test_lies_over_tcp_are_a_fault(run: Run) -> None:
    other = encode_name("evil.example") + b"\0\x01\0\x01"
    found = await asked(run, lambda one: [one.answer(question=other)], transport="tcp")
    assert found.message.endswith("sent a wrong answer: another question was answered")
    found = await asked(run, always(flags=0x8380))
    assert found.message.endswith("sent a wrong answer: it is cut off, over TCP")


async def test_silence_over_tcp_is_named_too(run: Run) -> None:
    def is_told(found: Result) -> None:
        assert found.fault is Fault.TIMEOUT
        assert found.message.endswith("to www.example.org A (asked over TCP)")

    began = time.monotonic()
    await unhindered(lambda: asked(run, lambda _: [], transport="tcp", timeout_ms=200), is_told)
    assert time.monotonic() - began < 10


async def test_a_server_of_the_past_is_asked_without_the_extension(run: Run) -> None:
    def old(one: Asked) -> list[bytes]:
        return [one.answer(code=1) if one.edns else one.answer(address("192.0.2.9"))]

    found = await asked(run, old)
    assert found.status is Status.UP, found


# A real server


@pytest.fixture(scope="module")
def dnsmasq() -> Iterator[Server]:
    with start_dnsmasq() as server:
        yield server


@pytest.mark.parametrize(
    ("query", "kind", "answers"),
    [
        ("www.lab.example", "A", ["192.0.2.80"]),
        ("WWW.lab.example.", "AAAA", ["2001:db8::80"]),
        ("shop.lab.example", "A", ["192.0.2.80"]),
        ("shop.lab.example", "CNAME", ["www.lab.example"]),
        ("lab.example", "MX", ["10 mail.lab.example"]),
        ("lab.example", "TXT", ["v=spf1 -all"]),
        ("lab.example", "CAA", ['0 issue "ca.example"']),
        ("_imap._tcp.lab.example", "SRV", ["1 5 143 mail.lab.example"]),
        ("192.0.2.80", "PTR", ["www.lab.example"]),
    ],
)
async def test_a_real_server_is_understood(
    dnsmasq: Server, run: Run, query: str, kind: str, answers: list[str]
) -> None:
    found = await run(
        "dns",
        query=query,
        record=kind,
        server=f"127.0.0.1:{dnsmasq.port}",
        expect=[f"answers == {answers!r}", f"count == {len(answers)}", "ttl >= 0"],
    )
    assert found.status is Status.UP, found


async def test_a_real_server_cuts_off_and_says_no(dnsmasq: Server, run: Run) -> None:
    server = f"127.0.0.1:{dnsmasq.port}"
    found = await run(
        "dns",
        query="long.lab.example",
        record="TXT",
        server=server,
        expect=['transport == "tcp"', "answers.exists(a, size(a) == 808)"],
    )
    assert found.status is Status.UP, found
    found = await run("dns", query="nobody.lab.example", server=server)
    assert found.message.endswith("with NXDOMAIN: there is no such name")


# Configuration


@pytest.mark.parametrize(
    ("text", "server"),
    [
        ("192.0.2.53", ("192.0.2.53", 53)),
        ("192.0.2.53:5353", ("192.0.2.53", 5353)),
        ("2001:db8::53", ("2001:db8::53", 53)),
        ("[2001:db8::53]", ("2001:db8::53", 53)),
        ("[2001:db8::53]:5353", ("2001:db8::53", 5353)),
        ("ns1.example.org", ("ns1.example.org", 53)),
    ],
)
def test_a_server_is_read_in_every_form(text: str, server: tuple[str, int]) -> None:
    assert read_server(text) == server


def test_the_systems_servers_are_read_as_the_system_does() -> None:
    text = "# nameserver 9.9.9.9\nnameserver 192.0.2.1\n nameserver\t::1\nsearch a b\n"
    assert system_servers(text + "nameserver 3.3.3.3\nnameserver 4.4.4.4\n") == [
        *("192.0.2.1", "::1", "3.3.3.3"),
    ]
    assert system_servers("search x") == ["127.0.0.1"]


async def test_without_a_server_the_systems_are_asked(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "resolv.conf"
    monkeypatch.setattr(checks.dns, "RESOLV_CONF", place)
    found = await run("dns", query="x.example")
    assert (found.status, found.fault) == (Status.UNKNOWN, Fault.INTERNAL)
    assert found.message == f"{place} cannot be read: No such file or directory"
    place.write_text("nameserver 127.0.0.199\n")
    found = await run("dns", query="x.example", timeout_ms=500)
    assert found.message == "connection refused by 127.0.0.199:53"


async def test_a_resolv_conf_that_hangs_holds_nobody_up(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "resolv.conf"
    os.mkfifo(place)
    monkeypatch.setattr(checks.dns, "RESOLV_CONF", place)
    found = await run("dns", query="x.example", timeout_ms=150)
    assert found.status is not Status.UP
    with place.open("w"):  # let the thread that waits for a writer end
        pass


@pytest.mark.parametrize(
    "keys",
    [
        {"query": ""},
        {"query": "a..b"},
        {"query": "a b"},
        {"query": "x" * 64},
        {"query": "192.0.2.1"},
        {"record": "ANY"},
        {"server": "192.0.2.53:0"},
        {"server": "192.0.2.53:99999"},
        {"server": "http://x"},
        {"server": []},
        {"server": ["192.0.2.53", "[x"]},
        {"transport": "tls"},
    ],
)
def test_what_cannot_be_is_refused(keys: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        DnsSpec(**{"name": "x", "query": "example.org", **keys})


def test_a_name_in_any_script_is_asked_in_ascii() -> None:
    assert DnsSpec(name="x", query="Bücher.example").question.name == "xn--bcher-kva.example"
    assert DnsSpec(name="x", query="2001:db8::1", record="PTR").question.name.endswith("ip6.arpa")
