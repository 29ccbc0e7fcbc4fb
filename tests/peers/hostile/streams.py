"""What any protocol may meet: silence, garbage, floods, drips and resets."""

from __future__ import annotations

import asyncio
import random

from tests.peers.hostile.script import Script, drips, pours, reset, says

GARBAGE = random.Random(7).randbytes(65_536)  # noqa: S311  # the same each time
CONTROLS = (
    b"\x1b]0;title\x07\x1b]52;c;aGk=\x07\x1b[31mred\x1b[0m\x1b[2J\x9b1m\x00\x08\x7f\r\r\xe2\x80\xae"
    b"\xff\xfe bell\x07\n"
)
"""A title, a clipboard write, colours, a cleared screen, backspaces, an override, bad UTF-8."""


async def resets(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Reset at once."""
    reset(writer)


async def closes(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Close at once."""
    writer.close()


async def echoes(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Say everything back."""
    while data := await reader.read(65_536):
        writer.write(data)
        await writer.drain()


SCRIPTS: dict[str, Script] = {
    "silent": says(),
    "resets": resets,
    "closes": closes,
    "resets_when_asked": says(b"", then="reset"),
    "echoes": echoes,
    "garbage": pours(b"", GARBAGE, asked=False),
    "zeros": pours(b"", bytes(65_536), asked=False),
    "line_without_end": pours(b"", b"x" * 65_536, asked=False),
    "drips": drips(b"x", asked=False),
    "controls": says(CONTROLS, asked=False, then="close"),
    "speaks_out_of_turn": says(b"220 hello\r\n", asked=False, then="close"),
}
