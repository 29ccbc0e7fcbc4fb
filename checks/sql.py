"""What the SQL kinds share: bounded rows with values that conditions can use.

Rows become maps by column name. A value CEL does not know becomes one it does: decimals are
doubles, dates and times RFC 3339 texts, bytes hexadecimal text, spans of time seconds.
"""

from __future__ import annotations

import datetime as dt
import decimal
import struct
from collections.abc import Mapping, Sequence
from typing import Final

from checks.errors import ProbeError
from checks.probe import FieldType, Trace
from checks.result import Fault, Observation, Scalar
from checks.text import one_line

ROW_LIMIT: Final = 100
"""How many rows of an answer are read."""
CELL_LIMIT: Final = 4096
"""How many characters of a text are kept."""

NONSENSE: Final = (
    struct.error, ArithmeticError, AssertionError, AttributeError, LookupError, RuntimeError,
    TypeError, ValueError,
)  # fmt: skip
"""What the drivers raise, besides their own errors, when a server talks nonsense."""

FIELDS: Final[Mapping[str, FieldType]] = {
    "rows": "list",
    "value": "any",
    "row_count": "int",
    "more_rows": "bool",
    "addresses_failed": "int",
    "latency_ms": "float",
    "phases": "map",
}


def friendly(value: object) -> object:
    """A database's value as one that CEL knows."""
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, str):
        return value[:CELL_LIMIT]
    if isinstance(value, decimal.Decimal):
        return float("nan") if value.is_snan() else float(value)
    if isinstance(value, (dt.datetime, dt.date, dt.time)):
        return value.isoformat()
    if isinstance(value, dt.timedelta):
        return value.total_seconds()
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value[: CELL_LIMIT // 2]).hex()
    if isinstance(value, (list, tuple, set, frozenset)):
        return [friendly(item) for item in list(value)[:ROW_LIMIT]]
    if isinstance(value, Mapping):
        return {str(key): friendly(item) for key, item in list(value.items())[:ROW_LIMIT]}
    return str(value)[:CELL_LIMIT]


def nonsense(words: str, error: Exception) -> ProbeError:
    """The fault of a server whose words the driver cannot take apart."""
    told = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return ProbeError(Fault.PROTOCOL, f"{words} does not keep to its protocol ({told})")


def rows_observation(
    columns: Sequence[str], rows: Sequence[Sequence[object]], trace: Trace
) -> Observation:
    """What a query found; `rows` may hold one more than `ROW_LIMIT`, which says there are more.

    `value` is the first cell of the first row, null without a row.
    """
    latency_ms = trace.finish()
    kept = [
        {name: friendly(cell) for name, cell in zip(columns, row, strict=False)}
        for row in rows[:ROW_LIMIT]
    ]
    value = friendly(rows[0][0]) if rows and columns else None
    more = len(rows) > ROW_LIMIT
    metrics: dict[str, Scalar] = {"row_count": len(kept)}
    if isinstance(value, (bool, int, float)):
        metrics["value"] = value
    elif isinstance(value, str):
        metrics["value"] = one_line(value, 100)
    return Observation(
        fields={
            "rows": kept,
            "value": value,
            "row_count": len(kept),
            "more_rows": more,
            "addresses_failed": len(trace.failed_addresses),
            "latency_ms": latency_ms,
            "phases": trace.phases,
        },
        latency_ms=latency_ms,
        phases=trace.phases,
        metrics=metrics,
        message=_words(len(kept), more, latency_ms, asked=bool(columns)),
    )


def _words(count: int, more: bool, latency_ms: float, *, asked: bool) -> str:
    if not asked:
        return f"connected in {latency_ms:.0f} ms"
    rows = f"more than {count} rows" if more else f"{count} row{'' if count == 1 else 's'}"
    return f"{rows} in {latency_ms:.0f} ms"
