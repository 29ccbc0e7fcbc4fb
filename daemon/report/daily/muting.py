"""What was muted on the day, by silences and planned work, and what still was when it ended."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence

from daemon.api.schema.daily import DayMute, MutedIncident
from daemon.api.times import stamp, stamp_or_none
from daemon.core.labels import match_all
from daemon.core.model import Instant, Silence, Work
from daemon.core.muting.maintenance import occurrences
from daemon.core.plan import MaintenancePlan
from daemon.report.daily.question import DayQuestion
from daemon.report.daily.standing import Seen, word_of
from daemon.report.periods import Span
from daemon.store.reading.day import muted_at, silences_on, works_on


def mutes(connection: sqlite3.Connection, question: DayQuestion) -> list[DayMute]:
    """The silences and planned work that were in force, those that end soon in front."""
    start, until = question.day.span[0], question.until
    found = [
        _view(
            question,
            span,
            kind="silence",
            name=one.key,
            what=_matchers(one),
            by=one.created_by,
            reason=one.comment,
        )
        for one in silences_on(connection, start, until)
        if _may_mute(one, question)
        for span in _times(one, start, until)
    ]
    found += [
        _view(
            question,
            (one.start, one.end),
            kind="maintenance",
            name=one.name,
            what=", ".join(one.services or one.match),
            by=one.created_by,
            reason=one.reason,
        )
        for one in works_on(connection, start, until)
        if _is_about(one, question)
    ]
    return sorted(found, key=lambda one: (not one.open, not one.ends_next_day, one.start, one.name))


def still_muted(
    connection: sqlite3.Connection, found: Sequence[Seen], until: Instant
) -> list[MutedIncident]:
    """Which of the incidents that were open at the end were muted then."""
    open_ = [one.stood for one in found if one.ended_at is None]
    known = muted_at(connection, [one.key for one in open_], until)
    return [
        MutedIncident(
            id=one.key,
            title=one.title,
            severity=word_of(one.severity),
            service=one.service,
            since=stamp(known[one.key][0]),
            reason=known[one.key][1],
        )
        for one in open_
        if one.key in known
    ]


def _view(
    question: DayQuestion, span: tuple[Instant, Instant | None], **about: str | None
) -> DayMute:
    start, end = span
    next_day = question.day.before(-1).span
    return DayMute(
        start=stamp(start),
        end=stamp_or_none(end),
        open=start < question.until and (end is None or end > question.until),
        ends_next_day=end is not None and next_day[0] <= end < next_day[1],
        **about,  # type: ignore[arg-type]  # the caller's words, each of its kind
    )


def _times(silence: Silence, start: Instant, end: Instant) -> Iterator[Span]:
    """When it was in force in [start, end): one that recurs may have been more than once."""
    own = (silence.starts_at, silence.ends_at)
    if own[0] < end and own[1] > start:
        yield own
    recurs = silence.recurs
    if recurs is None:
        return
    plan = MaintenancePlan(silence.key, recurs.timezone, cron=recurs.cron, duration=recurs.lasts)
    for low, high in occurrences(plan, start, end):
        if silence.updated_at <= low < own[0] and high > low:
            yield low, high


def _matchers(silence: Silence) -> str:
    return " ".join(map(str, silence.matchers))


def _may_mute(silence: Silence, question: DayQuestion) -> bool:
    """Whether it can mute anything of the services asked about, as far as it names services."""
    if question.is_of_all:
        return True
    about = [one for one in silence.matchers if one.name == "service"]
    names = [name for name in question.plan.services if question.covers(name)]
    return any(match_all(about, {"service": name}) for name in names)


def _is_about(work: Work, question: DayQuestion) -> bool:
    """Whether it is about one of the services asked about."""
    names = {*work.services, *work.excludes}
    return question.is_of_all or not names or any(map(question.covers, names))
