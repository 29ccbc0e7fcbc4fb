"""A person's name leaves the whole file, and every figure stays."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from checks.result import Status
from daemon.core.chronicle import Audit, Entry, EntryKind, Interval
from daemon.core.effects import Append, Effect, Enqueue, Save
from daemon.core.labels import Matcher, MatchOp
from daemon.core.model import Actor, Escalation, IncidentState, Level, Silence, Told
from daemon.core.severity import Severity
from daemon.store.connect import open_reader
from daemon.store.errors import StoreBusy, StoreUnusable
from daemon.store.reading.incidents import history_page, incident_statistics
from daemon.store.store import Store
from daemon.store.upkeep.care import verify
from daemon.store.upkeep.forget import forget
from tests.store.conftest import Query
from tests.store.samples import NOW, a_notice, an_alert, an_incident

MARIT = "marit"
MAIL = "m.b@example.org"
ROOT = Actor("root", "unix uid 0")
ACTOR = Actor(MARIT, "unix uid 1007")


def effects() -> list[Effect]:
    incident = an_incident(
        "inc-1",
        state=IncidentState.RESOLVED,
        service="marit",  # a service that is called so, too
        acknowledged_at=NOW + 5000,
        acknowledged_by=MARIT,
        ack_comment="marit looks, and marit-db is not hers",
        resolved_at=NOW + 9000,
        resolved_by=MARIT,
        assigned_to=MARIT,
        told=(Told("mail", MARIT, NOW, ("a",), Severity.HIGH, address=MAIL),),
        escalation=Escalation("p", (Level(0, ("person:marit", "team:x")),)),
    )
    notice = replace(
        a_notice("n-1"),
        recipient=MARIT,
        address=MAIL,
        incident=incident,
        alerts=(an_alert(labels={"check": "marit"}),),
        reason="level 1: marit",
    )
    matcher = Matcher("service", MatchOp.EQUAL, MARIT)
    return [
        Save(incident),
        Save(Silence("s-1", (matcher,), NOW, NOW + 1, MARIT, "by marit.", NOW)),
        Enqueue(notice),
        Append(Entry("inc-1", NOW, EntryKind.NOTE, ACTOR, f"told marit ({MAIL})")),
        Append(Audit(NOW, ACTOR, "acknowledge", "inc-1", "said marit: fine")),
        Append(Interval("service", "marit", NOW, NOW + 9, Status.DOWN)),
    ]


@pytest.fixture
async def full(path: Path) -> Path:
    store = await Store.open(path)
    await store.submit(effects(), NOW)
    await store.update("n-1", "sent", 1, None, f"accepted for {MAIL}")
    await store.close()
    return path


def test_the_name_is_nowhere_any_more_and_one_pseudonym_stands_for_it(
    full: Path, query: Query
) -> None:
    pseudonym, rows = forget(full, MARIT, ROOT, NOW)
    assert (pseudonym, rows) == ("former person 1", 5)
    for table, columns in (
        ("incident", "acknowledged_by, json_extract(record, '$.assigned_to')"),
        ("timeline", "actor, actor"),
        ("delivery", "recipient, json_extract(record, '$.incident.resolved_by')"),
        ("silence", "created_by, json_extract(record, '$.created_by')"),
    ):
        assert query(f"SELECT {columns} FROM {table}") == [(pseudonym, pseudonym)]  # noqa: S608  # names of tables
    assert query("SELECT text FROM timeline") == [("told former person 1 ((erased))",)]
    assert query("SELECT detail, address FROM delivery") == [("accepted for (erased)", "(erased)")]
    assert MAIL.encode() not in full.read_bytes()
    assert verify(full) == []


def test_what_identifies_other_things_and_all_figures_stay(full: Path, query: Query) -> None:
    before = open_reader(full)
    told = incident_statistics(before, NOW - 1, NOW + 1)
    before.close()
    forget(full, MARIT, ROOT, NOW)
    after = open_reader(full)
    assert incident_statistics(after, NOW - 1, NOW + 1) == told
    (incident,) = history_page(after).incidents
    after.close()
    assert incident.service == "marit"
    assert incident.ack_comment == "former person 1 looks, and marit-db is not hers"
    assert incident.told[0].recipient == "former person 1"
    assert incident.escalation is not None
    assert incident.escalation.levels[0].notify == ("person:former person 1", "team:x")
    assert query("SELECT name FROM interval") == [("marit",)]
    assert query("SELECT matchers FROM silence") == [('service="marit"',)]


async def test_of_an_open_incident_the_person_is_told_no_end(path: Path) -> None:
    store = await Store.open(path)
    others = Told("ops", "", NOW, ("a",), Severity.HIGH)
    told = (Told("mail", MARIT, NOW, ("a",), Severity.HIGH, address=MAIL), others)
    await store.submit([Save(an_incident("inc-2", told=told))], NOW)
    await store.close()
    forget(path, MARIT, ROOT, NOW)
    again = open_reader(path)
    (incident,) = history_page(again).incidents
    again.close()
    assert incident.told == (others,)


def test_it_is_audited_without_the_name(full: Path, query: Query) -> None:
    forget(full, MARIT, ROOT, NOW + 7)
    lines = query("SELECT at, actor, action, subject, detail FROM audit ORDER BY id")
    assert lines[1] == (NOW + 7, "root", "forget person", "former person 1", "5 rows")
    assert lines[0][1:] == ("former person 1", "acknowledge", "inc-1", "said former person 1: fine")


def test_the_next_person_has_another_pseudonym(full: Path) -> None:
    assert forget(full, "nobody", ROOT, NOW) == ("former person 1", 0)
    assert forget(full, MARIT, ROOT, NOW)[0] == "former person 1"
    assert forget(full, "root", ROOT, NOW)[0] == "former person 2"


async def test_a_daemon_in_the_way_is_named_and_nothing_changes(full: Path, query: Query) -> None:
    store = await Store.open(full)
    with pytest.raises(StoreBusy, match="no daemon"):
        forget(full, MARIT, ROOT, NOW)
    await store.close()
    assert query("SELECT acknowledged_by FROM incident") == [(MARIT,)]


async def test_an_engine_goes_on_from_what_is_left(full: Path) -> None:
    forget(full, MARIT, ROOT, NOW)
    store = await Store.open(full)
    assert await store.history.incidents(None, 5)
    assert len(await store.history.entries("inc-1")) == 1
    assert await store.pending() == []


def test_a_failure_midway_changes_nothing(full: Path, query: Query) -> None:
    broken = sqlite3.connect(full)
    broken.execute(
        "CREATE TRIGGER no BEFORE UPDATE ON timeline BEGIN SELECT raise(ABORT, 'no'); END"
    )
    broken.commit()
    broken.close()
    with pytest.raises(StoreUnusable, match="cannot be forgotten"):
        forget(full, MARIT, ROOT, NOW)
    assert query("SELECT acknowledged_by FROM incident") == [(MARIT,)]
    assert query("SELECT count(*) FROM audit") == [(1,)]
