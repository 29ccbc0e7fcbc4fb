"""What a probe needs to speak TLS: contexts from the configuration, days, words for faults.

Contexts are shared by checks with equal settings, because loading the system's authorities
costs milliseconds and a megabyte each.
"""

from __future__ import annotations

import functools
import ssl
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from checks.errors import SpecError
from checks.spec import Secret, Strict
from checks.text import one_line

_DAY_S: Final = 86_400.0


class TlsSpec(Strict):
    """How TLS is spoken with a target.

    Attributes:
        verify: Check the certificate's chain, dates and name.
        ca: A PEM file (or directory) of authorities to trust instead of the system's.
        cert, key: Our own certificate and its key (PEM); the key may stand in `cert`.
        key_password: Opens an encrypted key.
        server_name: The name to ask for and to verify, if not the host's.
    """

    verify: bool = True
    ca: Path | None = None
    cert: Path | None = None
    key: Path | None = None
    key_password: Secret | None = None
    server_name: str | None = None


def client_context(
    spec: TlsSpec, *, alpn: str | None = None, own_cert: bool = True
) -> ssl.SSLContext:
    """The context for `spec`; `own_cert=False` leaves our certificate out.

    Raises:
        SpecError: A file cannot be read or is not what it should be.
    """
    if spec.key is not None and spec.cert is None:
        raise SpecError("tls.key", "a key needs its certificate: set tls.cert too")
    cert = spec.cert if own_cert else None
    password = spec.key_password.get_secret_value() if spec.key_password else ""
    ages = tuple(_age(path, name) for path, name in _files(spec, cert))
    return _context(spec.verify, spec.ca, cert, spec.key if cert else None, password, alpn, ages)


def _files(spec: TlsSpec, cert: Path | None) -> list[tuple[Path, str]]:
    named = [(spec.ca, "tls.ca"), (cert, "tls.cert"), (spec.key if cert else None, "tls.key")]
    return [(path, name) for path, name in named if path is not None]


def _age(path: Path, field: str) -> int:
    """When the file was last changed: part of the cache's key, so a renewed one is read."""
    try:
        return path.stat().st_mtime_ns
    except OSError as error:
        raise SpecError(field, f"{path} cannot be read: {error.strerror}") from None


@functools.lru_cache(maxsize=256)
def _context(
    verify: bool,
    ca: Path | None,
    cert: Path | None,
    key: Path | None,
    password: str,
    alpn: str | None,
    ages: tuple[int, ...],  # noqa: ARG001  # part of the cache's key
) -> ssl.SSLContext:
    context = _trusting(verify=verify, ca=ca)
    if cert is not None:
        try:
            # A password, even an empty one, keeps OpenSSL from asking the terminal for it.
            context.load_cert_chain(cert, key, password=password)
        except (OSError, ValueError) as error:
            raise SpecError("tls.cert", _unreadable(error, cert, key)) from None
    if alpn is not None:
        context.set_alpn_protocols([alpn])
    return context


def _trusting(*, verify: bool, ca: Path | None) -> ssl.SSLContext:
    if ca is None:
        context = ssl.create_default_context()
    else:
        file, directory = (None, str(ca)) if ca.is_dir() else (str(ca), None)
        try:
            context = ssl.create_default_context(cafile=file, capath=directory)
        except (OSError, ValueError) as error:
            raise SpecError("tls.ca", f"{ca} holds no PEM certificates ({_brief(error)})") from None
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _unreadable(error: Exception, cert: Path, key: Path | None) -> str:
    reason = getattr(error, "reason", "") or ""
    if reason == "KEY_VALUES_MISMATCH":
        return f"the key in {key or cert} does not belong to the certificate in {cert}"
    if reason in {"BAD_DECRYPT", "BAD_PASSWORD_READ", "PROBLEMS_GETTING_PASSWORD"}:
        return f"the key in {key or cert} is encrypted: set tls.key_password"
    return f"{cert} and {key or 'the key in it'} are no PEM certificate and key ({_brief(error)})"


def _brief(error: Exception) -> str:
    reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or str(error)
    return one_line(str(reason).replace("_", " ").lower(), 80)


_UNTRUSTED: Final[Mapping[int, str]] = {
    9: "the certificate is not valid yet",
    10: "the certificate has expired",
    18: "the certificate is self-signed",
    19: "the certificate's chain ends in an authority that is not trusted (self-signed)",
    20: "the certificate was signed by an authority that is not trusted",
    21: "the certificate's chain is incomplete",
    23: "the certificate was revoked",
    62: "the certificate is for another name",
    64: "the certificate is for another address",
}
"""OpenSSL's X509_V_ERR codes, from its x509_vfy.h."""

_ALERTS: Final[Mapping[str, str]] = {
    "WRONG_VERSION_NUMBER": "no TLS is spoken there",
    "HTTP_REQUEST": "no TLS is spoken there",
    "PACKET_LENGTH_TOO_LONG": "no TLS is spoken there",
    "RECORD_LAYER_FAILURE": "no TLS is spoken there",
    "UNSUPPORTED_PROTOCOL": "only TLS versions that are too old are spoken there",
    "TLSV1_ALERT_PROTOCOL_VERSION": "our TLS version was refused",
    "SSLV3_ALERT_HANDSHAKE_FAILURE": "the handshake was refused (no common cipher?)",
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": "a client certificate is required (tls.cert)",
    "TLSV1_ALERT_UNKNOWN_CA": "our client certificate is not trusted there",
    "TLSV1_UNRECOGNIZED_NAME": "the name is not known there",
    "SSLV3_ALERT_BAD_CERTIFICATE": "our client certificate was refused",
    "SSLV3_ALERT_CERTIFICATE_EXPIRED": "our client certificate has expired",
    "SSLV3_ALERT_CERTIFICATE_UNKNOWN": "our client certificate was refused",
    "DH_KEY_TOO_SMALL": "the server's key is too weak",
    "EE_KEY_TOO_SMALL": "the server's key is too weak",
    "UNEXPECTED_EOF_WHILE_READING": "the connection was closed during the handshake",
}


def tls_words(error: ssl.SSLError, target: str) -> str:
    """What a failed handshake with `target` means."""
    if isinstance(error, ssl.SSLCertVerificationError):
        words = _UNTRUSTED.get(error.verify_code, error.verify_message)
        return f"TLS with {target}: {words}"
    reason = getattr(error, "reason", None) or ""
    words = _ALERTS.get(reason, reason.replace("_", " ").lower() or "the handshake failed")
    return f"TLS with {target}: {words}"


def cert_days(tls: ssl.SSLObject | ssl.SSLSocket, now: datetime | None = None) -> float | None:
    """Days until the peer's own certificate expires, two decimals; negative once it has."""
    encoded = tls.getpeercert(binary_form=True)
    if encoded is None:
        return None
    left = not_after(encoded) - (now or datetime.now(UTC))
    return round(left.total_seconds() / _DAY_S, 2)


@functools.lru_cache(maxsize=4096)
def not_after(certificate: bytes) -> datetime:
    """The end of a DER certificate's validity (RFC 5280, section 4.1).

    Read here because the standard library only decodes certificates that it has verified.

    Raises:
        ValueError: It is no certificate.
    """
    inside = _value(certificate, 0)[0]  # Certificate
    inside = _value(certificate, inside)[0]  # tbsCertificate
    if certificate[inside] == 0xA0:  # the version, which version 1 leaves out
        inside = _value(certificate, inside)[1]
    for _ in ("serialNumber", "signature", "issuer"):
        inside = _value(certificate, inside)[1]
    first = _value(certificate, inside)[0]  # validity: notBefore, notAfter
    last = _value(certificate, first)[1]
    start, end = _value(certificate, last)
    form = "%y%m%d%H%M%SZ" if certificate[last] == 0x17 else "%Y%m%d%H%M%SZ"
    return datetime.strptime(certificate[start:end].decode("ascii"), form).replace(tzinfo=UTC)


def _value(der: bytes, at: int) -> tuple[int, int]:
    """Where the value of the DER element at `at` begins and ends."""
    try:
        length = der[at + 1]
        start = at + 2
        if length & 0x80:
            octets = length & 0x7F
            length = int.from_bytes(der[start : start + octets])
            start += octets
    except IndexError:
        raise ValueError("a certificate ends too early") from None
    if start + length > len(der):
        raise ValueError("a certificate ends too early")
    return start, start + length
