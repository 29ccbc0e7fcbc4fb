"""Shapes of checks: their newest result, where they stand, and their recent results."""

from __future__ import annotations

from daemon.api.schema.base import Shape, StatusWord, Time


class Last(Shape):
    """A check's newest result."""

    time: Time
    status: StatusWord
    latency_ms: float | None
    message: str
    metrics: dict[str, bool | int | float | str] = {}
    phases: dict[str, float] = {}


class CheckView(Shape):
    """A check. `hard` is false while `last.status` is not yet confirmed."""

    name: str
    kind: str
    service: str
    status: StatusWord
    hard: bool
    since: Time | None
    last: Last | None
    cause: str | None = None
    unreachable: str | None = None
    flapping: bool = False
    attempts: int = 0
    down_after: int = 1
    every_ms: int = 0
    labels: dict[str, str] = {}


class CheckDetail(Shape):
    """A check with its recent results, oldest first."""

    check: CheckView
    results: list[Last]
