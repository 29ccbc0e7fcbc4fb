"""What the daemon and a worker say to each other, and how it looks on their socket.

A frame is the length of its payload, its sort, the payload. Payloads are MessagePack, but for
specs: they are pickled, as they come from our own process and hold secrets in types that show
themselves to nobody. A result crosses in about three microseconds for both ends together.

Neither side needs a limit on what it has yet to send: a worker owes one result for each order,
and a check has one order under way at most.
"""

from __future__ import annotations

import enum
import pickle  # only ever reads what this same program wrote, see the docstring
import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import msgspec

from checks.result import Fault, Result, Status
from checks.spec import CheckSpec
from daemon.core.model import Instant, Millis

_HEAD: Final = struct.Struct(">IB")
MAX_PAYLOAD: Final = 1024 * 1024 * 1024
"""A longer frame says that the other side is not what it should be."""


T = TypeVar("T")


class FrameError(Exception):
    """The other side sent what is no frame."""


class Sort(enum.IntEnum):
    """What a frame is about, and its payload."""

    HELLO = 1
    """From a worker that is ready: how many probes it can run at once."""
    ASSIGN = 2
    """To a worker: checks that are its own from now on, or changed."""
    FORGET = 3
    """To a worker: numbers of checks that are not its own any more."""
    ORDERS = 4
    """To a worker: checks to run now."""
    RESULTS = 5
    """From a worker: runs that ended."""
    READY = 6
    """From a worker: it has prepared the checks of one ASSIGN, in their order."""


@dataclass(frozen=True, slots=True)
class Job:
    """A check as a worker gets it. Its number stands for it in orders."""

    number: int
    spec: CheckSpec
    timeout_ms: Millis


class Orders(msgspec.Struct, array_like=True, frozen=True):
    """Checks to run now.

    Attributes:
        at: The daemon's time when it sent this.
        steady_ns: The same moment on the host's monotonic clock, which all processes share.
        first: The number of the first run; the next are counted from it.
        checks: The checks' numbers.
    """

    at: Instant
    steady_ns: int
    first: int
    checks: list[int]


Ended = tuple[int, Result]
"""A run's number and its result."""

_encode: Final = msgspec.msgpack.Encoder().encode
_hello: Final = msgspec.msgpack.Decoder(int).decode
_numbers: Final = msgspec.msgpack.Decoder(list[int]).decode
_orders: Final = msgspec.msgpack.Decoder(Orders).decode
_results: Final = msgspec.msgpack.Decoder(list[tuple[int, Result]]).decode
_raw_results: Final = msgspec.msgpack.Decoder(list[tuple[int, dict[Any, Any]]]).decode
_UNWRITABLE: Final = (msgspec.MsgspecError, OverflowError, TypeError, UnicodeError)


def frame(sort: Sort, payload: bytes) -> bytes:
    """A payload ready to be sent."""
    return _HEAD.pack(len(payload), sort) + payload


class FrameReader:
    """Finds the frames in what a socket delivers in pieces."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[tuple[Sort, bytes]]:
        """The frames that are whole with this piece.

        Raises:
            FrameError: This is not from one of us.
        """
        buffer = self._buffer
        buffer += data
        start = 0
        try:
            while len(buffer) - start >= _HEAD.size:
                length, sort = _HEAD.unpack_from(buffer, start)
                if length > MAX_PAYLOAD:
                    raise FrameError(f"a frame of {length} bytes")
                begin, end = start + _HEAD.size, start + _HEAD.size + length
                if len(buffer) < end:
                    break
                start = end
                yield _sort(sort), bytes(memoryview(buffer)[begin:end])
        finally:
            del buffer[:start]


def _sort(number: int) -> Sort:
    try:
        return Sort(number)
    except ValueError:
        raise FrameError(f"a frame of the unknown sort {number}") from None


def hello(limit: int) -> bytes:
    """A worker's first frame."""
    return frame(Sort.HELLO, _encode(limit))


def read_hello(payload: bytes) -> int:
    """How many probes the worker can run at once."""
    return _read(_hello, payload)


def assign(jobs: Sequence[Job]) -> bytes:
    """The frame that gives these checks to a worker."""
    return frame(Sort.ASSIGN, pickle.dumps(list(jobs), pickle.HIGHEST_PROTOCOL))


def ready() -> bytes:
    """The answer to that."""
    return frame(Sort.READY, b"")


def read_assign(payload: bytes) -> list[Job]:
    """The checks given."""
    jobs: list[Job] = pickle.loads(payload)  # noqa: S301  # from our own parent, see above
    return jobs


def forget(numbers: Sequence[int]) -> bytes:
    """The frame that takes these checks from a worker."""
    return frame(Sort.FORGET, _encode(list(numbers)))


def read_forget(payload: bytes) -> list[int]:
    """The numbers of the checks taken."""
    return _read(_numbers, payload)


def orders(batch: Orders) -> bytes:
    """The frame that has checks run."""
    return frame(Sort.ORDERS, _encode(batch))


def read_orders(payload: bytes) -> Orders:
    """What to run."""
    return _read(_orders, payload)


def results(ended: Sequence[Ended]) -> bytes:
    """The frame that hands results back. One that cannot be written (a number over 64 bits,
    half a surrogate pair) goes as a fault of ours, and the others as they are."""
    try:
        payload = _encode(ended)
    except _UNWRITABLE:
        payload = _encode([(run, _writable(result)) for run, result in ended])
    return frame(Sort.RESULTS, payload)


def read_results(payload: bytes) -> list[Ended]:
    """The runs that ended. One that is no result (a metric of another type) is read as a
    fault of ours, and the others as they are."""
    try:
        return _results(payload)
    except msgspec.MsgspecError:
        return [_readable(run, raw) for run, raw in _read(_raw_results, payload)]


def _writable(result: Result) -> Result:
    try:
        _encode(result)
    except _UNWRITABLE as error:
        return _lost(result.check, result.at, error)
    return result


def _readable(run: int, raw: dict[Any, Any]) -> Ended:
    try:
        return run, msgspec.convert(raw, Result)
    except msgspec.ValidationError as error:
        return run, _lost(str(raw.get("check")), int(raw.get("at", 0)), error)


def _lost(check: str, at: Instant, error: Exception) -> Result:
    words = f"the worker process could not hand this run's result over: {error}"
    return Result(check, at, Status.UNKNOWN, message=words, fault=Fault.INTERNAL)


def _read(decode: Callable[[bytes], T], payload: bytes) -> T:
    try:
        return decode(payload)
    except msgspec.MsgspecError as error:
        raise FrameError(str(error)) from None
