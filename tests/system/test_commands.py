"""Every command, asked of one real daemon process: what it does, says and exits with.

A switch, a file, says whether the shop is up; each test puts it where it needs it.
"""

from __future__ import annotations

import asyncio
import os
import select
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from daemon import __version__
from daemon.api import schema
from tests.system.desk import SHOP, Desk, nobody
from tests.system.running import PATIENCE_S, Tocsin

pytestmark = pytest.mark.xdist_group("commands")  # they share one daemon


@pytest.fixture(scope="module")
def tocsin() -> Iterator[Tocsin]:
    """One daemon for all of them, where also a stranger can reach its socket."""
    home = Path(tempfile.mkdtemp(prefix="tocsin-commands-"))
    home.chmod(0o755)
    (home / "open").touch()
    daemon = Tocsin(home, SHOP.format(home=home))
    try:
        asyncio.run(daemon.start())
        yield daemon
        assert daemon.end() == 0
        assert "Traceback" not in daemon.words()
    finally:
        if daemon.process is not None and daemon.process.poll() is None:
            daemon.kill()
        shutil.rmtree(home)


@pytest.fixture
def desk(
    tocsin: Tocsin, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Desk:
    monkeypatch.chdir(tocsin.home)
    return Desk(tocsin, capsys)


def test_status_is_good_while_all_is_up_and_negative_while_something_fires(desk: Desk) -> None:
    desk.calm()
    well = desk("status")
    assert well.code == 0
    assert "✓ up" in well.out
    desk.outage()
    ill = desk("status")
    assert ill.code == 1
    assert "✕ down" in ill.out
    found = desk("status", "-o", "json").json
    assert {"status", "counts", "daemon"} <= set(found)
    assert {"pid", "version", "started_at"} <= set(found["daemon"])
    assert found["daemon"]["pid"] == desk.tocsin.process.pid  # type: ignore[union-attr]  # it runs


@pytest.mark.parametrize(
    ("command", "shape"),
    [
        ("incidents --all", schema.IncidentView),
        ("alerts", schema.AlertView),
        ("check list", schema.CheckView),
        ("service list", schema.ServiceView),
        ("sla", schema.SlaView),
        ("silence list --all", schema.SilenceView),
    ],
)
def test_lists_for_programs_are_arrays_of_the_agreed_shapes(
    desk: Desk, command: str, shape: type[schema.Shape]
) -> None:
    desk.outage()
    desk("silence", "add", 'service="elsewhere"', "--for", "1h")
    for words in ([*command.split(), "-o", "json"], ["-o", "json", *command.split()]):
        found = desk(*words).json
        assert len(msgspec.convert(found, list[shape])) >= 1  # type: ignore[valid-type]  # a parameter


def test_incidents_and_alerts_are_listed_chosen_and_shown(desk: Desk) -> None:
    key = desk.outage()
    assert desk("incidents").code == 1
    assert desk("alerts", 'service="shop"', 'severity=~"critical|high"').code == 1
    assert desk("alerts", 'service!="shop"').code == 0
    assert desk("alerts", "nonsense").code == 2
    shown = desk("show", key[:8])
    assert shown.code == 0
    for text in (key, "Customers cannot pay", "Alerts", "Timeline", "Deliveries"):
        assert text in shown.out
    msgspec.convert(desk("show", key, "-o", "json").json, schema.IncidentDetail)
    desk.calm()
    assert desk("incidents").out == "no incident is open\n"
    assert key[:8] in desk("incidents", "--all").out
    assert key[:8] in desk("incidents", "--since", "1h").out


def test_an_incident_is_taken_given_back_noted_escalated_and_resolved(desk: Desk) -> None:
    key = desk.outage()
    taken = desk("ack", key[:8], "-m", "looking", "--for", "1h", "-o", "json")
    assert msgspec.convert(taken.json, schema.IncidentView).state == "acknowledged"
    assert "acknowledged by" in desk("incidents").out
    assert desk("unack", key).out.startswith("triggered ")
    assert desk("note", key, "the", "switch").out.startswith("noted on ")
    assert desk("escalate", key).out.startswith("escalated ")
    assert "the switch" in desk("show", key).out
    assert desk("resolve", key, "-m", "known").out.startswith("resolved ")
    assert desk("ack", key).code == 4


def test_an_incident_is_assigned_to_a_person_who_is_told_and_snoozed(desk: Desk) -> None:
    key = desk.outage()
    near = desk("assign", key, "anna")
    assert (near.code, near.err.count("\n")) == (2, 1)
    assert "did you mean ana?" in near.err
    assert desk("assign", key[:8], "ana", "-m", "yours").out.startswith("assigned to ana ")
    assert desk("snooze", key, "--for", "1h").out.startswith("snoozed ")
    detail = msgspec.convert(desk("show", key, "-o", "json").json, schema.IncidentDetail)
    assert (detail.incident.assigned_to, detail.incident.state) == ("ana", "acknowledged")
    assert {"assigned", "snoozed"} <= {line.kind for line in detail.timeline}
    (told,) = [one for one in detail.deliveries if one.recipient == "ana" and "upd" in one.type]
    assert told.channel == "console"
    assert desk("assign", key, "").out.startswith("assigned to nobody ")
    assert desk("resolve", key).code == 0
    assert desk("assign", key, "ana").code == 4


@pytest.mark.parametrize(
    "command",
    [
        "show ffffffff",
        "ack ffffffff",
        "note ffffffff x",
        "silence expire ffffffff",
        "silence edit ffffffff --for 1h",
        "check show none",
        "check run none",
        "service show none",
        "sla none",
    ],
)
def test_what_does_not_exist_is_bad_input(desk: Desk, command: str) -> None:
    said = desk(*command.split())
    assert said.code == 2
    assert said.err.count("\n") == 1


def test_silences_are_made_listed_changed_and_ended(desk: Desk) -> None:
    desk.outage()
    made = desk("silence", "add", 'service="shop"', "--for", "2h", "-m", "deploying", "-o", "json")
    key = msgspec.convert(made.json, schema.SilenceView).id
    assert "muted" in desk("incidents").out
    assert "deploying" in desk("silence", "list").out
    changed = desk("silence", "edit", key[:8], "--for", "4h", "-o", "json").json
    assert (changed["id"], changed["comment"]) == (key, "deploying")
    assert desk("silence", "expire", key[:8]).out == f"expired {key[:8]}\n"
    assert key[:8] not in desk("silence", "list").out
    assert key[:8] in desk("silence", "list", "--all").out


def test_checks_are_listed_run_and_shown(desk: Desk) -> None:
    desk.calm()
    assert "✓ up" in desk("check", "list").out
    assert desk("check", "run", "clock").code == 0
    desk.outage()
    assert desk("check", "run", "web").code == 1
    shown = desk("check", "show", "web")
    assert "Results" in shown.out
    msgspec.convert(desk("check", "show", "web", "-o", "json").json, schema.CheckDetail)


def test_services_and_their_promises_are_shown(desk: Desk) -> None:
    desk.outage()
    assert "shop" in desk("service", "list").out
    assert "Open incidents" in desk("service", "show", "shop").out
    msgspec.convert(desk("service", "show", "shop", "-o", "json").json, schema.ServiceDetail)
    (figures,) = desk("sla", "shop", "-o", "json").json
    assert {"value", "met", "up_ms", "down_ms", "coverage", "budget", "violations"} <= set(figures)
    missed = desk("sla")
    assert missed.code == int(figures["met"] is False)
    assert "99.90%" in missed.out


def test_a_reload_says_what_changed_and_a_bad_one_what_is_wrong(desk: Desk) -> None:
    text = SHOP.format(home=desk.tocsin.home)
    try:
        desk.tocsin.write(text.replace('"clock"', '"watch"'))
        good = desk("reload")
        assert (good.code, "+watch" in good.out) == (0, True)
        desk.tocsin.write(text.replace("run = ", "rum = "))
        bad = desk("reload")
        assert bad.code == 2
        assert bad.err.count('did you mean "run"?') == 2
        assert "reload was refused" in desk("status").out
    finally:
        desk.tocsin.write(text)
        assert desk("reload").code == 0


def test_the_database_is_copied_verified_and_pruned(desk: Desk) -> None:
    assert desk("db", "backup", "copy.db").out == f"wrote {desk.tocsin.home / 'copy.db'}\n"
    assert desk("db", "backup", "copy.db").code != 0
    with sqlite3.connect(desk.tocsin.home / "copy.db") as copy:
        assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    copy.close()
    assert desk("db", "verify").out == "✓ good\n"
    assert desk("db", "prune").out.startswith("removed ")
    assert set(desk("db", "verify", "-o", "json").json) >= {"problems"}


def test_the_configuration_is_checked_shown_begun_and_described(desk: Desk) -> None:
    config = str(desk.tocsin.config)
    assert "2 checks" in desk.alone("config", "check", config).out
    assert desk.alone("--config", config, "-o", "json", "config", "check").json["good"] is True
    assert '[[check]]\nname = "web"' in desk.alone("config", "show", config).out
    assert desk.alone("config", "init", "new.toml").code == 0
    assert desk.alone("config", "init", "new.toml").code == 2
    assert desk.alone("config", "check", "new.toml").code == 0
    assert "properties" in desk.alone("config", "schema").json
    assert desk.alone("version").out == f"tocsin {__version__}\n"


def test_a_configuration_leads_to_its_daemon_from_before_or_after_the_command(desk: Desk) -> None:
    config = str(desk.tocsin.config)
    for words in (["--config", config, "check", "list"], ["check", "list", "--config", config]):
        assert "clock" in desk.alone(*words).out


def test_watching_shows_a_line_and_ends_well_when_it_is_interrupted(desk: Desk) -> None:
    desk.calm()
    command = [sys.executable, "-m", "daemon", "watch", "--only", "check"]
    with subprocess.Popen(
        [*command, "--socket", str(desk.tocsin.socket)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as watching:
        assert b"0 incidents open" in _line(watching)
        desk.outage()
        assert b"web" in _line(watching)
        watching.send_signal(signal.SIGINT)
        _, complaint = watching.communicate(timeout=PATIENCE_S)
    assert (watching.returncode, complaint) == (0, b"")


def _line(process: subprocess.Popen[bytes]) -> bytes:
    """The next line that it writes."""
    assert process.stdout is not None
    assert select.select([process.stdout], [], [], PATIENCE_S)[0], "it wrote nothing"
    return process.stdout.readline()


def test_a_reader_that_has_enough_is_no_failure(desk: Desk) -> None:
    words = f"{sys.executable} -m daemon check list --socket {desk.tocsin.socket}"
    done = subprocess.run(
        ["bash", "-c", f"{words} | head -c 1; exit ${{PIPESTATUS[0]}}"],
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_who_may_not_is_refused(desk: Desk) -> None:
    key = desk.outage()
    desk("show", key)  # what it imports, nobody could not read
    with nobody():
        outside = desk("status")
    assert (outside.code, "no permission to connect" in outside.err) == (4, True)
    desk.tocsin.socket.chmod(0o666)
    with nobody():
        assert desk("status").code == 1
        inside = desk("ack", key)
    assert inside.code == 4
    assert inside.err.count("\n") == 1


def test_without_a_daemon_every_question_ends_with_3(desk: Desk) -> None:
    for command in ("status", "incidents", "alerts", "show x", "ack x", "silence list", "sla"):
        said = desk.alone(*command.split(), "--socket", str(desk.tocsin.home / "none.sock"))
        assert said.code == 3
        assert "no daemon" in said.err
