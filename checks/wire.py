"""Plain TCP connections for probes: asyncio's protocols on a transport of our own.

A probe opens a connection, says a line, hears a few hundred bytes and leaves. For that an event
loop's own transports cost more than the exchange itself: futures and handles are made for a
life of a millisecond. A `Wire` is a socket and the protocol that uses it; what all wires of a
loop wait for stands in one epoll set, which the loop watches as a single reader, so whatever
became ready together is served in one go. To a near target the connection often stands as soon
as it is asked for, and then nobody waits at all.

For TLS the socket is handed over to the loop (`Wire.detach`); see `checks.dial`.
"""

from __future__ import annotations

import asyncio
import errno
import os
import select
import socket
from typing import Any, Final, Protocol

from checks.per_loop import PerLoop

_CHUNK: Final = 64 * 1024
"""Bytes taken from a socket at once; a target that floods does not keep others waiting."""
_ROUND: Final = 256
"""Wires served in one go."""
_UNDER_WAY: Final = frozenset({errno.EINPROGRESS, errno.EALREADY, errno.EINTR})
_FLAGS: Final = getattr(socket, "SOCK_NONBLOCK", 0) | getattr(socket, "SOCK_CLOEXEC", 0)
_STREAM: Final = socket.SOCK_STREAM | _FLAGS


class Watcher(Protocol):
    """Calls a wire when its socket is ready."""

    def watch(self, wire: Wire, fd: int, *, writing: bool) -> None:
        """From now on call `wire` when it may read, or also when it may write."""
        ...

    def forget(self, fd: int, *, closed: bool) -> None:
        """Call no more; the socket is about to be closed, or lives on elsewhere."""
        ...


class EpollWatcher:
    """All wires of a loop in one epoll set, which the loop sees as one reader."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._epoll = select.epoll()
        self._wires: dict[int, Wire] = {}
        loop.add_reader(self._epoll.fileno(), self._serve)

    def watch(self, wire: Wire, fd: int, *, writing: bool) -> None:
        """As `Watcher`."""
        events = select.EPOLLIN | (select.EPOLLOUT if writing else 0)
        if fd in self._wires:
            self._epoll.modify(fd, events)
        else:
            self._epoll.register(fd, events)
            self._wires[fd] = wire

    def forget(self, fd: int, *, closed: bool) -> None:
        """As `Watcher`. The set lets go of a closed socket by itself."""
        if self._wires.pop(fd, None) is not None and not closed:
            self._epoll.unregister(fd)

    def _serve(self) -> None:
        wires = self._wires
        for fd, events in self._epoll.poll(0, _ROUND):
            wire = wires.get(fd)
            if wire is None:
                continue  # an earlier one of this round ended it
            if events & select.EPOLLOUT:
                wire.may_write()
            if events & ~select.EPOLLOUT and wires.get(fd) is wire:
                wire.may_read()


class LoopWatcher:
    """Each wire a reader of the loop: where there is no epoll."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def watch(self, wire: Wire, fd: int, *, writing: bool) -> None:
        """As `Watcher`."""
        self._loop.add_reader(fd, wire.may_read)
        if writing:
            self._loop.add_writer(fd, wire.may_write)
        else:
            self._loop.remove_writer(fd)

    def forget(self, fd: int, *, closed: bool) -> None:  # noqa: ARG002  # the loop must be told anyhow
        """As `Watcher`."""
        self._loop.remove_reader(fd)
        self._loop.remove_writer(fd)


_watchers: Final[PerLoop[Watcher]] = PerLoop(
    EpollWatcher if hasattr(select, "epoll") else LoopWatcher
)


class Wire(asyncio.Transport):
    """A connection's transport. `abort` closes at once and tells nobody: who calls it knows.

    Attributes:
        connected: Resolves when the connection stands, or with the error; None if it stood at
            once.
    """

    __slots__ = (
        "_broken",
        "_closed",
        "_fd",
        "_protocol",
        "_socket",
        "_unsent",
        "_watcher",
        "connected",
    )

    def __init__(
        self, sock: socket.SocketType, protocol: asyncio.Protocol, watcher: Watcher
    ) -> None:
        self._socket = sock
        self._closed = False
        self._fd = sock.fileno()
        self._protocol = protocol
        self._watcher = watcher
        self._unsent = b""
        self._broken: OSError | None = None
        self.connected: asyncio.Future[None] | None = None

    def connect(
        self, address: tuple[str, int], loop: asyncio.AbstractEventLoop, *, deaf: bool = False
    ) -> None:
        """Ask for the connection. A `deaf` one that stands at once is not read from.

        Raises:
            OSError: It is refused at once.
        """
        code = self._socket.connect_ex(address)
        if code == errno.EINPROGRESS:
            # A near target has answered by now: to ask again is cheaper than to be woken for it.
            code = self._socket.connect_ex(address)
        if code in _UNDER_WAY:
            self.connected = loop.create_future()
            self._watcher.watch(self, self._fd, writing=True)
        elif code and code != errno.EISCONN:
            raise OSError(code, os.strerror(code))
        else:
            if not deaf:
                self._watcher.watch(self, self._fd, writing=False)
            self._protocol.connection_made(self)

    async def stand(self) -> None:
        """Wait until the connection stands.

        Raises:
            OSError: It could not be made.
        """
        if self.connected is not None:
            try:
                await self.connected
            except BaseException:
                self.abort()
                raise

    def may_write(self) -> None:
        """The socket is ready to send, or is connected, or failed to be."""
        if self.connected is not None and not self.connected.done():
            self._settle(self.connected)
        elif not self._closed:
            unsent, self._unsent = self._unsent, b""
            self._watcher.watch(self, self._fd, writing=False)
            self.write(unsent)

    def _settle(self, connected: asyncio.Future[None]) -> None:
        code = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            self.abort()
            connected.set_exception(OSError(code, os.strerror(code)))
        else:
            self._watcher.watch(self, self._fd, writing=False)
            self._protocol.connection_made(self)
            connected.set_result(None)

    def may_read(self) -> None:
        """Something came in, or the connection ended."""
        if self._closed:
            return
        if self.connected is not None and not self.connected.done():
            self._settle(self.connected)
            return
        try:
            data = self._socket.recv(_CHUNK)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._lose(error)
            return
        if data:
            self._protocol.data_received(data)
        else:
            self._lose(self._broken)

    def write(self, data: bytes | bytearray | memoryview[Any]) -> None:
        """Send this, after what could not be sent yet."""
        if self._closed or not data:
            return
        if self._unsent:
            self._unsent += data
            return
        try:
            sent = self._socket.send(data)
        except (BlockingIOError, InterruptedError):
            sent = 0
        except ConnectionError as error:
            self._broken = error  # what the other side had said before that is still to be read
            return
        except OSError as error:
            # Not from within `write`, as with any transport: its caller is still at work.
            asyncio.get_running_loop().call_soon(self._lose, error)
            return
        if sent < len(data):
            self._unsent = bytes(data[sent:])
            self._watcher.watch(self, self._fd, writing=True)

    def _lose(self, error: OSError | None) -> None:
        if not self._closed:
            self.abort()
            self._protocol.connection_lost(error)

    def detach(self) -> socket.socket:
        """Give the socket away, as Python's own, with nothing more read or sent here.

        Raises:
            ConnectionError: The connection has ended.
        """
        if self._closed:
            raise ConnectionAbortedError(errno.ECONNABORTED, os.strerror(errno.ECONNABORTED))
        self._watcher.forget(self._fd, closed=False)
        self._closed = True
        plain = self._socket
        sock = socket.socket(plain.family, plain.type, plain.proto, plain.detach())
        sock.setblocking(False)
        return sock

    def abort(self) -> None:
        """Close at once."""
        if not self._closed:
            self._watcher.forget(self._fd, closed=True)
            self._socket.close()
            self._closed = True

    def close(self) -> None:
        """As `abort`: a probe that leaves has nothing more to say."""
        self.abort()

    def is_closing(self) -> bool:
        """Whether it is closed."""
        return self._closed

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """The `socket`; nothing else is known here."""
        return self._socket if name == "socket" else default


def begin_wire(
    protocol: asyncio.Protocol, family: int, address: str, port: int, *, deaf: bool = False
) -> Wire:
    """Ask for a connection to a numeric address. If it has `connected`, await
    `stand`; else `protocol` has it as its transport already.

    Args:
        deaf: What the target says is not wanted, nor whether it closes.

    Raises:
        OSError: It cannot be reached.
    """
    loop = asyncio.get_running_loop()
    sock = socket.SocketType(family, _STREAM)  # Python's class around it costs a quarter more
    try:
        if not _FLAGS:
            sock.setblocking(False)
        wire = Wire(sock, protocol, _watchers.of(loop))
        wire.connect((address, port), loop, deaf=deaf)
    except BaseException:
        sock.close()
        raise
    return wire
