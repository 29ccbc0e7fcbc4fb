"""A report in the form that is asked for."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

from daemon.api.schema.daily import AnyReport, DailyView
from daemon.report import markdown, page, sheet
from daemon.report.daily import markdown as daily_markdown
from daemon.report.daily import page as daily_page
from daemon.report.daily import sheet as daily_sheet
from daemon.report.daily import words as daily_words


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


def written(view: AnyReport, form: Form) -> str:
    """The whole report as text, with a line break at its end."""
    if form is Form.JSON:
        return msgspec.json.format(msgspec.json.encode(view), indent=2).decode() + "\n"
    if isinstance(view, DailyView):
        return {
            Form.MD: daily_markdown.markdown,
            Form.HTML: daily_page.page,
            Form.CSV: daily_sheet.sheet,
        }[form](view)
    return {Form.MD: markdown.markdown, Form.HTML: page.page, Form.CSV: sheet.sheet}[form](view)


def title(view: AnyReport) -> str:
    """What the report is called."""
    return daily_words.title(view) if isinstance(view, DailyView) else markdown.title(view)


def in_short(view: AnyReport) -> str:
    """What it says, in a few sentences."""
    if isinstance(view, DailyView):
        return " ".join([daily_words.in_short(view), *daily_words.warnings(view)])
    return markdown.in_short(view)


def file_name(view: AnyReport, form: Form) -> str:
    """A name for its file: `tocsin-2026-10-shop.html`."""
    unnamed = "tocsin-alerts" if isinstance(view, DailyView) else "tocsin"
    parts = [view.name or unnamed, view.period.label.replace("..", "_to_"), view.service]
    text = "-".join(part for part in (*parts, view.organization) if part)
    safe = "".join(char if char.isalnum() or char in "-_." else "_" for char in text)
    return f"{safe[:150].lstrip('.')}.{form.value}"
