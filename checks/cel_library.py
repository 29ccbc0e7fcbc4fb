"""The CEL library without its command line, loaded when a condition needs it.

`import cel` also imports `cel.cli`, which draws in a terminal toolkit of 15 MB and 0.2 s that
no daemon needs. So the package's extension module is loaded by itself; where a version has
none at its usual place, the package is imported as it is. It is 4 MB by itself, and an estate whose
conditions are comparisons with numbers (`checks.comparison`) never asks it anything.
"""

from __future__ import annotations

import sys
from functools import cache
from importlib.machinery import PathFinder
from importlib.util import find_spec, module_from_spec
from types import ModuleType
from typing import TYPE_CHECKING, Any, Protocol, cast

from checks.errors import LibraryFault
from checks.text import one_line

if TYPE_CHECKING:
    import cel


class Program(Protocol):
    """A compiled expression."""

    def execute(self, values: dict[str, Any], /) -> object:
        """Its answer; raises the library's errors where it has none, and `LibraryFault` where
        the library itself cannot be loaded."""


class Later:
    """An expression that is known to be one, compiled when it is first asked."""

    __slots__ = ("_program", "_text")

    def __init__(self, text: str) -> None:
        self._text = text
        self._program: cel.Program | None = None

    def execute(self, values: dict[str, Any], /) -> object:
        """As a `Program` does."""
        if self._program is None:
            self._program = compile_cel(self._text)
        return self._program.execute(values)


def compile_cel(text: str) -> cel.Program:
    """Compile an expression.

    Raises:
        ValueError: It is none.
        LibraryFault: That cannot be told.
    """
    try:
        compiler = library()
    except (ImportError, OSError) as error:
        words = one_line(error.strerror or str(error) if isinstance(error, OSError) else str(error))
        raise LibraryFault(f"the library for conditions cannot be loaded: {words}") from None
    return cast("cel.Program", compiler.compile(text))


@cache
def library() -> ModuleType:
    """The module that compiles."""
    found = _extension()
    if found is None:
        import cel

        return cel
    return found


def _extension() -> ModuleType | None:
    if "cel" in sys.modules:
        return sys.modules["cel"]
    package = find_spec("cel")
    places = package.submodule_search_locations if package is not None else None
    spec = PathFinder.find_spec("cel.cel", places)
    if spec is None or spec.loader is None:
        return None
    module = sys.modules[spec.name] = module_from_spec(spec)
    spec.loader.exec_module(module)  # once a process, hence known by its name
    return module
