"""What may be asked of reports; see `daemon.api.inputs`, which reads it."""

from __future__ import annotations

from typing import Literal

from daemon.api.inputs import Input, Time, Word


class ReportsQuery(Input):
    """Which report, and in which form."""

    period: Word
    service: Word | None = None
    organization: Word | None = None
    at: Time | None = None
    format: Literal["json", "md", "html", "csv"] = "json"
