"""What every shape stands on: its base, how a time is written, the closed sets of words, and
the shape of a refusal, which any request may be answered with.

Statuses and severities are words, not numbers: people and programs outside read them.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

Time = str
"""RFC 3339, UTC, milliseconds."""

StatusWord = Literal["up", "degraded", "unknown", "down"]
SeverityWord = Literal["emergency", "critical", "high", "medium", "low", "info"]


class Shape(msgspec.Struct, kw_only=True):
    """The base of all shapes: fields by keyword, unknown fields ignored on reading."""


class Problem(Shape):
    """RFC 9457 problem details; `problems` lists several faults of one request."""

    type: str
    title: str
    status: int
    detail: str
    problems: list[dict[str, Any]] = []
