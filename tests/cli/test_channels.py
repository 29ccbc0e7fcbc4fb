"""`tocsin test channel`: a test message, sent by the daemon or only shown."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from daemon.cli.app import run
from daemon.notify.retry import Failed
from tests.api.test_channels import OPS

from .conftest import Desk

CONFIG = """
[channel.hook]
kind = "webhook"
url = "https://hooks.example.org/secret-path-0123456789"
[channel.mail]
kind = "email"
host = "localhost"
sender = "tocsin@example.org"
[channel.slack]
kind = "slack"
url = "https://hooks.example.org/secret-path-0123456789"
[channel.pager]
kind = "pagerduty"
routing_key = "0123456789abcdef0123456789abcdef"
[channel.program]
kind = "exec"
run = ["/bin/cat"]
[channel.journal]
kind = "log"
[channel.lines]
kind = "log"
format = "json"
[[check]]
name = "web"
kind = "tcp"
host = "127.0.0.1"
port = 9
"""


@pytest.fixture
def config(tmp_path: Path) -> str:
    path = tmp_path / "config.toml"
    path.write_text(CONFIG)
    return str(path)


def test_a_test_message_is_sent_by_the_daemon(desk: Desk) -> None:
    said = desk.tocsin("test", "channel", "mail", "--to", "ana@example.org")
    assert said.code == 0
    assert said.out.startswith("✓ mail took it in ")
    assert said.out.endswith(": 250 kept\n")
    assert desk.lab.sent[0].address == "ana@example.org"


def test_one_that_was_not_taken_is_a_negative_answer(desk: Desk) -> None:
    desk.lab.outcome = Failed("503 Busy")
    said = desk.tocsin("test", "channel", "pager")
    assert said.code == 1
    assert said.out.startswith("✕ pager failed in ")
    said = desk.tocsin("test", "channel", "pager", "-o", "json")
    assert (said.code, said.json["delivered"], said.json["detail"]) == (1, False, "503 Busy")


def test_an_unknown_channel_is_bad_input(desk: Desk) -> None:
    said = desk.tocsin("test", "channel", "mial")
    assert said.code == 2
    assert "there is no channel 'mial'; there are mail, pager" in said.err


def test_without_a_daemon_nothing_is_sent(
    config: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["test", "channel", "journal", "--socket", str(tmp_path / "none")]) == 3


@pytest.mark.parametrize(
    ("channel", "parts"),
    [
        (("hook",), {"body"}),
        (("mail", "--to", "ana@example.org"), {"subject", "text"}),
        (("slack",), {"body"}),
        (("pager",), {"body"}),
        (("program",), {"body"}),
        (("journal",), {"line"}),
        (("lines",), {"body"}),
    ],
)
def test_a_dry_run_shows_what_this_kind_would_send(
    config: str, capsys: pytest.CaptureFixture[str], channel: tuple[str, ...], parts: set[str]
) -> None:
    assert run(["test", "channel", *channel, "--dry-run", "-c", config, "-o", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert set(told) == {"channel", "kind", "to"} | parts
    for part in parts:
        text = json.dumps(told[part])
        assert f"Test of the channel {channel[0]}" in text
        assert "secret-path" not in text
        assert "0123456789abcdef" not in text


def test_a_dry_run_is_readable(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    to = ("--to", "ana@example.org")
    assert run(["test", "channel", "mail", *to, "--dry-run", "-c", config]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:3] == [
        "mail email to ana@example.org not sent",
        "subject",
        "[INFO] Firing: Test of the channel mail",
    ]
    assert "Nothing is wrong, and nothing is to be done." in "\n".join(lines)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("mial",), "there is no channel 'mial'; there are hook, journal, lines, mail, "),
        (("mail",), "the channel mail has nobody of its own; name an address"),
        (("mail", "--to", "x"), "'x' is no e-mail address"),
        (("hook", "--to", "x"), "hook is a channel of kind webhook, which has no addresses"),
    ],
)
def test_a_dry_run_of_what_cannot_be_sent_ends_with_2(
    config: str, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], words: str
) -> None:
    assert run(["test", "channel", *arguments, "--dry-run", "-c", config]) == 2
    assert words in capsys.readouterr().err


def test_the_channels_are_listed_with_how_each_does(desk: Desk) -> None:
    desk.lab.healths = [OPS]
    said = desk.tocsin("channel", "list")
    (row,) = said.out.splitlines()[1:]
    assert said.code == 0
    assert row.split()[:6] == ["ops", "webhook", "half-open", "70%", "120ms", "2.40s"]
    assert row.endswith("ago: 503")
    (found,) = json.loads(desk.tocsin("channel", "list", "-o", "json").out)
    assert (found["name"], found["breaker"], found["waiting"]) == ("ops", "half_open", 2)
