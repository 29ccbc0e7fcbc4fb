"""A wire carries a protocol over a plain connection, watched in an epoll set or by the loop."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import Iterator

import pytest

from checks import wire as wires
from checks.per_loop import PerLoop
from checks.wire import EpollWatcher, LoopWatcher, Wire, begin_wire

LIMIT_S = 30


class Talk(asyncio.Protocol):
    """Notes what it is told."""

    def __init__(self) -> None:
        self.heard = bytearray()
        self.told = asyncio.Event()
        self.ends: list[Exception | None] = []
        self.ended = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.heard += data
        self.told.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self.ends.append(exc)
        self.ended.set()


@pytest.fixture(params=[EpollWatcher, LoopWatcher], autouse=True)
def watcher(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wires, "_watchers", PerLoop(request.param))


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(LIMIT_S)
        yield server


async def opened(listener: socket.socket) -> tuple[Wire, Talk, socket.socket]:
    talk = Talk()
    wire = begin_wire(talk, socket.AF_INET, *listener.getsockname())
    await wire.stand()
    peer, _ = listener.accept()
    peer.settimeout(LIMIT_S)
    return wire, talk, peer


async def test_what_either_side_says_the_other_hears(listener: socket.socket) -> None:
    wire, talk, peer = await opened(listener)
    with peer:
        wire.write(b"question")
        assert peer.recv(100) == b"question"
        peer.sendall(b"answer")
        async with asyncio.timeout(LIMIT_S):
            await talk.told.wait()
        assert talk.heard == b"answer"
        wire.abort()
        assert peer.recv(100) == b""
    assert wire.is_closing()
    assert talk.ends == []


async def test_a_refused_connection_is_an_error_with_its_number(listener: socket.socket) -> None:
    address = listener.getsockname()
    listener.close()
    with pytest.raises(ConnectionRefusedError):
        await begin_wire(Talk(), socket.AF_INET, *address).stand()


async def test_who_waits_for_a_connection_can_be_cancelled(listener: socket.socket) -> None:
    """A full backlog answers nobody."""
    listener.listen(0)
    address = listener.getsockname()
    begun = [begin_wire(Talk(), socket.AF_INET, *address) for _ in range(8)]
    waiting = begun[-1]
    task = asyncio.create_task(waiting.stand())
    await asyncio.sleep(0)
    assert not task.done()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert waiting.is_closing()
    for wire in begun:
        wire.abort()


async def test_the_end_and_the_reset_of_a_connection_are_told_once(
    listener: socket.socket,
) -> None:
    for linger, expected in ((False, type(None)), (True, ConnectionResetError)):
        _, talk, peer = await opened(listener)
        if linger:
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        peer.close()
        async with asyncio.timeout(LIMIT_S):
            await talk.ended.wait()
        await asyncio.sleep(0)
        assert [type(end) for end in talk.ends] == [expected]


async def test_who_is_deaf_to_a_near_target_is_told_nothing_and_closes_as_any_other(
    listener: socket.socket,
) -> None:
    talk = Talk()
    wire = begin_wire(talk, socket.AF_INET, *listener.getsockname(), deaf=True)
    assert wire.connected is None  # else it waits, and is read from until it stands
    peer, _ = listener.accept()
    peer.settimeout(LIMIT_S)
    peer.sendall(b"hello")
    other, hears, speaks = await opened(listener)
    speaks.sendall(b"hello")
    async with asyncio.timeout(LIMIT_S):
        await hears.told.wait()
    assert (bytes(talk.heard), talk.ends) == (b"", [])
    other.abort()
    wire.abort()
    with peer, speaks, pytest.raises(ConnectionResetError):  # what came in was never read
        peer.recv(1)


async def test_what_does_not_fit_into_the_socket_is_sent_later_in_order(
    listener: socket.socket,
) -> None:
    wire, talk, peer = await opened(listener)
    said = [bytes([number]) * 400_000 for number in range(8)]
    for part in said:
        wire.write(part)

    def read_all() -> bytes:
        heard = bytearray()
        while len(heard) < 3_200_000:
            heard += peer.recv(1 << 20)
        return bytes(heard)

    with peer:
        async with asyncio.timeout(LIMIT_S):
            assert await asyncio.to_thread(read_all) == b"".join(said)
        peer.sendall(b"thanks")  # after all was sent it still listens
        async with asyncio.timeout(LIMIT_S):
            await talk.told.wait()
        wire.abort()


async def test_a_target_that_floods_does_not_keep_others_waiting(listener: socket.socket) -> None:
    flooded, flood, peer = await opened(listener)
    other, quiet, friend = await opened(listener)
    with peer, friend:
        peer.setblocking(False)
        friend.sendall(b"hello")
        async with asyncio.timeout(LIMIT_S):
            while not quiet.heard:
                with contextlib.suppress(BlockingIOError):  # its socket is full, as it should be
                    peer.send(b"x" * 1_000_000)
                await asyncio.sleep(0)
        assert quiet.heard == b"hello"
        flooded.abort()
        other.abort()
    assert len(flood.heard) < 50_000_000


async def test_a_wire_that_an_earlier_one_of_its_round_ended_is_not_called(
    listener: socket.socket,
) -> None:
    first, one, peer = await opened(listener)
    second, two, friend = await opened(listener)

    def end_both(data: bytes) -> None:
        first.abort()
        second.abort()
        ended.set()

    ended = asyncio.Event()
    one.data_received = two.data_received = end_both  # type: ignore[method-assign]  # the first called ends both
    with peer, friend:
        peer.sendall(b"x")
        friend.sendall(b"x")
        async with asyncio.timeout(LIMIT_S):
            await ended.wait()
        await asyncio.sleep(0)
    assert (one.ends, two.ends) == ([], [])


async def test_a_detached_socket_goes_on_elsewhere(listener: socket.socket) -> None:
    wire, talk, peer = await opened(listener)
    with peer, wire.detach() as sock:
        assert (sock.gettimeout(), type(sock)) == (0.0, socket.socket)
        sock.setblocking(True)
        sock.sendall(b"mine")
        assert peer.recv(10) == b"mine"
    assert wire.is_closing()
    wire.write(b"nothing")
    with pytest.raises(ConnectionAbortedError):
        wire.detach()
    assert talk.heard == b""


async def test_writing_on_a_reset_connection_tells_of_its_loss(listener: socket.socket) -> None:
    wire, talk, peer = await opened(listener)
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    peer.close()
    wire.write(b"anybody?")
    async with asyncio.timeout(LIMIT_S):
        await talk.ended.wait()
    assert len(talk.ends) == 1
    assert isinstance(talk.ends[0], ConnectionError)
