"""One connection to the daemon's socket: requests out, bytes back, failures in words.

Below the client's methods and above httpx: here every way in which a request can fail
becomes one of `daemon.client.errors`, so nothing above ever sees an httpx exception.
"""

from __future__ import annotations

import errno
import ssl
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import httpx
import msgspec

from daemon.api.schema import Problem
from daemon.client.errors import (
    ClientError,
    DaemonFault,
    Disconnected,
    Forbidden,
    NoDaemon,
    error_for,
)

Params = Sequence[tuple[str, str]]

BEAT_TIMEOUT_S: Final = 45.0
"""The daemon sends at least a heartbeat every 15 s; three missed and the stream is dead."""

_PROBLEM: Final = msgspec.json.Decoder(Problem)
_NO_TLS: Final = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""There is none on a Unix socket. It trusts nobody; that of httpx would read every authority of
the host first, which takes longer than all else that a command does."""
_START: Final = "start one with `tocsin up` or `tocsin run`"


class Connection:
    """Requests over one Unix socket; connections are kept and made anew as needed."""

    def __init__(self, socket: Path, timeout_s: float) -> None:
        self.socket = socket
        self._timeout_s = timeout_s
        self._http = httpx.AsyncClient(
            transport=httpx.AsyncHTTPTransport(uds=str(socket), verify=_NO_TLS),
            base_url="http://tocsin",
            timeout=httpx.Timeout(timeout_s),
            trust_env=False,
        )

    async def close(self) -> None:
        """Close what is open."""
        await self._http.aclose()

    async def request(
        self,
        method: str,
        path: str,
        *,
        params: Params = (),
        body: Mapping[str, Any] | None = None,
        version: int | None = None,
        timeout_s: float | None = None,
    ) -> bytes:
        """Send a request and return the answer's body.

        Args:
            version: What the operator saw; sent as `If-Match`.

        Raises:
            ClientError: One of its kinds, see `daemon.client.errors`.
        """
        headers = {} if version is None else {"If-Match": f'"{version}"'}
        content = None if body is None else msgspec.json.encode(body)
        if content is not None:
            headers["Content-Type"] = "application/json"
        try:
            answer = await self._http.request(
                method,
                path,
                params=list(params),
                content=content,
                headers=headers,
                timeout=timeout_s or self._timeout_s,
            )
        except httpx.HTTPError as error:
            raise self._failure(error) from None
        if answer.status_code >= 300:
            raise _refusal(answer.status_code, answer.content)
        return answer.content

    @asynccontextmanager
    async def stream(self, path: str, params: Params = ()) -> AsyncIterator[AsyncIterator[bytes]]:
        """Open a stream that does not end by itself; yields its pieces.

        Raises:
            ClientError: It could not be opened, broke, or fell silent.
        """
        timeout = httpx.Timeout(self._timeout_s, read=BEAT_TIMEOUT_S)
        try:
            async with self._http.stream(
                "GET", path, params=list(params), timeout=timeout
            ) as answer:
                if answer.status_code >= 300:
                    raise _refusal(answer.status_code, await answer.aread())
                yield answer.aiter_raw()
        except httpx.HTTPError as error:
            raise self._failure(error) from None

    def _failure(self, error: httpx.HTTPError) -> ClientError:
        """What an httpx error means to an operator."""
        if isinstance(error, httpx.TimeoutException):
            return Disconnected(
                f"the daemon on {self.socket} did not answer within {self._timeout_s:g} s"
            )
        if not isinstance(error, httpx.ConnectError):
            return Disconnected(f"the connection to {self.socket} broke: {_words(error)}")
        code = _errno(error)
        if code in {errno.EACCES, errno.EPERM}:
            return Forbidden(
                f"no permission to connect to {self.socket};"
                " join the socket's group or ask whoever runs the daemon"
            )
        if code == errno.ENOENT or not self.socket.exists():
            return NoDaemon(
                f"no daemon: the socket {self.socket} does not exist; {_START},"
                " or name its socket with --socket or TOCSIN_SOCKET"
            )
        if code == errno.ECONNREFUSED:
            return NoDaemon(
                f"no daemon: nobody listens on {self.socket}"
                f" (left over by one that died?); {_START}"
            )
        return NoDaemon(f"no daemon: cannot connect to {self.socket}: {_words(error)}")


def _errno(error: BaseException) -> int | None:
    """The operating system's code somewhere down the chain of causes."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, OSError) and seen.errno is not None:
            return seen.errno
        seen = seen.__cause__ or seen.__context__
    return None


def _words(error: BaseException) -> str:
    return str(error) or type(error).__name__


def _refusal(status: int, body: bytes) -> ClientError:
    """The error that an answer stands for, in the words of its problem details."""
    try:
        problem = _PROBLEM.decode(body)
    except msgspec.MsgspecError:
        return DaemonFault(f"HTTP {status} without a word of why; is this a Tocsin daemon?")
    return error_for(status)(problem.detail or problem.title, problem.problems)
