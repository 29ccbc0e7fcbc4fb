"""What requests are made of: the base of all queries and bodies, and the kinds of their fields.

A text is bounded and freed of control characters here; a time, a length, a severity or a matcher
is refused with words that say what it should look like.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final

import pydantic
from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator, WithJsonSchema

from checks.durations import parse_duration
from checks.text import clean_lines
from daemon.api.times import parse_stamp
from daemon.api.views import matcher_of
from daemon.core.labels import Matcher, parse_matcher, severity_matcher
from daemon.core.severity import Severity, parse_severity

MAX_LIMIT: Final = 10_000
MAX_COMMENT: Final = 2_000
MAX_NOTE: Final = 10_000
MAX_SPAN_MS: Final = 10 * 366 * 86_400_000


class Input(pydantic.BaseModel):
    """The base of all queries and bodies."""

    model_config = pydantic.ConfigDict(
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        arbitrary_types_allowed=True,
        str_max_length=20_000,
        defer_build=True,  # at a start nothing has been asked for yet
    )


def not_blank(text: str) -> str:
    """A text that says something."""
    if not text.strip():
        raise ValueError("it must not be empty")
    return text


def _time(value: object) -> int:
    if not isinstance(value, str):
        raise ValueError("a time is a text like 2026-11-21T09:50:00.000Z")  # noqa: TRY004  # pydantic reports ValueErrors
    return parse_stamp(value)


def _severity(value: object) -> Severity:
    return parse_severity(str(value)[:40])


def _matcher(value: object) -> Matcher:
    """A matcher as text, or as Alertmanager's object."""
    if isinstance(value, str):
        return severity_matcher(parse_matcher(value))
    if not isinstance(value, Mapping):
        raise ValueError('a matcher is a text like name="value", or an object')  # noqa: TRY004  # pydantic reports ValueErrors
    if unknown := value.keys() - {"name", "value", "isRegex", "isEqual"}:
        raise ValueError(f"a matcher has no {', '.join(sorted(map(str, unknown)))[:100]}")
    name, text = value.get("name"), value.get("value")
    is_regex, is_equal = value.get("isRegex", False), value.get("isEqual", True)
    if not isinstance(name, str) or not name or not isinstance(text, str):
        raise ValueError("a matcher needs a name and a value, both texts")
    if not isinstance(is_regex, bool) or not isinstance(is_equal, bool):
        raise ValueError("a matcher's isRegex and isEqual are true or false")  # noqa: TRY004  # as above
    return severity_matcher(matcher_of(name, text, is_regex=is_regex, is_equal=is_equal))


Time = Annotated[int, BeforeValidator(_time)]
Comment = Annotated[
    str, Field(max_length=MAX_COMMENT), AfterValidator(lambda text: clean_lines(text, MAX_COMMENT))
]
Span = Annotated[int, Field(gt=0, le=MAX_SPAN_MS)]
SpanText = Annotated[int, BeforeValidator(parse_duration), Field(gt=0, le=MAX_SPAN_MS)]
SeverityWord = Annotated[Severity, PlainValidator(_severity), WithJsonSchema({"type": "string"})]
AMatcher = Annotated[
    Matcher, PlainValidator(_matcher), WithJsonSchema({"type": ["string", "object"]})
]
Limit = Annotated[int, Field(ge=1, le=MAX_LIMIT)]
Word = Annotated[str, Field(max_length=200)]
