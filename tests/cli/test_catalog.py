"""The commands that are listed are those there are, and listing them is cheap."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

from daemon.cli.catalog import COMMANDS, GROUPS, help_text


def registered(module: str) -> set[str]:
    """The commands that a module has."""
    return set(importlib.import_module(f"daemon.cli.{module}").COMMANDS)


def test_every_listed_command_is_in_its_module_and_none_is_left_out() -> None:
    modules = {entry.module for entry in COMMANDS.values()}
    found = {name: module for module in modules for name in registered(module)}

    assert found == {name: entry.module for name, entry in COMMANDS.items()}


def test_the_help_names_every_command_once_in_80_columns() -> None:
    text = help_text()

    for _, entries in GROUPS:
        for entry in entries:
            assert text.count(f"\n  {entry.name} ") == 1
    assert max(map(len, text.splitlines())) <= 85


DEAR = ("aiohttp", "cel", "click", "pydantic", "rich", "textual", "tomli_w", "typer")
"""What no command that only asks may load."""


def loaded(dear: tuple[str, ...], *arguments: str) -> tuple[int, str, str]:
    """The exit code of a command, which of these modules it loaded, and what it complained of."""
    script = (
        "import sys; from daemon.cli.app import run; code = run(sys.argv[2:]);"
        " print('loaded', *sorted(set(sys.argv[1].split()) & set(sys.modules))); sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, " ".join(dear), *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout.splitlines()[-1], done.stderr


@pytest.mark.parametrize("argument", ["--help", "version"])
def test_help_and_version_load_none_of_the_dear_libraries(argument: str) -> None:
    assert loaded((*DEAR, "re2", "httpx", "asyncio"), argument) == (0, "loaded", "")


@pytest.mark.parametrize(
    "command",
    ["status", "incidents", "alerts", "ack x", "silence list", "check list", "sla", "watch"],
)
def test_a_command_that_asks_loads_nothing_that_others_need(tmp_path: Path, command: str) -> None:
    code, names, complaint = loaded(DEAR, *command.split(), "--socket", str(tmp_path / "none"))
    assert (code, names) == (3, "loaded")
    assert "no daemon" in complaint
