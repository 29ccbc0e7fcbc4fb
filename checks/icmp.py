"""The `icmp` kind: echoes to one address, and how many of them came back how fast.

All of a run's echoes are sent on a schedule and waited for until shortly before the run's time
is over, so a lost one is a measurement and no timeout. What is sent and read is
`checks.icmp_echo`'s; the loop watches the socket, and no thread is needed.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from itertools import pairwise
from time import perf_counter
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from checks.dial import Endpoint, Family, resolve
from checks.durations import format_duration
from checks.errors import ProbeError, SpecError
from checks.icmp_echo import TOKEN_BYTES, Answer, EchoSocket, round_trip_ms
from checks.probe import FieldType, Kind, Order, Trace
from checks.result import Fault, Observation, Scalar
from checks.spec import CheckSpec, Duration

_INTERVAL_MS: Final = 200
"""How far apart echoes are sent where there is time enough."""
_MARGIN_S: Final = 0.02
"""How long before the run's end the waiting stops."""
_BUSY_S: Final = 0.25
"""An echo sent this much too late says that our own loop was stalled."""

FIELDS: Final[Mapping[str, FieldType]] = {
    "sent": "int",
    "received": "int",
    "loss_percent": "float",
    "latency_ms": "float",
    "rtt_min_ms": "float",
    "rtt_avg_ms": "float",
    "rtt_max_ms": "float",
    "jitter_ms": "float",
    "phases": "map",
}


class IcmpSpec(CheckSpec):
    """Echoes to a host.

    Attributes:
        count: How many echoes a run sends.
        interval: How far apart; 200ms, or less where the timeout is too short for that.
        size: Bytes in each echo, without headers.
        family: As for `http`.
    """

    kind: Literal["icmp"] = "icmp"
    host: Annotated[str, Field(min_length=1, max_length=253, pattern=r"^[^\s/\[\]]+$")]
    count: Annotated[int, Field(ge=1, le=100)] = 3
    interval: Annotated[Duration, Field(ge=10)] | None = None
    size: Annotated[int, Field(ge=TOKEN_BYTES, le=65_507)] = 56
    family: Family = "any"


class _Host(Endpoint, frozen=True, gc=False):
    """An endpoint without a port, for messages that show none."""

    @property
    def words(self) -> str:
        return self.host


class _Echoes:
    """The echoes of one run: when each was sent, and what became of it."""

    __slots__ = ("_ended", "_socket", "count", "refusals", "round_trips_ms", "sent_s")

    def __init__(self, echo_socket: EchoSocket, count: int) -> None:
        self._socket = echo_socket
        self.count = count
        self.sent_s: dict[int, float] = {}
        self.round_trips_ms: dict[int, float] = {}
        self.refusals: dict[int, str] = {}
        self._ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def send(self, sequence: int, size: int) -> None:
        self.sent_s[sequence] = perf_counter()
        refusal = self._socket.send(sequence, size)
        if refusal is not None:
            self.refusals[refusal.sequence] = refusal.words
            self._look()

    def watch(self) -> None:
        """Read whenever something has come."""
        asyncio.get_running_loop().add_reader(self._socket.fileno(), self._wake)

    def close(self) -> None:
        """Let go of the socket."""
        asyncio.get_running_loop().remove_reader(self._socket.fileno())
        self._socket.close()

    def _wake(self) -> None:
        self.read()
        if self._socket.refused:  # uvloop watches a socket no more after an error on it
            self._socket.refused = False
            asyncio.get_running_loop().remove_reader(self._socket.fileno())
            self.watch()

    def read(self) -> None:
        """Take in what has come. An answer counts once, and only to an echo that was sent."""
        for found in self._socket.read():
            sent_s = self.sent_s.get(found.sequence)
            if sent_s is None or found.sequence in self.round_trips_ms:
                continue
            if isinstance(found, Answer):
                rtt_ms = round_trip_ms(sent_s, found.waited_s)
                self.round_trips_ms[found.sequence] = rtt_ms
            else:
                self.refusals.setdefault(found.sequence, found.words)
        self._look()

    def _look(self) -> None:
        settled = self.round_trips_ms.keys() | self.refusals.keys()
        if len(settled) == self.count and not self._ended.done():
            self._ended.set_result(None)

    async def wait(self, for_s: float) -> None:
        """Until every echo is answered or refused, `for_s` seconds at most."""
        await asyncio.wait((self._ended,), timeout=max(0.0, for_s))

    @property
    def rtts_ms(self) -> list[float]:
        """The round trips of those that came back, in the order in which they were sent."""
        return [self.round_trips_ms[sequence] for sequence in sorted(self.round_trips_ms)]


class IcmpProbe:
    """Sends echoes to one host."""

    def __init__(self, order: Order) -> None:
        spec: IcmpSpec = order.spec
        self._spec = spec
        self._timeout_ms = order.timeout_ms
        self._interval_s = _interval_ms(spec, order.timeout_ms) / 1000.0
        if spec.count == 1 and "jitter_ms" in order.wanted:
            raise SpecError("count", "jitter_ms needs two echoes or more")
        self._host = _Host.of(spec.host, 0, spec.family)

    async def observe(self, trace: Trace) -> Observation:
        """Send, wait, count."""
        addresses = await resolve(self._host, trace)
        trace.enter("echo")
        echo_socket, address = _reach(addresses)
        echoes = _Echoes(echo_socket, self._spec.count)
        echoes.watch()
        try:
            await self._exchange(echoes, trace)
        finally:
            echoes.close()
        trace.finish()
        target = address if address == self._spec.host else f"{self._spec.host} ({address})"
        return self._observation(echoes, target, trace)

    async def _exchange(self, echoes: _Echoes, trace: Trace) -> None:
        began_s = perf_counter()
        ends_s = trace.started + self._timeout_ms / 1000.0 - _MARGIN_S
        # Looking the name up may have taken what the schedule counted on.
        step_s = min(self._interval_s, (ends_s - began_s) / 2 / max(1, echoes.count - 1))
        late_s = 0.0
        first = int.from_bytes(os.urandom(2), "big")
        for position in range(echoes.count):
            due_s = began_s + position * step_s
            if position:
                await asyncio.sleep(max(0.0, due_s - perf_counter()))
            late_s = max(late_s, perf_counter() - due_s)
            echoes.send((first + position) % 65_536, self._spec.size)
        await echoes.wait(ends_s - perf_counter())
        echoes.read()  # what came while our own loop was stalled
        lost = len(echoes.round_trips_ms) < echoes.count
        if lost and late_s > max(_BUSY_S, self._timeout_ms / 10_000):
            words = f"this host was too busy: an echo was sent {late_s:.1f} s late"
            raise ProbeError(Fault.INTERNAL, words)

    def _observation(self, echoes: _Echoes, target: str, trace: Trace) -> Observation:
        rtts_ms = echoes.rtts_ms
        metrics = _metrics(echoes.count, rtts_ms)
        fields: dict[str, Any] = {**metrics, "phases": trace.phases}
        reason = next(iter(echoes.refusals.values()), "")
        if not rtts_ms:
            fault, words = self._nothing(target, reason)
            return Observation(
                fields, phases=trace.phases, metrics=metrics, fault=fault, message=words
            )
        latency_ms = fields["latency_ms"] = fields["rtt_avg_ms"]
        lost = echoes.count - len(rtts_ms)
        told = f"{lost} of {echoes.count} echoes lost{f' ({reason})' if reason else ''}, "
        return Observation(
            fields,
            latency_ms=latency_ms,
            phases=trace.phases,
            metrics=metrics,
            message=f"{told if lost else ''}{latency_ms:.1f} ms on average",
        )

    def _nothing(self, target: str, reason: str) -> tuple[Fault, str]:
        """The fault and the words where no echo came back."""
        if reason:
            return Fault.UNREACHABLE, f"{target}: {reason}"
        count, span = self._spec.count, format_duration(self._timeout_ms)
        which = "the echo" if count == 1 else f"none of {count} echoes"
        verb = "did not come back" if count == 1 else "came back"
        return Fault.TIMEOUT, f"{which} to {target} {verb} within {span}"

    async def close(self) -> None:
        """Nothing is kept between runs."""


def _interval_ms(spec: IcmpSpec, timeout_ms: int) -> int:
    """How far apart echoes are sent; the last still has half of the timeout to come back.

    Raises:
        SpecError: An interval that was asked for leaves less.
    """
    longest_ms = timeout_ms // 2 // max(1, spec.count - 1)
    if spec.interval is None:
        return min(_INTERVAL_MS, longest_ms)
    if spec.interval > longest_ms and spec.count > 1:
        raise SpecError(
            "interval",
            f"sending {spec.count} echoes takes over half of the timeout of"
            f" {format_duration(timeout_ms)}; write {format_duration(longest_ms)} at most here,"
            " send fewer, or lengthen the timeout",
        )
    return spec.interval


def _reach(addresses: Sequence[tuple[int, str]]) -> tuple[EchoSocket, str]:
    """A socket to the first address that this host has a route to, and that address.

    Raises:
        ProbeError: There is none; it tells of the first address.
    """
    first: ProbeError | None = None
    for family, address in addresses:
        try:
            return EchoSocket(family, address), address
        except ProbeError as error:
            first = first or error
    raise first or ProbeError(Fault.RESOLVE, "the name has no address")


def _metrics(sent: int, rtts_ms: list[float]) -> dict[str, Scalar]:
    received = len(rtts_ms)
    metrics: dict[str, Scalar] = {
        "sent": sent,
        "received": received,
        "loss_percent": 100.0 * (sent - received) / sent,
    }
    if rtts_ms:
        metrics["rtt_min_ms"] = min(rtts_ms)
        metrics["rtt_avg_ms"] = sum(rtts_ms) / received
        metrics["rtt_max_ms"] = max(rtts_ms)
    if received > 1:
        steps_ms = [abs(after - before) for before, after in pairwise(rtts_ms)]
        metrics["jitter_ms"] = sum(steps_ms) / len(steps_ms)
    return metrics


KIND: Final = Kind(name="icmp", spec=IcmpSpec, fields=FIELDS, make=IcmpProbe)
