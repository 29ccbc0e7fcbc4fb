"""Parts, status updates and incidents by hand: what operators do to work on one together."""

from __future__ import annotations

import pytest

from daemon.core.chronicle import EntryKind
from daemon.core.errors import Invalid, NotAllowed
from daemon.core.events import OpenIncident, PostUpdate, PutSilence, Resolve, SetRole
from daemon.core.labels import parse_matcher
from daemon.core.model import HOUR, MINUTE, AlertState, IncidentState
from daemon.core.plan import ChannelPlan, ServicePlan
from daemon.core.severity import Severity
from tests.core.deciding import ANA, BEN, CHANNELS, START, Stand, condition, plan, route, said

ASKED = {**CHANNELS, "board": ChannelPlan("board", "email", is_for_stakeholders=True)}


@pytest.fixture
def stand() -> Stand:
    """A stand with one incident that was told to those who mend and to those who ask."""
    made = Stand(plan(route=route(channels=("slack", "board")), channels=ASKED))
    made.see(condition())
    return made


def test_who_gets_a_part_is_told_and_it_is_on_record(stand: Stand) -> None:
    told = stand.do(SetRole(stand.incident.key, ANA, "Commander", "ben"))
    assert said(told) == [("ben via mail", "updated")]
    assert told[0].reason == "you are the commander, says ana"
    assert stand.incident.roles == (("commander", "ben"),)
    assert stand.mirror.audits[-1].detail == "commander: ben"
    stand.do(SetRole(stand.incident.key, ANA, "commander", "ana"))
    assert stand.mirror.entries[-1].text == "commander: ana; ben had it"
    assert stand.do(SetRole(stand.incident.key, ANA, "commander", None)) == []
    assert stand.incident.roles == ()


@pytest.mark.parametrize(
    ("role", "to", "error", "why"),
    [
        ("the boss", "ana", Invalid, "is no role"),
        ("scribe", "bem", Invalid, "did you mean ben"),
        ("scribe", None, NotAllowed, "nobody is scribe"),
    ],
)
def test_a_part_needs_a_word_and_a_person(
    stand: Stand, role: str, to: str | None, error: type[Exception], why: str
) -> None:
    with pytest.raises(error, match=why):
        stand.do(SetRole(stand.incident.key, ANA, role, to))
    assert stand.incident.roles == ()


def test_a_status_update_is_told_to_those_who_ask_and_to_nobody_else(stand: Stand) -> None:
    told = stand.do(PostUpdate(stand.incident.key, BEN, " we fail over ", next_in=15 * MINUTE))
    assert said(told) == [("board", "updated")]
    update = told[0].incident.status_update
    assert update is not None
    assert (update.text, update.by, update.next_at) == ("we fail over", "ben", START + 15 * MINUTE)
    assert stand.mirror.audits[-1].action == "update"
    line = next(e for e in stand.mirror.entries if e.kind is EntryKind.UPDATE)
    assert line.text == "we fail over; the next follows at 2027-01-15 08:15:00 UTC"


def test_an_update_that_no_stakeholder_can_hear_says_so() -> None:
    stand = Stand(plan(route=route()))
    stand.see(condition())
    assert stand.do(PostUpdate(stand.incident.key, ANA, "hm")) == []
    assert stand.mirror.entries[-1].text == "hm; no stakeholder knows of it"


def test_an_update_of_a_muted_incident_is_kept_and_not_told(stand: Stand) -> None:
    stand.do(PutSilence(ANA, (parse_matcher("service=shop"),), None, START + HOUR, "works"))
    assert stand.do(PostUpdate(stand.incident.key, ANA, "hm")) == []
    assert stand.mirror.entries[-1].text == "hm; nobody is told while it is muted"


def test_what_is_over_gets_no_update_and_what_says_nothing_is_none(stand: Stand) -> None:
    with pytest.raises(Invalid, match="empty"):
        stand.do(PostUpdate(stand.incident.key, ANA, "  "))
    with pytest.raises(Invalid, match="ahead"):
        stand.do(PostUpdate(stand.incident.key, ANA, "x", next_in=0))
    stand.do(Resolve(stand.incident.key, ANA))
    with pytest.raises(NotAllowed, match="already resolved"):
        stand.do(PostUpdate(stand.incident.key, ANA, "x"))


def test_an_incident_opened_by_hand_takes_the_routes_of_its_service() -> None:
    services = {"shop": ServicePlan("shop", ("web",), context="money", labels={"env": "prod"})}
    spec = plan(
        services=services, route=route(route(match=("env=prod",), channels=("mail",)), channels=())
    )
    stand = Stand(spec)
    told = stand.do(OpenIncident(ANA, "The till is stuck", "shop", Severity.CRITICAL, "since 9"))
    assert said(told) == [("mail", "firing")]
    assert (stand.incident.title, stand.incident.service) == ("The till is stuck", "shop")
    assert stand.incident.severity is Severity.CRITICAL
    assert stand.mirror.audits[-1].action == "open"


def test_it_stays_an_incident_of_its_own_beside_that_of_its_service() -> None:
    stand = Stand(plan(services={"shop": ServicePlan("shop", ("web",))}))
    stand.see(condition())
    stand.do(OpenIncident(ANA, "The till is stuck", "shop"))
    stand.do(OpenIncident(ANA, "The till is stuck", "shop"))
    assert len(stand.incidents) == 3


def test_it_ends_only_by_hand_and_then_for_good_also_after_a_restart() -> None:
    stand = Stand()
    stand.do(OpenIncident(ANA, "The till is stuck"))
    stand.wait(2 * HOUR)
    stand.restart(after=MINUTE)
    assert stand.incident.state is IncidentState.TRIGGERED
    told = stand.do(Resolve(stand.incident.key, ANA))
    assert {kind for _, kind in said(told)} == {"resolved"}
    (alert,) = stand.decider.alerts.records.values()
    assert alert.state is AlertState.RESOLVED
    stand.wait(2 * HOUR)
    assert not stand.decider.alerts.records


def test_it_needs_a_title_and_a_service_that_there_is() -> None:
    stand = Stand()
    with pytest.raises(Invalid, match="title"):
        stand.do(OpenIncident(ANA, " "))
    with pytest.raises(Invalid, match="no service 'nope'"):
        stand.do(OpenIncident(ANA, "x", "nope"))
    assert stand.incidents == []
