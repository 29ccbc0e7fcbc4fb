"""The life of an incident: its table, its words, its down time."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from daemon.core import incidents
from daemon.core.errors import NotAllowed
from daemon.core.incidents import TABLE, Go, Happening, Ignore, Refuse
from daemon.core.model import ENGINE, HOUR, MINUTE, Incident, IncidentState, Mute, MuteKind, Terms
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


def test_resolved_is_the_end() -> None:
    gone = [row for (state, _), row in TABLE.items() if state is IncidentState.RESOLVED]
    assert all(not isinstance(row, Go) or row.to is IncidentState.RESOLVED for row in gone)


def test_the_id_follows_from_the_group_and_the_time() -> None:
    assert incidents.incident_id("g", 1) == incidents.incident_id("g", 1)
    assert incidents.incident_id("g", 1) != incidents.incident_id("g", 2)
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


def test_it_is_as_grave_as_the_worst_of_its_firing_alerts_and_speaks_for_it() -> None:
    mild = alert("a", effective=Severity.LOW, annotations={"status": "degraded"})
    grave = alert("b", effective=Severity.EMERGENCY, annotations={"status": "down"})
    incident = incidents.reviewed(opened(), [mild, grave], START)
    assert incident.severity is Severity.EMERGENCY
    assert incident.title == "shop is down"
    assert incident.summary.endswith("(and 1 more alert)")
    milder = incidents.reviewed(incident, [mild], START)
    assert (milder.severity, milder.title) == (Severity.LOW, "shop is degraded")


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


def test_what_is_not_known_to_be_down_costs_nothing() -> None:
    doubtful = alert("a", holds=None, terms=Terms(since=START, down=True))
    assert incidents.counting(opened(), [doubtful], START).down_since is None


def test_acknowledging_again_keeps_when_it_was_first_taken() -> None:
    once = incidents.acknowledged(opened(), ANA, "on it", START + HOUR, START + 1)
    twice = incidents.acknowledged(once, ANA, "", None, START + 9)
    assert (twice.acknowledged_at, twice.ack_until, twice.ack_comment) == (START + 1, None, None)
    given = incidents.triggered(twice)
    assert (given.acknowledged_at, given.acknowledged_by) == (None, None)


def test_a_resolved_incident_keeps_who_took_it_and_fires_nothing() -> None:
    taken = incidents.acknowledged(opened(), ANA, "", START + HOUR, START + 1)
    over = incidents.resolved(taken, ENGINE, START + 9)
    assert (over.state, over.firing, over.muted) == (IncidentState.RESOLVED, (), ())
    assert (over.acknowledged_by, over.resolved_by, over.ack_until) == ("ana", None, None)
    assert incidents.resolved(taken, ANA, START + 9).resolved_by == "ana"
