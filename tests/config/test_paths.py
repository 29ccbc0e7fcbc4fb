"""daemon.config.paths: where the configuration, the socket and the database are looked for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from daemon.config import Config, ConfigError, database_path, find_config, socket_path
from daemon.config.paths import configured

VARIABLES = (
    "TOCSIN_CONFIG", "TOCSIN_SOCKET", "RUNTIME_DIRECTORY", "XDG_RUNTIME_DIR", "STATE_DIRECTORY",
    "XDG_STATE_HOME", "XDG_CONFIG_HOME",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "cwd").mkdir()
    monkeypatch.chdir(tmp_path / "cwd")


def put(path: Path, text: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_the_named_file_goes_before_the_environment_and_that_before_the_places(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = put(tmp_path / "home/.config/tocsin/config.toml")
    assert find_config() == home

    put(tmp_path / "cwd/config.toml")
    assert find_config() == Path("config.toml")

    named = put(tmp_path / "from-environment.toml")
    monkeypatch.setenv("TOCSIN_CONFIG", str(named))
    assert find_config() == named

    explicit = put(tmp_path / "explicit.toml")
    assert find_config(explicit) == explicit


def test_the_session_s_configuration_directory_is_looked_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    there = put(tmp_path / "xdg/tocsin/config.toml")

    assert find_config() == there


def test_a_named_file_that_is_not_there_is_refused_and_nothing_else_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path / "cwd/config.toml")
    with pytest.raises(ConfigError, match=r"gone.toml: there is no such file; .*--config"):
        find_config(Path("gone.toml"))
    monkeypatch.setenv("TOCSIN_CONFIG", "gone.toml")
    with pytest.raises(ConfigError, match="TOCSIN_CONFIG"):
        find_config()


def test_without_any_configuration_the_places_and_the_way_out_are_named() -> None:
    with pytest.raises(ConfigError, match="tocsin config init"):
        find_config()


def test_the_database_is_where_the_configuration_or_the_environment_says(
    monkeypatch: pytest.MonkeyPatch, load_text: Callable[[str], Config], tmp_path: Path
) -> None:
    assert database_path() == tmp_path / "home/.local/state/tocsin/tocsin.db"
    monkeypatch.setenv("XDG_STATE_HOME", "/xdg")
    assert database_path() == Path("/xdg/tocsin/tocsin.db")
    monkeypatch.setenv("STATE_DIRECTORY", "/var/lib/tocsin:/other")
    assert database_path() == Path("/var/lib/tocsin/tocsin.db")
    config = load_text('[daemon]\ndatabase = "~/own.db"\nsocket = "/run/own.sock"\n')
    assert database_path(config) == tmp_path / "home/own.db"
    assert socket_path(config) == Path("/run/own.sock")


def test_a_key_of_the_daemon_is_found_without_a_valid_configuration_also_in_an_included_file(
    tmp_path: Path,
) -> None:
    put(tmp_path / "cwd/config.toml", 'include = ["d/*.toml"]\n[nonsense]\n')
    put(tmp_path / "cwd/d/daemon.toml", 'include = ["*.toml"]\n[daemon]\nsocket = "/run/x.sock"\n')

    assert configured("socket") == "/run/x.sock"
    assert configured("database") is None


def test_a_broken_configuration_does_not_keep_a_command_from_looking_for_the_daemon(
    tmp_path: Path,
) -> None:
    put(tmp_path / "cwd/config.toml", "[daemon]\nsocket = \n")

    assert configured("socket") is None


@pytest.mark.parametrize(
    "text",
    [
        '[daemon]\nsocket = "/run/x.sock" # here\n[[check]]\nname = \n',
        'xx =\n[daemon]\ndatabase = "/x.db"\n  socket = "/run/x.sock"\n',
        '[[check]]\nsocket = "/not/this"\n[ daemon ]\nsocket="/run/x.sock"\n[[check]\n',
        "[daemon]\nsocket = '/run/x.sock'\n[check]\nsocket = '/not/this'\nname = \"\n",
        'include = [\n  "d/*.toml",\n]\n[[check]\n',
    ],
)
def test_of_a_configuration_that_is_being_edited_the_lines_that_name_the_socket_are_read(
    tmp_path: Path, text: str
) -> None:
    """An operator must be able to acknowledge while somebody edits the file."""
    put(tmp_path / "cwd/config.toml", text)
    put(tmp_path / "cwd/d/daemon.toml", '[daemon]\nsocket = "/run/x.sock"\n')

    assert configured("socket") == "/run/x.sock"


def test_a_configuration_that_may_not_be_read_is_told_instead_of_a_wrong_socket_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put(tmp_path / "cwd/config.toml", '[daemon]\nsocket = "/run/x.sock"\n')

    def closed(_: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", closed)
    with pytest.raises(ConfigError, match=r"cannot be read: Permission denied; .*--socket"):
        configured("socket", path)
    assert configured("socket") is None  # nobody named it: the environment's place is taken


def test_a_relative_path_of_the_daemon_is_refused(load_text: Callable[[str], Config]) -> None:
    with pytest.raises(ConfigError, match="must be an absolute path"):
        load_text('[daemon]\nsocket = "run/t.sock"\n')
