"""What the configuration says of a channel, `[channel.NAME]`: one model a kind.

Stands apart from the channels so that reading a configuration loads no transport. A new kind is
a module here, one in `daemon.notify.channels`, and a line in `CHANNEL_KINDS`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from daemon.notify.spec.apprise import AppriseSpec
from daemon.notify.spec.base import ChannelSpec
from daemon.notify.spec.email import EmailAddress, EmailSpec, email_address
from daemon.notify.spec.exec import ExecSpec
from daemon.notify.spec.log import LogSpec
from daemon.notify.spec.pagerduty import PagerDutySpec
from daemon.notify.spec.slack import SlackSpec
from daemon.notify.spec.twilio import SmsSpec, VoiceSpec
from daemon.notify.spec.webhook import WebhookSpec, signing_key

__all__ = [
    "CHANNEL_KINDS",
    "AppriseSpec",
    "ChannelSpec",
    "EmailAddress",
    "EmailSpec",
    "ExecSpec",
    "LogSpec",
    "PagerDutySpec",
    "SlackSpec",
    "SmsSpec",
    "VoiceSpec",
    "WebhookSpec",
    "email_address",
    "signing_key",
]

CHANNEL_KINDS: Final[Mapping[str, type[ChannelSpec]]] = MappingProxyType(
    {
        "webhook": WebhookSpec,
        "email": EmailSpec,
        "exec": ExecSpec,
        "log": LogSpec,
        "slack": SlackSpec,
        "pagerduty": PagerDutySpec,
        "sms": SmsSpec,
        "voice": VoiceSpec,
        "apprise": AppriseSpec,
    }
)
"""The kinds of channels there are, by the word `kind` has in the configuration."""
