"""How one request is put to the daemon and its answer read; what to ask stands beside it.

`Reading` and `Acting` are written on it, and so name only a path, a body and a shape.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, TypeVar
from urllib.parse import quote

import msgspec

from daemon.api import schema
from daemon.client.connection import Connection
from daemon.client.errors import DaemonFault

V1: Final = "/api/v1"
"""Where every path of the API begins."""

LONG_S: Final = 120.0
"""So long a question about months may take."""

T = TypeVar("T")


def decode(shape: type[T], raw: bytes) -> T:
    """An answer in its shape; it is the daemon's fault if it has another."""
    try:
        return msgspec.json.decode(raw, type=shape)
    except msgspec.MsgspecError as error:
        raise DaemonFault(
            f"the daemon's answer has not the agreed shape ({error});"
            " are daemon and client of the same version?"
        ) from None


def part(text: str) -> str:
    """A piece of a path; whatever is in it stays one piece. (`.` and `..` would be taken
    for steps by every URL library on the way, so they are escaped by hand.)"""
    return "%2E" * len(text) if text in {".", ".."} else quote(text, safe="")


def given(**values: str | None) -> list[tuple[str, str]]:
    """The parameters of a query that were given; None is left to the daemon."""
    return [(name, value) for name, value in values.items() if value is not None]


class Exchange:
    """A connection, and the ways to use it that requests share."""

    def __init__(self, socket: Path, timeout_s: float = 10.0) -> None:
        self._connection = Connection(socket, timeout_s)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connection."""
        await self._connection.close()

    async def _get(self, shape: type[T], path: str, params: Iterable[tuple[str, str]] = ()) -> T:
        raw = await self._connection.request("GET", V1 + path, params=list(params))
        return decode(shape, raw)

    async def _ask(self, shape: type[T], path: str, params: Iterable[tuple[str, str]] = ()) -> T:
        """As `_get`, for what reads months."""
        raw = await self._connection.request(
            "GET", V1 + path, params=list(params), timeout_s=LONG_S
        )
        return decode(shape, raw)

    async def _post(
        self, shape: type[T], path: str, body: dict[str, Any], timeout_s: float | None = None
    ) -> T:
        raw = await self._connection.request("POST", V1 + path, body=body, timeout_s=timeout_s)
        return decode(shape, raw)

    async def _act(
        self, incident: str, action: str, body: dict[str, Any], version: int | None
    ) -> schema.IncidentView:
        raw = await self._connection.request(
            "POST", f"{V1}/incidents/{part(incident)}/{action}", body=body, version=version
        )
        return decode(schema.IncidentView, raw)
