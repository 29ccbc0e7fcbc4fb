"""Who may import whom, at run time: what a program loads is what its house allows.

What is dear and seldom needed is loaded when it is (docs/performance.md). The static half of these
contracts is in pyproject.toml, held by import-linter.
"""

from __future__ import annotations

import subprocess
import sys

import pytest

LOADED = "import sys, {module}; print('\\n'.join(sys.modules))"

FORBIDDEN = {
    "daemon.core.engine": [
        "aiohttp", "aiosqlite", "httpx", "psutil", "textual", "uvloop", "tui",
        "daemon.api", "daemon.config", "daemon.store", "daemon.notify", "daemon.respond",
        "daemon.service",
    ],
    "checks": ["daemon", "tui", "textual", "asyncpg", "aiomysql", "redis"],
    "daemon.cli": ["textual", "tui", "aiohttp", "httpx", "asyncpg", "pydantic", "aiosmtplib"],
    "daemon.service.app": [
        "textual", "tui",
        "cel.cel", "ctypes", "difflib", "importlib.metadata", "jinja2", "pickle", "psutil", "re2",
    ],
    "tui.app": ["daemon.service", "daemon.store", "daemon.config", "daemon.core.engine", "aiohttp"],
}  # fmt: skip


@pytest.mark.parametrize("module", FORBIDDEN)
def test_a_module_does_not_load_what_its_house_forbids(module: str) -> None:
    answer = subprocess.run(
        [sys.executable, "-c", LOADED.format(module=module)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    loaded = set(answer.stdout.split())
    wrong = [name for name in FORBIDDEN[module] if name in loaded]
    assert not wrong, f"{module} loads {', '.join(wrong)}"
