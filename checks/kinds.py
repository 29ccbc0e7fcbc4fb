"""All kinds of checks, by name. A new kind is a module of its name with a `KIND`, and a line
here.

A kind's module is imported when it is first asked for: most estates use a few of them, and a
daemon starts the sooner. The modules import their drivers only when a probe is made, so a kind
whose driver is missing can still be named, validated and explained.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Final

from checks.probe import Kind

_NAMES: Final = (
    "http",
    "tcp",
    "tls",
    "dns",
    "icmp",
    "postgres",
    "mysql",
    "redis",
    "sqlite",
    "host",
    "process",
    "file",
    "systemd",
    "exec",
    "heartbeat",
)


class _Kinds(Mapping[str, Kind]):
    """The kinds, each imported at its first use."""

    def __init__(self) -> None:
        self._known: dict[str, Kind] = {}

    def __getitem__(self, name: str) -> Kind:
        kind = self._known.get(name)
        if kind is None:
            if name not in _NAMES:
                raise KeyError(name)
            found: Kind = import_module(f"checks.{name}").KIND
            kind = self._known[name] = found
        return kind

    def __contains__(self, name: object) -> bool:
        return name in _NAMES

    def __iter__(self) -> Iterator[str]:
        return iter(_NAMES)

    def __len__(self) -> int:
        return len(_NAMES)


KINDS: Final[Mapping[str, Kind]] = _Kinds()
