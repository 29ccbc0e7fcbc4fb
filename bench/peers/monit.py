"""Monit: a cycle every 10 s, in which one process asks each target after the other."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bench import procs


def monitrc(home: Path, names: Sequence[str], ports: Sequence[int]) -> str:
    """Its control file."""
    top = (
        f"set daemon 10\nset log {home}/monit.log\nset idfile {home}/monit.id\n"
        f"set statefile {home}/monit.state\nset pidfile {home}/monit.pid\n"
    )
    hosts = (
        f"check host {name} with address 127.0.0.1\n"
        f"  if failed port {ports[number % len(ports)]} protocol http"
        f' request "/{name}" then alert\n'
        for number, name in enumerate(names)
    )
    return top + "".join(hosts)


def commands(home: Path, names: Sequence[str], ports: Sequence[int]) -> list[list[str]] | None:
    """What is to be started, with its configuration written; None if it is not installed."""
    program = procs.installed("monit")
    if program is None:
        return None
    file = home / "monitrc"
    file.write_text(monitrc(home, names, ports), encoding="utf-8")
    file.chmod(0o600)  # it refuses one that others may read
    return [[program, "-I", "-c", str(file)]]
