"""The commands that are listed are those there are, and listing them is cheap."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path

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


def loaded(dear: tuple[str, ...], *commands: list[str]) -> tuple[list[str], str]:
    """Of commands one after the other in a new process, their exit codes and which of these
    modules were loaded then; and what they complained of."""
    script = (
        "import json, sys; from daemon.cli.app import run\n"
        "for command in json.loads(sys.argv[2]):\n"
        "    code = run(command); found = set(sys.argv[1].split()) & set(sys.modules)\n"
        "    print('', code, *sorted(found), sep=chr(0), end=chr(10))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, " ".join(dear), json.dumps(commands)],
        capture_output=True,
        text=True,
        check=True,
    )
    told = [line[1:] for line in done.stdout.splitlines() if line.startswith("\0")]
    return [line.replace("\0", " ") for line in told], done.stderr


def test_help_and_version_load_none_of_the_dear_libraries() -> None:
    dear = (*DEAR, "re2", "httpx", "asyncio")
    assert loaded(dear, ["--help"], ["version"]) == (["0", "0"], "")


def test_a_command_that_asks_loads_nothing_that_others_need(tmp_path: Path) -> None:
    asking = [
        "status",
        "incidents",
        "alerts",
        "ack x",
        "silence list",
        "check list",
        "sla",
        "watch",
    ]
    commands = [[*words.split(), "--socket", str(tmp_path / "none")] for words in asking]
    told, complaints = loaded(DEAR, *commands)
    assert told == ["3"] * len(asking)
    assert complaints.count("no daemon") == len(asking)
