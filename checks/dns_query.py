"""Asks one DNS server one question, over UDP or TCP.

Anybody can send a datagram to an open port. So each question has a socket of its own, connected
to the server (the kernel drops what comes from elsewhere) on a port and with a number that
cannot be guessed; what does not answer the question is passed over and only told when nothing
better came. Datagrams get lost, so the question is sent up to three times.
"""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass
from typing import Final

from checks.dial import Endpoint, connect
from checks.dns_message import Answer, Mismatch, Question, encode_question, read_answer
from checks.dns_records import Violation
from checks.errors import ProbeError
from checks.faults import read_fault
from checks.probe import Trace
from checks.result import Fault
from checks.stream import Stream

TRIES: Final = 3
"""How often a question is sent over UDP in the time there is."""
_LATE_S: Final = 0.25
"""Waking up so much too late says that this host was busy, not that the server was silent."""


@dataclass(frozen=True, slots=True)
class Errand:
    """A question to one server.

    Attributes:
        endpoint: The server, its host an address.
        until_s: When to give up, on the loop's clock.
        edns: Whether to use the extension; servers of the past refuse what has it.
    """

    endpoint: Endpoint
    question: Question
    until_s: float
    edns: bool = True

    @property
    def left_s(self) -> float:
        """The time left."""
        return self.until_s - asyncio.get_running_loop().time()

    def unanswered(self, heard: str = "") -> ProbeError:
        """The server did not answer in time; `heard` is what came instead."""
        words = self.endpoint.words
        if -self.left_s > _LATE_S:
            return ProbeError(Fault.INTERNAL, f"this host was too busy to hear {words}")
        more = f" ({heard})" if heard else ""
        return ProbeError(
            Fault.TIMEOUT,
            f"no answer from {words} to {self.question.name} {self.question.record}{more}",
        )

    def broken(self, why: Exception) -> ProbeError:
        """The server answered something that cannot be."""
        return ProbeError(Fault.PROTOCOL, f"{self.endpoint.words} sent a wrong answer: {why}")


class _Ear(asyncio.DatagramProtocol):
    """Listens for the answer to one question."""

    def __init__(self, errand: Errand, number: int) -> None:
        self.answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self.heard = ""
        self._errand = errand
        self._number = number

    def datagram_received(self, data: bytes, _address: object) -> None:
        if self.answer.done():
            return
        try:
            self.answer.set_result(read_answer(data, self._errand.question, self._number))
        except Mismatch as why:
            self.heard = str(why)
        except Violation as why:
            self.answer.set_exception(self._errand.broken(why))

    def error_received(self, exc: Exception) -> None:
        if not self.answer.done():
            self.answer.set_exception(read_fault(exc, self._errand.endpoint.words) or exc)


async def ask_by_udp(errand: Errand) -> Answer:
    """Send the question as a datagram, again if nothing comes, and wait for its answer.

    Raises:
        ProbeError: None came, or the server cannot be reached.
    """
    number = secrets.randbelow(65_536)
    message = encode_question(errand.question, number, edns=errand.edns)
    ear = _Ear(errand, number)
    transport = await _opened(errand.endpoint, ear)
    try:
        for left in range(TRIES, 0, -1):
            transport.sendto(message)
            await asyncio.wait((ear.answer,), timeout=max(0.0, errand.left_s / left))
            if ear.answer.done():
                return ear.answer.result()
        raise errand.unanswered(ear.heard)
    finally:
        transport.abort()
        ear.answer.cancel()


async def _opened(endpoint: Endpoint, ear: _Ear) -> asyncio.DatagramTransport:
    try:
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: ear, remote_addr=(endpoint.host, endpoint.port)
        )
    except OSError as error:
        raise read_fault(error, endpoint.words) or error from None
    return transport


async def ask_by_tcp(errand: Errand, trace: Trace) -> Answer:
    """Ask over a connection of its own.

    Raises:
        ProbeError: No answer came, or none to this question.
    """
    number = secrets.randbelow(65_536)
    message = encode_question(errand.question, number, edns=errand.edns)
    stream = Stream(errand.endpoint.words)
    try:
        async with asyncio.timeout(max(0.0, errand.left_s)):
            await connect(errand.endpoint, stream, trace, errand.left_s)
            trace.enter("answer")
            stream.write(len(message).to_bytes(2) + message)
            length = int.from_bytes(await stream.read_exactly(2))
            answer = read_answer(await stream.read_exactly(length), errand.question, number)
    except TimeoutError:
        raise errand.unanswered("asked over TCP") from None
    except (Mismatch, Violation) as why:
        raise errand.broken(why) from None
    finally:
        stream.abort()
    if answer.truncated:
        raise errand.broken(Violation("it is cut off, over TCP"))
    return answer
