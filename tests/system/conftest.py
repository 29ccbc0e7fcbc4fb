"""The ground on which daemons are made to survive, shared by the tests of one module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.system.ground import Ground, open_ground


@pytest.fixture(scope="module")
def served() -> Iterator[Ground]:
    with open_ground() as ground:
        yield ground


@pytest.fixture
def ground(served: Ground) -> Ground:
    """All is well and nobody was told of anything."""
    served.broken.clear()
    served.pages.clear()
    return served
