"""One request on its way to its handler: who asks, what for, and how the answer is made.

An `Endpoint` is a row of the table from which both the routing and the OpenAPI document are
made. `handler_for` turns it into what aiohttp calls: it finds out who the peer is and
whether they may, before anything of the request is read.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import msgspec
from aiohttp import web

from daemon.api.access import Access, Directory, Peer, Role, own_uid, role_of
from daemon.api.backend import Backend
from daemon.api.inputs import NoBody, NoQuery
from daemon.api.inputs.fields import Input
from daemon.api.inputs.reading import parse_body, parse_query
from daemon.api.problems import Malformed, NotPermitted, TooSlow, WrongMedia
from daemon.api.wire import Connection

BODY_TIMEOUT_S: Final = 15.0
_JSON_TYPES: Final = frozenset(
    {"", "application/json", "application/octet-stream", "application/x-www-form-urlencoded"}
)
"""The second to last is aiohttp's word for none, the last what `curl -d` says of anything."""
_ETAG: Final = re.compile(r'(?:W/)?"(\d{1,18})"|(\d{1,18})', re.ASCII)

B = TypeVar("B", bound=Input)
Q = TypeVar("Q", bound=Input)


@dataclass(frozen=True, slots=True)
class Call:
    """A request whose sender is known and may make it."""

    backend: Backend
    request: web.Request
    peer: Peer
    role: Role

    def part(self, name: str) -> str:
        """A piece of the path."""
        return self.request.match_info[name]

    def query(self, model: type[Q]) -> Q:
        """The query's parameters.

        Raises:
            Malformed: They are not what the model allows.
        """
        return parse_query(model, self.request.query.items())

    async def body(self, model: type[B]) -> B:
        """The request's body; bounded in size (by the server) and in time.

        Raises:
            Malformed, Unprocessable, WrongMedia, TooSlow: It cannot be used.
        """
        return parse_body(model, await read_body(self.request))

    @property
    def version(self) -> int | None:
        """The version in `If-Match`; None if the sender does not mind.

        Raises:
            Malformed: It is no version.
        """
        text = self.request.headers.get("If-Match", "").strip()
        if text in {"", "*"}:
            return None
        found = _ETAG.fullmatch(text)
        if found is None:
            raise Malformed('If-Match must hold the version that was seen, as "7"')
        return int(found[1] or found[2])

    def need_no_version(self, what: str) -> None:
        """Refuse `If-Match` where nothing could be held against it, instead of ignoring it.

        Raises:
            Malformed: The sender names a version.
        """
        if self.version is not None:
            raise Malformed(f"{what} has no version; send this without If-Match")


async def read_body(request: web.Request) -> bytes:
    """The whole body.

    Raises:
        WrongMedia: It is packed, or declared to be something else than JSON.
        TooSlow: It did not come in time.
    """
    if request.headers.get("Content-Encoding", "identity") != "identity":
        raise WrongMedia("a packed body is not taken; send it as it is")
    if request.content_type not in _JSON_TYPES:
        raise WrongMedia("the body must be application/json")
    try:
        async with asyncio.timeout(BODY_TIMEOUT_S):
            return await request.read()
    except TimeoutError:
        raise TooSlow(f"the body did not come within {BODY_TIMEOUT_S:g} s") from None


Handler = Callable[[Call], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A row of the API's table.

    Attributes:
        role: What the sender must at least be; NONE lets everyone in who can connect.
        answer: The shape of a good answer, for the OpenAPI document.
        durable: What it answers goes out when everything the answer may show is on disk.
    """

    method: str
    path: str
    role: Role
    handler: Handler
    answer: Any = None
    query: type[Input] = NoQuery
    body: type[Input] = NoBody
    durable: bool = False


@dataclass(frozen=True, slots=True)
class Gate:
    """Decides who may do what on one socket."""

    backend: Backend
    directory: Directory
    socket_gid: int

    async def admit(self, request: web.Request, endpoint: Endpoint) -> Call:
        """The call, if its sender may make it.

        Raises:
            NotPermitted: They may not; the words say what they are and what it takes.
        """
        connection = request.protocol
        credentials = connection.credentials if isinstance(connection, Connection) else None
        if credentials is None:
            raise NotPermitted("the kernel does not say who you are")
        peer = await self.directory.identify(credentials)
        role = role_of(peer, self.backend.access, own_uid(), self.socket_gid)
        if role < endpoint.role:
            raise NotPermitted(_refusal(peer, role, endpoint.role, self.backend.access))
        return Call(self.backend, request, peer, role)


def _refusal(peer: Peer, role: Role, needed: Role, access: Access) -> str:
    if role is not Role.NONE:
        return f"{peer.user} is {role.word} here, and this takes an {needed.word}"
    way = "join the socket's group" if access.is_default else "[access] does not list you"
    return f"{peer.user} has no access to this daemon: {way}"


def handler_for(endpoint: Endpoint, gate: Gate) -> Callable[[web.Request], Awaitable[Any]]:
    """What aiohttp calls for this endpoint."""

    async def handle(request: web.Request) -> web.StreamResponse:
        call = await gate.admit(request, endpoint)
        if endpoint.query is NoQuery:
            call.query(NoQuery)
        response = await endpoint.handler(call)
        if endpoint.durable:
            await gate.backend.durable()
        return response

    return handle


def answer(shape: Any, status: int = 200, version: int | None = None) -> web.Response:
    """JSON, with a line break at the end for those who read it in a terminal."""
    headers = {"Cache-Control": "no-store"}
    if version is not None:
        headers["ETag"] = f'"{version}"'
    body = msgspec.json.encode(shape) + b"\n"
    return web.Response(status=status, body=body, content_type="application/json", headers=headers)
