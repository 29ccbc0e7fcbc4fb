"""Results as rows of `result` and back: a few columns and no record, since there are many."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec

from checks.result import Fault, Result, Status
from daemon.core.model import Instant

ResultRow = tuple[int, Instant, int, int | None, str | None, str | None, bytes | None]
"""A row of `result`: check_id, at, status, latency_us, fault, message, metrics."""

_STATUSES: Final = {int(status): status for status in Status}
"""By their codes; to ask the class for one takes four times as long."""

_encode: Final = msgspec.json.Encoder().encode
_decode_metrics: Final = msgspec.json.Decoder(dict[str, bool | int | float | str]).decode


def result_row(check_id: int, result: Result, metrics: frozenset[str] | None) -> ResultRow:
    """A row of `result`: 20 to 30 bytes where the target was up and no rule needs metrics.

    Args:
        metrics: The names to keep; None for all.
    """
    found = result.metrics
    if metrics is not None:
        found = {name: found[name] for name in metrics if name in found} if metrics else {}
    up = result.status is Status.UP
    latency = result.latency_ms
    return (
        check_id,
        result.at,
        int(result.status),
        None if latency is None else round(latency * 1000),
        None if result.fault is None else result.fault.value,
        None if up or not result.message else result.message,
        _encode(found) if found else None,
    )


def read_result(check: str, row: tuple[Any, ...]) -> Result:
    """A result from a row's at, status, latency_us, fault, message, metrics.

    The message of a run that found its target up, and the phases of all, are not kept.
    """
    return next(read_results([(check, *row)]))


def read_results(rows: Iterable[tuple[Any, ...]]) -> Iterator[Result]:
    """As `read_result`, of rows that begin with the check's name; a start reads thousands."""
    for check, at, code, latency_us, fault, message, metrics in rows:
        status = _STATUSES.get(code)
        yield Result(
            check,
            at,
            Status(code) if status is None else status,
            None if latency_us is None else latency_us / 1000,
            message or "",
            None if fault is None else Fault(fault),
            metrics=_decode_metrics(metrics) if metrics else {},
        )
