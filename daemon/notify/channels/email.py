"""A mail with a text and an HTML part, over one SMTP transaction an attempt.

All mails of an incident refer to one thread id, so that mail clients stack them; each has
a Message-ID made from its idempotency key, so that a repeated attempt is the same mail.
"""

from __future__ import annotations

import hashlib
import socket
import ssl
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime, getaddresses, parseaddr
from typing import Final

import aiosmtplib
from aiosmtplib import SMTPResponse

from daemon.core.chronicle import NoticeType
from daemon.core.severity import Severity, parse_severity
from daemon.notify.channel import Message
from daemon.notify.chart import Chart, Charts
from daemon.notify.document import Fetch, enclose
from daemon.notify.errors import DeliveryError, Permanent, Transient
from daemon.notify.render import Renderer
from daemon.notify.scrub import Scrubber
from daemon.notify.spec import EmailSpec, email_address

_REMEMBERED: Final = 1_000
"""Mails whose accepted recipients are kept in mind."""
_FAREWELL_S: Final = 1.0

Refused = Mapping[str, SMTPResponse]
"""What the server said to each recipient that it did not take."""


class EmailChannel:
    """Sends over one server, from one sender."""

    def __init__(
        self,
        spec: EmailSpec,
        renderer: Renderer,
        charts: Charts | None = None,
        documents: Fetch | None = None,
    ) -> None:
        self.spec = spec
        self._documents = documents
        self._charts = charts if spec.chart else None
        self._renderer = renderer
        self._password = spec.password.get_secret_value() if spec.password else None
        self._scrub = Scrubber([self._password] if self._password else [])
        self._tls = _tls(spec)
        self._accepted: OrderedDict[str, frozenset[str]] = OrderedDict()

    async def send(self, message: Message) -> str:
        """Deliver to all recipients. One that was refused for now (greylisting) is tried
        again alone; one refused for good spoils nothing for the others."""
        recipients = self._recipients(message.notice.address)
        key = message.notice.key
        missing = [name for name in recipients if name not in self._accepted.get(key, ())]
        if not missing:
            return f"{self._place} had accepted it"
        mail = await self._mail(message, recipients)
        refused, said = await self._transfer(key, mail, missing)
        if key not in self._accepted or any(_is_temporary(no.code) for no in refused.values()):
            raise self._refusal(refused)
        names = ", ".join(f"{name} ({no.code})" for name, no in refused.items())
        return self._scrub.line(said + (f"; refused: {names}" if names else ""))

    async def _mail(self, message: Message, recipients: Sequence[str]) -> EmailMessage:
        """What is sent: the notice in words, or the file that it is about."""
        sender = self.spec.sender
        if message.notice.type is NoticeType.REPORT:
            if self._documents is None:
                raise Permanent("there are no reports here that could be attached")
            document = await self._documents(message.notice)
            return enclose(message.notice, document, sender, recipients)
        chart = await self._charts.of(message) if self._charts is not None else None
        return compose(message, sender, recipients, self._renderer, chart)

    async def close(self) -> None:
        """No connection outlives its attempt."""
        self._accepted.clear()

    def _recipients(self, address: str | None) -> list[str]:
        if address:
            try:
                email_address(address)
            except ValueError as error:
                raise Permanent(self._scrub.line(str(error))) from None
        chosen = [address] if address else list(self.spec.to)
        bare = [parsed for _, parsed in getaddresses(chosen)]
        if not bare:
            raise Permanent(f"the channel {self.spec.name} has no recipient; set its `to`")
        return bare

    async def _transfer(
        self, key: str, mail: EmailMessage, recipients: Sequence[str]
    ) -> tuple[Refused, str]:
        """One SMTP transaction: who was refused, and what the server said to the rest."""
        client = self._client()
        sender = parseaddr(self.spec.sender)[1]
        try:
            await client.connect()
            refused, said = await client.sendmail(sender, list(recipients), mail.as_bytes())
            self._remember(key, [name for name in recipients if name not in refused])
            await self._bid_farewell(client)
        except aiosmtplib.SMTPRecipientsRefused as error:
            answers = {no.recipient: SMTPResponse(no.code, no.message) for no in error.recipients}
            return answers, ""
        except (aiosmtplib.SMTPException, OSError) as error:
            raise self._failure(error) from None
        finally:
            client.close()
        return refused, said

    def _client(self) -> aiosmtplib.SMTP:
        return aiosmtplib.SMTP(
            hostname=self.spec.host.strip("[]"),
            port=self.spec.effective_port,
            use_tls=self.spec.tls == "implicit",
            start_tls=self.spec.tls == "starttls",
            tls_context=self._tls,
            username=self.spec.username,
            password=self._password,
            local_hostname=socket.gethostname() or "localhost",
            timeout=self.spec.timeout / 1_000,
        )

    @staticmethod
    async def _bid_farewell(client: aiosmtplib.SMTP) -> None:
        """QUIT; the mail is already the server's, so nothing it does now is a failure."""
        try:
            await client.quit(timeout=_FAREWELL_S)
        except (aiosmtplib.SMTPException, OSError):
            client.close()

    def _remember(self, key: str, accepted: Sequence[str]) -> None:
        """Who has this mail, so that no later attempt sends it to them again."""
        self._accepted[key] = self._accepted.get(key, frozenset()) | frozenset(accepted)
        while len(self._accepted) > _REMEMBERED:
            self._accepted.popitem(last=False)

    def _refusal(self, refused: Refused) -> DeliveryError:
        """All that is left to tell was refused."""
        words = "; ".join(f"{name}: {said.code} {said.message}" for name, said in refused.items())
        detail = self._scrub.line(f"{self._place} refuses the recipient {words}")
        if any(_is_temporary(said.code) for said in refused.values()):
            return Transient(detail)
        return Permanent(detail)

    @property
    def _place(self) -> str:
        return f"{self.spec.host}:{self.spec.effective_port}"

    def _failure(self, error: Exception) -> DeliveryError:
        if isinstance(error, aiosmtplib.SMTPResponseException):
            what = {
                aiosmtplib.SMTPAuthenticationError: "refuses the login",
                aiosmtplib.SMTPSenderRefused: "refuses the sender",
                aiosmtplib.SMTPDataError: "refuses the mail",
            }.get(type(error), "answers")
            detail = self._scrub.line(f"{self._place} {what}: {error.code} {error.message}")
            return Transient(detail) if _is_temporary(error.code) else Permanent(detail)
        detail = self._scrub.line(f"{self._place}: {_words(error)}")
        return Permanent(detail) if _is_missing_extension(error) else Transient(detail)


def _is_temporary(code: int) -> bool:
    """4yz: try again; also an answer outside of SMTP's codes, and 421 at any time."""
    return not 500 <= code <= 599


def _is_missing_extension(error: Exception) -> bool:
    """The server does not offer STARTTLS or a way to authenticate that we know."""
    return isinstance(error, aiosmtplib.SMTPNotSupported) or (
        type(error) is aiosmtplib.SMTPException and "support" in error.message.lower()
    )


def _words(error: Exception) -> str:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"its certificate is not trusted: {cause.verify_message}"
        if isinstance(cause, socket.gaierror):
            return "its name cannot be resolved"
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, aiosmtplib.SMTPException):
        return str(error.message)
    return (error.strerror if isinstance(error, OSError) else None) or type(error).__name__


def _tls(spec: EmailSpec) -> ssl.SSLContext | None:
    if spec.tls == "none":
        return None
    context = ssl.create_default_context(cafile=str(spec.ca) if spec.ca else None)
    if not spec.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def compose(
    message: Message,
    sender: str,
    recipients: Sequence[str],
    renderer: Renderer,
    chart: Chart | None = None,
) -> EmailMessage:
    """The mail. Its headers are single lines whatever the incident's texts hold."""
    notice = message.notice
    domain = parseaddr(sender)[1].rpartition("@")[2]
    thread = f"<incident-{_token(notice.incident.key)}@{domain}>"
    mail = EmailMessage(policy=SMTP_POLICY)
    mail["From"] = sender
    mail["To"] = [_bare(address) for address in recipients]
    mail["Subject"] = renderer.subject(message)
    mail["Date"] = format_datetime(datetime.fromtimestamp(notice.at / 1_000, UTC))
    mail["Message-ID"] = f"<{_token(notice.key)}@{domain}>"
    mail["In-Reply-To"] = thread
    mail["References"] = thread
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    mail["X-Tocsin-Key"] = _token(notice.key)
    mail["X-Tocsin-Type"] = notice.type.value
    if _is_pressing(message):
        mail["Importance"] = "high"
        mail["X-Priority"] = "1"
    mail.set_content(renderer.text(message), cte="quoted-printable")
    picture = f"chart-{_token(notice.key)}@{domain}" if chart is not None else ""
    caption = chart.caption if chart is not None else ""
    html = renderer.html(message, picture, caption)
    mail.add_alternative(html, subtype="html", cte="quoted-printable")
    shown = mail.get_body(("html",))
    if chart is not None and shown is not None and picture in html:
        shown.add_related(chart.png, "image", "png", cid=f"<{picture}>", filename="latency.png")
    return mail


def _bare(address: str) -> Address:
    local, _, domain = address.rpartition("@")
    return Address(username=local, domain=domain)


def _token(text: str) -> str:
    """A name that can stand in a Message-ID, different for different texts."""
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def _is_pressing(message: Message) -> bool:
    severity = parse_severity(message.body["incident"]["severity"])
    return severity >= Severity.CRITICAL and message.notice.type in {
        NoticeType.FIRING,
        NoticeType.ESCALATED,
    }
