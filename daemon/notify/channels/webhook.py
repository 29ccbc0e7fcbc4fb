"""The incident as JSON to a URL, signed after the Standard Webhooks specification.

Source: github.com/standard-webhooks/standard-webhooks, spec/standard-webhooks.md.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import time

import msgspec

from daemon.notify.channel import Message
from daemon.notify.channels.alertmanager import group
from daemon.notify.errors import Permanent
from daemon.notify.http import Sender
from daemon.notify.render import Renderer
from daemon.notify.scrub import Scrubber
from daemon.notify.spec import WebhookSpec, signing_key


def signature(key: bytes, message_id: str, timestamp_s: int, body: bytes) -> str:
    """The `webhook-signature` header: `v1,` and the base64 of HMAC-SHA256 over
    `id.timestamp.body`."""
    signed = f"{message_id}.{timestamp_s}.".encode() + body
    digest = hmac.new(key, signed, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()


def payload_of(spec: WebhookSpec, renderer: Renderer, message: Message) -> bytes:
    """The request's body.

    Raises:
        Permanent: An own template fails, or what it makes is no JSON.
    """
    if spec.body == "tocsin":
        return msgspec.json.encode(message.body)
    if spec.body == "alertmanager":
        return msgspec.json.encode(group(message, renderer.external_url))
    try:
        text = renderer.file(spec.body.template, message)
        return msgspec.json.encode(msgspec.json.decode(text))
    except Exception as error:  # noqa: BLE001  # a template can raise whatever an operation does
        words = Scrubber().line(f"the template {spec.body.template.name} makes no JSON: {error}")
        raise Permanent(words) from None


class WebhookChannel:
    """Sends to one URL."""

    def __init__(self, spec: WebhookSpec, renderer: Renderer) -> None:
        self.spec = spec
        self._renderer = renderer
        self._url = spec.url.get_secret_value()
        self._token = spec.token.get_secret_value() if spec.token else None
        secrets = [value.get_secret_value() for value in spec.headers.values()]
        self._key: bytes | None = None
        if spec.signing_secret is not None:
            self._key = signing_key(spec.signing_secret.get_secret_value())
            secrets.append(spec.signing_secret.get_secret_value())
        secrets += [self._token] if self._token else []
        self._sender = Sender(self._url, secrets, spec.ca, verify=spec.verify)

    async def send(self, message: Message) -> str:
        """POST the body; 2xx is success, other answers become errors in words."""
        payload = payload_of(self.spec, self._renderer, message)
        headers = self._headers(self._sender.scrub.line(message.notice.key), payload)
        answer = await self._sender.send(self._url, payload, headers, self.spec.method)
        return answer.said

    async def close(self) -> None:
        await self._sender.close()

    def _headers(self, key: str, payload: bytes) -> dict[str, str]:
        now_s = int(time.time())
        headers = {name: value.get_secret_value() for name, value in self.spec.headers.items()}
        headers |= {
            "Content-Type": "application/json",
            "webhook-id": key,
            "webhook-timestamp": str(now_s),
        }
        if self._token is not None:
            headers["Authorization"] = f"Bearer {self._token}"
        if self._key is not None:
            headers["webhook-signature"] = signature(self._key, key, now_s, payload)
        return headers
