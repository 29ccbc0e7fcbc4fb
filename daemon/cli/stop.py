"""How a command ends before its end: an exit code, and what to say on standard error."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """The exit codes, which programs rely on."""

    GOOD = 0
    NEGATIVE = 1
    """The question was answered, and the answer is bad: something fires."""
    BAD_INPUT = 2
    NO_DAEMON = 3
    REFUSED = 4


class Stop(Exception):
    """The command cannot go on.

    Attributes:
        lines: What to tell the operator, one fault a line.
        code: The exit code.
    """

    def __init__(self, *lines: str, code: int = Exit.BAD_INPUT) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines
        self.code = int(code)
