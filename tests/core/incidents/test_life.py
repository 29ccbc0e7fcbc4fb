"""The life of an incident: its table, its words, its down time."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from daemon.core.errors import NotAllowed
from daemon.core.incidents import life as incidents
from daemon.core.incidents.life import TABLE, Go, Happening, Ignore, Refuse
from daemon.core.model import (
    ENGINE,
    HOUR,
    MINUTE,
    AtRisk,
    Incident,
    IncidentState,
    Mute,
    MuteKind,
    Terms,
    Told,
)
from daemon.core.plan import Plan, ServicePlan
from daemon.core.severity import Severity
from tests.core.deciding import ANA, START, alert

SILENCED = (Mute(MuteKind.SILENCE, "s", "works"),)


def opened(plan: Plan | None = None, **more: object) -> Incident:
    return incidents.opened(alert(**more), "id", "{}:{}", plan or Plan(), START)  # type: ignore[arg-type]  # fields by name


def down(key: str, since: int) -> object:
    return alert(key, terms=Terms(since=since, down=True))


def test_every_pair_of_a_state_and_a_happening_has_its_row() -> None:
    assert set(TABLE) == {(s, h) for s in IncidentState for h in Happening}


@pytest.mark.parametrize(("state", "happening"), list(TABLE))
def test_each_row_is_followed(state: IncidentState, happening: Happening) -> None:
    incident = replace(opened(), state=state)
    match TABLE[state, happening]:
        case Go(to):
            assert incidents.after(incident, happening) is to
        case Ignore():
            assert incidents.after(incident, happening) is None
        case Refuse(why):
            with pytest.raises(NotAllowed, match=why):
                incidents.after(incident, happening)


T, A, R = IncidentState.TRIGGERED, IncidentState.ACKNOWLEDGED, IncidentState.RESOLVED
H = Happening
WORK = {H.STAFF, H.UPDATE, H.MERGE, H.SPLIT}


@pytest.mark.parametrize(
    ("state", "to", "happenings"),
    [
        (T, A, {H.ACK, H.SNOOZE}),
        (T, R, {H.CLEAR, H.RESOLVE}),
        (T, T, {H.JOIN, H.RAISE, H.ASSIGN, H.NOTE, H.ESCALATE} | WORK),
        (A, T, {H.JOIN, H.RAISE, H.UNACK, H.EXPIRE, H.ESCALATE}),
        (A, R, {H.CLEAR, H.RESOLVE}),
        (A, A, {H.ACK, H.SNOOZE, H.ASSIGN, H.NOTE} | WORK),
        (R, R, {H.NOTE}),
        (R, T, set()),
        (R, A, set()),
    ],
)
def test_only_what_the_theory_names_leads_from_one_state_into_another(
    state: IncidentState, to: IncidentState, happenings: set[Happening]
) -> None:
    rows = ((happening, row) for (first, happening), row in TABLE.items() if first is state)
    assert {happening for happening, row in rows if row == Go(to)} == happenings


@pytest.mark.parametrize(
    ("state", "happening", "words"),
    [
        (T, H.UNACK, "un-acknowledged: it is not acknowledged"),
        (R, H.ACK, "acknowledged: it is already resolved"),
        (R, H.SNOOZE, "snoozed: it is already resolved"),
        (R, H.ASSIGN, "assigned: it is already resolved"),
        (R, H.UNACK, "un-acknowledged: it is already resolved"),
        (R, H.RESOLVE, "resolved: it is already resolved"),
        (R, H.ESCALATE, "escalated: it is already resolved"),
        (R, H.STAFF, "staffed: it is already resolved"),
        (R, H.UPDATE, "told of: it is already resolved"),
        (R, H.MERGE, "merged: it is already resolved"),
        (R, H.SPLIT, "split: it is already resolved"),
    ],
)
def test_a_refusal_says_what_is_not_possible_and_why(
    state: IncidentState, happening: Happening, words: str
) -> None:
    with pytest.raises(NotAllowed, match=f"^incident id cannot be {words}$"):
        incidents.after(replace(opened(), state=state), happening)


def test_resolved_is_the_end() -> None:
    gone = [row for (state, _), row in TABLE.items() if state is IncidentState.RESOLVED]
    assert all(not isinstance(row, Go) or row.to is IncidentState.RESOLVED for row in gone)


def test_the_id_follows_from_the_group_and_the_time() -> None:
    assert incidents.incident_id("g", 1) == incidents.incident_id("g", 1)
    assert incidents.incident_id("g", 1) != incidents.incident_id("g", 2)
    assert incidents.incident_id("g1", 1) != incidents.incident_id("g", 11)
    assert len(incidents.incident_id("g", 1)) == 12


def test_it_knows_its_service_and_when_that_must_be_back() -> None:
    service = ServicePlan(
        "shop", ("a",), "revenue", "acme", revenue_per_hour=Decimal(60), currency="GBP",
        recovery_sla=15 * MINUTE,
    )  # fmt: skip
    terms = Terms(since=START - MINUTE, down=True)
    incident = opened(Plan(services={"shop": service}), terms=terms)
    assert (incident.service, incident.context, incident.organization) == (
        "shop", "revenue", "acme",
    )  # fmt: skip
    assert incident.recovery_due == START + 14 * MINUTE
    assert incident.lost(START + 9 * MINUTE) == Decimal(10)
    assert incident.currency == "GBP"


@pytest.mark.parametrize(
    ("source", "is_timed", "is_test"),
    [("check:a", True, False), ("self:slow:ack:id", False, False), ("test:x.1", False, True)],
)
def test_only_what_is_no_test_and_not_about_lateness_is_held_against_money_and_times(
    source: str, is_timed: bool, is_test: bool
) -> None:
    risks = (AtRisk(Decimal(5), START),)
    service = ServicePlan("shop", ("a",), recovery_sla=MINUTE, at_risk=risks)
    incident = opened(Plan(services={"shop": service}), source=source)
    assert (incident.is_timed, incident.is_test) == (is_timed, is_test)
    assert incident.at_risk == (risks if is_timed else ())
    assert incident.recovery_due == (START + MINUTE if is_timed else None)


def test_of_what_was_done_about_both_that_of_the_one_that_goes_on_counts() -> None:
    into = replace(opened(), responses=(("drain", "done"), ("page", "running")))
    other = replace(opened(), responses=(("restart", "failed"), ("drain", "failed")))
    assert incidents.responses_of_both(into, other) == (other.responses[0], *into.responses)


def test_a_service_that_is_not_down_must_be_back_in_time_from_now_on() -> None:
    service = ServicePlan("shop", ("a",), recovery_sla=15 * MINUTE)
    unhurried = Plan(services={"shop": replace(service, recovery_sla=None)})
    assert opened(Plan(services={"shop": service})).recovery_due == START + 15 * MINUTE
    assert opened(unhurried).recovery_due is None


def test_a_service_that_no_plan_knows_is_as_its_alert_says() -> None:
    labels = {"service": "mail", "context": "office", "check": "a"}
    incident = opened(labels=labels)
    assert (incident.service, incident.context, incident.organization) == ("mail", "office", None)
    assert incident.recovery_due is None


def test_it_begins_with_all_that_its_first_alert_is() -> None:
    first = alert(
        annotations={"status": "down", "summary": "no answer"},
        effective=Severity.LOW,
        muted=SILENCED,
        terms=Terms(since=START - 1, down=True, acknowledgeable=False),
    )
    incident = incidents.opened(first, "id", "g", Plan(), START)
    assert incident == Incident(
        key="id",
        group="g",
        state=IncidentState.TRIGGERED,
        severity=Severity.LOW,
        title="shop is down",
        summary="no answer",
        fired_at=START,
        service="shop",
        alerts=("a",),
        firing=("a",),
        muted=SILENCED,
        acknowledgeable=False,
        down_since=START - 1,
    )


def test_it_is_as_grave_as_the_worst_of_its_firing_alerts_and_speaks_for_it() -> None:
    mild = alert("a", effective=Severity.LOW, annotations={"status": "degraded"})
    grave = alert("b", effective=Severity.EMERGENCY, annotations={"status": "down"})
    incident = incidents.reviewed(opened(), [mild, grave], START)
    assert incident.severity is Severity.EMERGENCY
    assert incident.title == "shop is down"
    assert incident.summary.endswith("(and 1 more alert)")
    milder = incidents.reviewed(incident, [mild], START)
    assert (milder.severity, milder.title) == (Severity.LOW, "shop is degraded")


def test_its_summary_counts_the_other_alerts() -> None:
    def words(*keys: str) -> str:
        return incidents.reviewed(opened(), [alert(key) for key in keys], START).summary

    assert words("a") == "shop is failing"
    assert words("a", "b", "c") == "shop is failing (and 2 more alerts)"


def test_with_no_alert_to_speak_for_it_its_words_stay() -> None:
    incident = opened()
    assert incidents.described(incident, []) is incident


def test_when_nothing_fires_any_more_it_stays_as_it_was_last_known() -> None:
    incident = opened(muted=SILENCED, terms=Terms(since=START, down=True))
    over = incidents.reviewed(incident, [], START + MINUTE, ended=START + 700)
    assert over == replace(
        incident, firing=(), down_since=None, down_until=START + 700, down_ms=700
    )


def test_what_was_told_is_kept_only_of_alerts_that_still_fire() -> None:
    told = Told("slack", "", START, ("a", "b", "c"), Severity.HIGH)
    incident = replace(opened(), told=(told,))
    seen = incidents.reviewed(incident, [alert("c"), alert("b"), alert("d")], START)
    assert seen.firing == ("c", "b", "d")
    assert seen.told == (replace(told, firing=("b", "c")),)


def test_a_review_counts_down_time_too() -> None:
    seen = incidents.reviewed(opened(), [down("a", START - 5)], START)  # type: ignore[list-item]  # an alert
    assert seen.down_since == START - 5
    over = incidents.reviewed(seen, [alert("b")], START + MINUTE, ended=START + 700)
    assert (over.down_ms, over.down_until, over.acknowledgeable) == (705, START + 700, True)


def test_an_outage_of_which_nobody_knows_the_start_counts_from_now() -> None:
    undated = alert("a", terms=Terms(since=None, down=True))
    assert incidents.counting(opened(), [undated], START).down_since == START


def test_it_shows_as_many_reasons_for_its_mutes_as_somebody_may_read() -> None:
    reasons = tuple(Mute(MuteKind.SILENCE, str(number), "works") for number in range(30))
    seen = incidents.reviewed(opened(), [alert(muted=reasons)], START)
    assert seen.muted == reasons[:20]


def test_it_is_muted_only_when_all_its_firing_alerts_are() -> None:
    quiet, loud = alert("a", muted=SILENCED), alert("b")
    assert incidents.reviewed(opened(), [quiet, loud], START).muted == ()
    assert incidents.reviewed(opened(), [quiet], START).muted == SILENCED
    both = [quiet, alert("b", muted=SILENCED)]
    assert incidents.reviewed(opened(), both, START).muted == SILENCED


def test_it_may_be_acknowledged_only_if_all_its_firing_alerts_may() -> None:
    secret = alert("b", terms=Terms(acknowledgeable=False))
    assert not incidents.reviewed(opened(), [alert("a"), secret], START).acknowledgeable


def test_an_alert_that_joins_again_is_listed_once() -> None:
    incident = incidents.joined(incidents.joined(opened(), ("b",)), ("a",))
    assert incident.alerts == ("a", "b")
    assert incident.firing == ("b", "a")


def test_down_time_counts_from_the_first_failure_to_the_first_good_run() -> None:
    incident = incidents.counting(opened(), [down("a", START - 500)], START)  # type: ignore[list-item]  # an alert
    assert incident.down_since == START - 500
    over = incidents.counting(incident, [], START + MINUTE, ended=START + 700)
    assert (over.down_ms, over.down_since, over.down_until) == (1_200, None, START + 700)


def test_overlapping_outages_count_once() -> None:
    both = [down("a", START), down("b", START + MINUTE)]
    incident = incidents.counting(opened(), both, START + MINUTE)  # type: ignore[arg-type]  # alerts
    one = incidents.counting(incident, both[1:], START + 2 * MINUTE)  # type: ignore[arg-type]  # alerts
    assert one.down_since == START
    over = incidents.counting(one, [], START + 3 * MINUTE)
    assert over.down_ms == 3 * MINUTE
    again = incidents.counting(over, [down("c", START + 2 * MINUTE)], START + 4 * MINUTE)  # type: ignore[list-item]  # an alert
    assert again.down_since == START + 3 * MINUTE


def test_two_outages_add_up() -> None:
    incident = opened()
    for began in (START, START + HOUR):
        incident = incidents.counting(incident, [down("a", began)], began)  # type: ignore[list-item]  # an alert
        incident = incidents.counting(incident, [], began + MINUTE)
    assert incident.down_ms == 2 * MINUTE


def test_an_outage_does_not_end_before_it_began_or_later_than_now() -> None:
    incident = incidents.counting(opened(), [down("a", START)], START)  # type: ignore[list-item]  # an alert
    late = incidents.counting(incident, [], START + 5, ended=START + 9)
    assert (late.down_ms, late.down_until) == (5, START + 5)
    early = incidents.counting(incident, [], START + 5, ended=START - 9)
    assert (early.down_ms, early.down_until) == (0, START)


def test_what_fails_without_being_down_costs_nothing() -> None:
    slow = alert("a", terms=Terms(since=START, down=False))
    assert incidents.counting(opened(), [slow], START).down_since is None


def test_what_is_not_known_to_be_down_costs_nothing() -> None:
    doubtful = alert("a", holds=None, terms=Terms(since=START, down=True))
    assert incidents.counting(opened(), [doubtful], START).down_since is None


def test_acknowledging_again_keeps_when_it_was_first_taken() -> None:
    incident = opened()
    once = incidents.acknowledged(incident, ANA, "on it", START + HOUR, START + 1)
    assert once == replace(
        incident,
        state=IncidentState.ACKNOWLEDGED,
        acknowledged_at=START + 1,
        first_acknowledged_at=START + 1,
        acknowledged_by="ana",
        ack_comment="on it",
        ack_until=START + HOUR,
    )
    twice = incidents.acknowledged(once, ANA, "", None, START + 9)
    assert (twice.acknowledged_at, twice.ack_until, twice.ack_comment) == (START + 1, None, None)


def test_given_back_only_when_it_was_first_taken_is_left_of_the_acknowledgement() -> None:
    incident = opened()
    taken = incidents.acknowledged(incident, ANA, "on it", START + HOUR, START + 1)
    back = incidents.triggered(taken)
    assert back == replace(incident, first_acknowledged_at=START + 1)
    assert incidents.acknowledged(back, ANA, "", None, START + 9).first_acknowledged_at == START + 1


def test_a_resolved_incident_keeps_who_took_it_and_fires_nothing() -> None:
    taken = incidents.acknowledged(opened(), ANA, "", START + HOUR, START + 1)
    over = incidents.resolved(taken, ENGINE, START + 9)
    assert (over.state, over.firing, over.muted) == (IncidentState.RESOLVED, (), ())
    assert (over.acknowledged_by, over.resolved_by, over.ack_until) == ("ana", None, None)
    assert incidents.resolved(taken, ANA, START + 9).resolved_by == "ana"


def test_resolving_ends_the_outage_and_the_mutes() -> None:
    incident = opened(muted=SILENCED, terms=Terms(since=START, down=True))
    over = incidents.resolved(incident, ENGINE, START + MINUTE)
    assert (over.resolved_at, over.muted) == (START + MINUTE, ())
    assert (over.down_since, over.down_ms) == (None, MINUTE)
