"""What the loopback servers of outside services have in common.

A service is a class with one method, `answer`: from a request to the documented answer. The base
keeps every request, and gives the answers and faults that a test has put before the service's own.
"""

from __future__ import annotations

import abc
import asyncio
import contextlib
import enum
import json
from collections import deque
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import parse_qs

from aiohttp import web


@dataclass(frozen=True, slots=True)
class Received:
    """A request as it came in. The names of its headers are in lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON.

        Raises:
            ValueError: It is none.
        """
        return json.loads(self.body)

    def form(self) -> dict[str, str]:
        """The body as a form, the first value of each field."""
        fields = parse_qs(self.body.decode(), keep_blank_values=True, strict_parsing=True)
        return {name: values[0] for name, values in fields.items()}


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: a text, or with `of` whatever JSON can say."""

    status: int = 200
    text: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "text/plain"

    @classmethod
    def of(cls, value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
        """A JSON answer."""
        return cls(status, json.dumps(value), headers or {}, "application/json")


class Fault(enum.Enum):
    """No answer at all."""

    CUT = "the connection is broken off"
    HANG = "nothing comes until the caller gives up"


class Service(abc.ABC):
    """A running service.

    Attributes:
        url: Where it listens, without a path.
        received: Every request, also those that met a fault.
        problems: What of them breaks the documented schema, in words. A test that expects
            good requests asserts that this is empty.
    """

    def __init__(self) -> None:
        self.url = ""
        self.received: list[Received] = []
        self.problems: list[str] = []
        self.arrived = asyncio.Event()
        self._first: deque[Reply | Fault] = deque()

    def next(self, *answers: Reply | Fault) -> None:
        """Give these answers, one a request, before the service's own."""
        self._first.extend(answers)

    def recover(self) -> None:
        """Give the service's own answers from now on."""
        self._first.clear()

    @abc.abstractmethod
    def answer(self, received: Received) -> Reply:
        """The documented answer; breaches of the schema go to `problems`."""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Take one request."""
        headers = {name.lower(): value for name, value in request.headers.items()}
        received = Received(
            request.method, request.path, request.query_string, headers, await request.read()
        )
        self.received.append(received)
        self.arrived.set()
        reply = self._first.popleft() if self._first else self.answer(received)
        if reply is Fault.HANG:
            await asyncio.Event().wait()
        if reply is Fault.CUT:
            assert request.transport is not None
            request.transport.abort()
        if isinstance(reply, Fault):
            return web.Response(status=500)
        return web.Response(
            status=reply.status,
            text=reply.text,
            headers=reply.headers,
            content_type=reply.content_type,
        )


ServiceT = TypeVar("ServiceT", bound=Service)


@contextlib.asynccontextmanager
async def serving(service: ServiceT) -> AsyncIterator[ServiceT]:
    """Let the service listen on a free port of the loopback until the block ends."""
    app = web.Application(client_max_size=4 * 1024 * 1024)
    app.router.add_route("*", "/{tail:.*}", service.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    service.url = f"http://{host}:{port}"
    try:
        yield service
    finally:
        await runner.cleanup()
