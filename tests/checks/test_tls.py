"""The tls kind against servers of which something is wrong, and in every protocol it knows."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Sink
from pydantic import ValidationError

from checks.errors import SpecError
from checks.result import Fault, Result, Status
from checks.tls import TlsCheckSpec
from tests.checks.authority import Authority
from tests.checks.conftest import Run, prepared
from tests.checks.hindrance import unhindered
from tests.checks.test_tls_client import refusing
from tests.peers import start_postgres
from tests.peers.http import Script, start_raw
from tests.peers.process import Server, free_port


async def met(run: Run, context: ssl.SSLContext | None, *, script: Any = None, **keys: Any) -> Any:
    async with start_raw(script, tls=context) as server:
        return await run("tls", **{"host": "localhost", "port": server.port, **keys})


@pytest.fixture
def ca(authority: Authority) -> str:
    return str(authority.ca)


async def test_a_good_certificate_is_up_and_all_of_it_is_told(
    authority: Authority, run: Run, ca: str
) -> None:
    found = await met(
        run,
        authority.server("localhost", "127.0.0.1", days=30),
        ca=ca,
        expect=[
            "chain_valid",
            'verify_error == ""',
            "cert_days > 29.0 && cert_days < 30.1",
            "chain_days <= cert_days",
            'names == ["localhost", "127.0.0.1"]',
            'issuer.contains("trustme")',
            'subject.contains("trustme")',
            'protocol == "TLSv1.3"',
            'cipher.startsWith("TLS_")',
            "size(fingerprint) == 64",
            'not_before < not_after && not_after.endsWith("Z")',
        ],
    )
    assert found.status is Status.UP, found
    assert list(found.phases) == ["resolve", "connect", "tls"]
    assert set(found.metrics) >= {"cert_days", "chain_days"}
    assert "TLSv1.3 in " in found.message
    assert "the certificate is good for " in found.message


async def test_one_connection_is_enough_for_a_good_target(
    authority: Authority, run: Run, ca: str
) -> None:
    async with start_raw(None, tls=authority.server("localhost")) as server:
        await run("tls", host="localhost", port=server.port, ca=ca)
        assert server.connections == 1


async def test_few_days_left_degrade(authority: Authority, run: Run, ca: str) -> None:
    context = authority.server("localhost", days=3)
    found = await met(run, context, ca=ca, degraded_if=["cert_days < 14.0"])
    assert found.status is Status.DEGRADED
    assert found.message.startswith("cert_days < 14.0 (cert_days is ")


@pytest.mark.parametrize(
    ("names", "days", "words"),
    [
        (["localhost"], -3.0, "the certificate has expired: it ended 20"),
        (["localhost"], 400.0, "the certificate is not valid yet: it begins 20"),
        (["a.example", "b.example"], 30.0, "is for a.example, b.example, not for localhost"),
    ],
)
async def test_what_is_wrong_is_told_with_the_days_still_measured(
    authority: Authority, run: Run, ca: str, names: list[str], days: float, words: str
) -> None:
    found = await met(run, authority.server(*names, days=days), ca=ca)
    assert (found.status, found.fault) == (Status.DOWN, Fault.TLS), found
    assert words in found.message
    assert found.metrics["cert_days"] == pytest.approx(days, abs=0.02)
    assert list(found.phases)[-1] == "inspect"


async def test_every_fault_of_a_certificate_is_told_at_once(authority: Authority, run: Run) -> None:
    found = await met(run, authority.server("a.example", days=-1))
    assert "an authority that is not trusted (its issuer: " in found.message
    assert "has expired" in found.message
    assert "is for a.example, not for localhost" in found.message


async def test_of_many_names_the_first_are_told(authority: Authority, run: Run, ca: str) -> None:
    found = await met(run, authority.server(*(f"n{n}.example" for n in range(9))), ca=ca)
    assert "is for n0.example, n1.example, n2.example, n3.example and 5 more" in found.message


def self_signed() -> ssl.SSLContext:
    root = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    both = root.private_key_pem.bytes() + root.cert_pem.bytes()
    with trustme.Blob(both).tempfile() as path:
        context.load_cert_chain(path)
    return context


async def test_a_self_signed_certificate_is_told(run: Run) -> None:
    found = await met(run, self_signed())
    assert "the certificate is self-signed" in found.message
    assert "has no names (its subject: " in found.message


async def test_without_verification_conditions_judge_what_is_wrong(run: Run) -> None:
    found = await met(
        run,
        self_signed(),
        verify=False,
        expect=["!chain_valid", 'verify_error.contains("self-signed")', "cert_days > 1.0"],
    )
    assert found.status is Status.UP, found
    assert "not trusted: the certificate is self-signed" in found.message


async def test_without_verification_nothing_is_verified_unless_a_condition_asks(
    authority: Authority, run: Run
) -> None:
    async with start_raw(None, tls=authority.server("x.example", days=-2)) as server:
        found = await run("tls", host="localhost", port=server.port, verify=False)
        assert server.connections == 1
    assert found.status is Status.UP, found
    assert found.metrics["cert_days"] == pytest.approx(-2.0, abs=0.02)


async def test_the_soonest_end_of_the_chain_is_told(run: Run, tmp_path: Path) -> None:
    root = trustme.CA()
    issued = root.create_child_ca().issue_cert("localhost")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    issued.configure_cert(context)
    root.cert_pem.write_to_path(tmp_path / "root.pem")
    found = await met(run, context, ca=str(tmp_path / "root.pem"), expect=["chain_days > 1.0"])
    assert found.status is Status.UP, found
    assert len(issued.cert_chain_pems) == 2
    assert found.metrics["chain_days"] <= found.metrics["cert_days"]


async def test_a_name_of_its_own_is_asked_for_and_verified(
    authority: Authority, run: Run, ca: str
) -> None:
    asked: list[str | None] = []
    context = authority.server("shop.example")
    context.sni_callback = lambda _tls, name, _context: asked.append(name)
    found = await met(run, context, host="127.0.0.1", ca=ca, server_name="shop.example")
    assert found.status is Status.UP, found
    assert asked == ["shop.example"]


async def test_an_address_is_verified_as_one(authority: Authority, run: Run, ca: str) -> None:
    good = await met(run, authority.server("127.0.0.1"), host="127.0.0.1", ca=ca)
    assert good.status is Status.UP, good
    bad = await met(run, authority.server("localhost"), host="127.0.0.1", ca=ca)
    assert "is for localhost, not for 127.0.0.1" in bad.message


async def test_an_application_protocol_is_agreed_on(
    authority: Authority, run: Run, ca: str
) -> None:
    context = authority.server("localhost")
    context.set_alpn_protocols(["h2"])
    found = await met(run, context, ca=ca, alpn=["h2", "http/1.1"], expect=['alpn == "h2"'])
    assert found.status is Status.UP, found
    found = await met(run, context, ca=ca, expect=['alpn == ""'])
    assert found.status is Status.UP, found


def old(context: ssl.SSLContext) -> ssl.SSLContext:
    """A server that stopped at TLS 1.2 (what is older a build of OpenSSL may lack)."""
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    return context


async def test_an_old_version_is_named_with_what_is_asked_for(
    authority: Authority, run: Run, ca: str
) -> None:
    found = await met(run, old(authority.server("localhost")), ca=ca, min_version="1.3")
    assert (found.status, found.fault) == (Status.DOWN, Fault.TLS)
    assert found.message.endswith(
        "TLSv1.2 is the newest spoken there, which is older than 1.3 (min_version)"
    )
    assert "cert_days" in found.metrics
    found = await met(run, old(authority.server("localhost")), ca=ca)
    assert found.status is Status.UP, found


@pytest.mark.parametrize("version", ["1.0", "1.1"])
async def test_versions_of_the_past_can_be_allowed(
    authority: Authority, run: Run, ca: str, version: str
) -> None:
    context = authority.server("localhost")
    with pytest.warns(DeprecationWarning, match="deprecated"):
        context.minimum_version = ssl.TLSVersion.TLSv1
    with pytest.warns(DeprecationWarning, match="deprecated"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    found = await met(run, context, ca=ca, min_version=version, expect=['protocol == "TLSv1.1"'])
    assert found.status is Status.UP, found
    found = await met(run, context, ca=ca)
    assert "TLSv1.1 is the newest spoken there, which is older than 1.2" in found.message


async def test_a_client_certificate_that_is_missing_is_told_though_tls_1_3_is_done_before(
    authority: Authority, run: Run, ca: str, tmp_path: Path
) -> None:
    context = authority.server("localhost", require_client=True)
    with refusing(context) as port:
        found = await run("tls", host="localhost", port=port, ca=ca, timeout_ms=800)
        # The look at what was refused needs a server that is still there; this one is not.
    assert found.fault is Fault.TLS
    assert "a client certificate is required" in found.message
    found = await met(run, context, ca=ca, cert=str(authority.client(tmp_path)))
    assert found.status is Status.UP, found


async def test_a_peer_that_never_says_goodbye_is_up(
    authority: Authority, run: Run, ca: str
) -> None:
    async def deaf(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.pause_reading()  # type: ignore[attr-defined]  # a transport that reads
        await asyncio.Event().wait()

    def is_up(found: Result) -> None:
        assert found.status is Status.UP, found
        assert found.latency_ms == pytest.approx(sum(found.phases.values()))

    context = authority.server("localhost")
    began = time.monotonic()
    await unhindered(lambda: met(run, context, script=deaf, ca=ca, timeout_ms=400), is_up)
    assert time.monotonic() - began < 10


async def test_a_peer_without_tls_is_told_from_a_broken_one(run: Run) -> None:
    async def ssh(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH\r\n")
        await _reader.read()

    found = await met(run, None, script=ssh)
    assert found.message.endswith("no TLS is spoken there (is starttls needed?)")

    async def leave(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read(1)

    found = await met(run, None, script=leave)
    assert (found.status, found.fault) == (Status.DOWN, found.fault)
    assert "closed" in found.message or "reset" in found.message


async def test_silence_ends_with_the_timeout_and_names_the_phase(run: Run) -> None:
    async def silent(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read(-1)

    def is_told(found: Result) -> None:
        assert found.message == "timed out after 150ms (while waiting for: tls)"

    began = time.monotonic()
    await unhindered(lambda: met(run, None, script=silent, timeout_ms=150), is_told)
    assert time.monotonic() - began < 10


async def test_a_second_look_that_hangs_keeps_what_was_found(
    authority: Authority, run: Run
) -> None:
    context = authority.server("a.example")
    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor(1) as pool:

        def serve_once() -> None:
            plain, _ = listener.accept()
            with plain, suppress(OSError):  # the handshake is expected to fail
                context.wrap_socket(plain, server_side=True).close()

        served = pool.submit(serve_once)
        found = await run("tls", host="127.0.0.1", port=listener.getsockname()[1], timeout_ms=400)
        served.result()
    assert list(found.phases) == ["connect", "tls", "inspect"]
    assert found.fault is Fault.TLS
    assert "an authority that is not trusted" in found.message


async def test_a_closed_port_and_a_missing_name_are_told(run: Run) -> None:
    port = free_port()
    found = await run("tls", host="127.0.0.1", port=port)
    assert found.message == f"connection refused by 127.0.0.1:{port}"
    found = await run("tls", host="no-such-host.invalid")
    assert found.fault is Fault.RESOLVE


# Protocols in which TLS is asked for


def talking(context: ssl.SSLContext, *turns: tuple[bytes, bytes]) -> Script:
    """A server that says, reads up to what it waits for, says, ..., and turns to TLS."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for awaited, said in turns:
            if awaited:
                await reader.readuntil(awaited)
            writer.write(said)
        await writer.drain()
        await writer.start_tls(context)
        await reader.read()

    return script


GREETING = b"\x0a10.11.6-MariaDB\0" + bytes(13) + struct.pack("<H", 0x0800 | 0x8000) + bytes(20)
MYSQL = len(GREETING).to_bytes(3, "little") + b"\0" + GREETING
DIALOGUES: dict[str, list[tuple[bytes, bytes]]] = {
    "imap": [(b"", b"* OK ready\r\n"), (b"STARTTLS\r\n", b"* BYE no\r\nt1 OK begin\r\n")],
    "pop3": [(b"", b"+OK ready\r\n"), (b"STLS\r\n", b"+OK begin\r\n")],
    "ftp": [(b"", b"220-hello\r\n  you\r\n220 there\r\n"), (b"AUTH TLS\r\n", b"234 yes\r\n")],
    "ldap": [(b"20037", bytes.fromhex("300c02010178070a010004000400"))],
}


@pytest.mark.parametrize("protocol", list(DIALOGUES))
async def test_tls_is_asked_for_in_every_protocol(
    authority: Authority, run: Run, ca: str, protocol: str
) -> None:
    script = talking(authority.server("localhost"), *DIALOGUES[protocol])
    found = await met(run, None, script=script, starttls=protocol, ca=ca)
    assert found.status is Status.UP, found
    assert list(found.phases) == ["resolve", "connect", "starttls", "tls"]


async def test_a_mysql_server_is_met_though_it_gives_no_sign_to_begin(
    authority: Authority, run: Run, ca: str
) -> None:
    context = authority.server("127.0.0.1")
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            plain, _ = listener.accept()
            plain.sendall(MYSQL)
            request = plain.recv(36, socket.MSG_WAITALL)
            assert request[:4] == b"\x20\0\0\x01"
            with context.wrap_socket(plain, server_side=True) as secured:
                assert secured.recv(1) == b""

        with ThreadPoolExecutor(1) as pool:
            served = pool.submit(serve)
            port = listener.getsockname()[1]
            found = await run("tls", host="127.0.0.1", port=port, starttls="mysql", ca=ca)
            served.result()
    assert found.status is Status.UP, found


@contextmanager
def smtp(context: ssl.SSLContext | None) -> Iterator[int]:
    port = free_port()
    controller = Controller(Sink(), hostname="127.0.0.1", port=port, tls_context=context)
    controller.start()
    try:
        yield port
    finally:
        controller.stop()


async def test_a_mail_server_is_met_by_starttls(authority: Authority, run: Run, ca: str) -> None:
    with smtp(authority.server("127.0.0.1", days=5)) as port:
        keys: dict[str, Any] = {"host": "127.0.0.1", "port": port, "starttls": "smtp"}
        found = await run("tls", **keys, ca=ca, degraded_if=["cert_days < 14.0"])
        assert found.status is Status.DEGRADED, found
        found = await run("tls", **keys)
        assert "authority that is not trusted" in found.message
        assert found.metrics["cert_days"] == pytest.approx(5.0, abs=0.02)


async def test_a_mail_server_without_tls_is_told(run: Run) -> None:
    with smtp(None) as port:
        found = await run("tls", host="127.0.0.1", port=port, starttls="smtp")
    assert (found.status, found.fault) == (Status.DOWN, Fault.TLS)
    assert found.message == f"127.0.0.1:{port} offers no TLS over SMTP"


@pytest.fixture(scope="module")
def secure_postgres(authority: Authority) -> Iterator[Server]:
    issued = authority.authority.issue_cert("127.0.0.1")
    certificate = b"".join(pem.bytes() for pem in issued.cert_chain_pems)
    with start_postgres((certificate, issued.private_key_pem.bytes())) as server:
        yield server


async def test_postgresql_is_met_in_its_own_way(secure_postgres: Server, run: Run, ca: str) -> None:
    found = await run(
        "tls", host="127.0.0.1", port=secure_postgres.port, starttls="postgres", ca=ca
    )
    assert found.status is Status.UP, found
    assert "chain_days" in found.metrics


async def test_databases_without_tls_are_told(postgres: Server, mariadb: Server, run: Run) -> None:
    for protocol, server in (("postgres", postgres), ("mysql", mariadb)):
        found = await run("tls", host="127.0.0.1", port=server.port, starttls=protocol)
        assert (found.status, found.fault) == (Status.DOWN, Fault.TLS)
        assert "offers no TLS over" in found.message


LINES, STARS = b"220-x\r\n" * 200, b"*" * 20_000


@pytest.mark.parametrize(
    ("protocol", "said", "words"),
    [
        ("smtp", b"554 go \x1b[31maway\r\n", 'turns us away: "554 go away"'),
        ("smtp", b"SSH-2.0-x\r\n", 'does not speak SMTP: it said "SSH-2.0-x"'),
        ("imap", b"+OK pop\r\n", 'does not speak IMAP: it said "+OK pop"'),
        ("imap", b"* OK\r\nt1 BAD what\r\n", 'offers no TLS over IMAP: it said "t1 BAD what"'),
        ("pop3", b"-ERR\r\n", 'does not speak POP3: it said "-ERR"'),
        ("pop3", b"+OK\r\n-ERR no\r\n", 'offers no TLS over POP3: it said "-ERR no"'),
        ("ftp", b"220 x\r\n502 no\r\n", 'offers no TLS over FTP: it said "502 no"'),
        ("postgres", b"X", 'does not speak PostgreSQL: it said "X"'),
        ("mysql", b"\x0b\0\0\0\xff\x10\x04Too many", 'turns us away: "Too many"'),
        ("mysql", b"HTTP/1.1 400", "does not speak MySQL"),
        ("ldap", b"HTTP/1.1 400", 'does not speak LDAP: it said "H"'),
        ("ldap", bytes.fromhex("300c02010178070a010204000400"), "result code 2"),
        ("smtp", LINES, "does not end its reply 220"),
        ("imap", STARS, "sent a line longer than 8192 bytes"),
        ("pop3", b"+OK\r\n+OK\r\n+OK injected\r\n", "said more in the clear after it agreed"),
        ("imap", b"* OK", "closed the connection in the middle"),
    ],
    ids=range(16),
)
async def test_an_answer_that_is_no_yes_is_shown(
    run: Run, protocol: str, said: bytes, words: str
) -> None:
    async def script(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(said)
        await writer.drain()
        writer.write_eof()
        await _reader.read()

    found = await met(run, None, script=script, host="127.0.0.1", starttls=protocol)
    assert found.status is Status.DOWN, found
    assert words in found.message


# Configuration


@pytest.mark.parametrize(
    "keys",
    [
        {"host": ""},
        {"host": "a b"},
        {"host": "[::1]"},
        {"host": "ä" * 70},
        {"port": 0},
        {"starttls": "gopher"},
        {"min_version": "1.4"},
        {"alpn": ["h 2"]},
        {"server_name": "a/b"},
    ],
)
def test_what_cannot_be_is_refused(keys: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        TlsCheckSpec(**{"name": "x", "host": "h", **keys})


def test_a_file_at_fault_is_named_by_its_key() -> None:
    with pytest.raises(SpecError) as caught:
        prepared("tls", host="x", ca="/nowhere.pem")
    assert caught.value.field == "ca"


async def test_the_port_follows_the_protocol(run: Run) -> None:
    results: list[Result] = [
        await run("tls", host="127.0.0.1", **keys, timeout_ms=500)
        for keys in ({}, {"starttls": "ldap"})
    ]
    assert [":443" in results[0].message, ":389" in results[1].message] == [True, True]
