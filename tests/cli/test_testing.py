"""`tocsin test alert` and `test storm`: through a real server and engine, and in a sandbox."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from daemon.cli.app import run
from tests.cli.conftest import Desk

CONFIG = """
[channel.mail]
kind = "log"
[person.ana]
contact = { high = ["mail"] }
[policy.p]
[[policy.p.level]]
after = "0s"
notify = ["person:ana"]
[[route]]
policy = "p"
channels = ["mail"]
group_by = ["service"]
[[check]]
name = "web"
kind = "tcp"
host = "127.0.0.1"
port = 9
[[check]]
name = "db"
kind = "tcp"
host = "127.0.0.1"
port = 9
"""


@pytest.fixture
def config(tmp_path: Path) -> str:
    path = tmp_path / "config.toml"
    path.write_text(CONFIG)
    return str(path)


def test_a_test_alert_is_fired_shown_as_one_and_audited(desk: Desk) -> None:
    said = desk.tocsin("test", "alert", "checkout", "--severity", "high", "--for", "5m")
    assert said.code == 0
    assert "it resolves by itself at" in said.out
    (incident,) = desk.tocsin("incidents", "-o", "json").json
    assert incident["title"] == "[TEST] checkout is down"
    assert incident["test"] is True
    assert incident["severity"] == "high"
    assert incident["money"] is None
    assert "[TEST] checkout is down" in desk.tocsin("incidents").out
    assert desk.tocsin("resolve", incident["id"]).code == 0
    assert desk.tocsin("incidents", "-o", "json").json == []


def test_a_service_that_is_not_there_is_named(desk: Desk) -> None:
    said = desk.tocsin("test", "alert", "chekout")
    assert said.code != 0
    assert "there is no service 'chekout'; known: checkout, orders-db, jobs" in said.err


def test_a_storm_is_played_from_the_configuration_alone(
    config: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["test", "storm", "--alerts", "60", "-c", config, "-o", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [one["alerts"] for one in told["incidents"]] == [30, 30]
    assert told["told"] == sum(told["messages"].values())
    assert told["reduction_percent"] > 90
    assert run(["test", "storm", "--alerts", "60", "--services", "1", "-c", config]) == 0
    out = capsys.readouterr().out
    assert "60 alerts become 1 incident\n" in out
    assert "less is told than without grouping" in out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--alerts", "many"], "--alerts 'many' is not a number of at least 1"),
        (["--alerts", "5000"], "a test fires 1 to 2000 alerts"),
        (["--severity", "bad"], "bad"),
        (["--live"], "this pages people for 500 alerts; say --yes if you want that"),
    ],
)
def test_what_a_storm_cannot_be_is_refused(
    config: str, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    assert run(["test", "storm", *arguments, "-c", config]) == 2
    assert words in capsys.readouterr().err


def test_a_live_storm_goes_through_the_daemon_as_one_incident(desk: Desk, config: str) -> None:
    names = CONFIG.replace('name = "web"', 'name = "checkout"')
    Path(config).write_text(names)
    said = desk.tocsin(
        "test", "storm", "--alerts", "40", "--services", "1", "--live", "--yes", "-c", config
    )
    assert "40 test alerts fire" in said.out
    (incident,) = desk.tocsin("incidents", "-o", "json").json
    assert len(incident["alerts"]) == 40
