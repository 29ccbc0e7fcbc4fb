"""The Prometheus text format (exposition format 0.0.4), as far as we speak it.

Gauges and counters, labels escaped as the format asks. Two dozen lines; a library would
bring a registry of its own and a second copy of every number.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from math import isinf, isnan
from typing import Final

from daemon.core.record import record

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"

Sample = tuple[Mapping[str, str], float]
"""A set of labels and its value."""


@record(frozen=True, slots=True)
class Family:
    """A metric with all its samples.

    Attributes:
        kind: `gauge` or `counter`.
    """

    name: str
    kind: str
    help: str
    samples: Iterable[Sample]


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')


def _number(value: float) -> str:
    if isnan(value):
        return "NaN"
    if isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else repr(value)


def render(families: Iterable[Family]) -> Iterator[str]:
    """The lines of an exposition; a family without samples is left out."""
    for family in families:
        headed = False
        for labels, value in family.samples:
            if not headed:
                yield f"# HELP {family.name} {family.help}\n"
                yield f"# TYPE {family.name} {family.kind}\n"
                headed = True
            inner = ",".join(f'{name}="{_escape(text)}"' for name, text in labels.items())
            braces = f"{{{inner}}}" if inner else ""
            yield f"{family.name}{braces} {_number(value)}\n"
