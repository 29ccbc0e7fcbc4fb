"""The `tls` kind: is the certificate good, for how long, and what is spoken.

A good target costs one connection, its chain verified by OpenSSL. OpenSSL stops at the first
fault and then shows nothing of the certificate, so when it refuses one, a second connection
without verification looks at what is there: all that is wrong is told, and all that was seen
is there for conditions.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from time import perf_counter
from typing import Annotated, Any, Final, Literal

from pydantic import Field, field_validator

from checks.dial import Endpoint, Family, connect
from checks.errors import ProbeError, SpecError
from checks.probe import FieldType, Kind, Order, Trace
from checks.result import Fault, Observation, Scalar
from checks.spec import CheckSpec
from checks.stream import Stream
from checks.text import one_line
from checks.tls_certificate import Certificate
from checks.tls_client import TlsSpec, client_context, tls_words, untrusted_words
from checks.tls_handshake import Handshake, Talk
from checks.tls_upgrade import PORTS, Upgrade, upgrade

FIELDS: Final[Mapping[str, FieldType]] = {
    "cert_days": "float",
    "chain_days": "float",
    "subject": "string",
    "issuer": "string",
    "names": "list",
    "not_before": "string",
    "not_after": "string",
    "fingerprint": "string",
    "chain_valid": "bool",
    "verify_error": "string",
    "protocol": "string",
    "cipher": "string",
    "alpn": "string",
    "latency_ms": "float",
    "addresses_failed": "int",
    "phases": "map",
}
METRICS: Final = frozenset({"cert_days", "chain_days"})

_VERSIONS: Final = {
    "1.0": ssl.TLSVersion.TLSv1,
    "1.1": ssl.TLSVersion.TLSv1_1,
    "1.2": ssl.TLSVersion.TLSv1_2,
    "1.3": ssl.TLSVersion.TLSv1_3,
}
_NAMED: Final = {"TLSv1": "1.0", "TLSv1.1": "1.1", "TLSv1.2": "1.2", "TLSv1.3": "1.3"}
"""OpenSSL's names of the versions, and ours."""
_NO_TLS: Final = frozenset({"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE"})
_FOUND_HERE: Final = frozenset({9, 10, 62, 64})
"""OpenSSL's codes for dates and names, which `_faults` finds with more words."""
_NAMES_SHOWN: Final = 4
_INSPECTION_SHARE: Final = 0.8
"""How much of the time left may be spent on looking at what was refused."""

HostName = Annotated[str, Field(min_length=1, max_length=253, pattern=r"^[^\s/\[\]]+$")]


class TlsCheckSpec(TlsSpec, CheckSpec):
    """A TLS service and how it is met; the keys of `tls` elsewhere stand here themselves.

    Attributes:
        port: 443, or the usual one of `starttls`.
        starttls: The protocol in which TLS is asked for; without it TLS is spoken at once.
        min_version: The oldest version that is good enough.
        alpn: Application protocols to offer, best first.
    """

    kind: Literal["tls"] = "tls"
    host: HostName
    port: Annotated[int, Field(ge=1, le=65535)] | None = None
    starttls: Upgrade | None = None
    server_name: HostName | None = None
    min_version: Literal["1.0", "1.1", "1.2", "1.3"] = "1.2"
    alpn: tuple[Annotated[str, Field(max_length=255, pattern=r"^[!-~]+$")], ...] = ()
    family: Family = "any"

    @field_validator("host", "server_name")
    @classmethod
    def _can_be_asked_for(cls, name: str | None) -> str | None:
        try:
            if name is not None and not name.isascii():
                name.encode("idna")
        except UnicodeError as error:
            raise ValueError(f"it is no host name: {one_line(str(error), 80)}") from None
        return name


@dataclass(frozen=True, slots=True)
class _Found:
    """What a run found.

    Attributes:
        seen: What was looked at; None if nothing could be.
        fault: Why the target is not found well; "" if it is.
        verified: Whether the chain is good; None if nobody asked.
        refusal: What is wrong with the chain, or "".
    """

    seen: Handshake | None
    fault: str = ""
    verified: bool | None = None
    refusal: str = ""


class TlsProbe:
    """Meets one service."""

    def __init__(self, order: Order) -> None:
        spec: TlsCheckSpec = order.spec
        port = spec.port or (PORTS[spec.starttls] if spec.starttls else 443)
        self._spec = spec
        self._limit_s = order.timeout_ms / 1000.0
        self._endpoint = Endpoint.of(spec.host, port, spec.family)
        self._name = spec.server_name or spec.host
        self._verifies = spec.verify or bool(order.wanted & {"chain_valid", "verify_error"})
        oldest = _VERSIONS[spec.min_version]
        self._strict = _context(spec, verify=True, oldest=oldest)
        self._lenient = _context(spec, verify=False, oldest=oldest)
        self._anything = _context(spec, verify=False, oldest=ssl.TLSVersion.MINIMUM_SUPPORTED)

    async def observe(self, trace: Trace) -> Observation:
        """Meet it; if it is refused, look at it again without refusing."""
        try:
            seen = await self._meet(self._strict if self._verifies else self._lenient, trace)
        except ssl.SSLCertVerificationError as error:
            found = await self._look_at_refused(error, trace)
        except ssl.SSLError as error:
            found = await self._look_at_failed(error, trace)
        else:
            found = _Found(seen, verified=True if self._verifies else None)
        return self._observation(found, trace)

    async def _meet(self, context: ssl.SSLContext, trace: Trace, *, part: bool = True) -> Handshake:
        stream = Stream(self._endpoint.words)
        try:
            await connect(self._endpoint, stream, trace, self._limit_s)
            if self._spec.starttls is not None:
                trace.enter("starttls")
                await upgrade(stream, self._spec.starttls)
            trace.enter("tls")
            talk = Talk(stream, context, self._name)
            seen = await talk.shake_hands()
            trace.enter("")
            if part:
                await talk.part(self._left_s(trace) - 0.05)
            return seen
        finally:
            stream.abort()

    def _left_s(self, trace: Trace) -> float:
        return self._limit_s - (perf_counter() - trace.started)

    async def _inspect(self, context: ssl.SSLContext, trace: Trace) -> Handshake | None:
        """See what is there without judging it; None if even that does not work."""
        trace.enter("inspect")
        apart = Trace()
        apart.started = trace.started
        try:
            async with asyncio.timeout(self._left_s(trace) * _INSPECTION_SHARE):
                return await self._meet(context, apart, part=False)
        except (ssl.SSLError, OSError, ProbeError):
            return None  # what was wrong at first is known and told

    async def _look_at_refused(self, error: ssl.SSLCertVerificationError, trace: Trace) -> _Found:
        seen = await self._inspect(self._lenient, trace)
        refusal = untrusted_words(error)
        if seen is not None and seen.chain:
            refusal = "; ".join(_faults(seen.chain, self._name, error, datetime.now(UTC)))
        tells = self._spec.verify or seen is None
        fault = f"TLS with {self._endpoint.words}: {refusal}" if tells else ""
        return _Found(seen, fault, False, refusal)

    async def _look_at_failed(self, error: ssl.SSLError, trace: Trace) -> _Found:
        words = tls_words(error, self._endpoint.words)
        if error.reason in _NO_TLS and self._spec.starttls is None:
            words += " (is starttls needed?)"
        seen = await self._inspect(self._anything, trace)
        if seen is not None and _NAMED.get(seen.protocol, "9") < self._spec.min_version:
            words = (
                f"TLS with {self._endpoint.words}: {seen.protocol} is the newest spoken there,"
                f" which is older than {self._spec.min_version} (min_version)"
            )
        return _Found(seen, words)

    def _observation(self, found: _Found, trace: Trace) -> Observation:
        trace.finish()
        latency_ms = sum(trace.phases.values())  # without the goodbye
        fields: dict[str, Any] = {
            "latency_ms": latency_ms,
            "addresses_failed": len(trace.failed_addresses),
            "phases": trace.phases,
        }
        if found.verified is not None:
            fields |= {"chain_valid": found.verified, "verify_error": found.refusal}
        if found.seen is not None:
            fields |= _fields(found.seen, datetime.now(UTC))
        metrics: dict[str, Scalar] = {name: fields[name] for name in METRICS if name in fields}
        return Observation(
            fields=fields,
            latency_ms=latency_ms,
            phases=trace.phases,
            metrics=metrics,
            fault=Fault.TLS if found.fault else None,
            message=found.fault or _good_words(fields, latency_ms),
        )

    async def close(self) -> None:
        """Nothing is kept between runs."""


def _context(spec: TlsCheckSpec, *, verify: bool, oldest: ssl.TLSVersion) -> ssl.SSLContext:
    try:
        return client_context(
            spec.model_copy(update={"verify": verify}), alpn=spec.alpn, oldest=oldest
        )
    except SpecError as error:
        raise SpecError(error.field.removeprefix("tls."), error.message) from None


def _faults(
    chain: tuple[Certificate, ...], host: str, error: ssl.SSLCertVerificationError, now: datetime
) -> list[str]:
    """All that is wrong with a chain that OpenSSL refused with `error`."""
    own = chain[0]
    found: list[str] = []
    if error.verify_code not in _FOUND_HERE:
        found.append(_chain_words(own, error))
    found += _date_faults("the certificate", own, now)
    for other in chain[1:]:
        found += _date_faults(f'"{other.subject}" in its chain', other, now)
    if not own.covers(host):
        found.append(f"{_named(own)}, not for {host}")
    return found or [untrusted_words(error)]


def _chain_words(own: Certificate, error: ssl.SSLCertVerificationError) -> str:
    words = untrusted_words(error)
    return words if own.self_issued else f'{words} (its issuer: "{own.issuer}")'


def _date_faults(what: str, certificate: Certificate, now: datetime) -> list[str]:
    days = abs(certificate.days_left(now))
    if certificate.not_after < now:
        return [f"{what} has expired: it ended {certificate.not_after:%F %R} UTC, {days:g} d ago"]
    if certificate.not_before > now:
        return [f"{what} is not valid yet: it begins {certificate.not_before:%F %R} UTC"]
    return []


def _named(certificate: Certificate) -> str:
    shown = ", ".join(certificate.names[:_NAMES_SHOWN])
    more = len(certificate.names) - _NAMES_SHOWN
    if not shown:
        return f'the certificate has no names (its subject: "{certificate.subject}")'
    return f"the certificate is for {shown}{f' and {more} more' if more > 0 else ''}"


def _fields(seen: Handshake, now: datetime) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "protocol": seen.protocol,
        "cipher": seen.cipher,
        "alpn": seen.alpn,
    }
    if seen.chain:
        own = seen.chain[0]
        fields |= {
            "cert_days": own.days_left(now),
            "chain_days": min(one.days_left(now) for one in seen.chain),
            "subject": own.subject,
            "issuer": own.issuer,
            "names": list(own.names),
            "not_before": f"{own.not_before:%Y-%m-%dT%H:%M:%SZ}",
            "not_after": f"{own.not_after:%Y-%m-%dT%H:%M:%SZ}",
            "fingerprint": own.fingerprint,
        }
    return fields


def _good_words(fields: Mapping[str, Any], latency_ms: float) -> str:
    refused = f"; not trusted: {fields['verify_error']}" if fields.get("verify_error") else ""
    days = (
        f", the certificate is good for {fields['cert_days']:g} d" if "cert_days" in fields else ""
    )
    return f"{fields['protocol']} in {latency_ms:.0f} ms{days}{refused}"


KIND: Final = Kind(name="tls", spec=TlsCheckSpec, fields=FIELDS, make=TlsProbe)
