"""A TLS handshake over a `Stream`, and what it showed.

Done by hand on OpenSSL's memory buffers rather than by the event loop's `start_tls`, because
a failed handshake is what this is about: OpenSSL's own error is wanted, the peer must get our
alert, and a refusal of our certificate comes after TLS 1.3's handshake is over for us.
"""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass
from typing import Any, Final

from checks.errors import ProbeError
from checks.result import Fault
from checks.stream import Stream
from checks.tls_certificate import Certificate, read_certificate

PARTING_S: Final = 1.0
"""How long the peer's goodbye is waited for."""
_PARTING_BYTES: Final = 65_536
_CHAIN_LIMIT: Final = 20
"""How many certificates of a presented chain are read."""


@dataclass(frozen=True, slots=True)
class Handshake:
    """What a handshake showed.

    Attributes:
        chain: The certificates that the peer presented, its own first.
        protocol: OpenSSL's name of the version: `TLSv1.3`.
        alpn: The application protocol that was agreed on, or "".
    """

    chain: tuple[Certificate, ...]
    protocol: str
    cipher: str
    alpn: str


class Talk:
    """TLS spoken over a connection."""

    def __init__(self, stream: Stream, context: ssl.SSLContext, name: str) -> None:
        self._stream = stream
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=name)

    async def shake_hands(self) -> Handshake:
        """Do the handshake.

        Raises:
            ssl.SSLError: It failed; the peer was told, unless it has hung up.
            ProbeError: The connection broke, or a certificate cannot be read.
        """
        while not self._step():
            data = await self._stream.read()
            if data:
                self._incoming.write(data)
            else:
                self._incoming.write_eof()
        return self._seen()

    def _step(self) -> bool:
        """Go on with the handshake as far as it goes; whether it is done."""
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            return False
        finally:
            self._stream.write(self._outgoing.read())
        return True

    def _seen(self) -> Handshake:
        cipher = self._tls.cipher()
        try:
            chain = tuple(map(read_certificate, _presented(self._tls)[:_CHAIN_LIMIT]))
        except ValueError as error:  # OpenSSL could read it
            raise ProbeError(Fault.TLS, f"TLS with {self._stream.words}: {error}") from None
        return Handshake(
            chain=chain,
            protocol=self._tls.version() or "",
            cipher=cipher[0] if cipher is not None else "",
            alpn=self._tls.selected_alpn_protocol() or "",
        )

    async def part(self, limit_s: float) -> None:
        """Say goodbye and hear whether the peer refuses us after all.

        In TLS 1.3 a client is done before the server has looked at the client's certificate.
        A peer that says nothing within the limit has not refused.

        Raises:
            ssl.SSLError: The peer sent an alert instead of a goodbye.
        """
        if self._tls.version() != "TLSv1.3" or limit_s <= 0.0:
            return
        try:
            self._tls.unwrap()
        except ssl.SSLWantReadError:
            self._stream.write(self._outgoing.read())
        try:
            async with asyncio.timeout(min(limit_s, PARTING_S)):
                await self._hear_out()
        except (TimeoutError, ProbeError):
            return  # the handshake was good; how the peer hangs up is its own affair

    async def _hear_out(self) -> None:
        heard = 0
        while heard < _PARTING_BYTES and (data := await self._stream.read()):
            heard += len(data)
            self._incoming.write(data)
            if self._drained():
                return

    def _drained(self) -> bool:
        """Read what has come; whether the peer said goodbye."""
        try:
            while self._tls.read(4096):
                pass
        except ssl.SSLWantReadError:
            return False
        except ssl.SSLZeroReturnError:
            return True
        return True


def _presented(tls: ssl.SSLObject) -> list[bytes]:
    """The presented chain in DER; its method is public since Python 3.13 only.

    3.11 and 3.12 get no more features, so what they have inside stays as it is; a Python that
    has neither still gives the peer's own certificate.
    """
    public: Any = getattr(tls, "get_unverified_chain", None)
    if public is not None:
        return list(public())
    private: Any = getattr(getattr(tls, "_sslobj", None), "get_unverified_chain", None)
    if private is not None:
        return [ssl.PEM_cert_to_DER_cert(one.public_bytes()) for one in private() or ()]
    own = tls.getpeercert(binary_form=True)
    return [own] if own is not None else []
