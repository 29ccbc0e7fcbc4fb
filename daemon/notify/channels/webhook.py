"""The incident as JSON to a URL, signed after the Standard Webhooks specification.

Every attempt has its own connection: pages are rare, and a kept connection that the
receiver has dropped would cost the first attempt. Redirects are not followed, because a
page (and its token) goes where the configuration says and nowhere else.
Source: github.com/standard-webhooks/standard-webhooks, spec/standard-webhooks.md.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import ssl
import time
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.parse import urlsplit

import aiohttp
import msgspec

from daemon import __version__
from daemon.notify.channel import Message
from daemon.notify.errors import Permanent, Transient
from daemon.notify.scrub import Scrubber
from daemon.notify.spec import WebhookSpec, signing_key

_ANSWER_BYTES: Final = 2_048
"""So much of an answer is read, to say why it was refused."""
_ANSWER_WAIT_S: Final = 2.0
_LONG_PATH: Final = 16
"""A shorter path is a word, not a password."""
_WORTH_RETRYING: Final = frozenset({408, 425, 429})


def signature(key: bytes, message_id: str, timestamp_s: int, body: bytes) -> str:
    """The `webhook-signature` header: `v1,` and the base64 of HMAC-SHA256 over
    `id.timestamp.body`."""
    signed = f"{message_id}.{timestamp_s}.".encode() + body
    digest = hmac.new(key, signed, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()


def retry_after_s(value: str | None, now_s: float) -> float | None:
    """Seconds that a `Retry-After` header asks for: a number, or until an HTTP date
    (RFC 9110, 10.2.3). None if it is absent or says nothing."""
    if value is None:
        return None
    if value.strip().isdecimal():
        return float(value.strip()[:9])
    try:
        until = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(0.0, until.replace(tzinfo=until.tzinfo or UTC).timestamp() - now_s)


class WebhookChannel:
    """Sends to one URL."""

    def __init__(self, spec: WebhookSpec) -> None:
        self.spec = spec
        self._url = spec.url.get_secret_value()
        self._place = _place(self._url)
        self._tls = _tls(spec)
        secrets = [self._url, *(value.get_secret_value() for value in spec.headers.values())]
        self._token = spec.token.get_secret_value() if spec.token else None
        self._key: bytes | None = None
        if spec.signing_secret is not None:
            self._key = signing_key(spec.signing_secret.get_secret_value())
            secrets.append(spec.signing_secret.get_secret_value())
        secrets += [self._token] if self._token else []
        self._scrub = Scrubber([*secrets, *_secret_parts(self._url)])
        self._session: aiohttp.ClientSession | None = None
        _ = aiohttp.ClientSession  # loaded now: a page must not wait for files to be opened

    async def send(self, message: Message) -> str:
        """POST the body; 2xx is success, other answers become errors in words."""
        payload = msgspec.json.encode(message.body)
        headers = self._headers(self._scrub.line(message.notice.key), payload)
        try:
            async with self._opened().request(
                self.spec.method,
                self._url,
                data=payload,
                headers=headers,
                allow_redirects=False,
            ) as response:
                return await self._judge(response)
        except aiohttp.InvalidURL:
            raise Permanent("the URL is not valid") from None
        except (aiohttp.ClientError, OSError) as error:
            raise Transient(self._scrub.line(f"{self._place}: {_words(error)}")) from None

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(ssl=self._tls, force_close=True),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None),  # the dispatcher bounds the attempt
                auto_decompress=False,
            )
        return self._session

    def _headers(self, key: str, payload: bytes) -> dict[str, str]:
        now_s = int(time.time())
        headers = {name: value.get_secret_value() for name, value in self.spec.headers.items()}
        if not any(name.lower() == "user-agent" for name in headers):
            headers["User-Agent"] = f"tocsin/{__version__}"
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

    async def _judge(self, response: aiohttp.ClientResponse) -> str:
        status = response.status
        said = self._scrub.line(f"{status} {response.reason or ''}".strip(), 80)
        if 200 <= status < 300:
            return said
        if 300 <= status < 400:
            raise Permanent(f"{self._place} answers {said}; redirects are not followed")
        answer = await self._answer(response)
        detail = self._scrub.line(
            f"{self._place} answers {said}" + (f": {answer}" if answer else "")
        )
        if status in _WORTH_RETRYING or status >= 500:
            asked = retry_after_s(response.headers.get("Retry-After"), time.time())
            raise Transient(detail, asked)
        raise Permanent(detail)

    @staticmethod
    async def _answer(response: aiohttp.ClientResponse) -> str:
        """The beginning of an answer's text; "" if there is none to be had soon."""
        try:
            async with asyncio.timeout(_ANSWER_WAIT_S):
                body = await response.content.read(_ANSWER_BYTES)
        except (aiohttp.ClientError, OSError, TimeoutError):
            return ""
        return body.decode("utf-8", errors="replace")


def _place(url: str) -> str:
    """Scheme, host and port of a URL: what of it is no secret."""
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port else "")


def _secret_parts(url: str) -> list[str]:
    """The parts of a URL that may be a password: the userinfo, a long path, the query."""
    parts = urlsplit(url)
    path = parts.path.strip("/")
    long_path = path if len(path) >= _LONG_PATH else ""
    return [part for part in (parts.password, long_path, parts.query) if part]


def _tls(spec: WebhookSpec) -> ssl.SSLContext | bool:
    if not spec.verify:
        return False
    return ssl.create_default_context(cafile=str(spec.ca)) if spec.ca else True


def _words(error: Exception) -> str:
    """What went wrong on the way, without the URL that aiohttp likes to quote."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return f"its certificate is not trusted: {_reason(error.certificate_error)}"
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "its name cannot be resolved"
    if isinstance(error, aiohttp.ClientSSLError):
        return f"no TLS connection: {_reason(error.os_error)}"
    if isinstance(error, aiohttp.ClientConnectorError):
        return f"no connection: {error.os_error.strerror or type(error.os_error).__name__}"
    if isinstance(error, (aiohttp.ServerDisconnectedError, ConnectionError)):
        return "the connection was closed before an answer came"
    return f"no proper answer ({type(error).__name__})"


def _reason(error: BaseException) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message
    reason = getattr(error, "reason", None)
    return str(reason).replace("_", " ").lower() if reason else type(error).__name__
