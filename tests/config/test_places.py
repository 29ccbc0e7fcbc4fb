"""Relative paths count from the file they are written in."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from daemon.config import ConfigError, load

MAIN = """
include = ["conf.d/*.toml"]

[channel.lines]
kind = "log"
file = "told.log"
"""
PART = """
[[check]]
name = "orders"
kind = "sqlite"
path = "../data/orders.db"

[[check]]
name = "script"
kind = "exec"
run = ["./check.sh"]
cwd = "scripts"
env = { TOKEN = { file = "token" }, OPEN = "./as it is" }

[[check]]
name = "home"
kind = "exec"
run = ["true"]
cwd = "~/bin"

[[check]]
name = "web"
kind = "http"
url = "https://example.org/"
headers = { X-Key = { file = "token" } }
bearer = { file = "/absolute/none" }
enabled = false

[channel.hook]
kind = "webhook"
url = { file = "token" }
templates = "templates"
"""


@pytest.fixture
def etc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with a configuration of two files, and what they name beside them."""
    etc = tmp_path / "etc"
    (etc / "conf.d" / "scripts").mkdir(parents=True)
    (etc / "conf.d" / "templates").mkdir()
    (etc / "data").mkdir()
    sqlite3.connect(etc / "data" / "orders.db").close()
    (etc / "conf.d" / "token").write_text("https://example.org/\n", encoding="utf-8")
    (etc / "config.toml").write_text(MAIN, encoding="utf-8")
    part = PART.replace("/absolute/none", str(etc / "conf.d" / "token"))
    (etc / "conf.d" / "part.toml").write_text(part, encoding="utf-8")
    monkeypatch.setenv("HOME", "/home/ana")
    monkeypatch.chdir("/")
    return etc


def test_each_path_is_behind_the_directory_of_its_own_file(etc: Path) -> None:
    config = load(etc / "config.toml")
    specs: dict[str, Any] = dict(config.settings.checks)
    channels: dict[str, Any] = dict(config.channels)

    assert specs["orders"].path == etc / "conf.d" / "../data/orders.db"
    assert specs["script"].cwd == etc / "conf.d" / "scripts"
    assert specs["home"].cwd == Path("/home/ana/bin")
    assert channels["lines"].file == etc / "told.log"
    assert channels["hook"].templates == etc / "conf.d" / "templates"


def test_secrets_in_files_too_and_texts_that_are_no_paths_stay(etc: Path) -> None:
    config = load(etc / "config.toml")
    specs: dict[str, Any] = dict(config.settings.checks)

    for secret in (
        specs["script"].env["TOKEN"],
        specs["web"].headers["X-Key"],
        specs["web"].bearer,
        config.channels["hook"].url,  # type: ignore[attr-defined]  # a WebhookSpec
    ):
        assert secret.get_secret_value() == "https://example.org/"
    assert specs["script"].env["OPEN"] == "./as it is"
    assert specs["script"].run == ("./check.sh",)


def test_a_configuration_named_relatively_names_its_files_relatively(
    etc: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(etc.parent)
    (etc / "conf.d" / "token").unlink()

    with pytest.raises(ConfigError, match=r"the secret's file etc/conf\.d/token cannot be read"):
        load(Path("etc/config.toml"))


def test_the_daemon_s_own_paths_must_be_absolute_still(etc: Path) -> None:
    (etc / "config.toml").write_text('[daemon]\nsocket = "x.sock"\n', encoding="utf-8")

    with pytest.raises(ConfigError, match="must be an absolute path"):
        load(etc / "config.toml")


@pytest.mark.parametrize("value", ["5", '["x"]', "{ file = 5 }"])
def test_what_is_no_path_is_left_to_validation(etc: Path, value: str) -> None:
    text = f'[[check]]\nname = "a"\nkind = "sqlite"\nquery = "SELECT 1"\npath = {value}\n'
    (etc / "config.toml").write_text(text, encoding="utf-8")

    with pytest.raises(ConfigError, match=r'config\.toml:5: check\[0\] "a"\.path: '):
        load(etc / "config.toml")


def test_a_home_that_nobody_has_is_no_fault_of_the_configuration(etc: Path) -> None:
    text = '[[check]]\nname = "a"\nkind = "exec"\nrun = ["true"]\ncwd = "~nobody-9/x"\n'
    (etc / "config.toml").write_text(text, encoding="utf-8")

    cwd = load(etc / "config.toml").settings.checks["a"].cwd  # type: ignore[attr-defined]  # an ExecSpec
    assert cwd == Path("~nobody-9/x")
