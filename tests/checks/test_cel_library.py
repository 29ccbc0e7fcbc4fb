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


COMPILE = """
from checks.conditions import compile_condition
from daemon.core.ruling.expressions import compile_rule
known = {"status": "int", "latency_ms": "float", "body": "string"}
condition = compile_condition(%r, known, "expect")
rule = compile_rule("avg('latency_ms', '1m') > 2000.0")
assert rule.evaluate({}) is None and rule.evaluate({"window_0_": 2001.0}) is True
"""


def test_comparisons_with_numbers_do_not_load_the_library() -> None:
    assert not {"cel", "cel.cel"} & _loaded(COMPILE % "status == 200")


def test_conditions_do_not_load_a_terminal_toolkit() -> None:
    loaded = _loaded(COMPILE % "status == 200 && body != ''")
    assert "cel.cel" in loaded
    assert not loaded & {"cel.cli", "prompt_toolkit", "rich", "typer"}


def test_a_comparison_asks_the_library_where_the_value_is_of_another_type() -> None:
    more = "\nassert 'cel.cel' not in sys.modules and condition.holds({'status': 200.0})"
    assert "cel.cel" in _loaded(COMPILE % "status == 200" + more)


def test_a_program_that_uses_the_package_itself_shares_the_library() -> None:
    code = (
        "from checks.cel_library import library\nours = library()\n"
        "import cel\nassert ours.compile is cel.compile"
    )
    assert "cel.cli" in _loaded(code)
