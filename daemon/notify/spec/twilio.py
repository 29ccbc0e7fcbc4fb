"""What the configuration says of telephones that are reached over Twilio: SMS and calls."""

from __future__ import annotations

import re
from typing import Annotated, ClassVar, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, model_validator

from checks.durations import format_duration
from checks.spec import Duration, Secret
from daemon.notify.spec.base import SECOND, AddressedSpec, Authorities, ServiceUrl

_E164: Final = re.compile(r"\+[1-9][0-9]{6,14}")
_SENDER_ID: Final = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9 +_&-]{1,11}|[0-9]{3,8}")
_TOKEN: Final = re.compile(r"[!-~]{1,200}")
ANSWER_MARGIN_MS: Final = 10 * SECOND
"""A call needs so much besides its ringing: to be dialled, and to be known as not answered."""


def phone_number(text: str) -> str:
    """The text, if it is a telephone number after E.164.

    Raises:
        ValueError: It is not; the message shows the form it should have.
    """
    if _E164.fullmatch(text) is None:
        raise ValueError(
            f"{text[:40]!r} is no telephone number; write + and the country's code, and digits"
            ' only, like "+4915112345678"'
        )
    return text


def _sender(text: str) -> str:
    """Who an SMS is from: a number, a short code, or a name of up to 11 letters."""
    if text.startswith("+"):
        return phone_number(text)
    if _SENDER_ID.fullmatch(text) is None:
        raise ValueError(
            'an SMS is from a number like "+4915112345678", a short code, or a name of at most'
            " 11 letters and digits"
        )
    return text


def _token(token: SecretStr) -> SecretStr:
    """Refuse what cannot be a password of HTTP's, without repeating it."""
    if _TOKEN.fullmatch(token.get_secret_value()) is None:
        raise ValueError("a token is one word of plain letters; see Twilio's console")
    return token


PhoneNumber = Annotated[
    str,
    AfterValidator(phone_number),
    Field(json_schema_extra={"examples": ["+4915112345678"]}),
]
Token = Annotated[Secret, AfterValidator(_token)]


class TwilioSpec(AddressedSpec):
    """What every kind over Twilio is configured with.

    Attributes:
        account: The account's SID, `AC...`.
        token: The account's auth token.
        api_key, api_secret: Instead of the token: an API key's SID, `SK...`, and its secret.
        to: Who is told where the channel itself is told, not a person.
        api_url: Where the REST API is.
    """

    account: Annotated[str, Field(pattern=r"^AC[0-9a-fA-F]{32}$")]
    token: Token | None = None
    api_key: Annotated[str, Field(pattern=r"^SK[0-9a-fA-F]{32}$")] | None = None
    api_secret: Token | None = None
    to: Annotated[tuple[PhoneNumber, ...], Field(max_length=20)] = ()
    api_url: ServiceUrl = "https://api.twilio.com"
    ca: Authorities | None = None
    verify: bool = True

    def check_address(self, address: str) -> None:
        phone_number(address)

    @property
    def login(self) -> tuple[str, str]:
        """The user and the password of a request."""
        user, secret = (self.account, self.token) if self.token else (self.api_key, self.api_secret)
        return user or "", secret.get_secret_value() if secret else ""

    @model_validator(mode="after")
    def _one_login_and_private(self) -> Self:
        if (self.api_key is None) != (self.api_secret is None):
            raise ValueError("api_key and api_secret go together")
        if (self.token is None) == (self.api_key is None):
            raise ValueError("give the account's token, or an api_key and its api_secret")
        parts = urlsplit(self.api_url)
        if parts.scheme == "http" and not _loopback(parts.hostname or ""):
            raise ValueError("a token is not sent without TLS; api_url must begin with https://")
        return self


class SmsSpec(TwilioSpec):
    """`kind = "sms"`: a short message.

    Attributes:
        sender: Who it is from; or `messaging_service`, whose SID is `MG...`.
        validity: It is given up when it could not be sent on within this time.
    """

    kind: Literal["sms"] = "sms"
    sender: Annotated[str, AfterValidator(_sender)] | None = None
    messaging_service: Annotated[str, Field(pattern=r"^MG[0-9a-fA-F]{32}$")] | None = None
    validity: Annotated[Duration, Field(ge=SECOND, le=36_000 * SECOND)] = 600 * SECOND

    @model_validator(mode="after")
    def _from_somebody(self) -> Self:
        if (self.sender is None) == (self.messaging_service is None):
            raise ValueError("give a sender or a messaging_service, and not both")
        return self


class VoiceSpec(TwilioSpec):
    """`kind = "voice"`: a call that says what is the matter, twice.

    Attributes:
        sender: The number that calls.
        language: Of the voice, as BCP 47 has it.
        voice: Whose voice, as Twilio names it; None for the account's.
        ring: How long it rings.
        calls: After so many calls that nobody took it is given up.
        call_resolved: Also call to say that an incident is over.
    """

    digests: ClassVar[bool] = False

    kind: Literal["voice"] = "voice"
    sender: PhoneNumber
    language: Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$")] = "en-US"
    voice: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9._-]{0,99}$")] | None = None
    ring: Annotated[Duration, Field(ge=5 * SECOND, le=100 * SECOND)] = 25 * SECOND
    calls: Annotated[int, Field(ge=1, le=20)] = 3
    call_resolved: bool = False
    timeout: Annotated[Duration, Field(ge=100, le=120 * SECOND)] = 60 * SECOND

    @model_validator(mode="after")
    def _the_end_of_ringing_is_awaited(self) -> Self:
        needed = self.ring + ANSWER_MARGIN_MS
        if self.timeout < needed:
            raise ValueError(
                "the timeout ends before it is known whether anybody answers; set"
                f' timeout = "{format_duration(needed)}" or more, or a shorter ring'
            )
        return self


def _loopback(host: str) -> bool:
    return host in {"localhost", "::1"} or host.startswith("127.")
