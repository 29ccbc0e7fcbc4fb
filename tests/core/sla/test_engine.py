"""SLAs in the whole engine: an alert goes the way of all alerts, and what was said stays said."""

from __future__ import annotations

from decimal import Decimal

import pytest

from checks.result import Status
from daemon.core.chronicle import NoticeType
from daemon.core.effects import Append, Drop, Enqueue, Save
from daemon.core.engine import Engine
from daemon.core.errors import Invalid, NotFound
from daemon.core.events import Amend, Tick, Withdraw
from daemon.core.model import (
    DAY,
    HOUR,
    MINUTE,
    SECOND,
    Alert,
    AlertState,
    Amendment,
    AmendmentKind,
)
from daemon.core.plan import SlaPlan
from daemon.core.sla.alarms import BURNING
from daemon.core.sla.burning import usual
from tests.core.deciding import ANA, START
from tests.core.test_engine import Run, spec

PROMISE = SlaPlan(
    "shop-up",
    "shop",
    Decimal("99.9"),
    30 * DAY,
    burns=usual(30 * DAY),
    labels={"service": "shop"},
)


def an_outage_of_ten_minutes() -> Run:
    """Up for an hour, then down for ten minutes and up again."""
    run = Run(spec(slas={"shop-up": PROMISE}))
    for step in range(70 * 6):
        status = Status.DOWN if step >= 60 * 6 else Status.UP
        run.result(status)
        run.result(Status.UP, "api")
        run.send(Tick(), after=8 * SECOND)
    run.result(Status.UP)
    return run


def burning(engine: Engine) -> Alert:
    return next(alert for alert in engine.alerts.values() if alert.name == BURNING)


def test_a_burning_budget_is_an_alert_that_is_routed_and_told() -> None:
    run = an_outage_of_ten_minutes()
    alert = burning(run.engine)
    assert (alert.state, alert.labels["sla"]) == (AlertState.FIRING, "shop-up")
    assert alert.incident in run.engine.incidents
    told = [a.name for notice in run.mirror.notices for a in notice.alerts]
    assert BURNING in told
    assert "14.4 times as fast" in alert.annotations["summary"]


def test_after_a_restart_the_alert_goes_on_and_then_ends() -> None:
    run = an_outage_of_ten_minutes()
    engine, effects = Engine.restore(run.plan, run.mirror.snapshot(), run.now)
    assert burning(engine).state is AlertState.FIRING
    assert not [e for e in effects if isinstance(e, Enqueue)]
    run.mirror.apply(effects)
    for hour in range(8):
        run.engine = engine
        run.result(Status.UP)
        run.result(Status.UP, "api")
        run.send(Tick(), after=HOUR if hour else MINUTE)
    told = [notice for notice in run.mirror.notices if notice.type is NoticeType.RESOLVED]
    assert any(one.name == BURNING for notice in told for one in notice.alerts)
    assert not any(one.state is AlertState.FIRING for one in engine.alerts.values())


def test_what_an_operator_excluded_is_saved_audited_and_there_after_a_restart() -> None:
    run = an_outage_of_ten_minutes()
    before = run.engine.sla("shop-up", run.now)
    effects = run.send(
        Amend("shop-up", ANA, AmendmentKind.EXCLUSION, run.now - 20 * MINUTE, run.now, "theirs")
    )
    (record,) = [
        e.record for e in effects if isinstance(e, Save) and isinstance(e.record, Amendment)
    ]
    lines = [e.entry for e in effects if isinstance(e, Append)]
    assert any(getattr(one, "action", "") == "exclude from SLA" for one in lines)
    engine, _ = Engine.restore(run.plan, run.mirror.snapshot(), run.now)
    for one in (run.engine, engine):
        after = one.sla("shop-up", run.now)
        assert (after.value, after.unamended_value) == (100, before.value)
        assert after.exclusions == (record,)
    assert burning(run.engine).holds is False

    gone = run.send(Withdraw(record.key, ANA))
    assert [e.key for e in gone if isinstance(e, Drop)] == [record.key]
    assert run.engine.sla("shop-up", run.now).value == before.value


@pytest.mark.parametrize(
    ("sla", "start", "end", "text", "error"),
    [
        ("nope", 0, 1, "why", NotFound),
        ("shop-up", 1, 1, "why", Invalid),
        ("shop-up", 0, 1, " ", Invalid),
        ("shop-up", 0, START + 365 * DAY, "why", Invalid),
    ],
)
def test_an_amendment_that_makes_no_sense_changes_nothing(
    sla: str, start: int, end: int, text: str, error: type[Exception]
) -> None:
    run = Run(spec(slas={"shop-up": PROMISE}))
    with pytest.raises(error):
        run.send(Amend(sla, ANA, AmendmentKind.NOTE, start, end, text))
    with pytest.raises(NotFound):
        run.send(Withdraw("nope", ANA))
    assert not run.engine.amendments
