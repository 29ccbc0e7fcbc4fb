"""A story cut at a moment: nothing of it came later, and what was under way is under way."""

from __future__ import annotations

from daemon.api.schema import IncidentDetail
from tests.tui import estate
from tests.tui.estate import MINUTE, NOW, SECOND
from tui.hindsight import as_of


def story() -> IncidentDetail:
    """The worst incident's, whose second alert has ended a minute ago."""
    alerts = [one for one in estate.alerts() if one.incident == "01JD0CHECKOUT"]
    alerts[1].state, alerts[1].resolved_at = "resolved", estate.ago(MINUTE)
    return IncidentDetail(
        incident=estate.checkout(), alerts=alerts, timeline=estate.timeline(),
        deliveries=estate.deliveries(),
    )  # fmt: skip


def test_entries_and_deliveries_of_later_are_left_out() -> None:
    seen = as_of(story(), estate.checkout(), NOW - 200 * SECOND)
    assert [one.kind for one in seen.timeline] == ["fired", "notified"]
    assert as_of(story(), estate.checkout(), NOW - 300 * SECOND).deliveries == []
    assert as_of(story(), estate.checkout(), NOW).timeline == story().timeline


def test_what_had_not_arrived_is_queued() -> None:
    """The first was sent 0.4 s after it was made; of the second, attempts came later."""
    sent, waits = as_of(story(), estate.checkout(), NOW - 251_800).deliveries
    assert (sent.state, sent.sent_at, waits.attempts, waits.detail) == ("queued", None, 0, "")
    sent, _ = as_of(story(), estate.checkout(), NOW - 251_600).deliveries
    assert sent.state == "sent"


def test_an_alert_that_had_not_ended_fires_and_one_that_joined_later_is_not_there() -> None:
    then = estate.checkout()
    seen = as_of(story(), then, NOW - 2 * MINUTE)
    assert [one.state for one in seen.alerts] == ["firing", "firing"]
    assert as_of(story(), then, NOW).alerts[1].state == "resolved"
    then.alerts = ["a1"]
    assert [one.fingerprint for one in as_of(story(), then, NOW - MINUTE).alerts] == ["a1"]
