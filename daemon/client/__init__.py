"""The Python client of the daemon's socket, used by the commands and the dashboard."""

from daemon.client.client import Client, StreamEvent
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
