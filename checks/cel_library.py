"""The CEL library without its command line.

`import cel` also imports `cel.cli`, which draws in a terminal toolkit of 15 MB and 0.2 s that
no daemon needs. So the package's extension module is loaded by itself; where a version has
none at its usual place, the package is imported as it is.
"""

from __future__ import annotations

import sys
from importlib.machinery import PathFinder
from importlib.util import find_spec, module_from_spec
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import cel
else:

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

    cel = _extension()
    if cel is None:
        import cel

__all__ = ["cel"]
