"""What can go wrong between a program and the daemon, in words for the person in front of it.

ClientError
├── NoDaemon        nobody listens on the socket (exit 3)
├── Disconnected    it was there and went away, or did not answer in time (exit 3)
├── Unavailable     it is there but takes no request now (HTTP 503; exit 3)
├── Denied          it will not do this (exit 4)
│   ├── Forbidden   this user may not (HTTP 403)
│   ├── Conflict    it changed since the operator looked (HTTP 412)
│   └── Refused     its state or the configuration does not allow it (HTTP 409)
├── BadRequest      the request makes no sense (HTTP 400, 413, 415, 422, ...; exit 2)
│   └── NotFound    there is no such thing (HTTP 404)
└── DaemonFault     the daemon failed in itself (HTTP 500), or spoke nonsense (exit 1)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final


class ClientError(Exception):
    """A request that was not carried out; `str(error)` is one line for an operator.

    Attributes:
        exit_code: What a command that meets it exits with.
        problems: Further faults of the same request, as the daemon listed them.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, problems: Sequence[Mapping[str, Any]] = ()) -> None:
        super().__init__(message)
        self.problems = tuple(problems)


class NoDaemon(ClientError):
    """Nobody listens on the socket."""

    exit_code = 3


class Disconnected(ClientError):
    """The connection ended or the answer did not come in time."""

    exit_code = 3


class Unavailable(ClientError):
    """The daemon is there but takes no request now: it stops, or is at its limits."""

    exit_code = 3


class Denied(ClientError):
    """The daemon will not do this."""

    exit_code = 4


class Forbidden(Denied):
    """This user may not do this."""


class Conflict(Denied):
    """It changed since the operator looked."""


class Refused(Denied):
    """The present state, or the configuration, does not allow this."""


class BadRequest(ClientError):
    """The daemon could make no sense of the request."""

    exit_code = 2


class NotFound(BadRequest):
    """There is no such thing."""


class DaemonFault(ClientError):
    """The daemon failed in itself, or gave an answer that is none of its own."""

    exit_code = 1


BY_STATUS: Final[Mapping[int, type[ClientError]]] = {
    403: Forbidden,
    404: NotFound,
    409: Refused,
    412: Conflict,
    503: Unavailable,
}


def error_for(status: int) -> type[ClientError]:
    """The class of error that an HTTP status stands for."""
    if status in BY_STATUS:
        return BY_STATUS[status]
    return BadRequest if 400 <= status < 500 else DaemonFault
