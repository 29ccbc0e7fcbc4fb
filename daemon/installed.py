"""Whether another version was installed over the one that runs.

Some of the program is loaded with the first use, which may be weeks after the start. Modules of two
versions in one process fit together by chance, so who loads one so late asks here first.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import daemon

_VERSION: Final = re.compile(r'^__version__ = "([^"]+)"$', re.MULTILINE)


def replaced_by() -> str | None:
    """The version that is on the disk now; None if it is the one that runs.

    Raises:
        OSError: The program cannot be read.
    """
    found = _VERSION.search(Path(daemon.__file__).read_text(encoding="utf-8"))
    version = "another" if found is None else found[1]
    return None if version == daemon.__version__ else version
