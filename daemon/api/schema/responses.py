"""Shapes of responses: what is configured and how it does, and each run of it."""

from __future__ import annotations

from typing import Literal

from daemon.api.schema.base import Shape, Time

RunWord = Literal[
    "waiting",
    "running",
    "succeeded",
    "failed",
    "timed_out",
    "interrupted",
    "refused",
    "expired",
    "dry_run",
]


class RunView(Shape):
    """A run of a response for an incident.

    `trigger` is why it is run (`firing`, `level 2`, `acknowledged`, `resolved`, `by hand`),
    `action` what is done, `by` who wanted it, `approved_by` who approved or refused it,
    `expires_at` until when it can be approved.
    """

    id: str
    response: str
    incident: str
    state: RunWord
    trigger: str
    action: str
    by: str
    decided_at: Time
    approved_by: str | None = None
    expires_at: Time | None = None
    started_at: Time | None = None
    ended_at: Time | None = None
    exit_code: int | None = None
    detail: str = ""


class RunDetail(Shape):
    """A run with what it wrote, the first and the last 32 KiB of it."""

    run: RunView
    output: str


class ResponseView(Shape):
    """A configured response and how it has done.

    `max` is like `3/h`; `runs` and `failed` count since it is configured; `unhelpful` is how many
    of its last runs in a row did not help, `stopped_at` since when it runs no more for that.
    """

    name: str
    when: Literal["firing", "escalated", "acknowledged", "resolved", "manual"]
    action: str
    on: list[str]
    level: int | None = None
    max: str | None = None
    cooldown_ms: int = 0
    repeat_ms: int | None = None
    confirm: bool = False
    dry_run: bool = False
    stop_after: int = 0
    runs: int = 0
    failed: int = 0
    waiting: int = 0
    under_way: int = 0
    unhelpful: int = 0
    stopped_at: Time | None = None
    stopped_why: str = ""
    last_at: Time | None = None
    last_run: RunView | None = None
    """The newest of its runs that is remembered."""


class ResponseMark(Shape):
    """How far the newest run of a response for an incident got."""

    response: str
    state: RunWord
