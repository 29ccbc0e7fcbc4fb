"""What was open at a moment is found by when it began and ended."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import replace

import pytest

from daemon.core.chronicle import Audit
from daemon.core.effects import Append, Drop, Effect, Save
from daemon.core.labels import parse_matcher
from daemon.core.model import DAY, Alert, AlertState, ResponseRun, RunState, Silence
from daemon.store.batch import Batch
from daemon.store.reading.past_open import (
    LastFired,
    alerts_firing,
    entries_of,
    incidents_open,
    incidents_over,
    last_fired,
    members_of,
    runs_live,
    silences_known,
)
from daemon.store.schema import migrate
from tests.store.samples import ANA, NOW, an_alert, an_entry, an_incident


@pytest.fixture
def connection() -> sqlite3.Connection:
    opened = sqlite3.connect(":memory:", isolation_level=None)
    migrate(opened)
    return opened


def put(connection: sqlite3.Connection, effects: Iterable[Effect]) -> None:
    """Each in a transaction of its own: the newest value counts in one."""
    for effect in effects:
        batch = Batch()
        batch.decide(effect)
        batch.encode()
        for statement, rows in batch.statements():
            connection.executemany(statement, rows)


def test_an_incident_is_open_from_its_beginning_to_before_its_end(
    connection: sqlite3.Connection,
) -> None:
    over = an_incident("over", resolved_at=NOW + 10, alerts=("a", "b"))
    lasting = an_incident("lasting", fired_at=NOW + 5)
    put(connection, [Save(over), Save(lasting), Append(an_entry("over"))])
    found = {
        at: sorted(one.record.key for one in incidents_open(connection, NOW + at))
        for at in (-1, 0, 5, 9, 10)
    }
    assert found == {-1: [], 0: ["over"], 5: ["lasting", "over"], 9: ["lasting", "over"],
                     10: ["lasting"]}  # fmt: skip
    assert incidents_over(connection, ["over", "lasting"], NOW + 10) == {"over"}
    assert members_of(connection, ["over"]) == {"over": ["a", "b"]}
    assert [one.text for one in entries_of(connection, ["over"])["over"]] == ["web down"]


def test_an_alert_fires_each_time_from_then_to_before_its_end(
    connection: sqlite3.Connection,
) -> None:
    first = an_alert(incident="i")
    ended = replace(first, state=AlertState.RESOLVED, resolved_at=NOW + 10)
    again = replace(first, fired_at=NOW + 20, incident="j")
    put(connection, [Save(first), Save(ended), Save(again)])

    def firing(at: int) -> list[str | None]:
        return [alert.incident for alert in alerts_firing(connection, NOW + at)]

    assert [firing(at) for at in (-1, 0, 9, 10, 20)] == [[], ["i"], ["i"], [], ["j"]]
    key = first.key
    assert last_fired(connection, [key, "x"], NOW - 1) == {}
    assert last_fired(connection, [key], NOW + 15)[key] == LastFired("check:web", "i", NOW + 10)
    assert last_fired(connection, [key], NOW + 25)[key] == LastFired("check:web", "j", NOW + 25)


def silence(**more: object) -> Silence:
    base = Silence("s", (parse_matcher("a=b"),), NOW, NOW + 100, "ana", "works", NOW)
    return replace(base, **more)  # type: ignore[arg-type]  # fields by name, as given


def test_a_silence_is_known_from_its_making_to_its_end_also_when_it_was_changed(
    connection: sqlite3.Connection,
) -> None:
    made = Audit(NOW, ANA, "silence", "s", "a=b")
    edited = Audit(NOW + 50, ANA, "edit silence", "s", "a=b")
    put(connection, [Append(made), Append(edited), Save(silence(updated_at=NOW + 50))])
    put(connection, [Drop(Silence, "s")])
    known = [bool(silences_known(connection, NOW + at)) for at in (-1, 0, 49, 99, 100)]
    assert known == [False, True, True, True, False]
    connection.execute("DELETE FROM audit")
    assert not silences_known(connection, NOW + 49)
    assert silences_known(connection, NOW + 50)


def test_a_run_waits_then_works_and_is_gone_at_its_end(connection: sqlite3.Connection) -> None:
    run = ResponseRun(
        "r",
        "restart",
        "i",
        "g",
        RunState.FAILED,
        "firing",
        "systemctl restart shop",
        NOW,
        approved_by="ana",
        started_at=NOW + 10,
        ended_at=NOW + 20,
        exit_code=1,
        detail="exit code 1",
    )
    put(connection, [Save(run)])
    assert runs_live(connection, NOW - 1) == []
    (waits,) = runs_live(connection, NOW)
    assert (waits.state, waits.approved_by, waits.started_at) == (RunState.WAITING, None, None)
    (works,) = runs_live(connection, NOW + 10)
    assert (works.state, works.approved_by) == (RunState.RUNNING, "ana")
    assert (works.ended_at, works.exit_code, works.detail) == (None, None, "")
    assert runs_live(connection, NOW + 20) == []
    put(connection, [Save(replace(run, ended_at=None))])
    assert runs_live(connection, NOW + 8 * DAY) == []


def test_an_alert_that_never_fired_is_in_no_past(connection: sqlite3.Connection) -> None:
    put(connection, [Save(Alert("p", "rule:slow:web", "slow", {}, pending_at=NOW))])
    assert alerts_firing(connection, NOW + 1) == []
