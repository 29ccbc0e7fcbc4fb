"""A report that is made by itself, as configured: which, how often, and for whom."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ReportPlan:
    """`[[report]]` as values.

    Attributes:
        every: `day`, `week`, `month`, `quarter` or `year`.
        timezone: Whose calendar and clock count.
        form: `md`, `html`, `csv` or `json`.
        mails: E-mail channels and the address there; None for the channel's own recipients.
        folder: The directory that its file is written to.
    """

    name: str
    every: str
    timezone: str
    service: str | None = None
    organization: str | None = None
    form: str = "html"
    mails: tuple[tuple[str, str | None], ...] = ()
    folder: str | None = None
