"""Shapes that stand only on the stream, and the kinds of its events.

All other events carry the object after the change, in the shape it has in every answer.
"""

from __future__ import annotations

from typing import Literal

from daemon.api.schema.base import Shape, Time


class Operator(Shape):
    """An operator's action, as published on the stream."""

    time: Time
    by: str
    origin: str
    action: str
    subject: str
    detail: str


class Reset(Shape):
    """The stream cannot go on from where the reader was: read the state anew.

    Events after `seq` follow on the same stream.
    """

    seq: int
    reason: str


EventKind = Literal[
    "incident", "alert", "check", "service", "sla", "silence", "delivery", "operator", "response",
    "daemon", "reset",
]  # fmt: skip
"""The `event:` of the stream; `data:` is the shape of that name after the change."""
