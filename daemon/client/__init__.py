"""The Python client of the daemon's socket, used by the commands and the dashboard.

Each name is loaded when it is first used: who only looks for the socket needs no HTTP.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from daemon.client.client import Client
    from daemon.client.errors import (
        BadRequest,
        ClientError,
        Conflict,
        DaemonFault,
        Denied,
        Disconnected,
        Forbidden,
        NoDaemon,
        NotFound,
        Refused,
        Unavailable,
    )
    from daemon.client.paths import find_socket
    from daemon.client.stream import StreamEvent

__all__ = [
    "BadRequest",
    "Client",
    "ClientError",
    "Conflict",
    "DaemonFault",
    "Denied",
    "Disconnected",
    "Forbidden",
    "NoDaemon",
    "NotFound",
    "Refused",
    "StreamEvent",
    "Unavailable",
    "find_socket",
]

_HOMES = {"Client": "client", "StreamEvent": "stream", "find_socket": "paths"}
"""Which module holds a name; the others are in `errors`."""


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    home = _HOMES.get(name, "errors")
    found = getattr(importlib.import_module(f"{__name__}.{home}"), name)
    globals()[name] = found
    return found
