"""What the configuration says of a way to send mail."""

from __future__ import annotations

from email.errors import HeaderParseError
from email.headerregistry import Address, Group, HeaderRegistry
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from checks.spec import Secret
from daemon.notify.spec.base import CONTROLS, AddressedSpec, Authorities


def email_address(text: str) -> str:
    """The text, if it is exactly one e-mail address, `a@b` or `Name <a@b>`.

    Raises:
        ValueError: It is not; the message shows the form it should have.
    """
    if CONTROLS.search(text):
        raise ValueError("an e-mail address holds no control characters")
    try:
        header = HeaderRegistry()("to", text)
    except (HeaderParseError, ValueError, IndexError):
        raise ValueError(f"{text!r} is no e-mail address") from None
    addresses: tuple[Address, ...] = getattr(header, "addresses", ())
    groups: tuple[Group, ...] = getattr(header, "groups", ())
    named_group = any(group.display_name is not None for group in groups)
    if header.defects or named_group or len(addresses) != 1 or not addresses[0].domain:
        raise ValueError(f'{text!r} is no e-mail address; write it like "ops@example.org"')
    return text


EmailAddress = Annotated[str, AfterValidator(email_address)]


class EmailSpec(AddressedSpec):
    """`kind = "email"`: a mail with an HTML and a text part over SMTP.

    Attributes:
        tls: `starttls` (port 587), `implicit` (port 465) or `none` (port 25).
        port: Where the server listens; None for the usual one of `tls`.
        to: Who gets it where the channel itself is told, not a person.
        chart: Show the check's last hours in it.
    """

    kind: Literal["email"] = "email"
    host: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.:\-\[\]]{1,253}$")]
    port: Annotated[int, Field(ge=1, le=65535)] | None = None
    tls: Literal["starttls", "implicit", "none"] = "starttls"
    username: Annotated[str, Field(min_length=1, pattern=r"^[^\x00-\x1f\x7f]+$")] | None = None
    password: Secret | None = None
    sender: EmailAddress
    to: tuple[EmailAddress, ...] = ()
    ca: Authorities | None = None
    verify: bool = True
    chart: bool = True

    def check_address(self, address: str) -> None:
        email_address(address)

    @property
    def effective_port(self) -> int:
        """`port`, or the usual one."""
        return self.port or {"starttls": 587, "implicit": 465, "none": 25}[self.tls]

    @model_validator(mode="after")
    def _credentials_are_a_pair_and_private(self) -> Self:
        if (self.username is None) != (self.password is None):
            raise ValueError("username and password go together")
        if self.password is not None and self.tls == "none" and not _loopback(self.host):
            raise ValueError('a password is not sent without TLS; set tls = "starttls"')
        return self


def _loopback(host: str) -> bool:
    return host in {"localhost", "::1", "[::1]"} or host.startswith("127.")
