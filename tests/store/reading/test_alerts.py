"""What each alert did over a span: how often, how long, and what was only noise."""

from __future__ import annotations

from functools import partial

import pytest

from daemon.core.effects import Save
from daemon.core.model import HOUR, MINUTE, SECOND, Alert, AlertState, Escalation, Level
from daemon.core.severity import Severity
from daemon.store.reading.alerts import alert_totals
from daemon.store.store import Store
from tests.store.samples import NOW, an_alert, an_incident


def fired(name: str, at: int, took: int | None, incident: str = "quiet", **more: object) -> Alert:
    return an_alert(
        f"key-{name}",
        name=name,
        fired_at=NOW + at,
        resolved_at=None if took is None else NOW + at + took,
        state=AlertState.FIRING if took is None else AlertState.RESOLVED,
        incident=incident,
        **more,
    )


@pytest.fixture
async def kept(store: Store) -> list[Alert]:
    escalated = Escalation("p", (Level(0, ("channel:ops",)),) * 2, level=1)
    await store.submit(
        [
            Save(an_incident("quiet")),
            Save(an_incident("loud", acknowledged_at=NOW, escalation=escalated)),
        ],
        NOW,
    )
    alerts = [
        fired("disk", 0, 2 * HOUR, "loud", effective=Severity.CRITICAL),
        fired("web", 0, 30 * SECOND),
        fired("web", 5 * MINUTE, 20 * SECOND),
        fired("web", 2 * HOUR, 10 * MINUTE, "loud"),
        fired("web", 3 * HOUR, None, effective=Severity.HIGH),
    ]
    for alert in alerts:
        await store.submit([Save(alert)], NOW)
    return alerts


async def test_totals_tell_count_duration_escalations_and_noise(
    store: Store, kept: list[Alert]
) -> None:
    del kept
    web, disk = await store.analysis.ask(
        partial(alert_totals, start=NOW, end=NOW + 9 * HOUR, now=NOW + 4 * HOUR)
    )
    assert (web.name, web.count, web.open, web.worst) == ("web", 4, 1, "high")
    assert web.firing_ms == HOUR + 10 * MINUTE + 50 * SECOND
    assert (web.longest_ms, web.shortest_ms) == (HOUR, 20 * SECOND)
    assert (web.escalated, web.unacknowledged, web.short, web.again) == (1, 3, 2, 1)
    assert (disk.count, disk.firing_ms, disk.worst) == (1, 2 * HOUR, "critical")
    assert (disk.escalated, disk.unacknowledged, disk.short, disk.again) == (1, 0, 0, 0)


async def test_totals_are_those_of_the_span(store: Store, kept: list[Alert]) -> None:
    del kept
    (web,) = await store.analysis.ask(
        partial(alert_totals, start=NOW + 1, end=NOW + 3 * HOUR, now=NOW + 4 * HOUR)
    )
    assert (web.name, web.count, web.open) == ("web", 2, 0)


async def test_alerts_of_tests_count_in_no_totals(store: Store, kept: list[Alert]) -> None:
    asked = partial(alert_totals, start=NOW, end=NOW + 9 * HOUR, now=NOW + 4 * HOUR)
    real = await store.analysis.ask(asked)
    trial = fired("a-test", HOUR, MINUTE, source="test:5f3a")
    await store.submit([Save(trial)], NOW)
    assert await store.analysis.ask(asked) == real
    assert len(kept) == sum(totals.count for totals in real)
