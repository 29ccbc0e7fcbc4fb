"""How a daily report counts, in words that stand in the report."""

from __future__ import annotations

from collections.abc import Iterator

from daemon.core.model import HOUR
from daemon.report.daily.comparing import WEEKS
from daemon.report.daily.people import NIGHT
from daemon.report.daily.question import DayQuestion


def rules(question: DayQuestion) -> Iterator[str]:
    """What holds for all of the report."""
    start, end = question.day.span
    yield (
        f"The day is that of {question.day.zone}: from one midnight to the next,"
        f" {(end - start) / HOUR:g} h. What began as a test is in no figure."
    )
    yield (
        "Incidents are told as they stood when the day ended: who took or ended one later had not"
        " done so on it. Their severity and how far their policy got are the last known."
    )
    yield (
        f"“Usually” is the median of the same weekday in the {WEEKS} weeks before. A day of which"
        " nothing is known is not compared with."
    )
    yield (
        "Times to acknowledge and to resolve are means, from firing, of what was answered by the"
        " end of the day. Late is what took longer than its severity's target, or has waited for"
        " longer; muted time does not count there."
    )
    yield (
        "Pages are what called a person and was delivered. Night is from"
        f" {NIGHT[0]}:00 to {NIGHT[1]:02}:00 by the clock of the first schedule that they are in."
    )
    yield (
        "Health is a service's status at the end of the day, its availability and its incidents."
        " Money lost is revenue per hour times down time."
    )
    yield "Not measured is not up: in that time nothing is known, and nothing could fire."
