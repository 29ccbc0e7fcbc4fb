"""The sinks take what Tocsin's own channels send."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import aiosmtplib
import pytest

from daemon.demo.sinks import MailSink, Received, WebhookSink
from daemon.notify.channels.email import EmailChannel
from daemon.notify.channels.webhook import WebhookChannel
from daemon.notify.errors import Permanent
from daemon.notify.render import Renderer
from daemon.notify.spec import EmailSpec, WebhookSpec
from tests.notify.lab import compose, incident, notice


@pytest.fixture
def heard() -> list[Received]:
    return []


@pytest.fixture
async def mail(heard: list[Received]) -> AsyncIterator[MailSink]:
    sink = MailSink(heard.append)
    await sink.open()
    yield sink
    await sink.close()


async def test_a_mail_is_taken_and_told_with_recipient_and_subject(
    mail: MailSink, heard: list[Received]
) -> None:
    spec = EmailSpec(name="mail", host="127.0.0.1", port=mail.port, tls="none", sender="t@x.org")
    channel = EmailChannel(spec, Renderer())
    dotted = incident(summary=".\r\n.. a line of dots")
    await channel.send(compose(notice(address="ana@shop.example", incident=dotted)))
    assert heard == [Received("mail", "ana@shop.example", "[CRITICAL] Firing: checkout is down")]


async def test_several_mails_go_over_one_connection(mail: MailSink, heard: list[Received]) -> None:
    async with aiosmtplib.SMTP(hostname="127.0.0.1", port=mail.port) as client:
        for number in range(2):
            await client.sendmail("a@x.org", ["b@x.org"], f"Subject: {number}\r\n\r\n.\r\n..\r\n")
    assert [one.subject for one in heard] == ["0", "1"]


async def test_nonsense_is_refused_and_does_no_harm(mail: MailSink) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", mail.port)
    await reader.readline()
    writer.write(b"\xff\xfe GET / HTTP/1.1\r\n")
    assert (await reader.readline()).startswith(b"502")
    writer.write(b"x" * 10_000)
    writer.close()
    async with aiosmtplib.SMTP(hostname="127.0.0.1", port=mail.port) as client:
        assert (await client.noop()).code == 250


async def test_a_webhook_is_taken_and_told(heard: list[Received]) -> None:
    sink = WebhookSink(heard.append)
    await sink.open()
    url = f"http://127.0.0.1:{sink.port}"
    good = WebhookChannel(WebhookSpec(name="chat", url=f"{url}/shop-chat"), Renderer())
    assert await good.send(compose(notice())) == "200 OK"
    wrong = WebhookChannel(WebhookSpec(name="chat", url=f"{url}/elsewhere"), Renderer())
    with pytest.raises(Permanent):
        await wrong.send(compose(notice()))
    await good.close()
    await wrong.close()
    await sink.close()
    assert heard == [Received("webhook", "shop-chat", "incident.firing: checkout is down")]
