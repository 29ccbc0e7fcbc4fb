"""The webhook over a real HTTP server: what arrives, and what each answer means."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiohttp import web
from aiohttp.test_utils import unused_port

from daemon.notify.channels.webhook import WebhookChannel, signature
from daemon.notify.errors import DeliveryError, Permanent, Transient
from daemon.notify.http import retry_after_s
from daemon.notify.render import Renderer
from daemon.notify.spec import WebhookSpec
from tests.notify.lab import compose, notice, over


def _channel(spec: WebhookSpec) -> WebhookChannel:
    return WebhookChannel(spec, Renderer())


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Receiver:
    """A real HTTP server that keeps what it was sent and answers as told."""

    def __init__(self) -> None:
        self.requests: list[tuple[web.Request, bytes]] = []
        self.handler: Handler = self.accept
        self.url = ""

    async def accept(self, _request: web.Request) -> web.StreamResponse:
        return web.Response(text="thanks")

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.requests.append((request, await request.read()))
        return await self.handler(request)

    def answer(self, status: int, text: str = "", **headers: str) -> None:
        async def handler(_request: web.Request) -> web.StreamResponse:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            return web.Response(status=status, text=text, headers=named)

        self.handler = handler


@asynccontextmanager
async def serving(tls: ssl.SSLContext | None = None) -> AsyncIterator[Receiver]:
    receiver, port = Receiver(), unused_port()
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", receiver.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, ssl_context=tls).start()
    receiver.url = f"{'https' if tls else 'http'}://localhost:{port}"
    try:
        yield receiver
    finally:
        await runner.cleanup()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with serving() as one:
        yield one


async def send(spec: WebhookSpec) -> str:
    channel = _channel(spec)
    try:
        return await channel.send(compose(notice()))
    finally:
        await channel.close()


async def failure(spec: WebhookSpec) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        await send(spec)
    return caught.value


def hook(url: str, **changes: Any) -> WebhookSpec:
    return WebhookSpec(name="ops", url=url, **changes)


async def test_the_body_has_exactly_the_documented_fields(receiver: Receiver) -> None:
    assert await send(hook(receiver.url + "/in")) == "200 OK"
    ((request, body),) = receiver.requests
    told = json.loads(body)
    assert list(told) == ["id", "type", "time", "incident", "alerts"]
    assert (told["id"], told["type"]) == ("k1", "incident.firing")
    assert told["time"] == "2026-11-21T10:10:00.000Z"
    assert told["incident"]["impact"] == "Customers cannot pay"
    assert told["alerts"][0]["annotations"]["message"] == "status == 200 (status is 502)"
    assert request.headers["webhook-id"] == "k1"
    assert request.headers["Content-Type"] == "application/json"
    assert request.headers["User-Agent"].startswith("tocsin/")
    assert "webhook-signature" not in request.headers
    assert request.method == "POST"


async def test_headers_token_and_method_are_as_configured(receiver: Receiver) -> None:
    spec = hook(receiver.url, method="PUT", headers={"X-Team": "ops"}, token="tok-12345")
    await send(spec)
    ((request, _),) = receiver.requests
    assert request.method == "PUT"
    assert request.headers["X-Team"] == "ops"
    assert request.headers["Authorization"] == "Bearer tok-12345"


async def test_a_signed_body_verifies_as_standard_webhooks(receiver: Receiver) -> None:
    key = b"0123456789abcdef01234567"
    await send(hook(receiver.url, signing_secret="whsec_" + base64.b64encode(key).decode()))
    ((request, body),) = receiver.requests
    signed = f"k1.{request.headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert request.headers["webhook-signature"] == f"v1,{expected}"


def test_the_signature_is_that_of_the_specifications_example() -> None:
    """The example in the Standard Webhooks reference libraries' tests."""
    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    body = b'{"test": 2432232314}'
    signed = signature(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 410, 422])
async def test_a_refusal_is_permanent_and_quotes_the_answer(
    receiver: Receiver, status: int
) -> None:
    receiver.answer(status, "no such \x1b[31mroom")
    error = await failure(hook(receiver.url))
    assert isinstance(error, Permanent)
    assert f"answers {status}" in str(error)
    assert str(error).endswith(": no such room")


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
async def test_a_bad_moment_is_transient(receiver: Receiver, status: int) -> None:
    receiver.answer(status, Retry_After="17")
    error = await failure(hook(receiver.url))
    assert isinstance(error, Transient)
    assert error.retry_after_s == 17


async def test_a_redirect_is_not_followed(receiver: Receiver) -> None:
    receiver.answer(302, Location=receiver.url + "/elsewhere?token=abc")
    error = await failure(hook(receiver.url))
    assert isinstance(error, Permanent)
    assert "redirects are not followed" in str(error)
    assert len(receiver.requests) == 1


async def test_nobody_listening_is_transient_and_hides_the_path() -> None:
    url = f"http://user:passw0rd@127.0.0.1:{unused_port()}/services/T00000/B0000/secretpath"
    error = await failure(hook(url))
    assert isinstance(error, Transient)
    assert "Connect" in str(error) or "connection" in str(error)
    assert "secretpath" not in str(error)
    assert "passw0rd" not in str(error)


async def test_an_answer_that_quotes_the_secrets_is_masked(receiver: Receiver) -> None:
    receiver.answer(403, "bad token tok-12345-abc at /services/T0000/B0000/XXXX")
    url = receiver.url + "/services/T0000/B0000/XXXX"
    error = await failure(hook(url, token="tok-12345-abc"))
    assert "tok-12345-abc" not in str(error)
    assert "XXXX" not in str(error)


async def test_a_connection_cut_in_the_middle_is_transient() -> None:
    async def cut(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    server = await asyncio.start_server(cut, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        error = await failure(hook(f"http://127.0.0.1:{port}/"))
    assert isinstance(error, Transient)
    assert "closed before an answer" in str(error)


async def test_what_is_not_http_is_transient() -> None:
    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(b"220 mail.example.org ESMTP\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(babble, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        error = await failure(hook(f"http://127.0.0.1:{port}/"))
    assert isinstance(error, Transient)


async def test_an_endless_error_page_is_read_only_so_far(receiver: Receiver) -> None:
    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(status=400)
        await response.prepare(request)
        try:
            while True:
                await response.write(b"x" * 65_536)
        except ConnectionError:
            return response

    receiver.handler = endless
    async with asyncio.timeout(5):
        error = await failure(hook(receiver.url))
    assert isinstance(error, Permanent)
    assert len(str(error)) <= 300


async def test_a_hanging_receiver_can_be_cancelled(receiver: Receiver) -> None:
    arrived = asyncio.Event()

    async def hang(_request: web.Request) -> web.StreamResponse:
        arrived.set()
        await asyncio.sleep(60)
        raise AssertionError

    receiver.handler = hang
    sending = asyncio.create_task(send(hook(receiver.url)))
    await arrived.wait()
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending


async def test_a_certificate_is_verified_against_the_configured_authority(tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    async with serving(context) as receiver:
        assert await send(hook(receiver.url, ca=tmp_path / "ca.pem")) == "200 OK"
        assert await send(hook(receiver.url, verify=False)) == "200 OK"
        error = await failure(hook(receiver.url))
    assert isinstance(error, Transient)
    assert "certificate is not trusted" in str(error)


async def test_one_channel_sends_many_messages(receiver: Receiver) -> None:
    channel = _channel(hook(receiver.url))
    await channel.send(compose(notice("a")))
    await channel.send(compose(over("b")))
    await channel.close()
    assert [json.loads(body)["id"] for _, body in receiver.requests] == ["a", "b"]


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("120", 120.0),
        ("soon", None),
        ("-5", None),
        ("Thu, 01 Jan 1970 00:01:40 GMT", 90.0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
    ],
)
def test_retry_after_is_a_number_or_a_date(value: str | None, seconds: float | None) -> None:
    assert retry_after_s(value, 10.0) == seconds
