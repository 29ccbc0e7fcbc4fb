"""The commonest condition, a field against a number, without the expression language.

`status == 200` and `latency_ms > 800.0` are compared a thousand times a second. Where the
value is of the literal's own type, CEL and Python agree on every outcome, so the
answer is had by one comparison; anything else, NaN or a number of another type, is left to CEL.

What is read as a comparison is an expression of CEL that names this one variable, so nobody has to
ask CEL whether it is.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

_BLANK: Final = r"[ \t\n\r\f]*"
_FORM: Final = re.compile(
    rf"{_BLANK}([A-Za-z_][A-Za-z0-9_]*){_BLANK}(==|!=|<=|>=|<|>){_BLANK}"
    rf"(-?[0-9]{{1,15}}(?:\.[0-9]{{1,15}})?){_BLANK}"
)
_NO_NAMES: Final = frozenset(
    (
        *("true", "false", "null", "in", "as", "break", "const", "continue", "else", "for"),
        *("function", "if", "import", "let", "loop", "package", "namespace", "return", "var"),
        *("void", "while", "bool", "bytes", "double", "int", "list", "map", "null_type"),
        *("string", "type", "uint"),
    )
)
"""Words that CEL keeps for itself, and its types."""
_COMPARE: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
}


@dataclass(frozen=True, slots=True)
class Comparison:
    """`name compare number`."""

    name: str
    compare: Callable[[Any, Any], bool]
    number: int | float

    def of(self, values: Mapping[str, Any]) -> bool | None:
        """The answer; None if it must be asked of CEL."""
        value = values.get(self.name)
        if type(value) is type(self.number) and value == value:  # NaN is not
            return self.compare(value, self.number)
        return None


def read_comparison(text: str) -> Comparison | None:
    """The comparison that this condition is; None if it is more, or something else."""
    found = _FORM.fullmatch(text)
    if found is None:
        return None
    name, sign, digits = found.groups()
    if name in _NO_NAMES:
        return None
    number = float(digits) if "." in digits else int(digits)
    return Comparison(name, _COMPARE[sign], number)
