"""A report in the form that is asked for."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

from daemon.api.schema.reports import ReportView
from daemon.report.markdown import markdown
from daemon.report.page import page
from daemon.report.sheet import sheet


class Form(StrEnum):
    """How a report is written."""

    MD = "md"
    HTML = "html"
    CSV = "csv"
    JSON = "json"


MEDIA: Final = {
    Form.MD: "text/markdown",
    Form.HTML: "text/html",
    Form.CSV: "text/csv",
    Form.JSON: "application/json",
}


def written(view: ReportView, form: Form) -> str:
    """The whole report as text, with a line break at its end."""
    if form is Form.JSON:
        return msgspec.json.format(msgspec.json.encode(view), indent=2).decode() + "\n"
    return {Form.MD: markdown, Form.HTML: page, Form.CSV: sheet}[form](view)


def file_name(view: ReportView, form: Form) -> str:
    """A name for its file: `tocsin-2026-10-shop.html`."""
    parts = [view.name or "tocsin", view.period.label.replace("..", "_to_"), view.service]
    text = "-".join(part for part in (*parts, view.organization) if part)
    safe = "".join(char if char.isalnum() or char in "-_." else "_" for char in text)
    return f"{safe[:150].lstrip('.')}.{form.value}"
