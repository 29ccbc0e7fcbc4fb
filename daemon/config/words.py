"""The small types that configuration is made of: zones, severities, matchers, labels, targets.

Each reads a text, refuses it with words that show the mend, and says in the JSON Schema
what an editor should offer.
"""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Annotated, Final

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, WithJsonSchema

from checks.result import Status
from checks.spec import Duration
from daemon.config.problems import did_you_mean
from daemon.core.labels import parse_matcher, severity_matcher
from daemon.core.severity import Severity, parse_severity

_LABEL: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
RESERVED_LABELS: Final = frozenset(
    {
        "alertname",
        "check",
        "context",
        "kind",
        "organization",
        "owner",
        "rule",
        "service",
        "severity",
    }
)
"""Labels that Tocsin sets itself, so that matchers can rely on them."""


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())


def _zone(name: str) -> str:
    if name not in _zones():
        guess = did_you_mean(name, _zones(), what="time zones")
        mend = guess if guess.startswith("did") else 'write it like "Europe/Berlin" or "UTC"'
        raise ValueError(f'there is no time zone "{name}"; {mend}')
    return name


def _severity(value: object) -> object:
    if isinstance(value, Severity):
        return value
    if not isinstance(value, str):
        raise ValueError('a severity is a text like "critical" or "P1"')  # noqa: TRY004  # pydantic reports only ValueError
    return parse_severity(value)


def _matcher(text: str) -> str:
    """The text, with the word of a severity in the place of its alias."""
    written = parse_matcher(text)
    meant = severity_matcher(written)
    return text if meant is written else str(meant)


def _label_name(name: str) -> str:
    if not _LABEL.fullmatch(name):
        raise ValueError(f'"{name}" cannot be a label; use letters, digits and _')
    return name


def _labels(labels: dict[str, str]) -> dict[str, str]:
    for name in labels:
        _label_name(name)
        if name in RESERVED_LABELS:
            raise ValueError(f'the label "{name}" is set by Tocsin itself; choose another name')
    return labels


def own_labels_problem(labels: Mapping[str, str]) -> str | None:
    """What is wrong with labels an operator chose, or None."""
    try:
        _labels(dict(labels))
    except ValueError as error:
        return str(error)
    return None


def _status_word(word: object) -> object:
    failing = [status.word for status in Status if status is not Status.UP]
    if word not in failing:
        guess = did_you_mean(str(word), failing, what="failing statuses")
        raise ValueError(f'"{word}" is no failing status; {guess}')
    return word


def _one_line(text: str) -> str:
    if _CONTROL.search(text):
        raise ValueError("must be one line without control characters")
    return text


_TARGETS: Final = ("channel", "person", "team", "schedule")


def _target(text: str) -> str:
    kind, colon, name = text.partition(":")
    if kind not in _TARGETS or not colon or not name:
        forms = " or ".join(f'"{one}:NAME"' for one in _TARGETS)
        raise ValueError(f'"{text}" is nobody who can be told; write {forms}')
    return text


def _weight(value: object) -> object:
    return (
        {"up": Decimal(1), "down": Decimal(0)}.get(value, value)
        if isinstance(value, str)
        else value
    )


Zone = Annotated[
    str, AfterValidator(_zone), Field(json_schema_extra={"examples": ["UTC", "Europe/Berlin"]})
]
"""The name of a time zone of the IANA database."""

SeverityField = Annotated[
    Severity,
    BeforeValidator(_severity),
    PlainSerializer(lambda severity: severity.word, return_type=str),
    WithJsonSchema(
        {
            "anyOf": [
                {"enum": [severity.word for severity in reversed(Severity)]},
                {"enum": ["P0", "P1", "P2", "P3", "P4", "P5", "L1", "L2", "L3", "warning"]},
            ]
        }
    ),
]
"""A severity by its word or an alias."""

FailingStatus = Annotated[
    str,
    BeforeValidator(_status_word),
    WithJsonSchema({"enum": [status.word for status in Status if status is not Status.UP]}),
]

MatcherText = Annotated[
    str,
    AfterValidator(_matcher),
    Field(json_schema_extra={"examples": ['severity=~"emergency|critical"', 'service="web"']}),
]
"""A matcher as text, known to parse; of severities it has the words that alerts carry."""

LabelName = Annotated[str, AfterValidator(_label_name)]
Labels = Annotated[dict[str, str], AfterValidator(_labels)]
"""Labels an operator chose; not those that Tocsin sets."""

Line = Annotated[str, AfterValidator(_one_line), Field(max_length=1_000)]
"""One line of text for people."""

Target = Annotated[
    str,
    AfterValidator(_target),
    Field(json_schema_extra={"examples": ["schedule:primary", "person:ana", "channel:mail"]}),
]
"""Who is told: `channel:NAME`, `person:NAME`, `team:NAME` or `schedule:NAME`."""

Interval = Annotated[Duration, Field(ge=1_000)]
"""A span of at least one second."""

Weight = Annotated[
    Decimal,
    BeforeValidator(_weight),
    Field(ge=0, le=1),
    WithJsonSchema({"anyOf": [{"enum": ["up", "down"]}, {"type": "number"}]}),
]
"""What a degraded moment counts as: `up`, `down`, or a number between 0 and 1."""
