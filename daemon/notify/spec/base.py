"""What every kind of channel is configured with, and the types its fields are made of.

Whatever may hold a secret is a `Secret`: also a URL, whose path often is the password.
"""

from __future__ import annotations

import re
import ssl
from pathlib import Path
from typing import Annotated, ClassVar, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, model_validator

from checks.spec import Duration, Name, Secret, Strict
from daemon.core.muting.recurring import checked_cron
from daemon.notify.rate import parse_rate

SECOND: Final = 1_000
CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f]")


def _web_url(url: SecretStr) -> SecretStr:
    """Refuse what is no absolute http(s) URL, without repeating it."""
    text = url.get_secret_value()
    try:
        parts = urlsplit(text)
        good = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good or CONTROLS.search(text) or " " in text:
        raise ValueError('the URL must look like "https://host/path"')
    return url


def _service_url(text: str) -> str:
    """Refuse what is no plain http(s) address: a secret has no place in it."""
    parts = urlsplit(_web_url(SecretStr(text)).get_secret_value())
    if parts.username is not None or parts.query or parts.fragment:
        raise ValueError("the address of a service holds no user, no query and no fragment")
    return text.rstrip("/")


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
    from daemon.notify.proof import check_templates  # only who has templates loads their language

    check_templates(path)
    return path


def _rate(text: str) -> str:
    parse_rate(text)
    return text


def _cron(text: str) -> str:
    return checked_cron(text)


RateText = Annotated[
    str, AfterValidator(_rate), Field(json_schema_extra={"examples": ["1/s", "30/m", "200/h"]})
]
"""How often at most, as `parse_rate` reads it."""
CronText = Annotated[
    str, AfterValidator(_cron), Field(json_schema_extra={"examples": ["0 9 * * MON"]})
]
"""Five fields as in crontab(5); once an hour at most."""
WebUrl = Annotated[Secret, AfterValidator(_web_url)]
ServiceUrl = Annotated[str, AfterValidator(_service_url)]
"""Where a service listens, without a slash at its end: no secret, so it is shown and dumped."""
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
        rate, rate_per_recipient: How many attempts there are at most, altogether and for each
            recipient.
        self_test: When it tests itself, as a cron expression.
        digest: What is no page is collected for so long, and told as one message.
        digest_pages: Pages are collected too.
    """

    name: Name
    kind: str
    fallback: Name | None = None
    send_resolved: bool = True
    audience: Literal["technical", "stakeholder"] = "technical"
    timeout: Annotated[Duration, Field(ge=100, le=120 * SECOND)] = 10 * SECOND
    templates: Annotated[Path, AfterValidator(_directory)] | None = None
    rate: RateText | None = None
    rate_per_recipient: RateText | None = None
    self_test: CronText | None = None
    digest: Annotated[Duration, Field(ge=60 * SECOND, le=24 * 3_600 * SECOND)] | None = None
    digest_pages: bool = False

    digests: ClassVar[bool] = True
    """Whether a digest is something that its receiver can do anything with."""
    recipient_key: ClassVar[str] = "to"
    """The key that says whom it tells by itself, where there is one."""

    @model_validator(mode="after")
    def _digests_for_people(self) -> Self:
        if self.digest is not None and not self.digests:
            raise ValueError(
                f"digest is for people; what a {self.kind} channel tells needs every notice"
            )
        if self.digest_pages and self.digest is None:
            raise ValueError('digest_pages goes with a digest, like digest = "1h"')
        return self

    @model_validator(mode="after")
    def _tests_itself_with_somebody(self) -> Self:
        if self.self_test and self.needs_address:
            raise ValueError(
                f"self_test goes to the channel itself; give it somebody: {self.recipient_key}"
            )
        return self

    @property
    def takes_address(self) -> bool:
        """Whether a person may have an address of their own on it."""
        return False

    @property
    def needs_address(self) -> bool:
        """Whether it can only be told through a person who has an address on it."""
        return False

    def check_address(self, address: str) -> None:
        """Look at a person's address on it, where it takes any.

        Raises:
            ValueError: It can be none; the message shows the form it should have.
        """


class AddressedSpec(ChannelSpec):
    """What a kind is configured with that sends to addresses: those of persons, and its own.

    Attributes:
        to: Who gets it where the channel itself is told, not a person.
    """

    to: tuple[str, ...] = ()

    @property
    def takes_address(self) -> bool:
        return True

    @property
    def needs_address(self) -> bool:
        return not self.to
