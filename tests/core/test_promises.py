"""The promises that the engine's machine holds can be broken."""

from __future__ import annotations

import pytest

from checks.result import Result, Status
from daemon.core.engine import Engine
from daemon.core.events import ResultsArrived, Tick
from daemon.core.model import HOUR
from tests.core.machine_plan import PLANS, START
from tests.core.mirror import Mirror
from tests.core.promises import Promises


def test_that_nobody_was_told_is_seen_when_it_is_late_and_not_before() -> None:
    held = Promises()
    held.now, held.plan, held.mirror = START, PLANS[1], Mirror()
    held.engine = Engine(PLANS[1])
    held.mirror.apply(held.engine.handle(Tick(), START))
    down = ResultsArrived((Result("db", START, Status.DOWN, message="down"),))
    held.mirror.apply(held.engine.handle(down, START))
    assert held.engine.incidents
    assert held.mirror.notices
    held.mirror.notices.clear()
    held.nothing_that_calls_for_somebody_stays_untold()
    held.now += HOUR
    with pytest.raises(AssertionError, match="nobody is told"):
        held.nothing_that_calls_for_somebody_stays_untold()
