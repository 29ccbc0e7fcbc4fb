"""What a probe needs to speak TLS: contexts from the configuration, days, words for faults.

Contexts are shared by checks with equal settings, because loading the system's authorities
costs milliseconds and a megabyte each.
"""

from __future__ import annotations

import functools
import ssl
import warnings
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from checks.errors import SpecError
from checks.spec import Secret, Strict
from checks.text import one_line
from checks.tls_certificate import read_certificate


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
    spec: TlsSpec,
    *,
    alpn: str | tuple[str, ...] | None = None,
    own_cert: bool = True,
    oldest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_2,
) -> ssl.SSLContext:
    """The context for `spec`; `own_cert=False` leaves our certificate out.

    `oldest` is the oldest version to speak. One before 1.2 also lets in the short keys and old
    signatures of its time.

    Raises:
        SpecError: A file cannot be read or is not what it should be.
    """
    if spec.key is not None and spec.cert is None:
        raise SpecError("tls.key", "a key needs its certificate: set cert too")
    cert = spec.cert if own_cert else None
    password = spec.key_password.get_secret_value() if spec.key_password else ""
    ages = tuple(_age(path, name) for path, name in _files(spec, cert))
    key = spec.key if cert else None
    offered = (alpn,) if isinstance(alpn, str) else alpn or ()
    return _context(spec.verify, spec.ca, cert, key, password, offered, oldest, ages)


def names_files(spec: TlsSpec) -> bool:
    """Whether it names any file, which may not be what it should be."""
    return spec.ca is not None or spec.cert is not None or spec.key is not None


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
    alpn: tuple[str, ...],
    oldest: ssl.TLSVersion,
    ages: tuple[int, ...],  # noqa: ARG001  # part of the cache's key
) -> ssl.SSLContext:
    context = _trusting(verify=verify, ca=ca)
    if cert is not None:
        try:
            # A password, even an empty one, keeps OpenSSL from asking the terminal for it.
            context.load_cert_chain(cert, key, password=password)
        except (OSError, ValueError) as error:
            raise SpecError("tls.cert", _unreadable(error, cert, key)) from None
    if alpn:
        context.set_alpn_protocols(list(alpn))
    _reach_back(context, oldest)
    return context


def _reach_back(context: ssl.SSLContext, oldest: ssl.TLSVersion) -> None:
    with warnings.catch_warnings():  # that they are deprecated is why they are looked for
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = oldest
    if oldest < ssl.TLSVersion.TLSv1_2:
        context.options &= ~(ssl.OP_NO_TLSv1 | ssl.OP_NO_TLSv1_1)
        context.set_ciphers("DEFAULT:@SECLEVEL=0")


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
        return f"the key in {key or cert} is encrypted: set key_password"
    return f"{cert} and {key or 'the key in it'} are no PEM certificate and key ({_brief(error)})"


def _brief(error: Exception) -> str:
    reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or str(error)
    return one_line(str(reason).replace("_", " ").lower(), 80)


_UNTRUSTED: Final[Mapping[int, str]] = {
    7: "a certificate's signature is false",
    9: "the certificate is not valid yet",
    10: "the certificate has expired",
    18: "the certificate is self-signed",
    19: "the certificate's chain ends in an authority that is not trusted (self-signed)",
    20: "the certificate was signed by an authority that is not trusted",
    21: "the certificate's chain is incomplete",
    23: "the certificate was revoked",
    24: "a certificate of the chain is no authority's",
    26: "the certificate is not for servers",
    62: "the certificate is for another name",
    64: "the certificate is for another address",
    66: "the certificate's key is too short",
    67: "the key of an authority in the chain is too short",
    68: "a certificate of the chain is signed with too weak a hash",
}
"""OpenSSL's X509_V_ERR codes, from its x509_vfy.h."""


def untrusted_words(error: ssl.SSLCertVerificationError) -> str:
    """Why a chain was not taken."""
    return _UNTRUSTED.get(error.verify_code, error.verify_message)


_ALERTS: Final[Mapping[str, str]] = {
    "WRONG_VERSION_NUMBER": "no TLS is spoken there",
    "HTTP_REQUEST": "no TLS is spoken there",
    "PACKET_LENGTH_TOO_LONG": "no TLS is spoken there",
    "RECORD_LAYER_FAILURE": "no TLS is spoken there",
    "UNSUPPORTED_PROTOCOL": "only TLS versions that are too old are spoken there",
    "TLSV1_ALERT_PROTOCOL_VERSION": "our TLS version was refused",
    "SSLV3_ALERT_HANDSHAKE_FAILURE": "the handshake was refused (no cipher in common?)",
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
        return f"TLS with {target}: {untrusted_words(error)}"
    reason = getattr(error, "reason", None) or ""
    words = _ALERTS.get(reason, reason.replace("_", " ").lower() or "the handshake failed")
    return f"TLS with {target}: {words}"


def cert_days(tls: ssl.SSLObject | ssl.SSLSocket, now: datetime | None = None) -> float | None:
    """Days until the peer's own certificate expires, two decimals; negative once it has."""
    encoded = tls.getpeercert(binary_form=True)
    if encoded is None:
        return None
    return read_certificate(encoded).days_left(now or datetime.now(UTC))
