"""daemon.cli.app: arguments in, one line a fault and an exit code out."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

import pytest

from daemon.cli import app, status
from daemon.cli.app import run

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _nobody_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No configuration, no daemon, no database."""
    for name in ("TOCSIN_CONFIG", "TOCSIN_SOCKET", "RUNTIME_DIRECTORY", "STATE_DIRECTORY"):
        monkeypatch.delenv(name, raising=False)
    for name in ("XDG_RUNTIME_DIR", "XDG_STATE_HOME", "XDG_CONFIG_HOME", "HOME"):
        monkeypatch.setenv(name, str(tmp_path / "nothing"))
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["statuss"], "did you mean `tocsin status`?"),
        (["--nonsense"], "there is no option"),
        (["ack"], "ID is missing; see `tocsin ack --help`"),
        (["status", "--nonsense"], "--nonsense"),
        (["status", "-o", "yaml"], "yaml"),
        (["check"], "tocsin check"),
        (["check", "lsit"], "lsit"),
        (["incidents", "--since", "soon"], "'soon' is no time"),
        (["ack", "x", "--for", "soon"], "'soon' is no duration"),
        (["watch", "--only", "nonsense"], "there is no event 'nonsense'"),
        (["status", "--config", "gone.toml"], "gone.toml: there is no such file"),
        (["config", "check", "gone.toml"], "gone.toml: there is no such file"),
        (["config", "check"], "tocsin config init"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(
    arguments: list[str], words: str, capsys: Capture
) -> None:
    assert run(arguments) == 2
    said = capsys.readouterr()
    assert words in said.err
    assert said.err.count("\n") == 1
    assert said.err.startswith("tocsin: ")


@pytest.mark.parametrize(
    "arguments", [["status"], ["ack", "x"], ["watch"], ["check", "run", "x"], ["db", "verify"]]
)
def test_without_a_daemon_the_exit_code_is_3(arguments: list[str], capsys: Capture) -> None:
    assert run(arguments) == 3
    assert capsys.readouterr().err.count("\n") == 1


def test_every_command_has_help_with_an_example(capsys: Capture) -> None:
    from daemon.cli.catalog import COMMANDS

    leaves: list[list[str]] = []
    for name, entry in COMMANDS.items():
        found = import_module(f"daemon.cli.{entry.module}").COMMANDS[name]
        more = found if isinstance(found, Mapping) else [""]
        leaves += [[name, *one.split()] for one in more]
    for leaf in leaves:
        assert run([*leaf, "--help"]) == 0
        assert f"Example: tocsin {' '.join(leaf)}" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [
        ["--socket", "gone", "status", "-o", "json"],
        ["-o", "json", "status", "--socket", "gone"],
        ["--socket=gone", "-ojson", "status"],
        ["--socket", "gone", "--output=json", "check", "list"],
        ["check", "--socket", "gone", "list"],
        ["--socket", "other", "status", "--socket", "gone"],
        ["--socket", "gone", "note", "x", "--", "--text"],
    ],
)
def test_shared_options_stand_before_the_command_or_after(
    arguments: list[str], capsys: Capture
) -> None:
    assert run(arguments) == 3
    assert "the socket gone does not exist" in capsys.readouterr().err


def test_the_configuration_is_named_before_the_command_or_after(
    tmp_path: Path, capsys: Capture
) -> None:
    config = str(tmp_path / "mine.toml")
    for arguments in (["--config", config, "run"], ["run", "-c", config], [f"-c{config}", "up"]):
        assert run(arguments) == 2
        assert f"{config}: there is no such file" in capsys.readouterr().err
    Path(config).write_text('[daemon]\nsocket = "/gone/x.sock"\n', encoding="utf-8")
    for arguments in (["--config", config, "status"], ["status", "--config", config]):
        assert run(arguments) == 3
        assert "the socket /gone/x.sock does not exist" in capsys.readouterr().err
    assert run(["--config", config, "config", "check"]) == 0


def test_a_daemon_does_not_listen_elsewhere_than_its_configuration_says(
    tmp_path: Path, capsys: Capture
) -> None:
    config = tmp_path / "mine.toml"
    config.write_text('[daemon]\nsocket = "/gone/x.sock"\n', encoding="utf-8")
    assert run(["--config", str(config), "--socket", "other", "run"]) == 2
    assert "leave out --socket" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--config"], "the option --config needs a value"),
        (["--config", "x.toml"], "which command?"),
        (["--socket", "x", "statuss"], "did you mean `tocsin status`?"),
        (["-o", "json", "demo"], "there is no option -o"),
        (["--all", "incidents"], "there is no option '--all'"),
    ],
)
def test_what_stands_wrongly_before_a_command_is_refused(
    arguments: list[str], words: str, capsys: Capture
) -> None:
    assert run(arguments) == 2
    assert words in capsys.readouterr().err


def test_nothing_and_help_list_the_commands(capsys: Capture) -> None:
    for arguments in ([], ["--help"], ["-h"], ["help"]):
        assert run(arguments) == 0
        assert "What to do:" in capsys.readouterr().out


def test_the_version_is_shown_for_people_and_programs(capsys: Capture) -> None:
    from daemon import __version__

    run(["version"])
    run(["--version"])
    run(["--socket", "x", "--version"])
    assert capsys.readouterr().out == f"tocsin {__version__}\n" * 3
    run(["version", "-o", "json"])
    assert f'"{__version__}"' in capsys.readouterr().out


def test_a_fault_of_ours_is_one_line_too(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a\nb")

    monkeypatch.setattr(status, "ask", broken)
    monkeypatch.delenv("TOCSIN_DEBUG", raising=False)
    assert run(["status"]) == 1
    said = capsys.readouterr().err
    assert "fault of tocsin itself: RuntimeError: a b" in said
    assert said.count("\n") == 1
    monkeypatch.setenv("TOCSIN_DEBUG", "1")
    with pytest.raises(RuntimeError):
        run(["status"])


def test_interrupting_is_no_fault(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(app, "_command", interrupted)
    assert run(["status"]) == 130
    assert capsys.readouterr().err == ""


def test_the_dashboard_is_a_program_of_its_own_that_finds_its_package_from_anywhere(
    tmp_path: Path,
) -> None:
    (tmp_path / "tui.py").write_text("raise SystemExit('not this one')\n", encoding="utf-8")

    done = subprocess.run(
        [sys.executable, "-c", "from daemon.cli.app import run; run(['tui', '--socket', 'x'])"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(app.__file__).parents[2])},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 2
    assert "this is no terminal" in done.stderr
