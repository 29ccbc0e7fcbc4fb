"""The mirror: state and events in, one consistent picture out."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.api.schema import DeliveryView, IncidentView, Operator
from tests.tui import estate
from tui.mirror import FEED_LIMIT, HISTORY_LIMIT, RESOLVED_LIMIT, Mirror
from tui.showing import figures


@pytest.fixture
def mirror() -> Mirror:
    """A mirror of the estate."""
    made = Mirror()
    made.load(estate.state(), estate.NOW)
    return made


def test_a_state_fills_the_mirror(mirror: Mirror) -> None:
    """Everything is found by its key."""
    assert mirror.loaded
    assert mirror.seq == 100
    assert mirror.incidents["01JD0CHECKOUT"].severity == "emergency"
    assert mirror.services["checkout"].status == "down"
    assert len(mirror.history["catalogue"]) == 60


def test_an_event_changes_one_object_and_the_revision(mirror: Mirror) -> None:
    """What was not told of stays."""
    before, revision = dict(mirror.checks), mirror.revision
    taken = estate.checkout()
    taken.state, taken.version = "acknowledged", 5
    mirror.apply("incident", taken, 101, estate.NOW)
    assert mirror.incidents["01JD0CHECKOUT"].state == "acknowledged"
    assert mirror.checks == before
    assert mirror.revision == revision + 1


def test_an_event_that_the_state_already_holds_changes_nothing(mirror: Mirror) -> None:
    """The stream may repeat what the state told."""
    old = estate.checkout()
    old.title = "older"
    mirror.apply("incident", old, 100, estate.NOW)
    assert mirror.incidents["01JD0CHECKOUT"].title != "older"


def test_an_incident_never_goes_back_to_an_older_version(mirror: Mirror) -> None:
    """The answer to a write may come before the events that led to it."""
    newer, older = estate.checkout(), estate.checkout()
    newer.version, newer.title, older.title = 9, "new", "old"
    mirror.learn(newer)
    mirror.apply("incident", older, 101, estate.NOW)
    assert mirror.incidents["01JD0CHECKOUT"].title == "new"


def test_text_of_events_is_scrubbed(mirror: Mirror) -> None:
    """Events come from outside as states do."""
    evil = estate.checkout()
    evil.title, evil.version = "pay\x1b[31m", 8
    mirror.apply("incident", evil, 101, estate.NOW)
    assert mirror.incidents["01JD0CHECKOUT"].title == "pay·[31m"


def test_data_without_its_shape_is_refused(mirror: Mirror) -> None:
    """A daemon that speaks another language is not mirrored half."""
    with pytest.raises(msgspec.ValidationError):
        mirror.apply("incident", {"id": 7}, 101, estate.NOW)


def test_events_of_a_kind_from_the_future_are_passed_over(mirror: Mirror) -> None:
    """A newer daemon may tell of more."""
    mirror.apply("schedule", {"name": "primary"}, 101, estate.NOW)
    assert mirror.seq == 101


def test_a_run_of_a_check_lengthens_its_services_history(mirror: Mirror) -> None:
    """A failed run is a gap, the same run twice counts once, and the history is bounded."""
    check = estate.checks()[4]
    assert check.last is not None
    for place in range(HISTORY_LIMIT + 5):
        check.last.time = estate.ahead(place * 1000)
        check.last.latency_ms = float(place)
        mirror.apply("check", msgspec.structs.replace(check), 101 + 2 * place, estate.NOW)
        mirror.apply("check", msgspec.structs.replace(check), 102 + 2 * place, estate.NOW)
        check.last = msgspec.structs.replace(check.last)
    assert list(mirror.history["catalogue"])[-2:] == [HISTORY_LIMIT + 3.0, HISTORY_LIMIT + 4.0]
    assert len(mirror.history["catalogue"]) == HISTORY_LIMIT
    check.last.time, check.last.status = estate.ahead(10**7), "down"
    mirror.apply("check", check, 9_999, estate.NOW)
    assert mirror.history["catalogue"][-1] is None


def test_a_resolved_incident_stays_for_who_is_looking_at_it(mirror: Mirror) -> None:
    """It goes to the end, and outlives a new state that no longer lists it."""
    done = estate.checkout()
    done.state, done.resolved_at, done.version = "resolved", estate.ago(0), 9
    mirror.apply("incident", done, 101, estate.NOW)
    assert figures.incidents(mirror)[-2].id == "01JD0CHECKOUT"
    fresh = estate.state()
    fresh.incidents = [one for one in fresh.incidents if one.id != "01JD0CHECKOUT"]
    mirror.load(fresh, estate.NOW)
    assert "01JD0CHECKOUT" in mirror.incidents


def test_resolved_incidents_and_the_feed_are_bounded() -> None:
    """A dashboard open for a month needs the memory of a day."""
    mirror = Mirror()
    mirror.load(estate.quiet(), estate.NOW)
    for place in range(RESOLVED_LIMIT * 3):
        one = estate.backup()
        one.id, one.resolved_at = f"r{place}", estate.ahead(place)
        mirror.apply("incident", one, 101 + 2 * place, estate.NOW)
        act = Operator(
            time=estate.ago(0), by="ana", origin="", action="note", subject="x", detail=""
        )
        mirror.apply("operator", act, 102 + 2 * place, estate.NOW)
    assert len(mirror.incidents) == RESOLVED_LIMIT
    assert f"r{RESOLVED_LIMIT * 3 - 1}" in mirror.incidents
    assert len(mirror.feed) == FEED_LIMIT


def test_the_feed_opens_with_what_the_state_tells_and_goes_on_with_events(mirror: Mirror) -> None:
    """Oldest first; a rise, a level, a service, a failed delivery and an operator are news."""
    times = [one.at for one in mirror.feed]
    assert times == sorted(times)
    assert mirror.feed[-1].text == "emergency: Customers cannot pay: connection refused"
    up = estate.checkout()
    up.version = 5
    assert up.escalation is not None
    up.escalation.level = 2
    mirror.apply("incident", up, 101, estate.NOW)
    assert "level 2 of 3" in mirror.feed[-1].text
    service = estate.services()[0]
    service.status = "up"
    mirror.apply("service", service, 102, estate.NOW)
    assert mirror.feed[-1].text == "was down, is up"
    failed = estate.deliveries()[0]
    failed.state = "failed"
    mirror.apply("delivery", failed, 103, estate.NOW)
    assert "could not be told" in mirror.feed[-1].text
    act = Operator(time=estate.ago(0), by="ben", origin="unix", action="ack",
                   subject="01JD0CHECKOUT", detail="")  # fmt: skip
    mirror.apply("operator", act, 104, estate.NOW)
    assert mirror.feed[-1].subject == "ben"
    assert "Customers cannot pay" in mirror.feed[-1].text


def test_a_delivery_marks_its_incidents_story_as_old(mirror: Mirror) -> None:
    """So that a pane that shows who was told asks again."""
    delivery: DeliveryView = estate.deliveries()[0]
    mirror.apply("delivery", delivery, 101, estate.NOW)
    assert mirror.told["01JD0CHECKOUT"] == 1


def test_figures_are_made_once_a_revision(mirror: Mirror) -> None:
    """Orders of ten thousand are not made for every painted row."""
    assert figures.incidents(mirror) is figures.incidents(mirror)
    before = figures.incidents(mirror)
    mirror.learn(estate.checkout())
    assert figures.incidents(mirror) is not before


def test_the_worst_is_unacknowledged_unmuted_severe_and_old(mirror: Mirror) -> None:
    """Waiting ones first, then taken, muted, resolved ones."""
    order = [one.id for one in figures.incidents(mirror)]
    assert order == ["01JD0CHECKOUT", "01JD0ORDERS", "01JD0SEARCH", "01JD0MAILER", "01JD0BACKUP"]
    worst = figures.worst_unacknowledged(mirror)
    assert worst is not None
    assert worst.id == "01JD0CHECKOUT"


def test_the_next_escalation_is_the_first_that_is_due(mirror: Mirror) -> None:
    """Acknowledged incidents have none."""
    step = figures.next_escalation(mirror)
    assert step is not None
    assert step.incident.id == "01JD0CHECKOUT"
    assert step.told == ("ana", "mail")
    taken = estate.checkout()
    taken.state, taken.version = "acknowledged", 5
    mirror.learn(taken)
    later = figures.next_escalation(mirror)
    assert later is not None
    assert later.incident.id == "01JD0ORDERS"


def test_shared_labels_are_those_of_every_firing_alert(mirror: Mirror) -> None:
    """What differs between the alerts is no matcher for all of them."""
    shared = figures.shared_labels(mirror, mirror.incidents["01JD0CHECKOUT"])
    assert shared == {"alertname": "CheckDown", "env": "prod", "service": "checkout"}


SEVERITY = st.sampled_from(["emergency", "critical", "high", "medium", "low", "info"])
STATE = st.sampled_from(["triggered", "acknowledged", "resolved"])
EVENTS = st.lists(st.tuples(st.integers(0, 6), SEVERITY, STATE), max_size=30)


@settings(max_examples=60, deadline=None)
@given(EVENTS)
def test_after_any_events_the_figures_agree_with_each_other(
    events: list[tuple[int, str, str]],
) -> None:
    """Counts count the open ones; the worst is one of them; the order puts resolved ones last."""
    mirror = Mirror()
    mirror.load(estate.quiet(), estate.NOW)
    for seq, (number, severity, state) in enumerate(events, 101):
        one: IncidentView = estate.orders()
        one.id, one.severity, one.state, one.version = f"i{number}", severity, state, seq  # type: ignore[assignment]  # words of the shape
        one.resolved_at = estate.ago(0) if state == "resolved" else None
        mirror.apply("incident", one, seq, estate.NOW)
    opened = figures.open_incidents(mirror)
    assert sum(figures.severity_counts(mirror).values()) == len(opened)
    states = [one.state == "resolved" for one in figures.incidents(mirror)]
    assert states == sorted(states)
    worst = figures.worst_unacknowledged(mirror)
    waiting = [one for one in opened if one.state == "triggered"]
    assert (worst is None) == (not waiting)
    if worst is not None:
        assert worst.id == opened[0].id
