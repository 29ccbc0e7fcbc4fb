"""The commands that are listed are those there are, and listing them is cheap."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest
import typer

from daemon.cli.catalog import COMMANDS, GROUPS, help_text


def registered(module: str) -> set[str]:
    """The commands that a module adds."""
    app = typer.Typer()
    importlib.import_module(f"daemon.cli.{module}").register(app)
    command = typer.main.get_command(app)
    return set(getattr(command, "commands", {command.name: command}))


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


@pytest.mark.parametrize("argument", ["--help", "version"])
def test_help_and_version_load_none_of_the_dear_libraries(argument: str) -> None:
    script = (
        "import sys; from daemon.cli.app import run; code = run(sys.argv[1:]);"
        " dear = {'typer', 'pydantic', 'httpx', 'aiohttp', 'textual', 'asyncio', 're2'};"
        " sys.exit(code or ', '.join(dear & set(sys.modules)) or 0)"
    )

    done = subprocess.run(
        [sys.executable, "-c", script, argument], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout
