"""Certificates for tests: an authority, and servers of which something is wrong."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import trustme


@dataclass
class Authority:
    """A private authority whose certificate stands in a file.

    Attributes:
        ca: The PEM file of its own certificate.
    """

    authority: trustme.CA
    ca: Path

    def server(
        self, *names: str, days: float = 30.0, require_client: bool = False
    ) -> ssl.SSLContext:
        """A server's context with a certificate for `names` that ends in `days`."""
        ends = datetime.now(UTC) + timedelta(days=days)
        issued = self.authority.issue_cert(
            *names, not_before=ends - timedelta(days=365), not_after=ends
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        issued.configure_cert(context)
        if require_client:
            self.authority.configure_trust(context)
            context.verify_mode = ssl.CERT_REQUIRED
        return context

    def client(self, directory: Path) -> Path:
        """A client's certificate with its key in one PEM file."""
        path = directory / "client.pem"
        self.authority.issue_cert(
            "client@example.org"
        ).private_key_and_cert_chain_pem.write_to_path(path)
        return path


def make_authority(directory: Path) -> Authority:
    """A new authority."""
    authority = trustme.CA()
    path = directory / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return Authority(authority, path)
