"""Where the demo's notifications end: a mail server and a webhook that only keep and tell."""

from __future__ import annotations

import asyncio
import email
import email.policy
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import msgspec
from aiohttp import web

from daemon.demo.shop import hold, port_of
from daemon.notify.scrub import Scrubber

_log = logging.getLogger(__name__)
_LONGEST_MAIL: Final = 1024 * 1024
_LONGEST_LINE: Final = 4_096
_SCRUB: Final = Scrubber()


@dataclass(frozen=True, slots=True)
class Received:
    """A message that arrived: over which way, for whom, and its subject."""

    way: str
    recipient: str
    subject: str


Tell = Callable[[Received], None]


class MailSink:
    """A minimal SMTP server (RFC 5321, section 4.5.1): takes every mail, keeps none."""

    def __init__(self, tell: Tell) -> None:
        self._held = hold()
        self.port = port_of(self._held)
        self._tell = tell
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        """Listen on loopback."""
        self._server = await asyncio.start_server(self._serve, sock=self._held, limit=_LONGEST_LINE)

    async def close(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
        self._held.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._converse(reader, writer)
        except (OSError, ValueError, asyncio.IncompleteReadError) as error:
            _log.info("a mail's conversation broke off: %s", error)
        finally:
            writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def say(line: str) -> None:
            writer.write(line.encode() + b"\r\n")
            await writer.drain()

        recipients: list[str] = []
        await say("220 localhost demo mail sink")
        while line := await reader.readline():
            verb, _, rest = line.decode("ascii", "replace").strip().partition(" ")
            match verb.upper():
                case "EHLO" | "HELO":
                    await say("250 localhost")
                case "MAIL" | "RSET" | "NOOP":
                    recipients = [] if verb.upper() != "NOOP" else recipients
                    await say("250 OK")
                case "RCPT":
                    recipients.append(rest.partition("<")[2].partition(">")[0])
                    await say("250 OK")
                case "DATA":
                    await say("354 go on")
                    self._take(await _read_mail(reader), recipients)
                    await say("250 kept")
                case "QUIT":
                    await say("221 bye")
                    return
                case _:
                    await say("502 not here")

    def _take(self, content: bytes, recipients: list[str]) -> None:
        mail = email.message_from_bytes(content, policy=email.policy.default)
        subject = _SCRUB.line(str(mail["Subject"] or ""), 120)
        self._tell(Received("mail", _SCRUB.line(", ".join(recipients), 80), subject))


async def _read_mail(reader: asyncio.StreamReader) -> bytes:
    """Up to the line with one dot; leading dots are doubled on the way (RFC 5321, 4.5.2)."""
    content = bytearray()
    while (line := await reader.readline()) not in {b".\r\n", b""}:
        content += line[1:] if line.startswith(b"..") else line
        if len(content) > _LONGEST_MAIL:
            raise ValueError("a mail is longer than the demo takes")
    return bytes(content)


class WebhookSink:
    """Takes every webhook."""

    def __init__(self, tell: Tell) -> None:
        self._held = hold()
        self.port = port_of(self._held)
        self._tell = tell
        self._runner: web.AppRunner | None = None

    async def open(self) -> None:
        """Listen on loopback."""
        app = web.Application(client_max_size=_LONGEST_MAIL)
        app.router.add_post("/shop-chat", self._take)
        self._runner = web.AppRunner(app, shutdown_timeout=0.2)
        await self._runner.setup()
        await web.SockSite(self._runner, self._held).start()

    async def close(self) -> None:
        """Stop listening."""
        if self._runner is not None:
            await self._runner.cleanup()
        self._held.close()

    async def _take(self, request: web.Request) -> web.StreamResponse:
        try:
            body = msgspec.json.decode(await request.read(), type=_Body)
        except msgspec.DecodeError as error:
            return web.Response(status=400, text=str(error))
        subject = f"{body.type}: {body.incident.title}"
        self._tell(Received("webhook", "shop-chat", _SCRUB.line(subject, 120)))
        return web.Response(text="thanks")


class _Incident(msgspec.Struct):
    title: str


class _Body(msgspec.Struct):
    type: str
    incident: _Incident
