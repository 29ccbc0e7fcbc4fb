"""What the configuration says of a webhook."""

from __future__ import annotations

import base64
import binascii
import re
from pathlib import Path
from typing import Annotated, ClassVar, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, model_validator

from checks.spec import Secret, Strict
from daemon.notify.spec.base import CONTROLS, Authorities, ChannelSpec, WebUrl

_HEADER_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
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


def _headers(headers: dict[str, SecretStr]) -> dict[str, SecretStr]:
    """Refuse names and values that no HTTP header can have, and those Tocsin sets itself."""
    for name, value in headers.items():
        if _HEADER_NAME.fullmatch(name) is None:
            raise ValueError(f"{name!r} cannot be the name of a header")
        if name.lower() in RESERVED_HEADERS:
            raise ValueError(f"the header {name} is set by Tocsin itself")
        if CONTROLS.search(value.get_secret_value()):
            raise ValueError(f"the value of the header {name} holds control characters")
    return headers


def _json_template(path: Path) -> Path:
    """Refuse a template that makes no JSON of a sample."""
    path = path.expanduser()
    if not path.is_file():
        raise ValueError(f"there is no file {path}")
    from daemon.notify.proof import check_json_template  # only who has one loads the language

    check_json_template(path)
    return path


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


Headers = Annotated[dict[str, Secret], AfterValidator(_headers)]
"""Headers of a request, but for those that Tocsin sets itself."""

SigningSecret = Annotated[Secret, AfterValidator(_signing_secret)]


class TemplateBody(Strict):
    """`body = { template = "FILE" }`: the request's body, as a template makes it.

    Attributes:
        template: A file that makes JSON of `body`, the usual body, and `m`.
    """

    template: Annotated[Path, AfterValidator(_json_template)]


class WebhookSpec(ChannelSpec):
    """`kind = "webhook"`: the incident as JSON to a URL.

    Attributes:
        body: `tocsin`, `alertmanager` (its webhook of version 4), or a template of one's own.
        token: Sent as `Authorization: Bearer ...`.
        signing_secret: `whsec_` and base64, or plain text; signs as Standard Webhooks v1.
        verify: Whether the server's certificate must be good; only for tests and labs.
    """

    digests: ClassVar[bool] = False

    kind: Literal["webhook"] = "webhook"
    url: WebUrl
    method: Literal["POST", "PUT"] = "POST"
    headers: Headers = Field(default_factory=dict)
    body: Literal["tocsin", "alertmanager"] | TemplateBody = "tocsin"
    token: Secret | None = None
    signing_secret: SigningSecret | None = None
    ca: Authorities | None = None
    verify: bool = True

    @model_validator(mode="after")
    def _one_authorization(self) -> Self:
        if self.token is not None:
            if urlsplit(self.url.get_secret_value()).username is not None:
                raise ValueError("token and a user in the URL exclude each other")
            if any(name.lower() == "authorization" for name in self.headers):
                raise ValueError("token and an authorization header exclude each other")
            if CONTROLS.search(self.token.get_secret_value()):
                raise ValueError("the token holds control characters")
        return self
