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


class ReplyReader:
    """Reads one reply from bytes as they come, each of them once.

    Attributes:
        whole: Whether the reply is complete; only then is `reply` set.
        rest: What came behind it.
    """

    __slots__ = ("_at", "_buffer", "_bulk", "_seen", "_stack", "reply", "whole")

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._at = 0
        self._seen = 0
        self._bulk: int | None = None
        self._stack: list[tuple[list[Reply], int]] = []
        self.reply: Reply = None
        self.whole = False

    @property
    def rest(self) -> bytes:
        return bytes(self._buffer[self._at :])

    def feed(self, data: bytes) -> bool:
        """Take in what came; whether the reply is whole now.

        Raises:
            RespViolation: These bytes are no reply, or one beyond the limits.
        """
        self._buffer += data
        while not self.whole and self._step():
            pass
        if not self.whole and len(self._buffer) > REPLY_LIMIT:
            raise RespViolation(f"a reply is longer than {REPLY_LIMIT} bytes")
        return self.whole

    def _step(self) -> bool:
        """Read one element; whether there was a whole one."""
        if self._bulk is not None:
            return self._read_bulk(self._bulk)
        buffer, at = self._buffer, self._at
        if at < len(buffer) and buffer[at] not in b"+-:$*":
            raise RespViolation(f"a reply cannot begin with {chr(buffer[at])!r}")
        end = buffer.find(b"\r\n", max(at, self._seen))
        if end < 0:
            self._seen = len(buffer) - 1  # the line's end may come in halves
            return False
        self._at = end + 2
        self._read_line(buffer[at : at + 1], bytes(buffer[at + 1 : end]))
        return True

    def _read_line(self, mark: bytearray, line: bytes) -> None:
        if mark == b"+":
            self._place(line.decode("utf-8", "replace"))
        elif mark == b"-":
            self._place(Refused(line.decode("utf-8", "replace")))
        elif mark == b":":
            self._place(_number(line))
        elif mark == b"$":
            self._begin_bulk(_number(line))
        else:
            self._begin_array(_number(line))

    def _begin_bulk(self, length: int) -> None:
        if length == -1:
            self._place(None)
        elif 0 <= length <= REPLY_LIMIT:
            self._bulk = length
        else:
            raise RespViolation(f"a reply of {length} bytes is beyond the limit")

    def _read_bulk(self, length: int) -> bool:
        end = self._at + length
        if len(self._buffer) < end + 2:
            return False
        if self._buffer[end : end + 2] != b"\r\n":
            raise RespViolation("a reply is longer than it says")
        text = self._buffer[self._at : end].decode("utf-8", "replace")
        self._at = end + 2
        self._bulk = None
        self._place(text)
        return True

    def _begin_array(self, length: int) -> None:
        if length == -1:
            self._place(None)
        elif length == 0:
            self._place([])
        elif not 0 < length <= REPLY_LIMIT // 4:
            raise RespViolation(f"a reply of {length} items is beyond the limit")
        elif len(self._stack) >= DEPTH_LIMIT:
            raise RespViolation("a reply is nested too deep")
        else:
            self._stack.append(([], length))

    def _place(self, value: Reply) -> None:
        """Put a value where it belongs: into the innermost array, or as the reply."""
        while self._stack:
            items, length = self._stack[-1]
            items.append(value)
            if len(items) < length:
                return
            self._stack.pop()
            value = items
        self.reply = value
        self.whole = True


def _number(line: bytes) -> int:
    digits = line[1:] if line[:1] in {b"-", b"+"} else line
    if not digits.isdigit() or len(digits) > 19:
        raise RespViolation(f"{line[:20]!r} is no number")
    return int(line)
