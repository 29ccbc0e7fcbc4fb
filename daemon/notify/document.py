"""A mail that carries a file: what a report goes out as.

The notice says what the mail says; the file is fetched when the mail is sent, by the id that the
notice carries (`Fetch`), so that the outbox need not hold it. Every attempt sends the same mail:
its Message-ID is made from what is sent and to whom, not from the attempt.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime, parseaddr

from checks.text import one_line
from daemon.core.chronicle import Notice
from daemon.core.record import record


@record(frozen=True, slots=True)
class Document:
    """A file that is attached.

    Attributes:
        media: `text/html`; its content is UTF-8.
    """

    name: str
    media: str
    content: bytes


Fetch = Callable[[Notice], Awaitable[Document]]
"""The file of a notice.

Raises:
    DeliveryError: It is not there (any more), or cannot be read now.
"""


def enclose(
    notice: Notice, document: Document, sender: str, recipients: Sequence[str]
) -> EmailMessage:
    """The mail with the document attached."""
    said = notice.incident
    domain = parseaddr(sender)[1].rpartition("@")[2]
    mail = EmailMessage(policy=SMTP_POLICY)
    mail["From"] = sender
    mail["To"] = [_bare(address) for address in recipients]
    mail["Subject"] = one_line(said.title)
    mail["Date"] = format_datetime(datetime.fromtimestamp(notice.at / 1_000, UTC))
    mail["Message-ID"] = f"<{_token(said.key, *recipients)}@{domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    mail["X-Tocsin-Key"] = _token(notice.key)
    mail["X-Tocsin-Type"] = notice.type.value
    mail.set_content(said.summary, cte="quoted-printable")
    kind, _, subtype = document.media.partition("/")
    mail.add_attachment(
        document.content,
        maintype=kind,
        subtype=subtype,
        filename=document.name,
        cte="base64",
        params={"charset": "utf-8"},
    )
    return mail


def _bare(address: str) -> Address:
    local, _, domain = address.rpartition("@")
    return Address(username=local, domain=domain)


def _token(*parts: str) -> str:
    return hashlib.blake2b("\0".join(parts).encode(), digest_size=16).hexdigest()
