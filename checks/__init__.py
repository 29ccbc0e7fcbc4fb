"""Probes: one file a kind. A leaf of the tree; imports nothing of the daemon or the dashboard.

`prepare` turns a check's configuration into something that can run, once; `run` runs it and
always answers with a `Result`; `KINDS` says what kinds there are and what each can tell.
The names are loaded when first asked for, because `checks.result` alone, which the core
imports, must not draw in pydantic and every probe.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from checks.kinds import KINDS
    from checks.prepared import Prepared, prepare, run
    from checks.probe import Kind

__all__ = ["KINDS", "Kind", "Prepared", "prepare", "run"]

_HOMES = {
    "KINDS": "checks.kinds",
    "Kind": "checks.probe",
    "Prepared": "checks.prepared",
    "prepare": "checks.prepared",
    "run": "checks.prepared",
}


def __getattr__(name: str) -> object:
    """Load a public name from the module that holds it."""
    import importlib

    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found: object = getattr(importlib.import_module(home), name)
    globals()[name] = found
    return found
