"""What the database adds up of incidents is what one counts by hand."""

from __future__ import annotations

import random
import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from daemon.core.effects import Save
from daemon.core.model import HOUR, Incident, IncidentState, Instant
from daemon.core.severity import Severity
from daemon.store.batch import Batch
from daemon.store.connect import make_place, open_writer
from daemon.store.reading.answered import Tally, tallies, tally

DAY_ONE = 1_793_487_600_000


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    make_place(tmp_path / "tocsin.db")
    opened = open_writer(tmp_path / "tocsin.db")
    yield opened
    opened.close()


def made_up(rng: random.Random) -> list[Incident]:
    """Taken late, twice, never, before they fired; tests among them, and some of no service."""

    def later(fired: Instant) -> Instant | None:
        return rng.choice([None, fired + rng.randrange(-HOUR, 9 * HOUR)])

    found = []
    for number in range(300):
        fired = DAY_ONE + rng.randrange(24 * HOUR)
        found.append(
            Incident(
                f"{number}", "{}:{}", IncidentState.RESOLVED, rng.choice(list(Severity)), "", "",
                fired, service=rng.choice([None, "a", "b", "c"]), acknowledged_at=later(fired),
                first_acknowledged_at=later(fired), resolved_at=later(fired),
                is_test=rng.random() < 0.1,
            )
        )  # fmt: skip
    return found


def counted(incidents: Sequence[Incident], start: Instant, until: Instant) -> Tally:
    mine = [one for one in incidents if start <= one.fired_at < until and not one.is_test]
    taken = [(one.fired_at, one.first_acknowledged_at or one.acknowledged_at) for one in mine]
    ended = [(one.fired_at, one.resolved_at) for one in mine]
    took, lasted = (
        [max(0, at - fired) for fired, at in times if at is not None and at <= until]
        for times in (taken, ended)
    )
    words = Counter(one.severity.word for one in mine)
    return Tally(len(mine), len(took), sum(took), len(lasted), sum(lasted), words)


def test_sums_of_the_database_are_those_counted_by_hand(connection: sqlite3.Connection) -> None:
    incidents = made_up(random.Random(5))  # noqa: S311  # incidents, not secrets
    batch = Batch()
    for one in incidents:
        batch.decide(Save(one))
    batch.encode()
    for statement, rows in batch.statements():
        connection.executemany(statement, rows)
    assert any(one.first_acknowledged_at != one.acknowledged_at for one in incidents)
    for start, until in ((0, DAY_ONE * 2), (DAY_ONE + HOUR, DAY_ONE + 7 * HOUR), (0, 1)):
        assert tally(connection, start, until) == counted(incidents, start, until)
        found = tallies(connection, ["a", "c", "nobody"], start, until)
        assert set(found) <= {"a", "c"}
        for name in ("a", "c"):
            own = [one for one in incidents if one.service == name]
            assert found.get(name, Tally()) == counted(own, start, until)
