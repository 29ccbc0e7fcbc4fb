"""`/ping/TOKEN`: heartbeats come in. Whoever knows a check's token may ping it.

    curl --unix-socket tocsin.sock http://localhost/ping/TOKEN          it succeeded
    .../ping/TOKEN/start   it begins        .../ping/TOKEN/fail   it failed
    .../ping/TOKEN/log     a word, no verdict        .../ping/TOKEN/3   it exited with 3

Any of GET, HEAD and POST; a POST's body (its first 10 kB) is kept with the ping. A token is
a secret: it is looked up by its digest and compared in constant time, and never logged.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import Mapping
from typing import Final

from aiohttp import web

from checks.text import clean_lines
from daemon.api.call import Call
from daemon.api.problems import Missing
from daemon.core.events import Ping, Signal

KEPT_BYTES: Final = 10_000
BODY_S: Final = 5.0
_WORDS: Final = {"start": Signal.START, "fail": Signal.FAIL, "log": Signal.LOG}
_MAX_EXIT_CODE: Final = 255


class TokenBook:
    """The checks behind the tokens, by digest, so that a look-up's time tells nothing."""

    def __init__(self) -> None:
        self._source: Mapping[str, str] | None = None
        self._by_digest: dict[bytes, tuple[str, str]] = {}

    def check_of(self, token: str, tokens: Mapping[str, str]) -> str | None:
        """The check with this token, or None."""
        if tokens is not self._source:  # a reload makes a new mapping
            self._by_digest = {_digest(known): (known, check) for known, check in tokens.items()}
            self._source = tokens
        known, check = self._by_digest.get(_digest(token), ("", ""))
        return check if known and hmac.compare_digest(known.encode(), token.encode()) else None


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode(errors="surrogateescape")).digest()


def parse_signal(word: str) -> tuple[Signal, int | None]:
    """What stands behind the token in the path.

    Raises:
        Missing: It means nothing.
    """
    if word in _WORDS:
        return _WORDS[word], None
    if word.isascii() and word.isdigit() and int(word[:4]) <= _MAX_EXIT_CODE and len(word) <= 3:
        code = int(word)
        return (Signal.FAIL if code else Signal.SUCCESS), code
    raise Missing("after the token comes nothing, start, fail, log, or an exit code from 0 to 255")


async def _kept_body(request: web.Request) -> str:
    """The first part of the body; what comes later, or too slowly, is left out."""
    pieces, size = [], 0
    try:
        async with asyncio.timeout(BODY_S):
            while size < KEPT_BYTES and (piece := await request.content.read(KEPT_BYTES - size)):
                pieces.append(piece)
                size += len(piece)
    except TimeoutError:
        pieces.append(b" (the rest did not come in time)")
    return clean_lines(b"".join(pieces).decode(errors="replace"), KEPT_BYTES)


class Pings:
    """The handlers of pings."""

    def __init__(self) -> None:
        self._book = TokenBook()

    async def ping(self, call: Call) -> web.Response:
        """Take in a ping; answers when it is on disk."""
        word = call.request.match_info.get("signal")
        signal, code = (Signal.SUCCESS, None) if word is None else parse_signal(word)
        check = self._book.check_of(call.part("token"), call.backend.ping_tokens)
        if check is None:
            raise Missing("no heartbeat has this token")
        body = await _kept_body(call.request) if call.request.can_read_body else ""
        await call.backend.command(Ping(check, signal, code, body))
        return web.Response(text="OK\n", headers={"Cache-Control": "no-store"})
