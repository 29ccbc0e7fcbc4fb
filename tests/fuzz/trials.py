"""How much is tried, and what is kept of it.

`HYPOTHESIS_PROFILE=long` tries a hundred times as much. What once showed something is kept in
`corpus/AREA`, a file an input, and tried by name each time.
"""

from __future__ import annotations

import os
from pathlib import Path

from hypothesis import HealthCheck, settings

_TIMES = 100 if os.environ.get("HYPOTHESIS_PROFILE") == "long" else 1
_CORPUS = Path(__file__).parent / "corpus"


def tries(count: int) -> settings:
    """Settings for a test that tries `count` inputs where the suite runs."""
    return settings(
        max_examples=count * _TIMES, deadline=None, suppress_health_check=list(HealthCheck)
    )


def kept(area: str) -> list[Path]:
    """The inputs that are kept for an area."""
    return sorted((_CORPUS / area).iterdir())
