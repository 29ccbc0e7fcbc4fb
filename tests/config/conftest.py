"""A loaded configuration that uses every section, and a way to load one from a text."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from daemon.config import Config, load

HERE = Path(__file__).parent
SECRETS = ("hunter2-from-the-environment", "hunter2-from-a-file", "open-secret")


@pytest.fixture
def full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    """`full.toml`, with its secrets in place."""
    shutil.copy(HERE / "full.toml", tmp_path)
    shutil.copytree(HERE / "full.d", tmp_path / "full.d")
    (tmp_path / "secret.txt").write_text(SECRETS[1] + "\n", encoding="utf-8")
    monkeypatch.setenv("TOCSIN_TEST_TOKEN", SECRETS[0])
    monkeypatch.chdir(tmp_path)
    return load(Path("full.toml"))


@pytest.fixture
def load_text(tmp_path: Path) -> Callable[[str], Config]:
    """Write a text to a file and load it."""

    def load_it(text: str) -> Config:
        path = tmp_path / "config.toml"
        path.write_text(text, encoding="utf-8")
        return load(path)

    return load_it
