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
from dataclasses import dataclass
from time import perf_counter
from typing import Final, Literal, TypeVar

from checks.errors import ProbeError
from checks.faults import read_fault
from checks.probe import Trace
from checks.result import Fault

Family = Literal["any", "ipv4", "ipv6"]

_FAMILIES: Final = {"any": socket.AF_UNSPEC, "ipv4": socket.AF_INET, "ipv6": socket.AF_INET6}
_MAX_ADDRESSES: Final = 8
"""How many addresses of one name are tried at most."""

P = TypeVar("P", bound=asyncio.Protocol)


@dataclass(frozen=True, slots=True)
class Endpoint:
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
        try:
            version = ipaddress.ip_address(host).version
        except ValueError:
            return cls(host, port, family)
        return cls(host, port, family, socket.AF_INET if version == 4 else socket.AF_INET6)

    @property
    def words(self) -> str:
        """`host:port`, for messages."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


async def resolve(endpoint: Endpoint) -> list[tuple[int, str]]:
    """The addresses to try, as (family, address), in the resolver's order.

    Raises:
        ProbeError: The name has none, or the resolver of this host does not work.
    """
    if endpoint.literal is not None:
        return [(endpoint.literal, endpoint.host)]
    loop = asyncio.get_running_loop()
    family = _FAMILIES[endpoint.family]
    try:
        found = await loop.getaddrinfo(
            endpoint.host, endpoint.port, family=family, type=socket.SOCK_STREAM
        )
    except (OSError, UnicodeError) as error:
        fault = read_fault(error, endpoint.words)
        raise fault or ProbeError(Fault.RESOLVE, f"{endpoint.words} is no name") from None
    addresses = list(dict.fromkeys((int(entry[0]), str(entry[4][0])) for entry in found))
    if not addresses:
        raise ProbeError(Fault.RESOLVE, f"the name in {endpoint.words} has no address")
    return addresses[: _MAX_ADDRESSES if endpoint.family == "any" else 1]


async def connect(endpoint: Endpoint, protocol: P, trace: Trace, time_left_s: float) -> P:
    """Connect `protocol` to `endpoint`, without TLS. It has its transport afterwards.

    Raises:
        ProbeError: No address could be reached; it tells of the first.
    """
    if endpoint.literal is not None:
        trace.enter("connect")
        await _open(protocol, endpoint, endpoint.literal, endpoint.host)
        return protocol
    trace.enter("resolve")
    addresses = await resolve(endpoint)
    trace.enter("connect")
    first: ProbeError | None = None
    for left in range(len(addresses), 0, -1):
        family, address = addresses[-left]
        began_s = perf_counter()
        try:
            if left == 1:  # the run's own timeout bounds the last one
                await _open(protocol, endpoint, family, address)
            else:
                async with asyncio.timeout(time_left_s / left):
                    await _open(protocol, endpoint, family, address)
        except TimeoutError:
            first = first or ProbeError(
                Fault.TIMEOUT, f"{endpoint.words} ({address}) does not answer"
            )
        except ProbeError as error:
            first = first or error
        else:
            return protocol
        time_left_s -= perf_counter() - began_s
    raise first or ProbeError(Fault.RESOLVE, f"the name in {endpoint.words} has no address")


async def _open(protocol: asyncio.Protocol, endpoint: Endpoint, family: int, address: str) -> None:
    loop = asyncio.get_running_loop()
    try:
        await loop.create_connection(lambda: protocol, address, endpoint.port, family=family)
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
    loop = asyncio.get_running_loop()
    try:
        secured = await loop.start_tls(transport, protocol, context, server_hostname=name)
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
