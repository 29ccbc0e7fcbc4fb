"""Every refusal of the API as RFC 9457 problem details.

ApiError
├── Malformed        HTTP 400: not HTTP, not JSON, not a query we know
├── NotPermitted     HTTP 403: this user may not
├── Missing          HTTP 404: no such thing
├── TooSlow          HTTP 408: the body did not come
├── WrongMedia       HTTP 415: not JSON
├── Unprocessable    HTTP 422: understood, but it makes no sense
└── Busy             HTTP 503: at a limit, or about to stop

What the engine refuses (`daemon.core.errors`), a bad configuration, a database that cannot
be used (`daemon.store.errors`) and aiohttp's own refusals (404, 405, 413, ...) are translated
here as well, so that there is one shape and never a traceback: what went wrong inside is
logged, the client learns that it did.
"""

from __future__ import annotations

import errno
import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, ClassVar, Final

import msgspec
from aiohttp import web

from checks.text import one_line
from daemon.api.schema import Problem
from daemon.config.problems import ConfigError
from daemon.core import errors as core
from daemon.store.errors import StoreError, TargetExists

_NO_FILES: Final = (errno.EMFILE, errno.ENFILE)
_NO_FILE: Final = (
    "the daemon cannot open another file, which this answer needs; it goes on alerting."
    " Raise its limit (LimitNOFILE)"
)

log: Final = logging.getLogger(__name__)

CONTENT_TYPE: Final = "application/problem+json"
_MAX_DETAIL: Final = 1_000
_MAX_PROBLEMS: Final = 100


class ApiError(Exception):
    """A request that is not carried out; its text is for whoever sent it.

    Attributes:
        problems: The single faults, where there may be several.
    """

    status: ClassVar[int] = 500

    def __init__(self, detail: str, problems: Sequence[Mapping[str, Any]] = ()) -> None:
        super().__init__(detail)
        self.problems = problems


class Malformed(ApiError):
    """It cannot be read."""

    status = 400


class NotPermitted(ApiError):
    """This user may not do this."""

    status = 403


class Missing(ApiError):
    """There is no such thing."""

    status = 404


class TooSlow(ApiError):
    """The body did not come in time."""

    status = 408


class WrongMedia(ApiError):
    """The body is not JSON."""

    status = 415


class Unprocessable(ApiError):
    """It can be read but makes no sense."""

    status = 422


class Busy(ApiError):
    """Not now."""

    status = 503


_REFUSALS: Final[Mapping[type[core.Refusal], int]] = {
    core.NotFound: 404,
    core.Conflict: 412,
    core.NotAllowed: 409,
    core.Invalid: 422,
}

_WORDS: Final[Mapping[int, str]] = {
    404: "there is nothing at this path; GET /api/v1/openapi.json lists what there is",
    413: "the body is larger than 64 KiB",
    417: "the Expect header asks for something that is not offered",
}
"""What aiohttp refuses, in words that help more than its own."""


def problem(
    status: int,
    detail: str,
    problems: Sequence[Mapping[str, Any]] = (),
    headers: Mapping[str, str] | None = None,
) -> web.Response:
    """The response that says so."""
    shape = Problem(
        type="about:blank",
        title=HTTPStatus(status).phrase,
        status=status,
        detail=one_line(detail, _MAX_DETAIL),
        problems=[dict(item) for item in problems[:_MAX_PROBLEMS]],
    )
    body = msgspec.json.encode(shape) + b"\n"
    return web.Response(status=status, body=body, content_type=CONTENT_TYPE, headers=headers)


def _config_problem(error: ConfigError) -> web.Response:
    listed = [
        {
            "file": str(item.file),
            "line": item.line,
            "key": item.key,
            "message": item.message,
            "hint": item.hint,
        }
        for item in error.problems
    ]
    count = len(listed)
    detail = (
        f"the configuration has {count} fault{'s'[: count != 1]} and was not loaded:"
        f" {error.problems[0]}"
    )
    return problem(422, detail, listed)


def _http_problem(error: web.HTTPException) -> web.Response:
    headers = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else None
    detail = _WORDS.get(error.status, error.reason)
    if isinstance(error, web.HTTPMethodNotAllowed):
        allowed = " or ".join(sorted(error.allowed_methods))
        detail = f"{error.method} does not go here; use {allowed}"
    return problem(error.status, detail, headers=headers)


def problem_for(error: Exception, request: web.BaseRequest) -> web.Response:
    """The response to whatever a handler raised."""
    if isinstance(error, ApiError):
        return problem(error.status, str(error), error.problems)
    if isinstance(error, core.Refusal):
        return problem(_REFUSALS.get(type(error), 409), str(error))
    if isinstance(error, ConfigError):
        return _config_problem(error)
    if isinstance(error, StoreError):
        return problem(422 if isinstance(error, TargetExists) else 503, str(error))
    if isinstance(error, web.HTTPException):
        return _http_problem(error)
    if isinstance(error, OSError) and error.errno in _NO_FILES:
        log.warning(
            "no file can be opened to answer %s %s", request.method, one_line(request.path, 200)
        )
        return problem(503, _NO_FILE)
    log.error(
        "a request failed: %s %s", request.method, one_line(request.path, 200), exc_info=error
    )
    return problem(500, "the daemon failed to answer this; its log says more")
