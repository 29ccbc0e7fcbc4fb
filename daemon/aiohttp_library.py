"""aiohttp without its client until somebody uses that.

The daemon answers by aiohttp on every start, but asks by it only when a webhook is told
something. The client is a third of the library, and when it is loaded it reads the authorities
of the system twice: together 4 MB and 0.1 s. So the package is made known without running its
`__init__`, from where its submodules can be imported; the first name that is none of them
(`aiohttp.ClientSession`) runs it, and from then on the package is as it always was.

Whoever imports this does so before anything of aiohttp; if that is loaded, nothing happens.
"""

from __future__ import annotations

import re
import sys
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import module_from_spec
from pathlib import Path
from types import ModuleType


def _install() -> None:
    spec = PathFinder.find_spec("aiohttp")
    if spec is None or spec.submodule_search_locations is None or spec.loader is None:
        return  # it is not where packages are; importing it will say so, or find it
    package = module_from_spec(spec)
    package.__version__ = _version(spec)  # type: ignore[attr-defined]  # what `__init__` sets
    package.__getattr__ = _Rest(package, spec)  # type: ignore[method-assign]  # by PEP 562
    sys.modules["aiohttp"] = package


def _version(spec: ModuleSpec) -> str:
    """As `__init__` says; only where it does not say so in plain words is the metadata read, for
    which a library of its own is loaded."""
    text = Path(spec.origin).read_text(encoding="utf-8") if spec.origin else ""
    if (found := re.search(r'^__version__ = "([^"]+)"$', text, re.MULTILINE)) is not None:
        return found[1]
    from importlib.metadata import version

    return version("aiohttp")


class _Rest:
    """Looks for what the package has not: a submodule is left to the import system, for anything
    else the package's `__init__` is run, once."""

    def __init__(self, package: ModuleType, spec: ModuleSpec) -> None:
        self._package = package
        self._spec = spec

    def __call__(self, name: str) -> object:
        is_own = name.startswith("__") or "__getattr__" not in vars(self._package)
        if is_own or PathFinder.find_spec(f"aiohttp.{name}", self._spec.submodule_search_locations):
            raise AttributeError(f"module 'aiohttp' has no attribute {name!r}")
        del self._package.__getattr__  # the same way back
        assert self._spec.loader is not None  # noqa: S101  # `_install` looked
        try:
            self._spec.loader.exec_module(self._package)
        except BaseException:  # no file descriptor to read it with: it is tried again
            self._package.__getattr__ = self  # type: ignore[method-assign]  # by PEP 562
            raise
        return getattr(self._package, name)


if "aiohttp" not in sys.modules:
    _install()
