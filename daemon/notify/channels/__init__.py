"""The channels there are, one module a kind; `open_channel` makes one from its spec."""

from __future__ import annotations

from collections.abc import Mapping
from zoneinfo import ZoneInfo

from daemon.notify.channel import Channel
from daemon.notify.chart import Charts
from daemon.notify.document import Fetch
from daemon.notify.memory import Memory, Notes
from daemon.notify.render import Renderer
from daemon.notify.spec import (
    AppriseSpec,
    ChannelSpec,
    EmailSpec,
    LogSpec,
    PagerDutySpec,
    SlackSpec,
    WebhookSpec,
)
from daemon.notify.spec.exec import ExecSpec
from daemon.notify.spec.twilio import SmsSpec, VoiceSpec


def open_channel(
    spec: ChannelSpec,
    zone: ZoneInfo | None = None,
    external_url: str | None = None,
    notes: Notes | None = None,
    charts: Charts | None = None,
    documents: Fetch | None = None,
) -> Channel:
    """The channel a spec describes. Nothing is connected yet.

    Args:
        zone: The time zone that messages show times in; UTC by default.
        external_url: Where the dashboard is on the web, for links.
        notes: What it remembers over a restart; by default only while it lives.
        charts: Draws pictures of checks; by default there are none.
        documents: Where files are that are mailed; by default there are none.
    """
    renderer = Renderer(spec.audience, zone, external_url, spec.templates)
    if isinstance(spec, WebhookSpec):
        from daemon.notify.channels.webhook import WebhookChannel

        return WebhookChannel(spec, renderer)
    if isinstance(spec, EmailSpec):
        from daemon.notify.channels.email import EmailChannel

        return EmailChannel(spec, renderer, charts, documents)
    if isinstance(spec, ExecSpec):
        from daemon.notify.channels.exec import ExecChannel

        return ExecChannel(spec)
    if isinstance(spec, LogSpec):
        from daemon.notify.channels.log import LogChannel

        return LogChannel(spec, renderer)
    if isinstance(spec, SlackSpec):
        from daemon.notify.channels.slack import SlackChannel

        return SlackChannel(spec, renderer, Notes() if notes is None else notes)
    if isinstance(spec, PagerDutySpec):
        from daemon.notify.channels.pagerduty import PagerDutyChannel

        return PagerDutyChannel(spec, renderer)
    if isinstance(spec, SmsSpec):
        from daemon.notify.channels.sms import SmsChannel

        return SmsChannel(spec, renderer)
    if isinstance(spec, VoiceSpec):
        from daemon.notify.channels.voice import VoiceChannel

        return VoiceChannel(spec, renderer)
    if isinstance(spec, AppriseSpec):
        from daemon.notify.channels.apprise import AppriseChannel

        return AppriseChannel(spec, renderer)
    raise TypeError(f"no channel is made from {type(spec).__name__}")


def open_channels(
    specs: Mapping[str, ChannelSpec],
    zone: ZoneInfo | None = None,
    external_url: str | None = None,
    memory: Memory | None = None,
) -> dict[str, Channel]:
    """All channels of a configuration, by name."""
    kept = memory or Memory()
    return {
        name: open_channel(spec, zone, external_url, kept.of(name)) for name, spec in specs.items()
    }
