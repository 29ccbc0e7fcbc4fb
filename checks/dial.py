"""From a host and a port to a connection: resolve, connect, speak TLS; each a phase.

There is no racing of address families: a target that is only half up must be seen. With
`family = "any"` the resolver's order is followed and the next address is tried when one
fails; with `ipv4` or `ipv6` the first address of that family is the only one.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Callable
from functools import lru_cache
from time import perf_counter
from typing import Final, Literal, TypeVar

import msgspec

from checks.errors import ProbeError
from checks.faults import read_fault
from checks.lookup import lookups_of
from checks.probe import Trace
from checks.result import Fault
from checks.wire import Wire, begin_wire

Family = Literal["any", "ipv4", "ipv6"]

_FAMILIES: Final = {"any": socket.AF_UNSPEC, "ipv4": socket.AF_INET, "ipv6": socket.AF_INET6}
RESOLVE: Final = "resolve"
LOOKUP_QUEUE: Final = "lookup_queue"
"""The phases of finding addresses."""

_MAX_ADDRESSES: Final = 8
"""How many addresses of one name are tried at most."""

P = TypeVar("P", bound=asyncio.Protocol)


@lru_cache(maxsize=256)
def _literal(host: str) -> int | None:
    """The family of an address; None for a name. Thousands of checks may share a host."""
    try:
        version = ipaddress.ip_address(host).version
    except ValueError:
        return None
    return socket.AF_INET if version == 4 else socket.AF_INET6


class Endpoint(msgspec.Struct, frozen=True, gc=False):
    """Where to connect.

    Attributes:
        host: A name or an address, without brackets.
        literal: The address's family if `host` is an address, which needs no resolver.
    """

    host: str
    port: int
    family: Family = "any"
    literal: int | None = None

    @classmethod
    def of(cls, host: str, port: int, family: Family = "any") -> Endpoint:
        """The endpoint of a host as it stands in a configuration or a URL."""
        return cls(host, port, family, _literal(host))

    @property
    def words(self) -> str:
        """`host:port`, for messages."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


async def resolve(endpoint: Endpoint, trace: Trace | None = None) -> list[tuple[int, str]]:
    """The addresses to try, as (family, address), in the resolver's order.

    With a trace it is the phase `resolve`, after `lookup_queue` if other names' lookups hold
    all threads; `checks.prepared` knows that running out of time there is not the target's fault.

    Raises:
        ProbeError: The name has none, or the resolver of this host does not work.
    """
    if endpoint.literal is not None:
        return [(endpoint.literal, endpoint.host)]
    lookups = lookups_of(asyncio.get_running_loop())
    lookup = lookups.join(endpoint.host, _FAMILIES[endpoint.family])
    try:
        if not lookup.began.done():
            if trace is not None:
                trace.enter(LOOKUP_QUEUE)
            await asyncio.wait((lookup.began,))  # cancelling the waiting leaves what is shared
        if trace is not None:
            trace.enter(RESOLVE)
        await asyncio.wait((lookup.found,))
    finally:
        lookups.leave(lookup)
    found = lookup.found.result()
    if isinstance(found, Exception):
        if isinstance(found, UnicodeError):
            raise ProbeError(Fault.RESOLVE, f"{endpoint.words} is no name")
        raise read_fault(found, endpoint.words) or found
    if not found:
        raise ProbeError(Fault.RESOLVE, f"the name in {endpoint.words} has no address")
    return found[: _MAX_ADDRESSES if endpoint.family == "any" else 1]


async def connect(
    endpoint: Endpoint,
    protocol: P,
    trace: Trace,
    limit_s: float,
    *,
    native: bool = False,
    deaf: bool = False,
) -> P:
    """Connect `protocol` to `endpoint`, without TLS. It has its transport afterwards.

    `limit_s` is the whole run's; each address but the last gets its share of what is left of
    it. Addresses that fail before one succeeds are told to the trace. `native` gives the loop's
    own transport, for a driver that needs all of one. With `deaf` nothing may be read from it.

    Raises:
        ProbeError: No address could be reached; it tells of the first.
    """
    if endpoint.literal is not None:
        trace.enter("connect")
        await _open(protocol, endpoint, endpoint.literal, endpoint.host, native=native, deaf=deaf)
        return protocol
    addresses = await resolve(endpoint, trace)
    trace.enter("connect")
    before, first = trace.failed_addresses, None
    for left in range(len(addresses), 1, -1):
        family, address = addresses[-left]
        share_s = (limit_s - (perf_counter() - trace.started)) / left
        try:
            async with asyncio.timeout(share_s):
                await _open(protocol, endpoint, family, address, native=native, deaf=deaf)
        except TimeoutError:
            error = ProbeError(Fault.TIMEOUT, f"{endpoint.words} ({address}) does not answer")
        except ProbeError as failure:
            error = failure
        else:
            return protocol
        if not error.unknown:  # what this host cannot do says nothing of the target
            first = first or error
            trace.failed_addresses += (error.message,)
    family, address = addresses[-1]
    try:  # the run's own timeout bounds the last one
        await _open(protocol, endpoint, family, address, native=native, deaf=deaf)
    except ProbeError as failure:
        trace.failed_addresses = before
        raise first or failure from None
    return protocol


async def _open(
    protocol: asyncio.Protocol,
    endpoint: Endpoint,
    family: int,
    address: str,
    *,
    native: bool,
    deaf: bool,
) -> None:
    try:
        if native:
            loop = asyncio.get_running_loop()
            await loop.create_connection(lambda: protocol, address, endpoint.port, family=family)
        else:
            wire = begin_wire(protocol, family, address, endpoint.port, deaf=deaf)
            if wire.connected is not None:
                await wire.stand()
    except TimeoutError:
        raise  # ours, or the kernel's after minutes; either says the same
    except OSError as error:
        words = endpoint.words if address == endpoint.host else f"{endpoint.words} ({address})"
        raise read_fault(error, words) or error from None


async def start_tls(
    transport: asyncio.Transport,
    protocol: asyncio.Protocol,
    context: ssl.SSLContext,
    name: str,
    trace: Trace,
    tell: Callable[[], str],
) -> asyncio.Transport:
    """Speak TLS over a connection; the transport to use from now on.

    Raises:
        ProbeError: The handshake failed; `tell` names the target.
    """
    trace.enter("tls")
    try:
        secured = await _secured(transport, protocol, context, name)
    except ssl.SSLError as error:
        raise read_fault(error, tell()) or error from None
    except (ConnectionError, EOFError):
        raise ProbeError(
            Fault.TLS, f"TLS with {tell()}: the connection was closed during the handshake"
        ) from None
    except OSError as error:
        raise read_fault(error, tell()) or error from None
    if secured is None:
        raise ProbeError(
            Fault.TLS, f"TLS with {tell()}: the connection was closed during the handshake"
        )
    return secured


async def _secured(
    transport: asyncio.Transport, protocol: asyncio.Protocol, context: ssl.SSLContext, name: str
) -> asyncio.Transport | None:
    """The loop's own TLS transport on this connection, which the protocol is told of."""
    loop = asyncio.get_running_loop()
    if not isinstance(transport, Wire):
        return await loop.start_tls(transport, protocol, context, server_hostname=name)
    sock = transport.detach()
    try:
        secured, _ = await loop.create_connection(
            lambda: protocol, sock=sock, ssl=context, server_hostname=name
        )
    except BaseException:
        sock.close()  # ours, if the loop failed before it took it over
        sock.detach()  # the loop's, which closes it itself
        raise
    return secured
