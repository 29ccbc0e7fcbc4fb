"""The checks of the shop that reports are about: what its services are differs by the report."""

from __future__ import annotations

from pathlib import Path

WEB = """
[[check]]
name = "web"
kind = "tcp"
host = "127.0.0.1"
port = 1
service = "checkout"
every = "30s"
"""
CHECKS = f"""{WEB}
[[check]]
name = "other"
kind = "tcp"
host = "127.0.0.1"
port = 2
service = "search"
every = "30s"
"""


def configure(text: str, folder: Path, database: Path) -> Path:
    """A configuration of this text, with `{database}` in it, and the shop's checks."""
    path = folder / "config.toml"
    path.write_text(text.format(database=database) + CHECKS)
    return path
