"""Reading Server-Sent Events: bytes in, frames out, no I/O (WHATWG HTML, 9.2.6).

Frames are cut out of a growing buffer; comments (the daemon's heartbeat) yield nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

MAX_FRAME_BYTES: Final = 64 * 1024 * 1024
"""A frame that grows beyond this is no event of ours; reading it would only eat memory."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One event as it came: `id` is the last one seen, empty if there was none yet."""

    id: str
    event: str
    data: bytes


class FrameParser:
    """Turns pieces of a stream, however they are cut, into frames.

    Raises (from `feed`):
        ValueError: A frame is larger than `MAX_FRAME_BYTES`.
    """

    def __init__(self) -> None:
        self._rest = bytearray()
        self._id = ""

    def feed(self, piece: bytes) -> Iterator[Frame]:
        """Take a piece of the stream; yield the frames it completes."""
        scanned = max(0, len(self._rest) - 1)
        self._rest += piece
        if self._rest.find(b"\n\n", scanned) < 0:
            if len(self._rest) > MAX_FRAME_BYTES:
                raise ValueError(f"an event is larger than {MAX_FRAME_BYTES} bytes")
            return
        *blocks, rest = bytes(self._rest).split(b"\n\n")
        self._rest = bytearray(rest)
        for block in blocks:
            frame = self._frame(block)
            if frame is not None:
                yield frame

    def _frame(self, block: bytes) -> Frame | None:
        event, data = "message", []
        for line in block.split(b"\n"):
            name, _, value = line.partition(b":")
            value = value.removeprefix(b" ")
            if name == b"data":
                data.append(value)
            elif name == b"event":
                event = value.decode(errors="replace")
            elif name == b"id":
                self._id = value.decode(errors="replace")
        return Frame(self._id, event, b"\n".join(data)) if data else None
