"""What the configuration says of a Slack channel: a webhook's URL, or a bot's token.

An incoming webhook needs nothing but its URL and can only post. A bot can also change what it
posted and answer in threads, and write to persons.
"""

from __future__ import annotations

import re
from typing import Annotated, ClassVar, Final, Literal, Self

from pydantic import AfterValidator, Field, SecretStr, model_validator

from checks.spec import Secret
from daemon.notify.spec.base import Authorities, ChannelSpec, ServiceUrl, WebUrl

_TOKEN: Final = re.compile(r"[!-~]{1,500}")
_MEMBER: Final = re.compile(r"[UWD][A-Z0-9]{5,30}")


def _token(token: SecretStr) -> SecretStr:
    """Refuse what cannot stand in a header, without repeating it."""
    if _TOKEN.fullmatch(token.get_secret_value()) is None:
        raise ValueError('a token is one word of plain letters, like "xoxb-..."')
    return token


class SlackSpec(ChannelSpec):
    """`kind = "slack"`: a message of blocks.

    Attributes:
        url: An incoming webhook's, which belongs to one channel of Slack's.
        token: A bot's (`xoxb-...`), instead of `url`; its app needs the scope `chat:write`.
        channel: Where the bot tells the channel itself: an id (`C012AB3CD`) or `#name`.
        api_url: Where the Web API is.
    """

    kind: Literal["slack"] = "slack"
    url: WebUrl | None = None
    token: Annotated[Secret, AfterValidator(_token)] | None = None
    channel: Annotated[str, Field(pattern=r"^#?[^\s\x00-\x1f\x7f#@<>&|,]{1,80}$")] | None = None
    api_url: ServiceUrl = "https://slack.com/api"
    ca: Authorities | None = None
    verify: bool = True

    recipient_key: ClassVar[str] = "channel"

    @property
    def takes_address(self) -> bool:
        return self.token is not None

    @property
    def needs_address(self) -> bool:
        return self.token is not None and self.channel is None

    def check_address(self, address: str) -> None:
        if _MEMBER.fullmatch(address) is None:
            raise ValueError(
                f'{address!r} is no member id; it is like "U012AB3CD" and stands in the '
                'profile\'s menu as "Copy member ID"'
            )

    @model_validator(mode="after")
    def _a_webhook_or_a_bot(self) -> Self:
        if self.url is not None and self.token is not None:
            raise ValueError("url and token exclude each other; leave out one of them")
        if self.url is not None and self.channel is not None:
            raise ValueError("a webhook's url has its channel already; leave out channel")
        if self.url is None and self.token is None:
            raise ValueError("give a webhook's url, or a bot's token and a channel")
        if self.url is not None and "api_url" in self.model_fields_set:
            raise ValueError("api_url goes with a token; leave it out")
        return self
