"""Certificates as they are read here, held against those who made and who verify them."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from hypothesis import given
from hypothesis import strategies as st

from checks.tls_certificate import Certificate, read_certificate

CA = trustme.CA()
NAMES = ["a.example", "*.b.example", "192.0.2.1", "2001:db8::1", "xn--bcher-kva.example"]


def der_of(*names: str, ends: datetime | None = None, **keys: Any) -> bytes:
    issued = CA.issue_cert(*names, not_after=ends, **keys)
    return ssl.PEM_cert_to_DER_cert(issued.cert_chain_pems[0].bytes().decode())


def test_what_is_read_is_what_the_maker_wrote() -> None:
    der = der_of(*NAMES, organization_name="Acme \x1b[31m& Söhne", common_name="www")
    made = x509.load_der_x509_certificate(der)
    found = read_certificate(der)

    assert list(found.names) == NAMES
    assert (found.not_before, found.not_after) == (
        made.not_valid_before_utc,
        made.not_valid_after_utc,
    )
    assert found.fingerprint == made.fingerprint(hashes.SHA256()).hex()
    assert found.subject.startswith("CN=www, OU=")
    assert found.subject.endswith("O=Acme & Söhne")
    assert found.issuer.startswith("OU=Testing CA")
    assert not found.self_issued
    root = read_certificate(ssl.PEM_cert_to_DER_cert(CA.cert_pem.bytes().decode()))
    assert root.self_issued
    assert root.names == ()


@pytest.mark.parametrize("days", [10, 365 * 40])
def test_dates_are_read_in_both_their_forms(days: int) -> None:
    ends = datetime.now(UTC).replace(microsecond=0) + timedelta(days=days)
    found = read_certificate(der_of("x", ends=ends))
    assert found.not_after == ends
    assert found.days_left(ends - timedelta(days=1.5)) == 1.5
    assert found.days_left(ends + timedelta(days=1)) == -1.0


def handshake(certificate: trustme.LeafCert, host: str) -> bool:
    """Whether OpenSSL takes this certificate for `host`."""
    server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    certificate.configure_cert(server)
    CA.configure_trust(client)
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [
        client.wrap_bio(back, there, server_hostname=host),
        server.wrap_bio(there, back, server_side=True),
    ]
    for turn in range(6):
        try:
            ends[turn % 2].do_handshake()
        except ssl.SSLWantReadError:
            continue
        except ssl.SSLCertVerificationError:
            return False
    return True


@pytest.mark.parametrize(
    "host",
    [
        *("a.example", "A.Example", "x.a.example", "b.example", "x.b.example", "y.x.b.example"),
        *("192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:0db8:0::1", "bücher.example", "example"),
    ],
)
def test_a_name_is_covered_where_openssl_says_so(host: str) -> None:
    issued = CA.issue_cert(*NAMES)
    der = ssl.PEM_cert_to_DER_cert(issued.cert_chain_pems[0].bytes().decode())
    assert read_certificate(der).covers(host) == handshake(issued, host)


def test_a_certificate_that_ends_too_early_is_none() -> None:
    der = der_of("a.example")
    for cut in range(len(der)):
        with pytest.raises(ValueError, match=r"too early|no certificate|does not match"):
            read_certificate(der[:cut])


@given(st.data())
def test_any_bytes_are_read_or_refused(data: st.DataObject) -> None:
    der = bytearray(GOOD)
    for _ in range(data.draw(st.integers(1, 8))):
        der[data.draw(st.integers(0, len(der) - 1))] = data.draw(st.integers(0, 255))
    try:
        found = read_certificate(bytes(der))
    except ValueError:
        return
    assert isinstance(found, Certificate)
    assert all(text.isprintable() for text in (found.subject, found.issuer, *found.names))


GOOD = der_of(*NAMES, organization_name="Acme")
