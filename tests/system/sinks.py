"""Where notifications end in these tests: a real SMTP server and a real HTTP receiver.

Both run in threads of their own, so that one pair serves tests with different event loops,
and both write down what arrived, and when. `python -m tests.system.sinks DIRECTORY` runs
the pair by hand: it prints what arrives and keeps every mail and every body as a file.
"""

from __future__ import annotations

import email
import email.policy
import hmac
import json
import logging
import signal
import ssl
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeVar

import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.peers.process import free_port
from tests.system.running import PATIENCE_S

USER = "tocsin"
PASSWORD = "smtp-pass-3d7e"
TOKEN = "hook-token-c2a9"
SIGNING_SECRET = "hook-signing-77b0"


@dataclass(frozen=True)
class Hook:
    """A request to the webhook.

    Attributes:
        at: When it arrived, in milliseconds since the epoch.
        headers: With lower-case names.
    """

    at: int
    headers: Mapping[str, str]
    raw: bytes

    @property
    def body(self) -> dict[str, Any]:
        body: dict[str, Any] = json.loads(self.raw)
        return body


@dataclass(frozen=True)
class Mail:
    """A mail that was taken: when (milliseconds since the epoch), for whom, and over what."""

    at: int
    recipients: tuple[str, ...]
    encrypted: bool
    raw: bytes

    @property
    def message(self) -> EmailMessage:
        parsed = email.message_from_bytes(self.raw, policy=email.policy.default)
        assert isinstance(parsed, EmailMessage)
        return parsed

    def part(self, kind: str) -> str:
        """The `plain` or the `html` part."""
        found = self.message.get_body((kind,))
        assert found is not None, f"the mail has no {kind} part"
        return str(found.get_content())


Found = TypeVar("Found")
Tell = Callable[[Hook | Mail], None]


def _now() -> int:
    return time.time_ns() // 1_000_000


class WebhookReceiver:
    """An HTTP server that takes webhooks which carry the token, and refuses others."""

    def __init__(self, tell: Tell) -> None:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                receiver.take(self)

            def log_message(self, *_: object) -> None:
                """The test says what is worth saying."""

        self._tell = tell
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/alerts"

    def take(self, request: BaseHTTPRequestHandler) -> None:
        """Write down one request and answer it."""
        raw = request.rfile.read(int(request.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in request.headers.items()}
        good = hmac.compare_digest(headers.get("authorization", ""), f"Bearer {TOKEN}")
        if good:
            self._tell(Hook(_now(), headers, raw))
        request.send_response(204 if good else 401)
        request.send_header("Content-Length", "0")
        request.end_headers()

    @contextmanager
    def serving(self) -> Iterator[None]:
        """Serve until the block ends."""
        thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield
        finally:
            self._server.shutdown()
            thread.join()
            self._server.server_close()


class Postbox:
    """What the SMTP server does with a mail."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell

    async def handle_DATA(  # noqa: N802  # aiosmtpd's name
        self, _server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Write down one mail and accept it."""
        assert isinstance(envelope.content, bytes)
        to = tuple(envelope.rcpt_tos)
        self._tell(Mail(_now(), to, session.ssl is not None, envelope.content))
        return "250 2.0.0 kept"


def _login(
    _server: SMTP, _session: Session, _envelope: Envelope, _how: str, data: Any
) -> AuthResult:
    good = isinstance(data, LoginPassword) and data == LoginPassword(
        USER.encode(), PASSWORD.encode()
    )
    return AuthResult(success=good, handled=False)


@dataclass(frozen=True)
class Sinks:
    """Both sinks, listening.

    Attributes:
        ca: The PEM file of the authority that the SMTP server's certificate is from.
    """

    url: str
    smtp_port: int
    ca: Path

    def channels(self) -> str:
        """The configuration of the channels `ops` and `mail` that end here."""
        return f"""
[channel.ops]
kind = "webhook"
url = "{self.url}"
token = "{TOKEN}"
signing_secret = "{SIGNING_SECRET}"

[channel.mail]
kind = "email"
host = "localhost"
port = {self.smtp_port}
tls = "starttls"
ca = "{self.ca}"
username = "{USER}"
password = "{PASSWORD}"
sender = "Tocsin <tocsin@example.org>"
"""


@contextmanager
def start_sinks(directory: Path, tell: Tell) -> Iterator[Sinks]:
    """Both sinks, until the block ends; `tell` gets what arrives, in other threads."""
    authority = trustme.CA()
    ca = directory / "smtp-ca.pem"
    authority.cert_pem.write_to_path(ca)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(tls)
    smtp = Controller(
        Postbox(tell),
        hostname="localhost",
        port=free_port(),
        tls_context=tls,
        require_starttls=True,
        auth_required=True,
        authenticator=_login,
    )
    receiver = WebhookReceiver(tell)
    with ExitStack() as stack:
        stack.enter_context(receiver.serving())
        smtp.start()
        stack.callback(smtp.stop)
        yield Sinks(receiver.url, smtp.port, ca)


@dataclass
class Arrivals:
    """What arrived at the sinks, in order."""

    everything: list[Hook | Mail] = field(default_factory=list)

    def take(self, what: Hook | Mail) -> None:
        """Called by the sinks, in their threads."""
        self.everything.append(what)

    def hooks(self, incident: str) -> list[Hook]:
        """The webhooks about an incident."""
        found = [each for each in self.everything if isinstance(each, Hook)]
        return [each for each in found if each.body["incident"]["id"] == incident]

    def mails(self, incident: str) -> list[Mail]:
        """The mails about an incident."""
        found = [each for each in self.everything if isinstance(each, Mail)]
        return [each for each in found if incident in each.part("plain") + each.part("html")]

    @staticmethod
    def wait(look: Callable[[], Sequence[Found]], count: int = 1) -> Sequence[Found]:
        """Wait until there are as many; what there is."""
        ends = time.monotonic() + PATIENCE_S
        while len(found := look()) < count:
            assert time.monotonic() < ends, f"only {len(found)} of {count} arrived: {found}"
            time.sleep(0.02)
        return found


def _show(directory: Path, number: int, what: Hook | Mail) -> None:
    """Print one line of what arrived, and keep it."""
    if isinstance(what, Hook):
        line = f"webhook  {what.body['type']}: {what.body['incident']['title']}"
        name = f"{number:03}-webhook.json"
    else:
        line = f"mail     to {', '.join(what.recipients)}: {what.message['Subject']}"
        name = f"{number:03}-mail.eml"
    (directory / name).write_bytes(what.raw)
    print(time.strftime("%H:%M:%S"), line, f"({name})", flush=True)


def main(directory: Path) -> None:
    """Run both sinks until SIGINT or SIGTERM."""
    directory.mkdir(parents=True, exist_ok=True)
    logging.getLogger("mail.log").setLevel(logging.ERROR)  # it warns of its own past
    arrived: list[Hook | Mail] = []

    def tell(what: Hook | Mail) -> None:
        arrived.append(what)
        _show(directory, len(arrived), what)

    with start_sinks(directory, tell) as sinks:
        (directory / "channels.toml").write_text(sinks.channels())
        print(f"webhook {sinks.url}, SMTP localhost:{sinks.smtp_port}", flush=True)
        signal.sigwait({signal.SIGINT, signal.SIGTERM})


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "sinks"))
