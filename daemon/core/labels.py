"""Labels, fingerprints and matchers, with Alertmanager's meaning.

A fingerprint is the identity of a label set: FNV-1a with 64 bits over
`name 0xFF value 0xFF` of the labels sorted by name, printed as 16 hexadecimal digits
(prometheus/common `model.LabelsToSignature`). A matcher is `name op value` with
`= != =~ !~`; a missing label counts as the empty string; regular expressions are RE2 and
match the whole value.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from daemon.core.severity import parse_severity

Labels = Mapping[str, str]

_FNV_OFFSET: Final = 14695981039346656037
_FNV_PRIME: Final = 1099511628211
_MASK_64: Final = 0xFFFF_FFFF_FFFF_FFFF
_SEPARATOR: Final = b"\xff"
_MATCHER: Final = re.compile(r"^\s*([a-zA-Z_:][a-zA-Z0-9_:.\-]*)\s*(=~|!~|!=|=)(.*)$", re.DOTALL)


def fingerprint(labels: Labels) -> str:
    """The identity of a label set, as 16 lower-case hexadecimal digits."""
    parts = (part.encode() for name in sorted(labels) for part in (name, labels[name]))
    digest, prime, mask = _FNV_OFFSET, _FNV_PRIME, _MASK_64  # local names: this loop is long
    for byte in b"".join(part + _SEPARATOR for part in parts):
        digest = ((digest ^ byte) * prime) & mask
    return f"{digest:016x}"


class MatchOp(enum.StrEnum):
    """How a matcher compares."""

    EQUAL = "="
    NOT_EQUAL = "!="
    REGEX = "=~"
    NOT_REGEX = "!~"


@dataclass(frozen=True, slots=True)
class Matcher:
    """One comparison of a label with a value or an anchored regular expression.

    Raises:
        ValueError: The regular expression is not valid RE2.
    """

    name: str
    op: MatchOp
    value: str
    _pattern: object = field(init=False, repr=False, compare=False, default=None)

    def __post_init__(self) -> None:
        if self.op in (MatchOp.REGEX, MatchOp.NOT_REGEX):
            object.__setattr__(self, "_pattern", _compiled(self.value))

    def matches(self, labels: Labels) -> bool:
        """Whether the label set satisfies this matcher."""
        value = labels.get(self.name, "")
        if self.op is MatchOp.EQUAL:
            return value == self.value
        if self.op is MatchOp.NOT_EQUAL:
            return value != self.value
        found = self._pattern.match(value) is not None  # type: ignore[attr-defined]  # re2 has no types
        return found if self.op is MatchOp.REGEX else not found

    @property
    def matches_empty(self) -> bool:
        """Whether it holds for a label that is absent."""
        return self.matches({})

    def __str__(self) -> str:
        escaped = self.value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        return f'{self.name}{self.op}"{escaped}"'


def _compiled(text: str) -> Any:
    import re2  # 2 MB, and few estates match by regular expressions

    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(f"^(?:{text})$", options)
    except re2.error as error:
        raise ValueError(f"{text!r} is no regular expression (RE2): {_words(error)}") from None


def _words(error: Exception) -> str:
    """The regular expression library's complaint as text; it may hold bytes."""
    detail = error.args[0] if error.args else "not valid"
    return detail.decode(errors="replace") if isinstance(detail, bytes) else str(detail)


def _unquote(text: str) -> str:
    if len(text) >= 2 and text[0] == '"' and text[-1] == '"':
        inner = text[1:-1]
        return re.sub(r"\\(.)", lambda m: {"n": "\n"}.get(m[1], m[1]), inner)
    if '"' in text:
        raise ValueError(f"unbalanced quotes in {text!r}")
    return text


def parse_matcher(text: str) -> Matcher:
    """Read `name="value"`, `name!=value`, `name=~"re"` or `name!~"re"`; quotes may be left out.

    Raises:
        ValueError: It is not a matcher; the message shows the form it should have.
    """
    found = _MATCHER.match(text)
    if found is None:
        raise ValueError(f'{text!r} is no matcher; write it as name="value" (or != =~ !~)')
    name, op, value = found.groups()
    return Matcher(name, MatchOp(op), _unquote(value.strip()))


def severity_matcher(matcher: Matcher) -> Matcher:
    """The matcher with an alias of a severity (`P1`, `warning`) as the word that alerts carry.

    Only `=` and `!=` on the label `severity`; others, and the empty value, are left alone.

    Raises:
        ValueError: The value is no severity, so it would match nothing, or everything.
    """
    exact = matcher.op in (MatchOp.EQUAL, MatchOp.NOT_EQUAL)
    if matcher.name != "severity" or not exact or not matcher.value:
        return matcher
    word = parse_severity(matcher.value).word
    return matcher if word == matcher.value else Matcher(matcher.name, matcher.op, word)


def match_all(matchers: Iterable[Matcher], labels: Labels) -> bool:
    """Whether the label set satisfies every matcher; no matchers match everything."""
    for matcher in matchers:  # noqa: SIM110  # a generator for `all` costs more than the answer
        if not matcher.matches(labels):
            return False
    return True
