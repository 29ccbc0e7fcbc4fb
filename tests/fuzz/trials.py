"""How much is tried, and what is kept of it.

The ordinary suite tries less than half of what CI does; `HYPOTHESIS_PROFILE=long` tries a hundred
times as much as that. What once showed something is kept in `corpus/AREA`, a file an input, and
tried by name each time.
"""

from __future__ import annotations

from pathlib import Path

from hypothesis import HealthCheck, settings

_TIMES = settings().max_examples / 100
_CORPUS = Path(__file__).parent / "corpus"


def tries(count: int) -> settings:
    """Settings for a test that tries `count` inputs in CI."""
    return settings(
        max_examples=round(count * _TIMES), deadline=None, suppress_health_check=list(HealthCheck)
    )


def kept(area: str) -> list[Path]:
    """The inputs that are kept for an area."""
    return sorted((_CORPUS / area).iterdir())
