"""pydantic without its search for plugins.

With the first model that is used, pydantic reads the metadata of all that is installed beside it,
to see whether something wants to take part in validating. Nothing does here; the search, and the
readers of metadata and archives that it takes, are 1 MB and 40 ms of a start. So its answer is
given in advance. A version of pydantic that searches in another place searches.

Whoever imports this does so before anything of pydantic is used.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Final

_SEARCH: Final = "pydantic.plugin._loader"


def _nothing() -> tuple[()]:
    """The plugins."""
    return ()


def _install() -> None:
    found = ModuleType(_SEARCH)
    found.get_plugins = _nothing  # type: ignore[attr-defined]  # what pydantic asks
    sys.modules[_SEARCH] = found


if _SEARCH not in sys.modules:
    _install()
