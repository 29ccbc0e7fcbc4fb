"""What the configuration says of a channel, `[channel.NAME]`: one model a kind.

Stands apart from the channels so that reading a configuration loads no transport. Whatever
may hold a secret is a `Secret`: also a webhook's URL, whose path often is the password.
"""

from __future__ import annotations

import base64
import binascii
import re
import ssl
from collections.abc import Mapping
from email.errors import HeaderParseError
from email.headerregistry import Address, Group, HeaderRegistry
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, ClassVar, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, model_validator

from checks.spec import Duration, Name, Secret, Strict

SECOND: Final = 1_000
_HEADER_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
RESERVED_HEADERS: Final = frozenset(
    {
        "content-length",
        "content-type",
        "host",
        "transfer-encoding",
        "webhook-id",
        "webhook-signature",
        "webhook-timestamp",
    }
)
"""Headers of a webhook's request that Tocsin sets itself."""


def _web_url(url: SecretStr) -> SecretStr:
    """Refuse what is no absolute http(s) URL, without repeating it."""
    text = url.get_secret_value()
    try:
        parts = urlsplit(text)
        good = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good or _CONTROL.search(text) or " " in text:
        raise ValueError('the URL must look like "https://host/path"')
    return url


def email_address(text: str) -> str:
    """The text, if it is exactly one e-mail address, `a@b` or `Name <a@b>`.

    Raises:
        ValueError: It is not; the message shows the form it should have.
    """
    if _CONTROL.search(text):
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


def _headers(headers: dict[str, SecretStr]) -> dict[str, SecretStr]:
    """Refuse names and values that no HTTP header can have, and those Tocsin sets itself."""
    for name, value in headers.items():
        if _HEADER_NAME.fullmatch(name) is None:
            raise ValueError(f"{name!r} cannot be the name of a header")
        if name.lower() in RESERVED_HEADERS:
            raise ValueError(f"the header {name} is set by Tocsin itself")
        if _CONTROL.search(value.get_secret_value()):
            raise ValueError(f"the value of the header {name} holds control characters")
    return headers


def _signing_secret(secret: SecretStr) -> SecretStr:
    signing_key(secret.get_secret_value())
    return secret


def signing_key(secret: str) -> bytes:
    """The key that a signing secret stands for, as Standard Webhooks writes it.

    Raises:
        ValueError: It is empty, or what follows `whsec_` is not base64.
    """
    if not secret.startswith("whsec_"):
        key = secret.encode()
    else:
        try:
            key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
        except binascii.Error:
            raise ValueError("what follows whsec_ in the signing secret is not base64") from None
    if not key:
        raise ValueError("the signing secret is empty")
    return key


def _authorities(path: Path) -> Path:
    """Refuse a file from which no certificate authority can be read."""
    path = path.expanduser()
    try:
        ssl.create_default_context(cafile=str(path))
    except ssl.SSLError:
        raise ValueError(f"{path} holds no PEM certificates") from None
    except OSError as error:
        raise ValueError(f"the file {path} cannot be read: {error.strerror}") from None
    return path


def _directory(path: Path) -> Path:
    path = path.expanduser()
    if not path.is_dir():
        raise ValueError(f"there is no directory {path}")
    return path


WebUrl = Annotated[Secret, AfterValidator(_web_url)]
EmailAddress = Annotated[str, AfterValidator(email_address)]
Authorities = Annotated[Path, AfterValidator(_authorities)]
"""A PEM file with certificate authorities, used instead of the system's."""


class ChannelSpec(Strict):
    """What every kind of channel is configured with.

    Attributes:
        fallback: The channel that is told when this one fails for good.
        send_resolved: Also tell that an incident is over.
        audience: Which rendering goes out: for those who mend, or for those who ask.
        timeout: For one attempt, in milliseconds.
        templates: A directory whose templates go before the built-in ones.
    """

    name: Name
    kind: str
    fallback: Name | None = None
    send_resolved: bool = True
    audience: Literal["technical", "stakeholder"] = "technical"
    timeout: Annotated[Duration, Field(ge=100, le=120 * SECOND)] = 10 * SECOND
    templates: Annotated[Path, AfterValidator(_directory)] | None = None

    takes_address: ClassVar[bool] = False
    """Whether a person may have an address of their own on it."""

    @property
    def needs_address(self) -> bool:
        """Whether it can only be told through a person who has an address on it."""
        return False


class WebhookSpec(ChannelSpec):
    """`kind = "webhook"`: the incident as JSON to a URL.

    Attributes:
        token: Sent as `Authorization: Bearer ...`.
        signing_secret: `whsec_` and base64, or plain text; signs as Standard Webhooks v1.
        verify: Whether the server's certificate must be good; only for tests and labs.
    """

    kind: Literal["webhook"] = "webhook"
    url: WebUrl
    method: Literal["POST", "PUT"] = "POST"
    headers: Annotated[dict[str, Secret], AfterValidator(_headers)] = Field(default_factory=dict)
    token: Secret | None = None
    signing_secret: Annotated[Secret, AfterValidator(_signing_secret)] | None = None
    ca: Authorities | None = None
    verify: bool = True

    @model_validator(mode="after")
    def _one_authorization(self) -> Self:
        if self.token is not None:
            if urlsplit(self.url.get_secret_value()).username is not None:
                raise ValueError("token and a user in the URL exclude each other")
            if any(name.lower() == "authorization" for name in self.headers):
                raise ValueError("token and an authorization header exclude each other")
            if _CONTROL.search(self.token.get_secret_value()):
                raise ValueError("the token holds control characters")
        return self


class EmailSpec(ChannelSpec):
    """`kind = "email"`: a mail with an HTML and a text part over SMTP.

    Attributes:
        tls: `starttls` (port 587), `implicit` (port 465) or `none` (port 25).
        port: Where the server listens; None for the usual one of `tls`.
        to: Who gets it where the channel itself is told, not a person.
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

    takes_address: ClassVar[bool] = True

    @property
    def needs_address(self) -> bool:
        return not self.to

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


class LogSpec(ChannelSpec):
    """`kind = "log"`: a line a notice on the daemon's standard output (the journal).

    Attributes:
        file: Append the lines to this file instead.
        format: `text` for people, `json` for the same body as a webhook's.
    """

    kind: Literal["log"] = "log"
    file: Path | None = None
    format: Literal["text", "json"] = "text"


CHANNEL_KINDS: Final[Mapping[str, type[ChannelSpec]]] = MappingProxyType(
    {"webhook": WebhookSpec, "email": EmailSpec, "log": LogSpec}
)
"""The kinds of channels there are, by the word `kind` has in the configuration."""
