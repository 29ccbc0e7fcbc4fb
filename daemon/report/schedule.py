"""A report that is made by itself, as configured: which, how often, and for whom."""

from __future__ import annotations

from enum import StrEnum

from daemon.core.events import Mailing
from daemon.core.record import record


class ReportKind(StrEnum):
    """What a report tells."""

    SLA = "sla"
    """What was promised and kept."""
    ALERTS = "alerts"
    """What fired on a day."""


@record(frozen=True, slots=True)
class ReportPlan:
    """`[[report]]` as values.

    Attributes:
        every: `day`, `week`, `month`, `quarter` or `year`.
        timezone: Whose calendar and clock count.
        kind: What it tells; of alerts `every` is `day`.
        at_minute: When it is due on the day after its period: minutes since midnight, by the clock.
        form: `md`, `html`, `csv` or `json`.
        mails: Who gets it by mail.
        folder: The directory that its file is written to.
    """

    name: str
    every: str
    timezone: str
    service: str | None = None
    organization: str | None = None
    form: str = "html"
    mails: tuple[Mailing, ...] = ()
    folder: str | None = None
    kind: ReportKind = ReportKind.SLA
    at_minute: int = 0
