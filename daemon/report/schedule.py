"""A report that is made by itself, as configured: which, how often, and for whom."""

from __future__ import annotations

from dataclasses import dataclass

from daemon.core.events import Mailing


@dataclass(frozen=True, slots=True)
class ReportPlan:
    """`[[report]]` as values.

    Attributes:
        every: `day`, `week`, `month`, `quarter` or `year`.
        timezone: Whose calendar and clock count.
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
