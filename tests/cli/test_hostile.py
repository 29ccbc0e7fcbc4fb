"""A shell that means no good, or is set up badly: one line, an exit code, never a traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from daemon.cli.app import run

HOUSE = Path(__file__).parents[2]
Shell = Callable[..., subprocess.CompletedProcess[bytes]]


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """Run a line of shell in which `$T` is tocsin, with nothing in the environment."""

    def line(text: str, **env: str) -> subprocess.CompletedProcess[bytes]:
        done = subprocess.run(
            ["bash", "-c", text],
            cwd=tmp_path,
            env={"T": f"{sys.executable} -m daemon", "PYTHONPATH": str(HOUSE), **env},
            capture_output=True,
            check=False,
            timeout=30,
        )
        assert b"Traceback" not in done.stderr
        assert b"fault of tocsin" not in done.stderr
        return done

    return line


def test_closed_outputs_change_no_exit_code(shell: Shell) -> None:
    assert shell("$T --help >&-").returncode == 0
    assert shell("$T config schema >&- 2>&-").returncode == 0
    assert shell("$T status --socket none >&- 2>&-").returncode == 3
    assert shell("$T up --config none <&- >&-").returncode == 2


def test_a_reader_that_leaves_is_no_failure(shell: Shell) -> None:
    done = shell("$T config schema | head -n 1; exit ${PIPESTATUS[0]}")
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_full_disk_is_told_in_one_line(shell: Shell) -> None:
    done = shell("$T config schema > /dev/full")
    assert done.returncode == 2
    assert done.stderr == b"tocsin: standard output: No space left on device\n"


def test_a_terminal_without_our_glyphs_shows_others(shell: Shell) -> None:
    done = shell("$T config init x.toml && $T config check x.toml", PYTHONIOENCODING="ascii")
    assert done.returncode == 0
    assert b"? good" in done.stdout


def test_neither_home_nor_locale_is_needed(shell: Shell) -> None:
    for env in ({}, {"HOME": "", "LC_ALL": "C"}, {"HOME": "/nonexistent", "PYTHONUTF8": "0"}):
        done = shell("$T status --socket none", **env)
        assert done.returncode == 3
        assert done.stderr.count(b"\n") == 1


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (Path.mkdir, "x.toml: is a directory, not a file"),
        (os.mkfifo, "x.toml: is no regular file"),
        (lambda path: path.symlink_to(path), "x.toml: there is no such file"),
        (lambda path: path.write_bytes(b"a = 1\n\xff"), "x.toml:2: is not UTF-8 text"),
        (lambda path: path.write_bytes(b"\0"), "x.toml:1: this is no TOML"),
        (
            lambda path: path.write_text('[daemon]\nsocket = "/x\\u0000"', encoding="utf-8"),
            "control characters",
        ),
    ],
)
def test_what_is_no_configuration_is_named_for_what_it_is(
    make: Callable[[Path], object],
    words: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    make(tmp_path / "x.toml")
    assert run(["config", "check", str(tmp_path / "x.toml")]) == 2
    said = capsys.readouterr().err
    assert words in said
    assert said.count("\n") == 1
    assert "fault of tocsin" not in said


@pytest.mark.parametrize(
    "arguments",
    [
        ["ack", "x", "--for", "9" * 100_000 + "d"],
        ["incidents", "--since", "9" * 100_000],
        ["x" * 100_000],
        ["status", "-" + "x" * 100_000],
        ["status", "--socket", ""],
        ["config", "init", ""],
        ["alerts", "\udcff"],
    ],
)
def test_nonsense_of_any_size_is_one_short_line(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert len(said) < 3_000
    assert "fault of tocsin" not in said


def test_a_way_to_a_socket_that_is_too_long_is_bad_input(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["status", "--socket", "/" + "x" * 5_000]) == 2
    assert capsys.readouterr().err.endswith("File name too long\n")


@contextmanager
def stranger() -> Iterator[None]:
    """As a user whom the system does not know."""
    os.seteuid(54_321)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_a_closed_directory_is_told_and_an_unnamed_one_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    config = closed / "config.toml"
    config.write_text("", encoding="utf-8")
    run(["config", "check", str(config)])  # what it imports, a stranger could not read
    run(["status", "--socket", "none"])
    capsys.readouterr()
    monkeypatch.chdir("/")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(closed))
    with stranger():
        assert run(["config", "check", str(config)]) == 2
        assert "cannot be read: Permission denied" in capsys.readouterr().err
        assert run(["config", "check"]) == 2
        assert "there is no configuration" in capsys.readouterr().err
        assert run(["status", "--socket", "/none"]) == 3


def test_a_user_without_a_home_can_ask_and_is_told_where_a_database_may_be(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from daemon.config.paths import config_candidates, database_at

    for name in ("STATE_DIRECTORY", "XDG_STATE_HOME", "XDG_CONFIG_HOME", "HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)  # as for a uid nobody has
    assert len(list(config_candidates())) == 3
    with pytest.raises(FileNotFoundError, match=r"set \[daemon\] database"):
        database_at(None)
