"""What may be asked of the daily alert report; see `daemon.api.inputs`, which reads it."""

from __future__ import annotations

from typing import Literal

from daemon.api.inputs.fields import Input, Word


class DailyQuery(Input):
    """Which day (`2026-11-20`, `yesterday`, `today`; yesterday without one), of what, and how it
    is written."""

    date: Word | None = None
    service: Word | None = None
    organization: Word | None = None
    format: Literal["json", "md", "html", "csv"] = "json"
