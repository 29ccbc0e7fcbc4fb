"""From an exception to a fault and words that an operator understands.

The line that matters most runs between the target's faults and our own: without file
descriptors, ports, memory or a working resolver on this host nothing is known of the target,
and the verdict must be unknown (promise 2 of the design).
"""

from __future__ import annotations

import errno
import os
import socket
import ssl
from collections.abc import Mapping
from typing import Final

from checks.errors import ProbeError
from checks.result import Fault
from checks.tls_client import tls_words

_OWN: Final[Mapping[int, str]] = {
    errno.EMFILE: "this process is out of file descriptors",
    errno.ENFILE: "this host is out of file descriptors",
    errno.ENOMEM: "this host is out of memory",
    errno.ENOBUFS: "this host is out of network buffers",
    errno.EADDRNOTAVAIL: "this host has no free local address or port",
    errno.EPERM: "this host forbids it (a local firewall?)",
    errno.EACCES: "this host forbids it (permission denied)",
    errno.EAFNOSUPPORT: "this host does not speak this address family",
}
_TARGET: Final[Mapping[int, tuple[Fault, str]]] = {
    errno.ECONNREFUSED: (Fault.REFUSED, "connection refused"),
    errno.ENOENT: (Fault.REFUSED, "there is no such socket"),
    errno.EHOSTUNREACH: (Fault.UNREACHABLE, "no route to the host"),
    errno.ENETUNREACH: (Fault.UNREACHABLE, "the network is unreachable"),
    errno.EHOSTDOWN: (Fault.UNREACHABLE, "the host is down"),
    errno.ETIMEDOUT: (Fault.TIMEOUT, "the connection timed out"),
    errno.ECONNRESET: (Fault.RESET, "the connection was reset"),
    errno.ECONNABORTED: (Fault.RESET, "the connection was aborted"),
    errno.EPIPE: (Fault.RESET, "the connection was closed"),
}
_NO_ADDRESS: Final = frozenset(
    value
    for name in ("EAI_NONAME", "EAI_NODATA", "EAI_ADDRFAMILY")
    if (value := getattr(socket, name, None)) is not None
)


def read_fault(error: BaseException, target: str) -> ProbeError | None:
    """What `error`, met while talking to `target`, means; None if it is none of the known.

    The unknown are bugs, which the caller logs and reports as `Fault.INTERNAL`.
    """
    if isinstance(error, ProbeError):
        return error
    if isinstance(error, socket.gaierror):
        return _resolving(error, target)
    if isinstance(error, ssl.SSLError):
        return ProbeError(Fault.TLS, tls_words(error, target))
    if isinstance(error, TimeoutError):
        return ProbeError(Fault.TIMEOUT, f"{target} did not answer in time")
    if isinstance(error, OSError):
        return _system(error, target)
    if isinstance(error, EOFError):
        return ProbeError(Fault.RESET, f"{target} closed the connection in the middle")
    return None


def _resolving(error: socket.gaierror, target: str) -> ProbeError:
    if error.errno in _NO_ADDRESS:
        return ProbeError(Fault.RESOLVE, f"the name in {target} has no address")
    if error.errno == socket.EAI_AGAIN:
        return ProbeError(
            Fault.RESOLVE,
            f"the name in {target} cannot be looked up now: no usable answer from the resolver",
            unknown=True,
        )
    if error.errno in {socket.EAI_MEMORY, socket.EAI_SYSTEM}:
        return ProbeError(Fault.INTERNAL, f"looking up {target} failed here: {error.strerror}")
    return ProbeError(Fault.RESOLVE, f"the name in {target} cannot be looked up: {error.strerror}")


def _system(error: OSError, target: str) -> ProbeError:
    number = error.errno
    if number is not None and number in _OWN:
        return ProbeError(Fault.INTERNAL, f"{target} was not tried: {_OWN[number]}")
    if number is not None and number in _TARGET:
        fault, words = _TARGET[number]
        return ProbeError(
            fault, f"{words} by {target}" if fault is Fault.REFUSED else f"{target}: {words}"
        )
    if isinstance(error, ConnectionError):
        return ProbeError(Fault.RESET, f"{target} closed the connection in the middle")
    words = error.strerror or (os.strerror(number) if number else type(error).__name__)
    return ProbeError(Fault.UNREACHABLE, f"{target}: {words}")
