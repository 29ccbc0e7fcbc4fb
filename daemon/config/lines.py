"""Which line of a TOML text each key stands on.

`tomli` reads values but forgets where they were, and a problem without a line is half a
problem. This scanner walks a text that `tomli` has already accepted, so it only needs to
find its way, never to judge: it skips strings, counts newlines and notes each key path.

A path is a tuple of keys and list positions: `("check", 3, "expect", 0)`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

KeyPath = tuple[str | int, ...]

_BLANK: Final = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE: Final = re.compile(r"[ \t]*")
_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")
_SCALAR: Final = re.compile(r"[^,\]}#\n]*")
_STRING: Final = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}'
    r"|'''.*?'{3,5}"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'",
    re.DOTALL,
)
_ESCAPE: Final = re.compile(r'\\(u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|["\\bfnrt])')
_PLAIN_ESCAPES: Final = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r"}


def line_of(lines: Mapping[KeyPath, int], path: KeyPath) -> int | None:
    """The line of `path`, or of the nearest thing around it that has one."""
    for length in range(len(path), 0, -1):
        found = lines.get(path[:length])
        if found is not None:
            return found
    return None


def scan(text: str) -> dict[KeyPath, int]:
    """Map every key path of a valid TOML text to its line, from 1.

    Tables map to their header, keys to the line they are written on, members of lists and
    inline tables to their own lines.
    """
    return _Scanner(text).scan()


class _Scanner:
    """One walk over one text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.line = 1
        self.lines: dict[KeyPath, int] = {}
        self.lengths: dict[KeyPath, int] = {}
        """How many tables each array of tables has so far, by its resolved path."""

    def scan(self) -> dict[KeyPath, int]:
        table: KeyPath = ()
        self.skip(_BLANK)
        while self.at < len(self.text):
            if self.text.startswith("[[", self.at):
                table = self.array_table()
            elif self.text[self.at] == "[":
                table = self.table()
            else:
                self.assignment(table)
            self.skip(_BLANK)
        return self.lines

    def skip(self, pattern: re.Pattern[str]) -> str:
        """Move over what `pattern` matches here, counting lines; return it."""
        found = pattern.match(self.text, self.at)
        passed = found.group() if found else ""
        self.at += len(passed)
        self.line += passed.count("\n")
        return passed

    def note(self, path: KeyPath, line: int) -> None:
        self.lines.setdefault(path, line)

    def table(self) -> KeyPath:
        line = self.line
        self.at += 1
        path = self.resolve(self.dotted())
        self.at += 1
        self.note_all(path, line)
        return path

    def array_table(self) -> KeyPath:
        line = self.line
        self.at += 2
        keys = self.dotted()
        self.at += 2
        array = (*self.resolve(keys[:-1]), keys[-1])
        position = self.lengths.get(array, 0)
        self.lengths[array] = position + 1
        self.note_all((*array, position), line)
        return (*array, position)

    def resolve(self, keys: list[str]) -> KeyPath:
        """A header's keys as a path: each array of tables on it means its newest member."""
        path: KeyPath = ()
        for key in keys:
            path = (*path, key)
            if path in self.lengths:
                path = (*path, self.lengths[path] - 1)
        return path

    def note_all(self, path: KeyPath, line: int) -> None:
        """Note a path and all that is above it and not yet seen."""
        for length in range(1, len(path) + 1):
            self.note(path[:length], line)

    def assignment(self, table: KeyPath) -> None:
        line = self.line
        keys = self.dotted()
        self.at += 1
        path = table
        for key in keys:
            path = (*path, key)
            self.note(path, line)
        self.value(path)

    def dotted(self) -> list[str]:
        """Read `a."b c".d`, ending before `]` or `=`."""
        keys = [self.key()]
        while self.text[self.at : self.at + 1] == ".":
            self.at += 1
            keys.append(self.key())
        return keys

    def key(self) -> str:
        self.skip(_SPACE)
        if self.text[self.at : self.at + 1] in ('"', "'"):
            key = _unquoted(self.skip(_STRING))
        else:
            key = self.skip(_BARE)
        self.skip(_SPACE)
        return key

    def value(self, path: KeyPath) -> None:
        self.skip(_SPACE)
        opening = self.text[self.at : self.at + 1]
        if opening == "[":
            self.array(path)
        elif opening == "{":
            self.inline_table(path)
        elif opening in ('"', "'"):
            self.skip(_STRING)
        else:
            self.skip(_SCALAR)

    def array(self, path: KeyPath) -> None:
        self.at += 1
        self.skip(_BLANK)
        position = 0
        while self.at < len(self.text) and self.text[self.at] != "]":
            self.note((*path, position), self.line)
            self.value((*path, position))
            position += 1
            self.separator()
        self.at += 1

    def inline_table(self, path: KeyPath) -> None:
        self.at += 1
        self.skip(_BLANK)
        while self.at < len(self.text) and self.text[self.at] != "}":
            self.assignment(path)
            self.separator()
        self.at += 1

    def separator(self) -> None:
        """Move over a comma, with the blanks and comments around it."""
        self.skip(_BLANK)
        if self.text[self.at : self.at + 1] == ",":
            self.at += 1
            self.skip(_BLANK)


def _unquoted(text: str) -> str:
    if text.startswith("'"):
        return text[1:-1]
    return _ESCAPE.sub(_unescaped, text[1:-1])


def _unescaped(found: re.Match[str]) -> str:
    code = found[1]
    if code[0] in "uU" and len(code) > 1:
        return chr(int(code[1:], 16))
    return _PLAIN_ESCAPES.get(code, code)
