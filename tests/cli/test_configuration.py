"""`tocsin config`: check, show, begin, describe."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import tomli

from daemon.cli.app import run

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TOCSIN_CONFIG", raising=False)
    monkeypatch.chdir(tmp_path)


def test_a_starter_is_written_once_and_is_good(capsys: Capture) -> None:
    assert run(["config", "init"]) == 0
    assert run(["config", "check"]) == 0
    assert "✓ good config.toml: 1 check, 1 service, 1 rule, 1 channel, 1 SLA\n" in (
        capsys.readouterr().out
    )

    assert run(["config", "init"]) == 2
    assert "exists already; --force" in capsys.readouterr().err
    assert run(["config", "init", "--force"]) == 0
    assert run(["config", "init", "missing/config.toml"]) == 2


def test_every_fault_is_told_in_a_line_of_its_own(capsys: Capture) -> None:
    Path("config.toml").write_text('[daemon]\ntimezon = "UTC"\n[nonsense]\n', encoding="utf-8")

    assert run(["config", "check"]) == 2
    first, second = capsys.readouterr().err.splitlines()
    assert first == 'tocsin: config.toml:2: daemon.timezon: unknown key; did you mean "timezone"?'
    assert second.startswith("tocsin: config.toml:3: nonsense: unknown section; sections are: ")


def test_faults_are_for_programs_too(capsys: Capture) -> None:
    Path("config.toml").write_text('[daemon]\ntimezon = "UTC"\n', encoding="utf-8")

    assert run(["config", "check", "-o", "json"]) == 2
    found = json.loads(capsys.readouterr().out)
    assert found["good"] is False
    assert found["problems"][0] == {
        "file": "config.toml",
        "line": 2,
        "key": "daemon.timezon",
        "message": "unknown key",
        "hint": 'did you mean "timezone"?',
    }


def test_a_route_that_nothing_comes_to_is_a_warning_and_the_file_is_good(capsys: Capture) -> None:
    route = '[[route]]\nchannels = ["ops"]\n'
    Path("config.toml").write_text(f'[channel.ops]\nkind = "log"\n{route * 2}', encoding="utf-8")

    assert run(["config", "check"]) == 0
    warning, good = capsys.readouterr().out.splitlines()
    assert warning.startswith("! warning config.toml:5: route[1]: no alert comes to this route: ")
    assert good.startswith("✓ good config.toml")
    assert run(["config", "check", "-o", "json"]) == 0
    (warned,) = json.loads(capsys.readouterr().out)["warnings"]
    assert (warned["line"], warned["key"]) == (5, "route[1]")


def test_the_effective_configuration_is_shown_without_secrets(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOOK", "https://example.org/hunter2")
    Path("config.toml").write_text(
        '[channel.hook]\nkind = "webhook"\nurl = { env = "HOOK" }\n', encoding="utf-8"
    )

    assert run(["config", "show"]) == 0
    shown = capsys.readouterr().out
    assert tomli.loads(shown)["channel"]["hook"]["url"] == "********"
    assert run(["config", "show", "-o", "json"]) == 0
    as_json = capsys.readouterr().out
    assert json.loads(as_json)["defaults"]["every"] == "10s"
    assert "hunter2" not in shown + as_json


def test_the_schema_is_json(capsys: Capture) -> None:
    assert run(["config", "schema"]) == 0
    assert "check" in json.loads(capsys.readouterr().out)["properties"]
