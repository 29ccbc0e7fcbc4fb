"""Text from outside, made fit to show: no escape sequences, no control characters, bounded.

Everything a target, a plugin or a driver says passes here before it becomes part of a
message, because messages end on terminals, in mails and in logs.
"""

from __future__ import annotations

import re
from typing import Final

MESSAGE_LIMIT: Final = 300
"""The longest message of a result, in characters."""

_ESCAPES: Final = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor movement
    r"|(?:\x1b\]|\x9d)[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"  # OSC: titles, clipboard, links
    r"|(?:\x1b[PX^_]|[\x90\x98\x9e\x9f])[^\x1b\x9c]*(?:\x1b\\|\x9c)?"  # DCS, SOS, PM, APC
    r"|\x1b[ -/]*[0-~]?"
)
_INVISIBLE: Final = (
    "\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff"
)
"""Characters that reorder or hide what stands around them, and lone surrogates."""
_CONTROLS: Final = re.compile(f"[\x00-\x1f\x7f-\x9f{_INVISIBLE}]")
_CONTROLS_BUT_LINES: Final = re.compile(f"[\x00-\x08\x0b-\x1f\x7f-\x9f{_INVISIBLE}]")


def one_line(text: str, limit: int = MESSAGE_LIMIT) -> str:
    """`text` as one clean line of at most `limit` characters; runs of space become one."""
    if len(text) <= limit and text.isascii() and text.isprintable() and "  " not in text:
        return text.strip()
    text = text[: limit * 8]
    plain = " ".join(_CONTROLS.sub(" ", _ESCAPES.sub("", text)).split())
    return plain if len(plain) <= limit else plain[: limit - 1] + "…"


def clean_lines(text: str, limit: int) -> str:
    """`text` with its lines and tabs, without escape sequences and controls, shortened."""
    plain = _CONTROLS_BUT_LINES.sub("", _ESCAPES.sub("", text[: limit * 2].replace("\r\n", "\n")))
    return plain if len(plain) <= limit else plain[: limit - 1] + "…"
