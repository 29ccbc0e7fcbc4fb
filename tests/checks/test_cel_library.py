"""Conditions need the CEL library, not its command line."""

from __future__ import annotations

import subprocess
import sys


def _loaded(code: str) -> set[str]:
    answer = subprocess.run(
        [sys.executable, "-c", f"import sys\n{code}\nprint('\\n'.join(sys.modules))"],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(answer.stdout.split())


def test_conditions_do_not_load_a_terminal_toolkit() -> None:
    loaded = _loaded("import checks.conditions, daemon.core.ruling.expressions")
    assert "cel.cel" in loaded
    assert not loaded & {"cel.cli", "prompt_toolkit", "rich", "typer"}


def test_a_program_that_uses_the_package_itself_shares_the_library() -> None:
    code = (
        "from checks.cel_library import cel as ours\nimport cel\nassert ours.compile is cel.compile"
    )
    assert "cel.cli" in _loaded(code)
