"""TLS of the http and tcp kinds, against servers of which something is wrong."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from checks.errors import SpecError
from checks.result import Fault, Status
from checks.tls_client import TlsSpec, client_context
from tests.checks.authority import Authority, make_authority
from tests.checks.conftest import Run, prepared
from tests.peers.http import RawServer, answering, response, start_raw


@contextmanager
def refusing(context: ssl.SSLContext) -> Iterator[int]:
    """The port of a server whose handshakes are expected to fail, with OpenSSL's own alert
    (asyncio's server closes the connection without sending it)."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            plain, _ = listener.accept()
            with plain:
                # The socket is kept apart, for closing it unread would reset the connection
                # and the alert would be lost.
                secured = context.wrap_socket(
                    plain.dup(), server_side=True, do_handshake_on_connect=False
                )
                with secured, suppress(ssl.SSLError):
                    secured.do_handshake()
                plain.shutdown(socket.SHUT_WR)
                while plain.recv(4096):
                    pass

        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        thread.join()


async def served(run: Run, context: Any, **keys: Any) -> Any:
    server = RawServer()
    async with start_raw(answering(server, response(200, b"ok")), server=server, tls=context):
        return await run("http", url=f"https://localhost:{server.port}/", **keys)


async def test_a_trusted_certificate_is_up_and_its_days_are_told(
    authority: Authority, run: Run
) -> None:
    found = await served(
        run,
        authority.server("localhost", days=30),
        tls={"ca": str(authority.ca)},
        expect=["cert_days > 29", "cert_days < 30.1"],
    )
    assert found.status is Status.UP, found
    assert list(found.phases) == ["resolve", "connect", "tls", "first_byte", "transfer"]


async def test_few_days_left_degrade(authority: Authority, run: Run) -> None:
    found = await served(
        run,
        authority.server("localhost", days=3),
        tls={"ca": str(authority.ca)},
        degraded_if=["cert_days < 14.0"],
    )
    assert found.status is Status.DEGRADED
    assert found.message in {
        f"cert_days < 14.0 (cert_days is {days})" for days in ("3", "2.99")
    } | {f"cert_days < 14.0 (cert_days is {found.metrics['cert_days']:g})"}


@pytest.mark.parametrize(
    ("names", "days", "words"),
    [
        (["localhost"], -1.0, "the certificate has expired"),
        (["other.example"], 30.0, "the certificate is for another name"),
        (["localhost"], 400.0, "the certificate is not valid yet"),
    ],
)
async def test_what_is_wrong_with_a_certificate_is_told(
    authority: Authority, run: Run, names: list[str], days: float, words: str
) -> None:
    found = await served(run, authority.server(*names, days=days), tls={"ca": str(authority.ca)})
    assert (found.status, found.fault) == (Status.DOWN, Fault.TLS), found
    assert words in found.message


async def test_an_authority_that_is_not_trusted_is_told(authority: Authority, run: Run) -> None:
    found = await served(run, authority.server("localhost"))
    assert found.fault is Fault.TLS
    assert "authority that is not trusted" in found.message


async def test_without_verification_an_expired_certificate_passes_with_its_days(
    authority: Authority, run: Run
) -> None:
    found = await served(
        run,
        authority.server("localhost", days=-2),
        tls={"verify": False},
        expect=["cert_days < -1.9"],
    )
    assert found.status is Status.UP, found


async def test_a_client_certificate_is_given_where_asked_for(
    authority: Authority, run: Run, tmp_path: Path
) -> None:
    context = authority.server("localhost", require_client=True)
    with refusing(context) as port:
        found = await run("http", url=f"https://localhost:{port}/", tls={"ca": str(authority.ca)})
    assert found.fault is Fault.TLS
    assert "a client certificate is required" in found.message
    cert = str(authority.client(tmp_path))
    found = await served(run, context, tls={"ca": str(authority.ca), "cert": cert})
    assert found.status is Status.UP, found


async def test_https_to_a_plain_port_says_that_no_tls_is_spoken_there(run: Run) -> None:
    server = RawServer()
    async with start_raw(answering(server, b"HTTP/1.1 400 Bad\r\n\r\n"), server=server):
        found = await run("http", url=f"https://127.0.0.1:{server.port}/", timeout_ms=1000)
    assert found.fault in {Fault.TLS, Fault.TIMEOUT}, found


async def test_http_to_a_tls_port_is_no_success(authority: Authority, run: Run) -> None:
    server = RawServer()
    context = authority.server("localhost")
    async with start_raw(answering(server, response()), server=server, tls=context):
        found = await run("http", url=f"http://127.0.0.1:{server.port}/")
    assert found.status is Status.DOWN


async def test_tcp_speaks_tls_and_tells_the_days(authority: Authority, run: Run) -> None:
    async with start_raw(None, tls=authority.server("localhost", days=9)) as server:
        found = await run(
            "tcp",
            host="localhost",
            port=server.port,
            tls={"ca": str(authority.ca)},
            expect=["connected", "cert_days < 9.1"],
        )
    assert found.status is Status.UP, found
    assert "tls" in found.phases


async def test_a_server_name_of_ones_own_is_verified(authority: Authority, run: Run) -> None:
    async with start_raw(None, tls=authority.server("db.example")) as server:
        tls = {"ca": str(authority.ca), "server_name": "db.example"}
        found = await run("tcp", host="127.0.0.1", port=server.port, tls=tls)
    assert found.status is Status.UP, found


@pytest.mark.parametrize("field", ["ca", "cert"])
def test_a_file_that_is_not_there_is_a_spec_error(field: str) -> None:
    with pytest.raises(SpecError, match=r"/nowhere\.pem cannot be read") as caught:
        prepared("http", url="https://x/", tls={field: "/nowhere.pem"})
    assert caught.value.field == f"tls.{field}"


def test_a_file_that_holds_no_certificate_is_a_spec_error(tmp_path: Path) -> None:
    path = tmp_path / "junk.pem"
    path.write_text("junk")
    for field in ("ca", "cert"):
        with pytest.raises(SpecError, match="PEM"):
            client_context(TlsSpec.model_validate({field: path}))


def test_a_key_of_another_certificate_is_a_spec_error(authority: Authority, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = make_authority(tmp_path / "other")
    cert, key = authority.client(tmp_path), other.client(tmp_path / "other")
    with pytest.raises(SpecError, match="does not belong to"):
        client_context(TlsSpec(cert=cert, key=key))
    with pytest.raises(SpecError, match="set cert too"):
        client_context(TlsSpec(key=key))


def test_equal_settings_share_one_context(authority: Authority) -> None:
    first = client_context(TlsSpec(ca=authority.ca))
    assert client_context(TlsSpec(ca=authority.ca)) is first
    assert client_context(TlsSpec(ca=authority.ca, verify=False)) is not first
