"""Earlier periods come out the same from services' days as from the pieces of their history."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from checks.result import Status
from daemon.config import load
from daemon.core.model import DAY, MINUTE, Instant
from daemon.core.sla.timeline import Stretch, Timeline
from daemon.report.before import totals_before
from daemon.report.offline import read
from daemon.report.past import Past
from daemon.store.connect import make_place, open_writer
from daemon.store.rollups.fold import fold
from daemon.store.upkeep.prune import Retention
from tests.report import past

FIRST = 20_700 * DAY
_PIECE = "INSERT INTO interval VALUES ('service', ?, ?, ?, ?)"


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    make_place(tmp_path / "tocsin.db")
    opened = open_writer(tmp_path / "tocsin.db")
    yield opened
    opened.close()


def made_up(rng: random.Random) -> list[Stretch]:
    """Some days of a service, with gaps; more than one piece on most days."""
    found, at = [], FIRST + rng.randrange(3 * DAY)
    for _ in range(rng.randrange(40)):
        end = at + rng.choice([1, rng.randrange(1, DAY), rng.randrange(1, 3 * DAY)])
        found.append((at, end, rng.choice(list(Status))))
        at = end + rng.choice([0, 0, rng.randrange(DAY)])
    return found


def some_spans(rng: random.Random) -> list[tuple[Instant, Instant]]:
    """Whole days, none, and parts of days at their ends."""
    lows = [
        FIRST + rng.choice([rng.randrange(30 * DAY), rng.randrange(30) * DAY]) for _ in range(4)
    ]
    lengths = (rng.randrange(1, DAY), rng.randrange(1, 20) * DAY, rng.randrange(1, 20 * DAY), DAY)
    return [(low, low + length) for low, length in zip(lows, lengths, strict=True)]


def test_sums_of_days_are_those_of_the_pieces_to_the_millisecond(
    connection: sqlite3.Connection,
) -> None:
    rng = random.Random(4)  # noqa: S311  # histories, not secrets
    known = {f"s{number}": made_up(rng) for number in range(40)}
    for name, pieces in known.items():
        connection.executemany(_PIECE, [(name, *one) for one in pieces])
    while fold(connection, 0, Retention(), FIRST):
        pass
    whole: dict[str, Timeline] = {}
    lasting: dict[str, Timeline] = {}
    for name, pieces in known.items():
        end = pieces[-1][1] if pieces else FIRST + DAY
        whole[name], lasting[name] = Timeline.of(pieces), Timeline()
        since, status = end + rng.randrange(DAY), rng.choice(list(Status))
        for timeline in (whole[name], lasting[name]):
            timeline.replace(since, status)
    found = Past(lasting, {name: one[-1][1] for name, one in known.items() if one}, {})
    spans = some_spans(rng)
    told = totals_before(connection, found, {span: list(known) for span in spans})
    assert len(told) == len(spans) * len(known)
    for (name, span), totals in told.items():
        assert totals == whole[name].totals(*span), (name, span)


def test_a_trend_is_of_days_that_are_whole_and_else_of_pieces(tmp_path: Path) -> None:
    """The days are spoilt here, which tells what was asked."""
    database = tmp_path / "tocsin.db"
    asyncio.run(past.make(database, past.NOON))
    plan = load(past.configure(tmp_path, database)).plan

    def november() -> float | None:
        view = read(database, plan, "Europe/Berlin", past.LATER, "2026-12")
        return view.objectives[0].trend[-1].value

    writer = open_writer(database)
    while fold(writer, 0, Retention(), past.NOON):
        pass
    exact = november()
    writer.execute("UPDATE service_day SET up_ms = up_ms / 2 WHERE service = 'checkout'")
    assert exact is not None
    assert november() != exact
    writer.execute("INSERT INTO service_day_due VALUES ('checkout', 20769, 20769)")
    assert november() == exact
    writer.execute("DELETE FROM service_day_due")
    writer.close()


def test_a_burn_rate_looks_back_beyond_the_beginning_of_its_period(tmp_path: Path) -> None:
    """The outage of twenty minutes before noon, in a report over what began at noon."""
    database = tmp_path / "tocsin.db"
    asyncio.run(past.make(database, past.NOON + MINUTE))
    writer = open_writer(database)
    while fold(writer, 0, Retention(), past.NOON):
        pass
    writer.close()
    plan = load(past.configure(tmp_path, database)).plan
    period = "2026-11-21T12:00..2026-11-22"
    view = read(database, plan, "Europe/Berlin", past.NOON + MINUTE, period)
    assert view.objectives[0].sla.burn_rate == 166.6667
    assert view.objectives[0].sla.down_ms == 0
