"""What a channel would send for a message: its texts by their names, and its body as data.

For people who look at it, without connecting anywhere; secrets that stand in a body are left out.
"""

from __future__ import annotations

from typing import Any

import msgspec

from daemon.notify.channel import Message
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


def preview(spec: ChannelSpec, renderer: Renderer, message: Message) -> dict[str, Any]:
    """Some of `subject`, `line`, `text` and `body`, as this kind of channel uses them; all of
    them of a kind that makes something else of them."""
    if isinstance(spec, WebhookSpec):
        from daemon.notify.channels.webhook import payload_of

        return {"body": msgspec.json.decode(payload_of(spec, renderer, message))}
    if isinstance(spec, ExecSpec):
        return {"body": dict(message.body)}
    if isinstance(spec, EmailSpec):
        return {"subject": renderer.subject(message), "text": renderer.text(message)}
    if isinstance(spec, AppriseSpec):
        return {"subject": renderer.subject(message), "text": renderer.text(message)}
    if isinstance(spec, LogSpec):
        if spec.format == "json":
            return {"body": dict(message.body)}
        return {"line": renderer.line(message)}
    if isinstance(spec, SlackSpec):
        from daemon.notify.channels.slack_blocks import whole

        return {"body": whole(message, renderer)}
    if isinstance(spec, SmsSpec):
        from daemon.notify.gsm import short_message

        return {"text": short_message(renderer.short(message))}
    if isinstance(spec, VoiceSpec):
        return {"text": renderer.spoken(message)}
    if isinstance(spec, PagerDutySpec):
        return {"body": _event(spec, renderer, message)}
    return {
        "subject": renderer.subject(message),
        "line": renderer.line(message),
        "text": renderer.text(message),
        "body": dict(message.body),
    }


def _event(spec: PagerDutySpec, renderer: Renderer, message: Message) -> dict[str, Any]:
    from daemon.notify.channels.pagerduty import PagerDutyChannel

    event: dict[str, Any] = msgspec.json.decode(PagerDutyChannel(spec, renderer).event(message))
    return {name: value for name, value in event.items() if name != "routing_key"}
