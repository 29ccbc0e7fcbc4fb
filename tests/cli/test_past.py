"""The commands about the past, against a real server with a real database behind it."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from checks.result import Status
from daemon.api import schema
from daemon.cli.app import run
from daemon.cli.drawn import bar, heat_map
from daemon.core.model import HOUR, MINUTE
from tests.api.past import PastLab

from .conftest import Desk, OpenDesk


@pytest.fixture
def past(tmp_path: Path, open_desk: OpenDesk, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A daemon whose shop failed three times, and fails."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    lab = PastLab(tmp_path)
    for _ in range(3):
        lab.result("web", Status.UP)
        lab.later(HOUR)
        lab.outage("web")
        lab.later(6 * MINUTE)
    lab.keep()
    with open_desk(lab) as desk:
        yield desk
    asyncio.run(lab.analysis.close())


def test_history_lists_what_was_and_how_long_it_took(past: Desk) -> None:
    said = past.tocsin("history", 'service="checkout"', "--since", "1d")
    assert said.code == 0
    lines = said.out.splitlines()
    assert lines[0].split() == ["ID", "SEVERITY", "FIRED", "TOOK", "STATE", "SERVICE", "TITLE"]
    assert [("6m1s" in line, "resolved" in line) for line in lines[1:]] == [
        (False, False),
        (True, True),
        (True, True),
    ]
    found = past.tocsin("history", "--state", "resolved", "--limit", "1", "-o", "json").json
    (one,) = msgspec.convert(found, list[schema.IncidentView])
    assert one.state == "resolved"
    assert past.tocsin("history", "--text", "nothing like it").out == "no incident was so\n"


def test_what_cannot_be_asked_is_said_with_its_mend(past: Desk) -> None:
    said = past.tocsin("history", "--severity", "loud")
    assert said.code == 2
    assert "severity" in said.err
    assert past.tocsin("history", "--limit", "many").code == 2
    assert past.tocsin("stats", "--noise", "--escalations").code == 2
    assert past.tocsin("stats", "--service", "nothing").code == 2


def test_stats_show_bars_durations_and_the_week(past: Desk) -> None:
    said = past.tocsin("stats")
    assert said.code == 0
    assert said.out.startswith("3 incidents from ")
    for part in ("◆ critical  3      █", "checkout  3      █", "When in the week (Europe/Berlin)"):
        assert part in said.out
    assert "CheckFailing  check:web" in said.out
    assert max(map(len, said.out.splitlines())) <= 80
    assert len([line for line in said.out.splitlines() if line.startswith("Sat  ")]) == 1
    told = past.tocsin("stats", "-o", "json").json
    assert msgspec.convert(told["statistics"], schema.StatisticsView).total == 3
    assert past.tocsin("stats", "--since", "2026-01-01", "--until", "2026-01-02").out.startswith(
        "0 incidents"
    )


def test_noise_and_escalations_say_what_to_tune(past: Desk) -> None:
    said = past.tocsin("stats", "--noise")
    assert "CheckFailing (check:web) fired 3 times\n" in said.out
    assert "taken by nobody 3 times (100%): [context.NAME] severity\n" in said.out
    quiet = past.tocsin("stats", "--noise", "--service", "jobs")
    assert quiet.out.startswith("nothing is noise")
    risen = past.tocsin("stats", "--escalations").out
    assert risen.startswith("3 of 3 incidents escalated")
    assert "primary" in risen


def test_a_bar_shows_whatever_is_not_nothing() -> None:
    assert (bar(0, 5), bar(5, 5, 4), bar(1, 1000, 4), bar(1, 0)) == ("", "████", "▏", "")


def test_a_heat_map_has_a_line_a_day_and_the_darkest_shade_for_the_most() -> None:
    counts = [0] * 168
    counts[0], counts[25] = 8, 2
    lines = list(heat_map(counts))
    assert len(lines) == 9
    assert lines[1].startswith("Mon  ██ ·")
    assert lines[2].startswith("Tue   ·░░ ·")
    assert {len(line) for line in lines[1:8]} == {56}


def test_an_export_goes_to_a_file_that_is_new_and_whole(past: Desk, tmp_path: Path) -> None:
    out = tmp_path / "alerts.csv"
    said = past.tocsin("export", "alerts", "--out", str(out))
    assert (said.code, said.out) == (0, "")
    assert len(out.read_text(encoding="utf-8").splitlines()) == 4
    again = past.tocsin("export", "alerts", "--out", str(out))
    assert (again.code, "exists already" in again.err) == (2, True)
    nowhere = past.tocsin("export", "alerts", "--out", str(tmp_path / "no" / "where"))
    assert nowhere.code == 2
    assert past.tocsin("export", "audit").code == 2
    assert past.tocsin("export", "alerts", "--since", "1h", "--until", "2h").code == 2
    assert sorted(path.name for path in tmp_path.glob("alerts*")) == ["alerts.csv"]


def test_without_a_daemon_the_file_is_exported(past: Desk, tmp_path: Path) -> None:
    lab = past.lab
    assert isinstance(lab, PastLab)
    config = tmp_path / "config.toml"
    config.write_text(f'[daemon]\ndatabase = "{lab.path}"\nsocket = "{tmp_path}/none.sock"\n')
    out = tmp_path / "alerts.json"
    arguments = ["export", "alerts", "--format", "json", "--out", str(out)]
    assert run([*arguments, "--config", str(config)]) == 0
    lines = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert [line["source"] for line in lines] == ["check:web"] * 3


def test_an_export_that_is_read_no_further_ends_quietly(past: Desk) -> None:
    command = [
        sys.executable,
        "-c",
        "from daemon.cli import main; main()",
        "export",
        "alerts",
        "--socket",
        str(past.socket),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0
