"""For the tests of this folder, in many of which time is virtual."""

from __future__ import annotations

import asyncio

import pytest

from daemon.notify.render import load_templating


@pytest.fixture(scope="session", autouse=True)
def templating() -> None:
    """What the first message loads in a thread is there."""
    asyncio.run(load_templating())
