"""RESP2, the protocol of Redis, without I/O: commands to bytes, bytes to replies.

Its specification: https://redis.io/docs/latest/develop/reference/protocol-spec/. Only what a
check needs, and bounded: a reply over `REPLY_LIMIT` bytes or `DEPTH_LIMIT` deep is an error.
Written here because a check needs to see each phase and bound each reply, which a client
library with pools, retries and reconnects does not show.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

REPLY_LIMIT: Final = 1024 * 1024
DEPTH_LIMIT: Final = 16


class RespViolation(Exception):
    """The peer does not speak RESP2, or too much of it."""


@dataclass(frozen=True, slots=True)
class Refused:
    """An error reply: a code in capitals and words, `NOAUTH Authentication required.`"""

    text: str

    @property
    def code(self) -> str:
        """The first word."""
        return self.text.partition(" ")[0]


Reply = str | int | Refused | list["Reply"] | None


def command_bytes(words: Sequence[str]) -> bytes:
    """A command as an array of bulk strings."""
    parts = [b"*%d\r\n" % len(words)]
    for word in words:
        encoded = word.encode()
        parts.append(b"$%d\r\n%b\r\n" % (len(encoded), encoded))
    return b"".join(parts)


def read_reply(buffer: bytes | bytearray, at: int = 0, depth: int = 0) -> tuple[Reply, int] | None:
    """The reply at `at` and where the next begins; None while it is incomplete.

    Raises:
        RespViolation: These bytes are no reply, or one beyond the limits.
    """
    if depth > DEPTH_LIMIT:
        raise RespViolation("a reply is nested too deep")
    if len(buffer) > REPLY_LIMIT:
        raise RespViolation(f"a reply is longer than {REPLY_LIMIT} bytes")
    end = buffer.find(b"\r\n", at)
    if end < 0:
        if at < len(buffer) and buffer[at] not in b"+-:$*":
            raise RespViolation(f"a reply cannot begin with {chr(buffer[at])!r}")
        return None
    mark, line = buffer[at : at + 1], bytes(buffer[at + 1 : end])
    after = end + 2
    if mark == b"+":
        return line.decode("utf-8", "replace"), after
    if mark == b"-":
        return Refused(line.decode("utf-8", "replace")), after
    if mark == b":":
        return _number(line), after
    if mark == b"$":
        return _bulk(buffer, _number(line), after)
    if mark == b"*":
        return _array(buffer, _number(line), after, depth)
    raise RespViolation(f"a reply cannot begin with {bytes(mark)!r}")


def _number(line: bytes) -> int:
    digits = line[1:] if line[:1] in {b"-", b"+"} else line
    if not digits.isdigit() or len(digits) > 19:
        raise RespViolation(f"{line[:20]!r} is no number")
    return int(line)


def _bulk(buffer: bytes | bytearray, length: int, at: int) -> tuple[Reply, int] | None:
    if length == -1:
        return None, at
    if not 0 <= length <= REPLY_LIMIT:
        raise RespViolation(f"a reply of {length} bytes is beyond the limit")
    end = at + length
    if len(buffer) < end + 2:
        return None
    if buffer[end : end + 2] != b"\r\n":
        raise RespViolation("a reply is longer than it says")
    return bytes(buffer[at:end]).decode("utf-8", "replace"), end + 2


def _array(buffer: bytes | bytearray, length: int, at: int, depth: int) -> tuple[Reply, int] | None:
    if length == -1:
        return None, at
    if not 0 <= length <= REPLY_LIMIT // 4:
        raise RespViolation(f"a reply of {length} items is beyond the limit")
    items: list[Reply] = []
    for _ in range(length):
        item = read_reply(buffer, at, depth + 1)
        if item is None:
            return None
        items.append(item[0])
        at = item[1]
    return items, at
