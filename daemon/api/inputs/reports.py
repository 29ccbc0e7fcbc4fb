"""What may be asked of reports; see `daemon.api.inputs`, which reads it."""

from __future__ import annotations

from typing import Literal

from daemon.api.inputs.fields import Input, Limit, Time, Word


class ReportBody(Input):
    """A report that is to be kept: over which period, about what."""

    period: Word
    service: Word | None = None
    organization: Word | None = None


class ReportsQuery(Input):
    """Which report, and in which form; without a period those that are kept are listed."""

    period: Word | None = None
    limit: Limit = 200
    service: Word | None = None
    organization: Word | None = None
    at: Time | None = None
    format: Literal["json", "md", "html", "csv"] = "json"
