"""`tocsin test route` and `test escalation`: a configuration tried without a daemon."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from daemon.cli.app import run

CONFIG = """
[channel.mail]
kind = "log"
[channel.sms]
kind = "log"
[person.ana]
contact = { high = ["sms"], low = ["mail"] }
[schedule.office]
timezone = "UTC"
[[schedule.office.layer]]
rotation = "weekly"
start = "2026-01-05T09:00"
people = ["ana"]
restrict = [{ days = ["MON-FRI"], from = "09:00", to = "17:00" }]
[policy.p]
[[policy.p.level]]
after = "0s"
notify = ["schedule:office"]
[[policy.p.level]]
after = "5m"
notify = ["channel:mail"]
[[route]]
match = ['severity="critical"']
policy = "p"
[[route]]
match = ['service="web"']
continue = true
channels = ["sms"]
[[check]]
name = "web"
kind = "tcp"
host = "127.0.0.1"
port = 9
[[service]]
name = "bare"
"""


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("TZ", "UTC")
    path = tmp_path / "config.toml"
    path.write_text(CONFIG)
    return str(path)


def test_an_escalation_is_shown_from_any_time(
    config: str, capsys: pytest.CaptureFixture[str]
) -> None:
    monday, sunday = "2026-11-23T10:00:00Z", "2026-11-22T10:00:00Z"
    assert run(["test", "escalation", "web", "--at", monday, "-c", config]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()[1:]]
    assert rows[0] == ["0s", "2026-11-23", "10:00:00", "ana", "sms", "firing:", "level", "1"]
    assert rows[1][:5] == ["5m", "2026-11-23", "10:05:00", "everybody", "there"]
    assert run(["test", "escalation", "web", "--at", sunday, "-c", config, "-o", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [one["time"][11:16] for one in told] == ["10:00", "10:00", "10:00"]
    assert told[0]["reason"].startswith("level 1: nobody (not reachable: schedule:office")
    assert (told[1]["channel"], told[1]["level"]) == ("mail", 2)


def test_nobody_told_is_said(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["test", "escalation", "web", "--severity", "low", "--for", "30s", "-c", config]
    assert run(arguments) == 0
    assert capsys.readouterr().out == "nobody would be told\n"


def test_a_rehearsal_that_is_cut_says_so(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    often = CONFIG.replace('notify = ["channel:mail"]', 'notify = ["channel:mail"]\nrepeat = "10s"')
    Path(config).write_text(often)
    arguments = ["test", "escalation", "web", "-c", config, "-o", "json", "--for"]
    assert run([*arguments, "2h"]) == 0
    assert capsys.readouterr().err == ""
    assert run([*arguments, "7d"]) == 0
    said = capsys.readouterr()
    assert len(json.loads(said.out)) == 1_000
    assert said.err == "tocsin: cut after 1000 lines; what comes then is not shown\n"


HELD = (
    CONFIG.replace(
        "continue = true\n",
        'continue = true\nsuppress = "5m"\nmute_time_intervals = ["nights"]\n',
    )
    + """
[time_interval.nights]
timezone = "UTC"
times = [{ to = "06:00" }, { from = "22:00" }]
"""
)


def test_what_a_route_holds_back_is_shown_for_any_time(
    config: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path(config).write_text(HELD)
    told = {}
    for at in ("2026-11-22T23:00Z", "2026-11-22T06:00Z"):
        assert run(["test", "route", "service=web", "severity=low", "--at", at, "-c", config]) == 0
        told[at] = capsys.readouterr().out.splitlines()[-3:]
    suppress = "  suppress: an alert is told once it has fired for 5m"
    named = "  mute_time_intervals nights"
    muted = "  mute then: muted in the time interval nights until 2026-11-23 06:00:00"
    assert list(told.values()) == [
        [suppress, named, muted], [suppress, named, "  tells then: no interval mutes it"],
    ]  # fmt: skip
    arguments = [
        "test",
        "route",
        "service=web",
        "severity=low",
        "--at",
        "2026-11-22T23:00Z",
        "-o",
        "json",
    ]
    assert run([*arguments, "-c", config]) == 0
    (taken,) = json.loads(capsys.readouterr().out)["taken"]
    assert taken["muted"][0]["until"].startswith("2026-11-23T06:00:00")
    assert (taken["suppress_ms"], taken["mute_time_intervals"]) == (300_000, ["nights"])


def test_a_route_is_explained(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["test", "route", "service=web", "severity=low", "-c", config]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "· the root ✓ matches",
        '  · route 0 {severity="critical"} ✕ not severity="critical"',
        '  · route 1 {service="web"} ✓ matches, and goes on',
        'it is told by {}/{service="web"}',
        '  group {}/{service="web"}:{service="web"}',
        "  policy none   channels sms",
        "  waits 1m, then every 5m; repeats after 4h",
    ]
    assert run(["test", "route", "service=web", "severity=P1", "-c", config, "-o", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [one["matches"] for one in told["routes"]] == [True, True, None]
    assert told["taken"][0]["policy"] == "p"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("route", "service"), "'service' is no label; write it like service=checkout"),
        (("route", "severity=dire"), "dire"),
        (("escalation", "shop"), "there is no service 'shop'; there are bare, web"),
        (("escalation", "bare"), "the service 'bare' has no check that could fail"),
        (("escalation", "web", "--for", "0s"), "no time at all"),
    ],
)
def test_bad_input_ends_with_2(
    config: str, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], words: str
) -> None:
    assert run(["test", *arguments, "-c", config]) == 2
    assert words in capsys.readouterr().err


def test_a_bad_configuration_is_told_with_its_lines(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "bad.toml"
    path.write_text("[chek]\n")
    assert run(["test", "route", "a=b", "-c", str(path)]) == 2
    assert "bad.toml:1: chek: unknown section" in capsys.readouterr().err
