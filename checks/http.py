"""The `http` kind: one request to a URL, a fresh connection each time unless `reuse` is set.

The answer is read by `checks.http_exchange`; here it is decided what to ask, where a
redirect may lead, and what conditions see. Proxy variables of the environment are not used:
a monitor measures the way it was told to.
"""

from __future__ import annotations

import asyncio
import base64
import ssl
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

import msgspec
from pydantic import Field, field_validator, model_validator

from checks.condition_paths import Absent
from checks.dial import Family, connect, start_tls
from checks.errors import ProbeError
from checks.http_exchange import Answer, Connection
from checks.http_request import Target, refuse_header, request_bytes
from checks.probe import FieldType, Kind, Order, Trace
from checks.result import Fault, Observation, Scalar
from checks.spec import CheckSpec, Secret
from checks.tls_client import TlsSpec, cert_days, client_context, names_files

_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_KEPT: Final = frozenset({"body", "json"})
_REPEATABLE: Final = frozenset({"GET", "HEAD", "OPTIONS"})

FIELDS: Final[Mapping[str, FieldType]] = {
    "status": "int",
    "headers": "map",
    "body": "string",
    "json": "any",
    "body_bytes": "int",
    "latency_ms": "float",
    "cert_days": "float",
    "http_version": "string",
    "redirects": "int",
    "addresses_failed": "int",
    "url": "string",
    "phases": "map",
}


class HttpSpec(CheckSpec):
    """An HTTP request and how it is made.

    Attributes:
        url: http or https, without user and password.
        headers: Sent along; a value may be a secret.
        body: Sent as it is, UTF-8.
        user, password: Basic authentication (RFC 7617).
        bearer: A token for `Authorization: Bearer`.
        redirects: How many are followed; 0 takes the first answer.
        family: `any` tries the next address when one fails; `ipv4`, `ipv6` only the first.
        max_body: How many bytes of the body are read, 1 MiB unless set; 64 MiB at most.
        reuse: Keep the connection for the next run.
    """

    kind: Literal["http"] = "http"
    url: str
    method: Annotated[str, Field(pattern=r"^[A-Z]{1,20}$")] = "GET"
    headers: dict[str, str | Secret] = Field(default_factory=dict)
    body: str | None = None
    user: str | None = None
    password: Secret | None = None
    bearer: Secret | None = None
    tls: TlsSpec = TlsSpec()
    redirects: Annotated[int, Field(ge=0, le=20)] = 5
    family: Family = "any"
    max_body: Annotated[int, Field(ge=0, le=64 * 1024 * 1024)] = 1024 * 1024
    reuse: bool = False

    @property
    def host(self) -> str:
        """The host of the URL, without the brackets of an IPv6 address."""
        return Target.of(self.url).host

    @field_validator("url")
    @classmethod
    def _url_is_strict(cls, url: str) -> str:
        Target.of(url)
        return url

    @field_validator("headers")
    @classmethod
    def _headers_are_clean(cls, headers: dict[str, str | Secret]) -> dict[str, str | Secret]:
        for name, value in headers.items():
            refuse_header(name, _revealed(value))
        return headers

    @model_validator(mode="after")
    def _keys_fit_together(self) -> HttpSpec:
        if self.bearer is not None and (self.user is not None or self.password is not None):
            raise ValueError("set either bearer, or user and password")
        if (self.user is None) != (self.password is None):
            raise ValueError("user and password go together")
        if self.user is not None and ":" in self.user:
            raise ValueError("a user of basic authentication holds no colon")
        if self.bearer is not None:
            refuse_header("Authorization", self.bearer.get_secret_value())
        if self.reuse and self.method not in _REPEATABLE:
            raise ValueError(
                "reuse = true needs a method that is safe to repeat: GET, HEAD or OPTIONS"
            )
        if self.method in {"CONNECT", "TRACE"}:
            raise ValueError(f"{self.method} is no method for a check")
        return self


def _revealed(value: str | Secret) -> str:
    return value if isinstance(value, str) else value.get_secret_value()


class HttpProbe:
    """Asks for one URL. Keeps request bytes, the TLS context and, with `reuse`, connections."""

    __slots__ = (
        "_body", "_context", "_endpoint", "_first", "_idle", "_keep", "_limit_s", "_spec",
        "_start", "_wanted", "_words",
    )  # fmt: skip

    def __init__(self, order: Order) -> None:
        spec: HttpSpec = order.spec
        self._spec = spec
        self._wanted = order.wanted
        self._limit_s = order.timeout_ms / 1000.0
        self._start = Target.of(spec.url)
        self._keep = not order.wanted.isdisjoint(_KEPT)
        self._body = spec.body.encode() if spec.body is not None else None
        if self._body is None and spec.method in {"POST", "PUT", "PATCH"}:
            self._body = b""
        self._first = self._request(spec.method, self._start, self._body)
        self._endpoint = self._start.endpoint(spec.family)
        self._words = self._start.authority
        needed = self._start.secure or names_files(spec.tls)  # else not before a redirect to TLS
        self._context = self._tls_context(own=True) if needed else None
        self._idle: dict[tuple[bool, str, int], Connection] = {}

    def _tls_context(self, *, own: bool) -> ssl.SSLContext | None:
        if not self._start.secure and self._spec.redirects == 0:
            return None
        return client_context(self._spec.tls, alpn="http/1.1", own_cert=own)

    def _request(self, method: str, target: Target, body: bytes | None) -> bytes:
        """The bytes to send; what is secret goes to the configured origin only."""
        headers: list[tuple[str, str]] = []
        if target is self._start or target.origin == self._start.origin:
            headers += [(name, _revealed(value)) for name, value in self._spec.headers.items()]
            headers += self._authorization()
        return request_bytes(method, target, headers, body, keep=self._spec.reuse)

    def _authorization(self) -> list[tuple[str, str]]:
        if self._spec.bearer is not None:
            return [("Authorization", f"Bearer {self._spec.bearer.get_secret_value()}")]
        if self._spec.user is None or self._spec.password is None:
            return []
        pair = f"{self._spec.user}:{self._spec.password.get_secret_value()}".encode()
        return [("Authorization", f"Basic {base64.b64encode(pair).decode()}")]

    async def observe(self, trace: Trace) -> Observation:
        """One request, and those that its redirects lead to."""
        target, request, method, body = self._start, self._first, self._spec.method, self._body
        hops = 0
        while True:
            connection, answer = await self._exchange(target, request, method, trace)
            try:
                onward = self._onward(target, answer)
                days = self._days(target, connection)
            finally:
                self._settle(target, connection, answer)
            if onward is None:
                return self._observation(target, answer, hops, days, trace)
            if hops == self._spec.redirects:
                raise ProbeError(
                    Fault.PROTOCOL, f"more than {hops} redirects, the last to {onward.url}"
                )
            hops += 1
            method, body = self._method_after(answer.status, method, body)
            if body and onward.origin != self._start.origin:
                raise ProbeError(
                    Fault.PROTOCOL,
                    f"the redirect to {onward.url} would give the body to another host",
                )
            target, request = onward, self._request(method, onward, body)

    async def _exchange(
        self, target: Target, request: bytes, method: str, trace: Trace
    ) -> tuple[Connection, Answer]:
        """Ask on an idle connection if there is one; a fresh one if it died meanwhile."""
        idle = self._idle.pop(target.origin, None)
        if idle is not None and not idle.closed:
            answer = self._answer(target, method)
            try:
                return idle, await self._ask(idle, request, answer, trace)
            except ProbeError:
                if answer.first_byte_at:
                    raise
        connection = Connection()
        try:
            await self._connect(connection, target, trace)
            return connection, await self._ask(
                connection, request, self._answer(target, method), trace
            )
        except BaseException:
            connection.abort()
            raise

    def _answer(self, target: Target, method: str) -> Answer:
        words = self._words if target is self._start else target.authority
        return Answer(words, self._spec.max_body, head_only=method == "HEAD", keep=self._keep)

    async def _connect(self, connection: Connection, target: Target, trace: Trace) -> None:
        home = target is self._start
        endpoint = self._endpoint if home else target.endpoint(self._spec.family)
        await connect(endpoint, connection, trace, self._limit_s)
        if not target.secure:
            return
        own = target.origin == self._start.origin
        context = self._context if own else self._tls_context(own=False)
        plain = connection.transport
        if context is None or plain is None:
            raise ProbeError(Fault.RESET, f"{endpoint.words} closed the connection at once")
        name = (self._spec.tls.server_name if own else None) or target.host
        connection.transport = await start_tls(
            plain, connection, context, name, trace, lambda: endpoint.words
        )

    @staticmethod
    async def _ask(connection: Connection, request: bytes, answer: Answer, trace: Trace) -> Answer:
        trace.enter("first_byte")
        try:
            connection.ask(request, answer)
            await answer.done
        except BaseException:
            connection.abort()
            raise
        finally:
            connection.end()
            if answer.first_byte_at:
                trace.split(answer.first_byte_at, "transfer")
        return answer

    def _onward(self, target: Target, answer: Answer) -> Target | None:
        """Where a redirect leads; None if the answer is none, or is not to be followed."""
        if answer.status not in _REDIRECTS or self._spec.redirects == 0:
            return None
        location = next((value for name, value in answer.headers if name == b"location"), None)
        if location is None:
            return None
        try:
            return target.follow(location.decode("utf-8", "replace"))
        except ValueError as error:
            raise ProbeError(
                Fault.PROTOCOL, f"the redirect of {target.authority} is unusable: {error}"
            ) from None

    @staticmethod
    def _method_after(status: int, method: str, body: bytes | None) -> tuple[str, bytes | None]:
        """RFC 9110, section 15.4: 303 asks for a GET, and 301 and 302 turn POST into one."""
        if (status == 303 and method != "HEAD") or (status in {301, 302} and method == "POST"):
            return "GET", None
        return method, body

    @staticmethod
    def _days(target: Target, connection: Connection) -> float | None:
        transport = connection.transport if target.secure else None
        tls = transport.get_extra_info("ssl_object") if transport is not None else None
        return cert_days(tls) if tls is not None else None

    def _settle(self, target: Target, connection: Connection, answer: Answer) -> None:
        if self._spec.reuse and answer.reusable and not connection.closed:
            self._idle[target.origin] = connection
        else:
            connection.abort()

    def _observation(
        self, target: Target, answer: Answer, hops: int, days: float | None, trace: Trace
    ) -> Observation:
        latency_ms = trace.finish()
        fields: dict[str, Any] = {
            "status": answer.status,
            "latency_ms": latency_ms,
            "body_bytes": answer.size,
            "redirects": hops,
            "http_version": answer.http_version,
            "addresses_failed": len(trace.failed_addresses),
        }
        metrics: dict[str, Scalar] = {"status": answer.status, "body_bytes": answer.size}
        if days is not None:
            fields["cert_days"] = metrics["cert_days"] = days
        if self._wanted:
            self._fill_wanted(fields, target, answer, trace)
        return Observation(
            fields=fields,
            latency_ms=latency_ms,
            phases=trace.phases,
            metrics=metrics,
            message=f"{answer.status} in {latency_ms:.0f} ms",
        )

    def _fill_wanted(
        self, fields: dict[str, Any], target: Target, answer: Answer, trace: Trace
    ) -> None:
        """What costs something, and only where a condition asks for it."""
        wanted = self._wanted
        if "headers" in wanted:
            fields["headers"] = _header_map(answer)
        if "body" in wanted:
            fields["body"] = answer.body.decode("utf-8", "replace")
        if "json" in wanted:
            fields["json"] = self._json(answer)
        if "url" in wanted:
            fields["url"] = target.url
        if "phases" in wanted:
            fields["phases"] = trace.phases

    def _json(self, answer: Answer) -> Any:
        """The body as JSON, or why it is none: then other conditions still tell their part."""
        if answer.cut:
            return Absent(f"the body is longer than max_body, {self._spec.max_body} bytes")
        encoding = _header_map(answer).get("content-encoding", "identity")
        if encoding != "identity":
            return Absent(f"the body is {encoding}-encoded, which was not asked for")
        try:
            return msgspec.json.decode(answer.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            return Absent(f"the body is no JSON: {error}")

    async def close(self) -> None:
        """Close idle connections."""
        for connection in self._idle.values():
            connection.abort()
        self._idle.clear()
        await asyncio.sleep(0)  # let the transports finish closing


def _header_map(answer: Answer) -> dict[str, str]:
    """Names in lower case; values of equal names joined by a comma (RFC 9110, section 5.3)."""
    found: dict[str, str] = {}
    for name, value in answer.headers:
        key, text = name.decode("latin-1"), value.decode("latin-1")
        found[key] = f"{found[key]}, {text}" if key in found else text
    return found


KIND: Final = Kind(
    name="http", spec=HttpSpec, fields=FIELDS, make=HttpProbe, expect=("status < 400",)
)
