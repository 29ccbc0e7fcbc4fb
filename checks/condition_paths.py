"""What a condition's text refers to: `json.items[0].id`, `status`, and variables of macros.

CEL's compiler names the variables of an expression but not the paths below them, and it does
not tell a macro's own variable (`rows.all(r, r.id > 0)`) from a field. Both are needed: the
paths to show a failed condition with its values, the others to find misspelt fields.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

_TOKEN: Final = re.compile(
    r"""(?P<string>[rRbB]{0,2}(?:\"{3}(?:\\.|[^\\])*?\"{3}|'{3}(?:\\.|[^\\])*?'{3}"""
    r"""|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'))"""
    r"|(?P<name>[A-Za-z_]\w*)|(?P<number>\d[\w.]*)|(?P<space>\s+|//[^\n]*)|(?P<mark>.)",
    re.DOTALL,
)
_MACROS: Final = frozenset({"all", "exists", "exists_one", "map", "filter"})


@dataclass(frozen=True, slots=True)
class Absent:
    """Stands in a field for a value that the target failed to give, and says why.

    A condition that needs the field then fails with these words. A field that is left out
    altogether was not measured, which is no fault of the target.
    """

    words: str


@dataclass(frozen=True, slots=True)
class Path:
    """A place in a kind's fields.

    Attributes:
        text: As it was written.
        keys: The field's name and the keys or indices below it.
    """

    text: str
    keys: tuple[str | int, ...]

    def find(self, fields: Mapping[str, Any]) -> tuple[Any, bool]:
        """The value there and True, or words for what is missing and False."""
        value: Any = fields
        for depth, key in enumerate(self.keys):
            if isinstance(value, Absent):
                break
            if isinstance(value, Mapping):
                if key not in value:
                    return self._missing(depth, f'has no key "{key}"'), False
            elif not isinstance(value, (list, tuple)):
                return self._missing(depth, f"is {_kind_of(value)}, it has no {key!r}"), False
            elif not isinstance(key, int) or key >= len(value):
                return self._missing(depth, f"has no item {key}"), False
            value = value[key]
        return (value.words, False) if isinstance(value, Absent) else (value, True)

    def _missing(self, depth: int, what: str) -> str:
        if depth == 0:
            return f"{self.keys[0]} has no value in this run"
        parent = str(self.keys[0])
        for key in self.keys[1:depth]:
            parent += f".{key}" if isinstance(key, str) else f"[{key}]"
        return f"{parent} {what}"


@dataclass(frozen=True, slots=True)
class Reading:
    """What stands in a condition: paths into fields, and names that macros bind."""

    paths: tuple[Path, ...]
    bound: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Token:
    sort: str
    text: str


def read_paths(text: str, fields: frozenset[str]) -> Reading:
    """Find the paths into `fields`, in the order of their appearance, and bound names."""
    tokens = [
        _Token(str(match.lastgroup), match.group())
        for match in _TOKEN.finditer(text)
        if match.lastgroup != "space"
    ]
    bound = frozenset(_bound(tokens))
    found: dict[tuple[str | int, ...], Path] = {}
    at = 0
    while at < len(tokens):
        token = tokens[at]
        starts = token.sort == "name" and token.text in fields and token.text not in bound
        if starts and (at == 0 or tokens[at - 1].text != "."):
            path, at = _path(tokens, at)
            found.setdefault(path.keys, path)
        else:
            at += 1
    return Reading(tuple(found.values()), bound)


def _bound(tokens: list[_Token]) -> list[str]:
    """Names that stand first in a macro's call: `.map(NAME,`."""
    windows = zip(tokens, tokens[1:], tokens[2:], tokens[3:], tokens[4:], strict=False)
    return [
        name.text
        for dot, macro, opening, name, comma in windows
        if (dot.text, opening.text, comma.text) == (".", "(", ",") and macro.text in _MACROS
    ]


def _path(tokens: list[_Token], at: int) -> tuple[Path, int]:
    """Read the path that begins at token `at`; also where it ends."""
    keys: list[str | int] = [tokens[at].text]
    text = tokens[at].text
    at += 1
    while at + 1 < len(tokens):
        mark, inner = tokens[at], tokens[at + 1]
        after = tokens[at + 2].text if at + 2 < len(tokens) else ""
        if mark.text == "." and inner.sort == "name" and after != "(":
            keys.append(inner.text)
            text += f".{inner.text}"
            at += 2
        elif mark.text == "[" and after == "]" and inner.sort in {"string", "number"}:
            key = _literal(inner.text)
            if key is None:
                break
            keys.append(key)
            text += f"[{inner.text}]"
            at += 3
        else:
            break
    return Path(text, tuple(keys)), at


def _literal(text: str) -> str | int | None:
    """A literal key, if Python writes it as CEL does; None for the rest (`1u`, `b"x"`)."""
    try:
        key = ast.literal_eval(text)
    except (SyntaxError, ValueError):
        return None
    return key if isinstance(key, (str, int)) else None


def _kind_of(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return "a text" if isinstance(value, str) else "a number"
