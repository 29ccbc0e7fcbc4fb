"""The configuration: TOML files as typed settings and the engine's plan, or all their problems.

    files -> sources (one document) -> validate (typed) -> cross (references) -> build (Plan)

`daemon.config.paths` and `daemon.config.problems` are cheap to import; the models load only
when one of the names here is first used, because the command line has no time for them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from daemon.config.paths import database_path, find_config, socket_path
from daemon.config.problems import ConfigError, Problem

if TYPE_CHECKING:
    from daemon.config.diff import Changes, compare
    from daemon.config.dumping import dump
    from daemon.config.jsonschema import schema
    from daemon.config.loading import Config, load

__all__ = [
    "Changes",
    "Config",
    "ConfigError",
    "Problem",
    "compare",
    "database_path",
    "dump",
    "find_config",
    "load",
    "schema",
    "socket_path",
]

_HOMES = {
    "Changes": "diff",
    "Config": "loading",
    "compare": "diff",
    "dump": "dumping",
    "load": "loading",
    "schema": "jsonschema",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    found = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = found
    return found
