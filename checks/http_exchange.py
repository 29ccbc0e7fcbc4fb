"""One HTTP/1.1 request and its answer on a connection: our own, because it is the hot path.

`Connection` is the asyncio protocol, `Answer` reads one response from it through llhttp
(httptools). Everything is bounded: the head, the body, and the framing around it; reading
stops at the bound, the rest is left unread.
"""

from __future__ import annotations

import asyncio
from time import perf_counter
from typing import Final, cast

import httptools

from checks.errors import ProbeError
from checks.faults import read_fault
from checks.result import Fault

HEAD_LIMIT: Final = 64 * 1024
"""How many bytes the status line and the headers may take, interim responses included."""
_FRAMING: Final = 8
"""How many bytes on the wire one byte of the body may cost (chunks of one byte cost six)."""


class Answer:
    """A response while it comes in, and afterwards.

    Attributes:
        status: The final status code; 0 before there is one.
        headers: Name (lower case) and value, in order, as bytes.
        body: What was kept of the body, at most `max_body` bytes.
        size: How many bytes of the body were seen.
        cut: Whether the body was longer than `max_body` and the rest left unread.
        first_byte_at: When the first byte came, on the `perf_counter` clock.
        reusable: Whether the connection may carry another request.
        done: Set when the answer is whole, or failed.
    """

    __slots__ = (
        "_head_only",
        "_in_head",
        "_keep",
        "_max_body",
        "_parser",
        "_until_close",
        "_wire",
        "body",
        "cut",
        "done",
        "first_byte_at",
        "headers",
        "http_version",
        "reusable",
        "size",
        "status",
        "target",
    )

    def __init__(self, target: str, max_body: int, *, head_only: bool, keep: bool) -> None:
        self.target = target
        self.status = 0
        self.http_version = ""
        self.headers: list[tuple[bytes, bytes]] = []
        self.body = bytearray()
        self.size = 0
        self.cut = False
        self.reusable = False
        self.first_byte_at = 0.0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._head_only = head_only
        self._keep = keep
        self._max_body = max_body
        self._in_head = True
        self._until_close = True
        self._wire = 0
        self._parser: httptools.HttpResponseParser | None = httptools.HttpResponseParser(self)

    def feed(self, data: bytes) -> None:
        """Take in what the target sent."""
        parser = self._parser
        if parser is None:
            return
        if not self.first_byte_at:
            self.first_byte_at = perf_counter()
        self._wire += len(data)
        try:
            parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._finish(reusable=False)
        except httptools.HttpParserCallbackError as error:
            self._break(error.__context__ or error)
        except httptools.HttpParserError as error:
            self.fail(Fault.PROTOCOL, f"{self.target} does not answer in HTTP: {error}")
        if self._parser is not None and self._over_framing():
            what = "headers of over 64 KiB" if self._in_head else "far more framing than content"
            self.fail(Fault.PROTOCOL, f"{self.target} sent {what}")

    def _over_framing(self) -> bool:
        return self._wire > HEAD_LIMIT + (0 if self._in_head else _FRAMING * (self.size + 1))

    def lost(self, error: Exception | None) -> None:
        """The connection is closed."""
        if self.done.done():
            return
        if error is not None:
            self._break(read_fault(error, self.target) or error)
        elif self._in_head:
            what = "in the middle of the headers" if self._wire else "without an answer"
            self.fail(Fault.RESET, f"{self.target} closed the connection {what}")
        elif self._until_close:
            self._finish(reusable=False)
        else:
            self.fail(
                Fault.RESET,
                f"{self.target} closed the connection after {self.size} bytes of the body,"
                " before its end",
            )

    def fail(self, fault: Fault, words: str) -> None:
        """End the exchange as failed."""
        self._break(ProbeError(fault, words))

    def _break(self, error: BaseException) -> None:
        self._parser = None  # it refers back to this object
        if not self.done.done():
            self.done.set_exception(error)

    def _finish(self, *, reusable: bool) -> None:
        self.reusable = reusable
        self._parser = None
        if not self.done.done():
            self.done.set_result(None)

    # What llhttp calls while it reads:

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._in_head:  # trailers are not wanted
            self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        parser = self._parser
        if parser is None:  # a second answer to one question
            self.reusable = False
            return
        status = parser.get_status_code()
        if 100 <= status < 200 and status != 101:
            self.headers.clear()
            return
        if status < 100:
            self.fail(Fault.PROTOCOL, f"{self.target} answered with the status {status:03}")
            return
        self.status = status
        self.http_version = parser.get_http_version()
        self._in_head = False
        names = {name for name, _ in self.headers}
        self._until_close = not names & {b"content-length", b"transfer-encoding"}
        if self._head_only:
            self._finish(reusable=parser.should_keep_alive())

    def on_body(self, part: bytes) -> None:
        if self._parser is None:  # a body where there must be none, or behind the bound
            self.reusable = False
            return
        self.size += len(part)
        if self.size > self._max_body:
            self.cut = True
            if self._keep:
                self.body += part[: self._max_body - len(self.body)]
            self._finish(reusable=False)
        elif self._keep:
            self.body += part

    def on_message_complete(self) -> None:
        if self.status and self._parser is not None:
            self._finish(reusable=self._parser.should_keep_alive() and not self._until_close)


class Connection(asyncio.Protocol):
    """A connection to an HTTP server that carries one exchange at a time."""

    __slots__ = ("_answer", "_spoke_first", "closed", "transport")

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.closed = False
        self._spoke_first = False
        self._answer: Answer | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        if self._answer is None:  # nothing was asked: not to be trusted with a next request
            self._spoke_first = True
            self.abort()
        else:
            self._answer.feed(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed = True
        if self._answer is not None:
            self._answer.lost(exc)

    def ask(self, request: bytes, answer: Answer) -> None:
        """Send `request`, which `answer` is to be read for; `end` must follow."""
        self._answer = answer
        if self._spoke_first:
            answer.fail(Fault.PROTOCOL, f"{answer.target} spoke before it was asked")
        elif self.closed or self.transport is None:
            answer.lost(None)
        else:
            self.transport.write(request)

    def end(self) -> None:
        """The answer is whole, or nobody waits for it any more."""
        self._answer = None

    def abort(self) -> None:
        """Close at once; nothing lingers."""
        self.closed = True
        if self.transport is not None:
            self.transport.abort()
