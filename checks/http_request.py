"""Where an HTTP request goes and its bytes: URLs read strictly, heads built once.

Nothing of a request is taken from outside unchecked: a line break in a URL or a header would
let one request become two, so it is refused when the configuration is read, and a redirect's
`Location` is held to the same rules.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final
from urllib.parse import quote, urljoin, urlsplit

import msgspec

from checks.dial import Endpoint, Family

USER_AGENT: Final = "tocsin"
PORTS: Final = {"http": 80, "https": 443}

_TOKEN: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")  # RFC 9110, section 5.6.2
_FORBIDDEN_IN_URL: Final = re.compile(r"[\x00-\x20\x7f\\]")
_FORBIDDEN_IN_VALUE: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_HOST: Final = re.compile(r"[A-Za-z0-9._~%!$&'()*+,;=-]+")
_PATH_SAFE: Final = "/%:@!$&'()*+,;=~-._?[]|"
_PLAIN: Final = re.compile(
    r"(https?)://((?:[a-z0-9_-]{1,63}\.)*[a-z0-9_-]{1,63})(?::([0-9]{1,5}))?"
    r"(/[A-Za-z0-9/%:@!$&'()*+,;=~._\[\]|-]*)?(\?[A-Za-z0-9/%:@!$&'()*+,;=~._?\[\]|-]+)?"
)
"""URLs that say what they mean: nothing in them is to be encoded, folded or left out."""
_OURS: Final = frozenset(
    {
        "accept-encoding",
        "connection",
        "content-length",
        "expect",
        "keep-alive",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
"""Headers that frame the exchange; the probe sets them."""
_USUAL: Final = {
    "user-agent": f"User-Agent: {USER_AGENT}",
    "accept": "Accept: */*",
    "accept-encoding": "Accept-Encoding: identity",
}


class Target(msgspec.Struct, frozen=True, gc=False):
    """A URL, taken apart.

    Attributes:
        secure: Whether it is https.
        host: A name in ASCII or an address, without brackets.
        path: The path with the query, percent-encoded.
    """

    secure: bool
    host: str
    port: int
    path: str

    @classmethod
    def of(cls, url: str) -> Target:
        """Read an absolute http or https URL.

        Raises:
            ValueError: It is none, or holds what must not be in it; the message says what.
        """
        return _configured(url)

    def follow(self, location: str) -> Target:
        """The target that a redirect from here names.

        Raises:
            ValueError: As `of`.
        """
        return _read(urljoin(self.url, location))

    @property
    def url(self) -> str:
        """The whole URL."""
        return f"{'https' if self.secure else 'http'}://{self.authority}{self.path}"

    @property
    def origin(self) -> tuple[bool, str, int]:
        """What two targets share when credentials for one may be given to the other."""
        return self.secure, self.host, self.port

    @property
    def authority(self) -> str:
        """The value of the Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return (
            host
            if self.port == PORTS["https" if self.secure else "http"]
            else f"{host}:{self.port}"
        )

    def endpoint(self, family: Family) -> Endpoint:
        """Where to connect."""
        return Endpoint.of(self.host, self.port, family)


def _read(url: str) -> Target:
    plain = _PLAIN.fullmatch(url)
    if plain is not None:
        scheme, host, written, path, query = plain.groups("")
        if 0 < (port := int(written) if written else PORTS[scheme]) < 65_536:
            return Target(scheme == "https", host, port, (path or "/") + query)
    return _taken_apart(url)


def _taken_apart(url: str) -> Target:
    """Read any URL, or say what is wrong with it."""
    if _FORBIDDEN_IN_URL.search(url):
        raise ValueError("a URL holds no spaces, line breaks, controls or backslashes")
    try:
        parts = urlsplit(url)
        port = parts.port
        host = _ascii_host(parts.hostname or "")
    except ValueError as error:
        raise ValueError(f"it is no URL: {error}") from None
    if parts.scheme not in PORTS:
        raise ValueError("it must begin with http:// or https://")
    if parts.username is not None or parts.password is not None:
        raise ValueError("it must hold no user or password; set the keys user and password")
    if port == 0:
        raise ValueError("port 0 cannot be connected to")
    path = quote(parts.path or "/", safe=_PATH_SAFE)
    query = f"?{quote(parts.query, safe=_PATH_SAFE)}" if parts.query else ""
    return Target(parts.scheme == "https", host, port or PORTS[parts.scheme], path + query)


_configured: Final = lru_cache(maxsize=8_192)(_read)
"""URLs of a configuration, which are read when they are validated and when they are prepared;
what a target answers with is kept by nobody."""


def _ascii_host(host: str) -> str:
    if not host:
        raise ValueError("it names no host")
    if ":" in host:
        Endpoint.of(host, 1)
        return host
    try:
        encoded = host.encode("idna").decode("ascii")
    except UnicodeError:
        raise ValueError(f"{host!r} is no host name") from None
    if not _HOST.fullmatch(encoded):
        raise ValueError(f"{host!r} is no host name")
    return encoded.lower()


def refuse_header(name: str, value: str) -> None:
    """Check one configured header.

    Raises:
        ValueError: It is malformed, or one that the probe sets itself.
    """
    if not _TOKEN.fullmatch(name):
        raise ValueError(f"{name!r} is no header name")
    if name.lower() in _OURS:
        raise ValueError(f"the header {name} is set by the probe itself")
    if _FORBIDDEN_IN_VALUE.search(value):
        raise ValueError(
            f"the value of the header {name} holds a line break or a control character"
        )


def request_bytes(
    method: str,
    target: Target,
    headers: Iterable[tuple[str, str]],
    body: bytes | None,
    *,
    keep: bool,
) -> bytes:
    """The request as it goes over the wire. A configured header replaces a default one."""
    lines = {"host": f"Host: {target.authority}", **_USUAL}
    lines["connection"] = "Connection: keep-alive" if keep else "Connection: close"
    lines |= {name.lower(): f"{name}: {value.strip()}" for name, value in headers}
    if body is not None:
        lines["content-length"] = f"Content-Length: {len(body)}"
    head = "\r\n".join([f"{method} {target.path} HTTP/1.1", *lines.values()])
    return head.encode("utf-8") + b"\r\n\r\n" + (body or b"")
