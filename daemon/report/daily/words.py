"""The words of a daily report: its title, what it says in short, and how it writes times."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Final
from zoneinfo import ZoneInfo

from daemon.api.schema.daily import DailyView
from daemon.api.times import parse_stamp
from daemon.core.model import DAY, SECOND, Millis
from daemon.report.words import many, moment, most

_NAMED: Final = 5
_WEEKDAYS: Final = (
    "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday",
)  # fmt: skip


def title(view: DailyView) -> str:
    """What the report is called."""
    about = view.service or view.organization or "all services"
    return f"Alert report {view.period.label}: {about}"


def weekday(view: DailyView) -> str:
    """The day in words: `Friday 2026-11-20`."""
    return f"{_WEEKDAYS[_local(view.period.start, view).weekday()]} {view.period.label}"


def in_short(view: DailyView) -> str:
    """What happened, in a sentence or two."""
    if not (view.fired or view.resolved or view.open):
        if is_blind(view):
            return "No incident is known of, and nothing was measured."
        quiet = "" if view.coverage.blind_ms else "A quiet day: "
        text = f"{quiet}no incident fired{_so_far(view)}, and none was open."
        return text[0].upper() + text[1:]
    parts = [f"{many(view.fired, 'incident')} fired{_so_far(view)}", f"{view.resolved} resolved"]
    if view.open:
        worst = view.incidents[0]
        parts.append(f"{view.open} still open, the worst: {worst.title} ({worst.severity})")
    else:
        parts.append("none still open")
    if view.escalated:
        parts.append(f"{view.escalated} escalated beyond the first level")
    return "; ".join(parts) + "."


def warnings(view: DailyView) -> list[str]:
    """What must be known before anything else is read: what was not seen, and not told."""
    return [*_unseen(view), *_untold(view)]


def _unseen(view: DailyView) -> Iterator[str]:
    found = view.coverage
    if is_blind(view):
        yield "Nothing was measured on this day: what happened is not known."
    elif found.blind:
        spans = ", ".join(
            f"{clock(one.start, view)} to {clock(one.end, view)}" for one in found.blind[:_NAMED]
        )
        more = " and at other times" if len(found.blind) > _NAMED else ""
        yield (
            f"Nothing was measured for {most(found.blind_ms)} of this day ({spans}{more}):"
            " what happened then is not known."
        )
    if not found.services:
        yield "No service is configured here: whether anything was measured is not known."
    if found.unmeasured and not is_blind(view):
        names = ", ".join(islice(found.unmeasured, _NAMED))
        more = " and others" if len(found.unmeasured) > _NAMED else ""
        yield f"Not measured at all: {many(len(found.unmeasured), 'service')}, {names}{more}."


def _untold(view: DailyView) -> Iterator[str]:
    if view.deliveries.failed:
        names = ", ".join(one.channel for one in view.deliveries.failures[:_NAMED])
        failed = many(view.deliveries.failed, "message")
        yield f"{failed} could not be delivered, over {names}."


def state_words(view: DailyView) -> str:
    """Whether anything can still change it."""
    if view.final:
        return "final"
    if is_over(view):
        return "over; what was measured near its end is not confirmed yet"
    return f"so far: counted up to {moment(view.as_of, view.period.timezone)}"


def is_blind(view: DailyView) -> bool:
    """Whether nothing was measured on the day, as far as it is past."""
    past_ms = parse_stamp(view.as_of) - parse_stamp(view.period.start)
    return bool(view.coverage.services) and view.coverage.blind_ms == past_ms


def is_over(view: DailyView) -> bool:
    """Whether the whole day was counted."""
    return view.as_of == view.period.end


def measured_words(view: DailyView) -> str:
    """How much of the day was measured."""
    share = view.coverage.share
    return "not known" if share is None else f"{share:.2f} %"


def clock(stamp: str | None, view: DailyView, none: str = "–") -> str:
    """A time of the day as its clock shows it, `14:05`; with the date where it is of another, and
    the zone's word on a day on which the clocks change."""
    if stamp is None:
        return none
    if stamp == view.period.end:
        return "24:00"
    local = _local(stamp, view)
    changes = parse_stamp(view.period.end) - parse_stamp(view.period.start) != DAY
    text = f"{local:%H:%M %Z}" if changes else f"{local:%H:%M}"
    return text if local.date().isoformat() == view.period.label else f"{local:%m-%d} {text}"


def brief(ms: Millis | None, none: str = "–") -> str:
    """A length to the second, as far as it has any, rounded up."""
    return most(ms if ms is None or ms < SECOND else -(-ms // SECOND) * SECOND, none)


def usual(value: float | None) -> str:
    """A median of counts: whole, or a half."""
    return "–" if value is None else f"{value:g}"


def count(value: int | None) -> str:
    """A count of an earlier day."""
    return "–" if value is None else str(value)


def _local(stamp: str, view: DailyView) -> datetime:
    return datetime.fromtimestamp(parse_stamp(stamp) / 1000, ZoneInfo(view.period.timezone))


def _so_far(view: DailyView) -> str:
    return "" if is_over(view) else " so far"
