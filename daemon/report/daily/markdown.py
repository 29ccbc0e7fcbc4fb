"""A daily report as Markdown; text from outside is text, never markup."""

from __future__ import annotations

from collections.abc import Iterator

from daemon.api.schema.daily import DailyView
from daemon.report.daily.sections import Section, sections
from daemon.report.daily.words import (
    in_short,
    measured_words,
    state_words,
    title,
    warnings,
    weekday,
)
from daemon.report.markdown import table, text
from daemon.report.words import moment


def markdown(view: DailyView) -> str:
    """The whole report."""
    blocks = [
        f"# {text(title(view))}",
        table(("", ""), _about(view)),
        text(in_short(view)),
        *(f"**{text(one)}**" for one in warnings(view)),
        *(block for section in sections(view) for block in _section(section)),
        "## Method",
        "\n".join(f"- {text(line)}" for line in view.method),
        f"Digest of the figures (SHA-256): `{view.digest}`",
    ]
    return "\n\n".join(blocks) + "\n"


def _about(view: DailyView) -> Iterator[tuple[str, str]]:
    zone = view.period.timezone
    yield "Day", weekday(view)
    yield "From", f"{moment(view.period.start, zone)} to {moment(view.period.end, zone)}"
    yield "Time zone", text(zone)
    yield "Measured", measured_words(view)
    yield "State", state_words(view)
    yield "Made", moment(view.generated_at, zone)


def _section(section: Section) -> Iterator[str]:
    yield f"## {section.title}"
    if section.lead:
        yield text(section.lead)
    header = [one.lower() for one in section.header]
    yield table(header, ([text(cell) for cell in row] for row in section.rows))
