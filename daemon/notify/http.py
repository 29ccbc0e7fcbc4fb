"""One request to somebody else's service, and what its answer means: for channels over HTTP.

Every attempt has its own connection: pages are rare, and a kept connection that the receiver
has dropped would cost the first attempt. Redirects are not followed, because a page (and its
token) goes where the configuration says and nowhere else.

An answer of 2xx is success. 408, 425, 429 and 5xx are worth another attempt, after as long as a
`Retry-After` asks for; other answers would be the same again. What a service says otherwise
(Slack's `ok: false`) is for its channel to judge, by the answer's text.
"""

from __future__ import annotations

import asyncio
import os
import ssl
import time
from base64 import b64encode
from collections.abc import Iterable, Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import aiohttp

from daemon import __version__
from daemon.core.record import record
from daemon.notify.errors import Permanent, Transient
from daemon.notify.scrub import Scrubber

ANSWER_BYTES: Final = 64 * 1024
"""So much of an answer is read at most."""
_SHOWN_BYTES: Final = 2_048
"""So much of it is shown, to say why it was refused."""
_ANSWER_WAIT_S: Final = 2.0
_LONG_PATH: Final = 16
"""A shorter path is a word, not a password."""
_WORTH_RETRYING: Final = frozenset({408, 425, 429})


@record(frozen=True, slots=True)
class Answer:
    """A good answer: `said` is its status in words, for the receipt."""

    status: int
    said: str
    body: bytes


class Sender:
    """Sends requests to one place. Its texts name that place and no secret."""

    def __init__(
        self, url: str, secrets: Iterable[str] = (), ca: Path | None = None, *, verify: bool = True
    ) -> None:
        self.place = _place(url)
        self.scrub = Scrubber([url, *secrets, *_secret_parts(url)])
        self._tls = _tls(ca, verify=verify)
        self._session: aiohttp.ClientSession | None = None
        _ = aiohttp.ClientSession  # loaded now: a page must not wait for files to be opened

    async def send(
        self,
        url: str,
        data: bytes,
        headers: Mapping[str, str],
        method: str = "POST",
        auth: tuple[str, str] | None = None,
        *,
        reads: bool = False,
    ) -> Answer:
        """Make one request; its good answer.

        Args:
            auth: A user and a password for HTTP's basic authentication.
            reads: Whether a good answer's body matters; else it is left unread.

        Raises:
            Permanent: The same again would be answered the same.
            Transient: It may be taken later.
        """
        try:
            async with self._opened().request(
                method,
                url,
                data=data,
                headers=_with_agent(headers) | _login(auth),
                allow_redirects=False,
            ) as response:
                return await self._judge(response, reads=reads)
        except aiohttp.InvalidURL:
            raise Permanent("the URL is not valid") from None
        except (aiohttp.ClientError, OSError) as error:
            raise Transient(self.scrub.line(f"{self.place}: {_words(error)}")) from None

    async def close(self) -> None:
        """Let go of what is open."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def refused(self, said: str, why: str) -> str:
        """An answer that was no good, in words."""
        return self.scrub.line(f"{self.place} answers {said}" + (f": {why}" if why else ""))

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(ssl=self._tls, force_close=True),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None),  # the dispatcher bounds the attempt
                auto_decompress=False,
            )
        return self._session

    async def _judge(self, response: aiohttp.ClientResponse, *, reads: bool) -> Answer:
        status = response.status
        said = self.scrub.line(f"{status} {response.reason or ''}".strip(), 80)
        if 300 <= status < 400:
            raise Permanent(f"{self.place} answers {said}; redirects are not followed")
        is_good = 200 <= status < 300
        body = await _body(response) if reads or not is_good else b""
        if is_good:
            return Answer(status, said, body)
        detail = self.refused(said, body[:_SHOWN_BYTES].decode("utf-8", errors="replace"))
        if status in _WORTH_RETRYING or status >= 500:
            asked = retry_after_s(response.headers.get("Retry-After"), time.time())
            raise Transient(detail, asked)
        raise Permanent(detail)


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


def _with_agent(headers: Mapping[str, str]) -> dict[str, str]:
    named = {name.lower() for name in headers}
    ours = {} if "user-agent" in named else {"User-Agent": f"tocsin/{__version__}"}
    return {**headers, **ours}


def _login(auth: tuple[str, str] | None) -> dict[str, str]:
    if auth is None:
        return {}
    return {"Authorization": "Basic " + b64encode(":".join(auth).encode()).decode()}


async def _body(response: aiohttp.ClientResponse) -> bytes:
    """The beginning of an answer; as much of it as is to be had soon."""
    pieces = bytearray()
    try:
        async with asyncio.timeout(_ANSWER_WAIT_S):
            while len(pieces) < ANSWER_BYTES and (piece := await response.content.read(16_384)):
                pieces += piece
    except (aiohttp.ClientError, OSError, TimeoutError):
        return bytes(pieces)
    return bytes(pieces[:ANSWER_BYTES])


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


def _tls(ca: Path | None, *, verify: bool) -> ssl.SSLContext | bool:
    if not verify:
        return False
    return ssl.create_default_context(cafile=str(ca)) if ca else True


def _why(error: OSError) -> str:
    """The system's word for it; asyncio's own text shows its addresses as Python does."""
    if error.errno is not None and error.errno > 0:
        return os.strerror(error.errno).lower()
    return error.strerror or type(error).__name__


def _words(error: Exception) -> str:
    """What went wrong on the way, without the URL that aiohttp likes to quote."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return f"its certificate is not trusted: {_reason(error.certificate_error)}"
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "its name cannot be resolved"
    if isinstance(error, aiohttp.ClientSSLError):
        return f"no TLS connection: {_reason(error.os_error)}"
    if isinstance(error, aiohttp.ClientConnectorError):
        return f"no connection: {_why(error.os_error)}"
    if isinstance(error, (aiohttp.ServerDisconnectedError, ConnectionError)):
        return "the connection was closed before an answer came"
    return f"no proper answer ({type(error).__name__})"


def _reason(error: BaseException) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message
    reason = getattr(error, "reason", None)
    return str(reason).replace("_", " ").lower() if reason else type(error).__name__
