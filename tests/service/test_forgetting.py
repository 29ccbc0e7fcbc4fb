"""A person is forgotten while the daemon runs: by its memory, its outbox and its file."""

from __future__ import annotations

import re
import sqlite3
import zlib
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import msgspec
import pytest

from daemon.api.schema.reports import IncidentTotals, ReportPeriod, ReportSummary, ReportView
from daemon.config import load
from daemon.core.engine import Engine
from daemon.core.errors import Invalid
from daemon.core.events import (
    Acknowledge,
    AddNote,
    ExpireSilence,
    KeepReport,
    Mailing,
    OpenIncident,
    PutSilence,
    Resolve,
    Unacknowledge,
)
from daemon.core.labels import parse_matcher
from daemon.core.model import HOUR, Actor, Told
from daemon.core.plan import Plan
from daemon.core.severity import Severity
from daemon.report.forms import Form, written
from daemon.report.keeping import pack, unpack
from daemon.service.clock import Clock
from daemon.service.daemon import Daemon
from daemon.service.documents import reports_in
from daemon.store.reading.reports import kept_report
from daemon.store.store import Store
from daemon.store.upkeep.erasing import Erasure

MARIT = Actor("marit", "unix uid 1007")
BEN = Actor("ben", "unix uid 1008")
ROOT = Actor("root", "unix uid 0")
SHOP = "marit-shop"
OTHERS = {"marit-shop", "marit-db"}
"""What is called so besides."""
CONFIG = """
[channel.ops]
kind = "webhook"
url = "http://127.0.0.1:9/"
[channel.mail]
kind = "email"
host = "127.0.0.1"
port = 9
tls = "none"
sender = "tocsin@example.org"
to = ["ops@example.org"]
[person.ben]
contact = { high = ["ops"], low = ["ops"] }
[[route]]
channels = ["ops"]
[[service]]
name = "marit-shop"
[[check]]
name = "shop"
service = "marit-shop"
kind = "tcp"
host = "127.0.0.1"
port = 9
every = "1h"
[access]
operator = ["cleo"]
"""


@pytest.fixture
async def daemon(tmp_path: Path) -> AsyncIterator[Daemon]:
    path = tmp_path / "config.toml"
    path.write_text(CONFIG)
    config = load(path)
    store = await Store.open(tmp_path / "tocsin.db")
    daemon = Daemon(config, store, Engine(config.plan), {}, Clock(), 8)
    await daemon.turns.dispatcher.start()
    yield daemon
    await daemon.stop()
    await store.close()


def a_report() -> ReportView:
    """Of a month without anything; Marit's words are in its method."""
    return ReportView(
        period=ReportPeriod(
            label="2026-10",
            start="2026-10-01T00:00:00.000Z",
            end="2026-11-01T00:00:00.000Z",
            timezone="UTC",
        ),
        generated_at="2026-11-01T00:00:00.000Z",
        as_of="2026-11-01T00:00:00.000Z",
        final=True,
        digest="d" * 64,
        summary=ReportSummary(objectives=0, met=0, missed=0, unknown=0, services=0),
        slot="day",
        method=["Excluded by marit."],
        objectives=[],
        services=[],
        incidents=IncidentTotals(
            total=7, acknowledged=7, resolved=7, by_severity={}, mtta_ms=None, mttr_ms=None
        ),
    )


async def act(daemon: Daemon) -> str:
    """Marit has an incident, silences it, and keeps a report that names her, which is mailed."""
    await daemon.command(OpenIncident(MARIT, "marit sees it", SHOP, text="says marit"))
    (key,) = daemon.engine.incidents
    await daemon.command(Acknowledge(key, MARIT, "marit looks"))
    await daemon.command(AddNote(key, MARIT, "marit-db is not hers"))
    matchers, until = (parse_matcher(f"service={SHOP}"),), daemon.now() + HOUR
    await daemon.command(PutSilence(MARIT, matchers, None, until, "of marit"))
    view = a_report()
    file = zlib.compress(written(view, Form.HTML).encode())
    kept = replace(pack(view, MARIT.name), form="html", file_name="report.html", file=file)
    await daemon.command(KeepReport(kept, MARIT, (Mailing("mail"),), "October", "by marit"))
    return key


def everything(database: Path) -> str:
    """All that is stored, also what is packed."""
    connection = sqlite3.connect(database)
    connection.create_function("unpacked", 1, lambda one: zlib.decompress(one).decode())
    text = "\n".join(connection.iterdump())
    packed = connection.execute(
        "SELECT unpacked(body) FROM report UNION ALL"
        " SELECT unpacked(file) FROM report WHERE file IS NOT NULL"
    ).fetchall()
    connection.close()
    return text + "\n".join(row[0] for row in packed)


def names(text: str) -> set[str]:
    return set(re.findall(r"[\w-]*marit[\w-]*", text))


async def test_memory_outbox_and_file_forget_and_it_does_not_come_back(
    daemon: Daemon, tmp_path: Path
) -> None:
    key = await act(daemon)
    assert "marit" in names(everything(tmp_path / "tocsin.db"))
    told = await daemon.forget("marit", ROOT)
    assert told["pseudonym"] == "former person 1"
    assert told["rows"] > 10
    assert daemon.engine.incidents[key].acknowledged_by == "former person 1"
    assert b"a person was forgotten" in daemon.hub.take(0).data, "what is shown is read anew"
    await daemon.command(Unacknowledge(key, BEN))
    await daemon.command(Resolve(key, BEN))
    (silence,) = daemon.engine.silences
    await daemon.command(ExpireSilence(silence, BEN))
    await daemon.turns.durable()
    assert names(repr(daemon.engine.snapshot())) <= OTHERS
    queued = [
        job.notices for lane in daemon.turns.dispatcher._lanes.values() for job in lane.backlog
    ]
    assert queued
    assert names(repr(queued)) <= OTHERS
    assert names(everything(tmp_path / "tocsin.db")) == OTHERS
    (line,) = [one for one in await daemon.history.audit(50) if one.action == "forget person"]
    assert (line.actor, line.subject) == (ROOT, "former person 1")
    assert await daemon.verify() == {"problems": []}
    assert await daemon.forget("marit", ROOT) == {"pseudonym": None, "rows": 0}


async def test_figures_of_a_kept_report_stay_and_its_mail_is_written_anew(daemon: Daemon) -> None:
    await act(daemon)
    await daemon.forget("marit", ROOT)
    (row,) = await daemon.analysis.ask(partial(kept_report, prefix=""))
    view = unpack(row)
    assert isinstance(view, ReportView)
    before = msgspec.structs.replace(a_report(), id=view.id, made_by="former person 1")
    assert view == msgspec.structs.replace(before, method=["Excluded by former person 1."])
    lane = daemon.turns.dispatcher._lanes["mail"]
    (job,) = lane.backlog
    document = await reports_in(daemon.analysis)(job.notice)
    assert b"Excluded by former person 1." in document.content
    assert document.name == "tocsin-2026-10.html"


@pytest.mark.parametrize("name", ["ben", "cleo"])
async def test_who_is_in_the_configuration_is_refused_with_the_mend(
    daemon: Daemon, name: str
) -> None:
    with pytest.raises(Invalid, match=f"{name} is in the configuration .* and reload first"):
        await daemon.forget(name, ROOT)


async def test_what_waits_for_the_person_is_given_up(daemon: Daemon) -> None:
    lane = daemon.turns.dispatcher._lanes["mail"]
    await daemon.command(
        KeepReport(pack(a_report(), "x"), ROOT, (Mailing("mail", "marit", "m@b.org"),), "s", "t")
    )
    assert len(lane.backlog) == 1
    await daemon.forget("marit", ROOT)
    assert len(lane.backlog) == 0
    (found,) = await daemon.history.deliveries(None, 5)
    assert (found.state, found.recipient) == ("failed", "former person 1")
    assert found.detail == "whom it was for is to be forgotten"


async def test_a_kill_on_the_way_leaves_the_rest_to_the_next_start(tmp_path: Path) -> None:
    path = tmp_path / "tocsin.db"
    store = await Store.open(path)
    effects = Engine(Plan()).handle(OpenIncident(MARIT, "marit sees it"), 1_000)
    await store.submit(effects, 1_000)
    await store.begin_forgetting(Erasure("marit", "former person 1"))
    await store.close()
    assert "marit" in names(everything(path))
    again = await Store.open(path)
    snapshot = await again.restore(Plan(), 2_000)
    await again.close()
    assert names(repr(snapshot)) == names(everything(path)) == set()
    assert b"marit" not in path.read_bytes()


async def test_whoever_is_forgotten_is_not_told_the_end(daemon: Daemon) -> None:
    """There is no address any more; nothing fails for that, and others are told."""
    key = await act(daemon)
    incident = daemon.engine.incidents[key]
    told = (
        Told("mail", "marit", daemon.now(), (), Severity.HIGH, address="m@b.org", reached=True),
        Told("ops", "", daemon.now(), (), Severity.HIGH, reached=True),
    )
    daemon.engine._decider.book.incidents[key] = replace(incident, told=told)
    await daemon.forget("marit", ROOT)
    assert [(one.channel, one.recipient) for one in daemon.engine.incidents[key].told] == [
        ("ops", "")
    ]
