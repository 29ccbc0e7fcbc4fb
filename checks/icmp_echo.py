"""Echo requests and what comes back, on a socket that needs no thread and rarely a privilege.

Linux gives ping sockets (a datagram socket for ICMP) to the groups in
`net.ipv4.ping_group_range`: the kernel chooses the identifier and hands over only its answers.
Where they are not given, a raw socket does the same for who has CAP_NET_RAW; it hears the
answers to everybody's echoes. So an answer counts only if it comes from the target and
carries this run's own token, and on a raw socket its identifier as well.

ICMP errors are read from the socket's error queue, which keeps who sent them and what about.
"""

from __future__ import annotations

import errno
import os
import socket
import struct
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from time import perf_counter
from types import MappingProxyType
from typing import Final

from checks.errors import ProbeError
from checks.faults import read_fault
from checks.icmp_words import address_of, error_words
from checks.result import Fault

TOKEN_BYTES: Final = 8
"""How many bytes of each echo tell this run's answers from all others."""
_HEADER: Final = struct.Struct("!BBHHH")
_ERROR: Final = struct.Struct("=IBBBBII")
"""The kernel's `sock_extended_err`: errno, origin, type, code, padding, info, data."""
_ORIGIN_LOCAL: Final = 1
_READ_BYTES: Final = 512
_READS_AT_ONCE: Final = 64
"""How many packets are read before the loop's other work has its turn."""
_STAMP: Final = struct.Struct("=qq")

# Names that Python's socket module has not (linux/in.h, in6.h, icmp.h, icmpv6.h).
_IP_RECVERR: Final = 11
_IPV6_RECVERR: Final = 25
_SO_TIMESTAMPNS: Final = 35
_SOL_RAW: Final = 255
_ICMP_FILTER: Final = 1
_ICMP6_FILTER: Final = 1


@dataclass(frozen=True, slots=True)
class _Protocol:
    """How one address family speaks ICMP."""

    family: int
    number: int
    request: int
    reply: int
    level: int
    recverr: int


_PROTOCOLS: Final[Mapping[int, _Protocol]] = MappingProxyType(
    {
        socket.AF_INET: _Protocol(
            socket.AF_INET, socket.IPPROTO_ICMP, 8, 0, socket.IPPROTO_IP, _IP_RECVERR
        ),
        socket.AF_INET6: _Protocol(
            socket.AF_INET6, socket.IPPROTO_ICMPV6, 128, 129, socket.IPPROTO_IPV6, _IPV6_RECVERR
        ),
    }
)


@dataclass(frozen=True, slots=True)
class Answer:
    """An echo that came back. `waited_s` is how long it lay in the socket until it was read."""

    sequence: int
    waited_s: float


@dataclass(frozen=True, slots=True)
class Refusal:
    """An ICMP error about one echo, in words."""

    sequence: int
    words: str


class EchoSocket:
    """A socket connected to one address, for the echoes of one run.

    Attributes:
        refused: Whether an error came since this was last set to false.

    Raises:
        ProbeError: This user may not have such a socket (`Fault.INTERNAL`), or no route leads
            to the address.
    """

    def __init__(self, family: int, address: str) -> None:
        self.refused = False
        self._protocol = _PROTOCOLS[family]
        self._token = os.urandom(TOKEN_BYTES)
        self._ident = int.from_bytes(self._token[:2], "big")
        self._socket, self._raw = _open(self._protocol)
        try:
            self._connect(address)
        except OSError as error:
            self._socket.close()
            raise read_fault(error, address) or error from None
        except BaseException:
            self._socket.close()
            raise

    def _connect(self, address: str) -> None:
        sock, protocol = self._socket, self._protocol
        sock.setsockopt(protocol.level, protocol.recverr, 1)
        sock.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        if self._raw:
            _hear_answers_only(sock, protocol)
        # The numeric form keeps an IPv6 address's zone; without a port there is no getpeername.
        place = socket.getaddrinfo(address, 1, protocol.family, flags=socket.AI_NUMERICHOST)[0][4]
        sock.connect(place)
        self._peer = str(sock.getpeername()[0])
        self._own = str(sock.getsockname()[0])

    def fileno(self) -> int:
        """For the loop to watch."""
        return self._socket.fileno()

    def close(self) -> None:
        """Let go of the socket."""
        self._socket.close()

    def send(self, sequence: int, size: int) -> Refusal | None:
        """Send one echo of `size` bytes. An error of an earlier echo may come out here.

        Raises:
            ProbeError: This host could not send.
        """
        body = self._token + bytes(size - TOKEN_BYTES)
        packet = self._packet(sequence, body)
        try:
            try:
                self._socket.send(packet)
            except OSError as error:
                if not _came_back(error):
                    raise
                self._socket.send(packet)  # that was an earlier echo's; this one is not yet sent
        except OSError as error:
            if error.errno == errno.EMSGSIZE:
                return Refusal(sequence, f"an echo of {size} bytes is too big for the path")
            fault = read_fault(error, self._peer)
            if fault is None or fault.unknown:
                raise fault or error from None
            return Refusal(sequence, fault.message.removeprefix(f"{self._peer}: "))
        return None

    def _packet(self, sequence: int, body: bytes) -> bytes:
        sort, ident = self._protocol.request, self._ident
        sums_up = self._raw and self._protocol.family == socket.AF_INET  # else the kernel does
        total = checksum(_HEADER.pack(sort, 0, 0, ident, sequence) + body) if sums_up else 0
        return _HEADER.pack(sort, 0, total, ident, sequence) + body

    def read(self) -> Iterator[Answer | Refusal]:
        """What has come for this run, up to a bound; the loop calls again if there is more."""
        for _ in range(_READS_AT_ONCE):
            try:
                data, notes, _, sender = self._socket.recvmsg(_READ_BYTES, 256)
            except (BlockingIOError, InterruptedError):
                break
            except OSError:
                self.refused = True
                break  # what is wrong stands in the error queue, with more words
            sequence = self._answered(data, str(sender[0]))
            if sequence is not None:
                yield Answer(sequence, _waited_s(notes))
        yield from self._refusals()

    def _answered(self, data: bytes, sender: str) -> int | None:
        """The sequence number of an answer to us; None for anything else."""
        if self._raw and self._protocol.family == socket.AF_INET and data:
            data = data[(data[0] & 0x0F) * 4 :]  # raw IPv4 sockets are given the IP header
        if sender != self._peer or len(data) < _HEADER.size + TOKEN_BYTES:
            return None
        sort, code, _, ident, sequence = _HEADER.unpack_from(data)
        if sort != self._protocol.reply or code != 0 or not data.startswith(self._token, 8):
            return None
        return None if self._raw and ident != self._ident else int(sequence)

    def _refusals(self) -> Iterator[Refusal]:
        for _ in range(_READS_AT_ONCE):
            try:
                data, notes, _, _ = self._socket.recvmsg(
                    _READ_BYTES, 512, socket.MSG_ERRQUEUE | socket.MSG_DONTWAIT
                )
            except OSError:
                return
            self.refused = True
            if len(data) < _HEADER.size:
                continue
            sort, _, _, ident, sequence = _HEADER.unpack_from(data)
            ours = not self._raw or ident == self._ident
            words = self._error_words(notes) if ours and sort == self._protocol.request else None
            if words is not None:
                yield Refusal(int(sequence), words)

    def _error_words(self, notes: list[tuple[int, int, bytes]]) -> str | None:
        for level, sort, data in notes:
            if (level, sort) != (self._protocol.level, self._protocol.recverr):
                continue
            number, origin, icmp_type, code, _, _, _ = _ERROR.unpack_from(data)
            if origin == _ORIGIN_LOCAL:
                return os.strerror(number).lower()
            words = error_words(self._protocol.family, icmp_type, code)
            sender = address_of(data[_ERROR.size :])
            if sender == self._own:
                return f"{words} (nobody there answers this host on their network)"
            return f"{words}, says {sender or 'somebody on the way'}"
        return None


def _open(protocol: _Protocol) -> tuple[socket.socket, bool]:
    """A socket for echoes that does not block, and whether it is a raw one."""
    flags = socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC
    try:
        return socket.socket(protocol.family, socket.SOCK_DGRAM | flags, protocol.number), False
    except OSError as error:
        if error.errno not in {errno.EACCES, errno.EPERM, errno.EPROTONOSUPPORT}:
            raise read_fault(error, "the target") or error from None
    try:
        return socket.socket(protocol.family, socket.SOCK_RAW | flags, protocol.number), True
    except OSError as error:
        if error.errno not in {errno.EACCES, errno.EPERM}:
            raise read_fault(error, "the target") or error from None
    raise ProbeError(
        Fault.INTERNAL,
        "this user may not send echoes; as root: "
        f"sysctl -w net.ipv4.ping_group_range='{os.getegid()} {os.getegid()}'"
        " (or a range with this group in it), or give the daemon CAP_NET_RAW",
    )


def _hear_answers_only(sock: socket.socket, protocol: _Protocol) -> None:
    """Have the kernel drop all but echo replies; errors come by the error queue."""
    if protocol.family == socket.AF_INET:
        sock.setsockopt(_SOL_RAW, _ICMP_FILTER, struct.pack("=I", 0xFFFFFFFF ^ 1 << protocol.reply))
        return
    blocked = [0xFFFFFFFF] * 8
    blocked[protocol.reply >> 5] ^= 1 << (protocol.reply & 31)
    sock.setsockopt(protocol.number, _ICMP6_FILTER, struct.pack("=8I", *blocked))


def _came_back(error: OSError) -> bool:
    """Whether a send's error is one that an ICMP error about an earlier echo left behind."""
    return error.errno in {
        errno.ECONNREFUSED,
        errno.EHOSTUNREACH,
        errno.ENETUNREACH,
        errno.EHOSTDOWN,
        errno.ENOPROTOOPT,
        errno.EPROTO,
        errno.EACCES,
        errno.EMSGSIZE,
    }


def checksum(data: bytes) -> int:
    """The Internet's checksum: the complement of the ones' complement sum of 16-bit words."""
    if len(data) % 2:
        data += b"\0"
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


def _waited_s(notes: list[tuple[int, int, bytes]]) -> float:
    """How long ago the kernel received it; 0 where it does not say or its clock was set since."""
    for level, sort, data in notes:
        if level == socket.SOL_SOCKET and sort == _SO_TIMESTAMPNS and len(data) >= _STAMP.size:
            seconds, nanoseconds = _STAMP.unpack_from(data)
            return max(0.0, time.time() - float(seconds) - float(nanoseconds) / 1e9)
    return 0.0


def round_trip_ms(sent_s: float, waited_s: float) -> float:
    """Milliseconds from `sent_s` (`perf_counter`) to when the answer reached this host."""
    whole_s = perf_counter() - sent_s
    return (whole_s - waited_s if waited_s < whole_s else whole_s) * 1000.0
