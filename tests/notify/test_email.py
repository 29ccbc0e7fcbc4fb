"""Mail over a real SMTP server: what arrives, and what each refusal means."""

from __future__ import annotations

import email
import email.policy
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiohttp.test_utils import unused_port
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from daemon.core.chronicle import Notice, NoticeType
from daemon.notify.channels.email import EmailChannel
from daemon.notify.errors import DeliveryError, Permanent, Transient
from daemon.notify.render import Renderer
from daemon.notify.spec import EmailSpec
from tests.notify.lab import compose, incident, notice, over

PASSWORD = "correct horse"


class Mailbox:
    """Keeps mails; answers recipients and data as told."""

    def __init__(self) -> None:
        self.mails: list[Envelope] = []
        self.recipients: dict[str, str] = {}
        self.data = "250 2.0.0 kept"

    async def handle_RCPT(  # noqa: N802  # aiosmtpd's name
        self,
        _server: SMTP,
        _session: Session,
        envelope: Envelope,
        address: str,
        _options: list[str],
    ) -> str:
        answer = self.recipients.get(address, "250 OK")
        if answer.startswith("2"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(  # noqa: N802  # aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        if self.data.startswith("2"):
            self.mails.append(envelope)
        return self.data

    def parsed(self) -> EmailMessage:
        (envelope,) = self.mails
        assert isinstance(envelope.content, bytes)
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(mail, EmailMessage)
        return mail


class Running:
    """A server with its mailbox."""

    def __init__(self, box: Mailbox, port: int) -> None:
        self.box = box
        self.port = port

    def spec(self, **changes: Any) -> EmailSpec:
        facts: dict[str, Any] = {
            "name": "mail",
            "host": "localhost",
            "port": self.port,
            "tls": "none",
            "sender": "Tocsin <tocsin@example.org>",
            "to": ("ops@example.org",),
        }
        return EmailSpec(**(facts | changes))


def _check(
    _server: SMTP, _session: Session, _envelope: Envelope, _how: str, data: Any
) -> AuthResult:
    good = isinstance(data, LoginPassword) and data.password == PASSWORD.encode()
    return AuthResult(success=good, handled=False)


@contextmanager
def serving(**options: Any) -> Iterator[Running]:
    box, port = Mailbox(), unused_port()
    controller = Controller(box, hostname="localhost", port=port, **options)
    controller.start()
    try:
        yield Running(box, port)
    finally:
        controller.stop()


@pytest.fixture
def server() -> Iterator[Running]:
    with serving() as running:
        yield running


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca(authority: trustme.CA, tmp_path: Path) -> Path:
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    return tmp_path / "ca.pem"


@pytest.fixture
def secure(authority: trustme.CA) -> Iterator[Running]:
    """A server that asks for STARTTLS and then for a password."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    with serving(
        tls_context=context, require_starttls=True, auth_required=True, authenticator=_check
    ) as running:
        yield running


async def send(spec: EmailSpec, what: Notice | None = None) -> str:
    channel = EmailChannel(spec, Renderer(spec.audience))
    return await channel.send(compose(what or notice()))


async def failure(spec: EmailSpec, what: Notice | None = None) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        await send(spec, what)
    return caught.value


async def test_a_mail_has_a_text_and_an_html_part_that_tell_the_story(server: Running) -> None:
    assert "kept" in await send(server.spec())
    mail = server.box.parsed()
    assert mail["Subject"] == "[CRITICAL] Firing: checkout is down"
    assert mail["From"] == "Tocsin <tocsin@example.org>"
    assert mail["To"] == "ops@example.org"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Importance"] == "high"
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text is not None
    assert html is not None
    for part in (text.get_content(), html.get_content()):
        assert "Customers cannot pay" in part
        assert "status == 200 (status is 502)" in part
        assert "tocsin ack inc-1" in part
    assert server.box.mails[0].mail_from == "tocsin@example.org"


async def test_all_mails_of_an_incident_share_a_thread_and_none_its_id(server: Running) -> None:
    channel = EmailChannel(server.spec(), Renderer())
    for what in (notice("a"), notice("a"), over("b"), notice("c", incident=incident(key="x"))):
        channel._accepted.clear()  # as after a restart
        await channel.send(compose(what))
    mails = [
        email.message_from_bytes(envelope.content, policy=email.policy.default)
        for envelope in server.box.mails
        if isinstance(envelope.content, bytes)
    ]
    first, again, end, other = mails
    assert first["Message-ID"] == again["Message-ID"] != end["Message-ID"]
    assert first["References"] == end["References"] == end["In-Reply-To"] != other["References"]
    assert first["Message-ID"].endswith("@example.org>")


async def test_headers_cannot_be_injected_by_an_incidents_texts(server: Running) -> None:
    evil = incident(title="down\r\nBcc: spy@example.net\r\n\r\nboo", key="i\r\nX-Evil: 1")
    await send(server.spec(), notice("k\r\nX-Evil: 1", incident=evil))
    mail = server.box.parsed()
    assert mail["Bcc"] is None
    assert mail["X-Evil"] is None
    assert "Bcc: spy" in mail["Subject"]
    assert server.box.mails[0].rcpt_tos == ["ops@example.org"]


async def test_html_from_outside_is_text(server: Running) -> None:
    evil = incident(title="<script>alert(1)</script>", summary="<img src=http://x/>")
    await send(server.spec(), notice(incident=evil))
    html = server.box.parsed().get_body(("html",))
    assert html is not None
    assert "<script>" not in html.get_content()
    assert "<img" not in html.get_content()


async def test_a_persons_address_goes_before_the_channels(server: Running) -> None:
    await send(server.spec(), notice(recipient="ana", address="ana@example.org"))
    assert server.box.mails[0].rcpt_tos == ["ana@example.org"]


@pytest.mark.parametrize("address", ["nonsense", "a@b\r\nRCPT TO:<x@y>"])
async def test_an_impossible_address_is_permanent(server: Running, address: str) -> None:
    error = await failure(server.spec(), notice(address=address))
    assert isinstance(error, Permanent)
    assert server.box.mails == []


async def test_no_recipient_at_all_is_permanent_and_names_the_mend(server: Running) -> None:
    error = await failure(server.spec(to=()))
    assert isinstance(error, Permanent)
    assert "set its `to`" in str(error)


async def test_starttls_and_a_password_are_used(secure: Running, ca: Path) -> None:
    spec = secure.spec(tls="starttls", ca=ca, username="tocsin", password=PASSWORD)
    await send(spec)
    assert secure.box.parsed()["Subject"] == "[CRITICAL] Firing: checkout is down"


async def test_a_wrong_password_is_permanent_and_not_shown(secure: Running, ca: Path) -> None:
    spec = secure.spec(tls="starttls", ca=ca, username="tocsin", password="wrong-password")
    error = await failure(spec)
    assert isinstance(error, Permanent)
    assert "refuses the login: 535" in str(error)
    assert "wrong-password" not in str(error)


async def test_a_certificate_that_is_not_trusted_is_told_as_such(secure: Running) -> None:
    spec = secure.spec(tls="starttls", username="tocsin", password=PASSWORD)
    error = await failure(spec)
    assert isinstance(error, Transient)
    assert "certificate is not trusted" in str(error)


async def test_a_server_without_starttls_gets_no_mail(server: Running) -> None:
    error = await failure(server.spec(tls="starttls"))
    assert isinstance(error, Permanent)
    assert "STARTTLS" in str(error)
    assert server.box.mails == []


async def test_implicit_tls_works(authority: trustme.CA, ca: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    with serving(ssl_context=context) as running:
        await send(running.spec(tls="implicit", ca=ca))
        assert len(running.box.mails) == 1


async def test_a_refused_recipient_is_permanent(server: Running) -> None:
    server.box.recipients["ops@example.org"] = "550 5.1.1 no such user"
    error = await failure(server.spec())
    assert isinstance(error, Permanent)
    assert "ops@example.org: 550 5.1.1 no such user" in str(error)


async def test_greylisting_is_transient(server: Running) -> None:
    server.box.recipients["ops@example.org"] = "451 4.7.1 try again later"
    error = await failure(server.spec())
    assert isinstance(error, Transient)
    assert "451" in str(error)


async def test_who_was_greylisted_is_tried_again_and_who_accepted_is_not(server: Running) -> None:
    server.box.recipients["b@example.org"] = "451 4.7.1 try again later"
    channel = EmailChannel(server.spec(to=("a@example.org", "b@example.org")), Renderer())
    with pytest.raises(Transient):
        await channel.send(compose(notice()))
    server.box.recipients.clear()
    await channel.send(compose(notice()))
    assert [mail.rcpt_tos for mail in server.box.mails] == [["a@example.org"], ["b@example.org"]]
    assert "had accepted it" in await channel.send(compose(notice()))


async def test_one_recipient_refused_for_good_spoils_nothing(server: Running) -> None:
    server.box.recipients["b@example.org"] = "550 no such user"
    receipt = await send(server.spec(to=("a@example.org", "b@example.org")))
    assert "refused: b@example.org (550)" in receipt
    assert server.box.mails[0].rcpt_tos == ["a@example.org"]


@pytest.mark.parametrize(
    ("answer", "kind"), [("552 too big", Permanent), ("452 disk full", Transient)]
)
async def test_a_refused_mail_is_told_by_its_code(
    server: Running, answer: str, kind: type[DeliveryError]
) -> None:
    server.box.data = answer
    error = await failure(server.spec())
    assert type(error) is kind
    assert f"refuses the mail: {answer}" in str(error)


async def test_nobody_listening_is_transient() -> None:
    error = await failure(Running(Mailbox(), unused_port()).spec())
    assert isinstance(error, Transient)


async def test_news_are_not_marked_important(server: Running) -> None:
    await send(server.spec(), notice(type=NoticeType.REPEATED))
    assert server.box.parsed()["Importance"] is None
