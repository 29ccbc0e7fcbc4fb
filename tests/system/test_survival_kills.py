"""A daemon that is killed at random moments under load loses nothing it has said."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.system.kills import kill_often


@pytest.mark.slow
async def test_kills_at_random_moments_lose_nothing_and_tell_nothing_twice(tmp_path: Path) -> None:
    ledger, figures = await kill_often(tmp_path, times=15, seed=20261121)
    assert ledger.breaches == []
    assert figures["acknowledgements answered"] > 0
    assert figures["pages told"] > 10
