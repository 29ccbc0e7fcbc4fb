"""Contacts that wait: used while the incident calls, of whoever is still to be told."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.core.chronicle import EntryKind
from daemon.core.events import Assign, Resolve, Unacknowledge
from daemon.core.model import HOUR, MINUTE, IncidentState, Later, Level
from daemon.core.plan import Contact, PersonPlan, Plan, PolicyPlan, TeamPlan
from daemon.core.severity import Severity
from daemon.core.telling import contacts
from daemon.core.trying.rehearsal import outage, rehearse
from tests.core.deciding import ANA, BEN, START, Stand, ack, condition, plan, route, said, settled
from tests.core.incidents.test_desk_oncall import hourly

ANA_WAITS = PersonPlan(
    "ana",
    (
        Contact("quiet", "push"),
        Contact("sms", "+49", 2 * MINUTE),
        Contact("mail", "a@x", 5 * MINUTE),
    ),
    (Contact("mail", "a@x"),),
)
WAITS = {"ana": ANA_WAITS, "ben": PersonPlan("ben", (Contact("mail", "b@x"),), ())}


def spec(*levels: Level, rounds: int = 0, **more: object) -> Plan:
    named = levels or (Level(0, ("person:ana",)),)
    values: dict[str, object] = {
        "route": route(channels=(), policy="duty"),
        "policies": {"duty": PolicyPlan("duty", named, rounds)},
        "persons": WAITS,
    }
    return plan(**{**values, **more})


def told(stand: Stand, by: int) -> list[str]:
    return [who for who, _ in said(stand.wait(by))]


def test_a_later_contact_is_used_when_nobody_has_answered() -> None:
    stand = Stand(spec())
    assert said(stand.see(condition())) == [("ana via quiet", "firing")]
    assert stand.wait(2 * MINUTE - 1) == []
    (sms,) = stand.wait(1)
    assert (said([sms]), sms.reason) == ([("ana via sms", "firing")], "not acknowledged after 2m")
    assert told(stand, 3 * MINUTE) == ["ana via mail"]
    lines = [e.text for e in stand.mirror.entries if e.kind is EntryKind.ESCALATED]
    assert lines[0] == "level 1: ana via quiet, ana via sms after 2m, ana via mail after 5m"
    assert stand.wait(HOUR) == []


def test_whoever_answers_is_called_no_further() -> None:
    stand = Stand(spec())
    stand.see(condition())
    ack(stand)
    assert stand.wait(HOUR) == []


def test_what_is_given_back_goes_on_with_what_was_left() -> None:
    stand = Stand(spec())
    stand.see(condition())
    stand.wait(MINUTE)
    ack(stand)
    stand.wait(HOUR)
    stand.do(Unacknowledge(stand.incident.key, ANA))
    assert told(stand, MINUTE - 1) == []
    assert told(stand, 1) == ["ana via sms"]


def test_when_the_policy_starts_over_so_do_its_contacts() -> None:
    stand = Stand(spec())
    stand.see(condition())
    stand.wait(MINUTE)
    ack(stand, expires_after=HOUR)
    assert told(stand, HOUR) == ["ana via quiet"]
    assert told(stand, 2 * MINUTE - 1) == []
    assert told(stand, 1) == ["ana via sms"]


def test_nobody_is_called_further_while_it_is_muted() -> None:
    stand = Stand(spec())
    stand.see(condition())
    stand.wait(MINUTE)
    stand.see(condition(unreachable="db"))
    assert stand.wait(HOUR) == []
    stand.see(condition())
    assert told(stand, MINUTE - 1) == []
    assert told(stand, 1) == ["ana via sms"]


def test_nothing_is_to_come_once_it_is_over() -> None:
    stand = Stand(spec())
    stand.see(condition())
    stand.do(Resolve(stand.incident.key, ANA))
    assert stand.incident.contacts == ()
    assert stand.wait(HOUR) == []


def test_what_is_to_come_survives_a_restart_and_is_used_late_but_once() -> None:
    stand = Stand(spec())
    for notice in stand.see(condition()):
        stand.do(settled(notice, delivered=True))
    assert said(stand.restart(HOUR)) == [("ana via sms", "firing"), ("ana via mail", "firing")]
    assert stand.wait(HOUR) == []


def test_whoever_is_not_on_call_any_more_is_called_no_further_but_who_is_now() -> None:
    shifts = hourly("ana", "ben")  # the first hand-over comes after half an hour
    stand = Stand(spec(Level(0, ("schedule:duty",)), schedules={"duty": shifts}))
    stand.wait(29 * MINUTE)
    assert said(stand.see(condition())) == [("ana via quiet", "firing")]
    (ben,) = stand.wait(2 * MINUTE)
    assert said([ben]) == [("ben via mail", "firing")]
    assert ben.reason == "in place of ana, who has not answered and is not on call any more"
    assert stand.wait(HOUR) == []


def test_a_contact_that_left_the_configuration_is_left_out() -> None:
    stand = Stand(spec(teams={"both": TeamPlan("both", ("ana", "ben"))}))
    stand.see(condition())
    short = replace(ANA_WAITS, high=(ANA_WAITS.high[0], ANA_WAITS.high[2]))
    stand.reload(replace(stand.plan, persons={**WAITS, "ana": short}))
    assert told(stand, HOUR) == ["ana via mail"]


def test_a_person_with_later_contacts_only_is_not_taken_for_nobody() -> None:
    late = PersonPlan("ana", (Contact("sms", "+49", MINUTE),), ())
    levels = (Level(0, ("person:ana",)), Level(HOUR, ("person:ben",)))
    stand = Stand(spec(*levels, persons={**WAITS, "ana": late}))
    assert stand.see(condition()) == []
    assert told(stand, HOUR - 1) == ["ana via sms"]
    assert told(stand, 1) == ["ben via mail"]


def test_a_repeat_does_not_put_off_what_is_to_come() -> None:
    stand = Stand(spec(Level(0, ("person:ana",), repeat=MINUTE)))
    stand.see(condition())
    found = told(stand, 2 * MINUTE)
    assert found == ["ana via quiet", "ana via quiet", "ana via sms"]


def test_who_is_told_that_it_got_graver_has_the_contacts_of_what_it_is_now() -> None:
    stand = Stand(spec())
    assert said(stand.see(condition(severity=Severity.LOW))) == [("ana via mail", "firing")]
    assert said(stand.see(condition())) == [("ana via quiet", "updated")]
    assert told(stand, 2 * MINUTE) == ["ana via sms"]


def test_whoever_was_given_it_is_called_further_as_long_as_it_is_theirs() -> None:
    stand = Stand(spec(Level(HOUR, ("person:ben",))))
    stand.see(condition())
    stand.do(Assign(stand.incident.key, BEN, "ana"))
    assert told(stand, 2 * MINUTE) == ["ana via sms"]
    stand.do(Assign(stand.incident.key, BEN, None))
    assert told(stand, 10 * MINUTE) == []


def test_a_rehearsal_shows_them_too() -> None:
    lines = rehearse(spec(), outage(spec(), "web", START), START, HOUR)
    shown = [(line.at - START, line.channel) for line in lines if hasattr(line, "channel")]
    assert shown == [(0, "quiet"), (2 * MINUTE, "sms"), (5 * MINUTE, "mail")]


waiting = st.lists(
    st.builds(
        Later,
        st.sampled_from(["ana", "ben"]),
        st.sampled_from(["sms", "mail"]),
        st.just("person:ana"),
        st.integers(1, 9),
        st.none(),
        st.integers(0, 9),
    ),
    max_size=5,
    unique_by=lambda one: (one.person, one.channel, one.after),
).map(tuple)


@settings(max_examples=50)
@given(waiting, st.lists(st.integers(0, 5), max_size=6))
def test_rest_takes_no_time_from_any_delay(kept: contacts.Waiting, spans: list[int]) -> None:
    now, ran = START, 0
    for number, span in enumerate(spans):
        if number % 2:
            kept = contacts.rested(kept, now)
        else:
            kept, ran = contacts.gone_on(kept, now), ran + span
        before = kept
        now += span
        lost = [one for one in before if one.at is not None and one.at <= now]
        due, kept = contacts.parted(kept, now)
        assert list(due) == lost
    rest = contacts.rested(kept, now)
    assert all(one.at is None for one in rest)
    assert all(one.left >= 0 for one in rest)


def test_an_incident_that_is_taken_counts_no_delay_of_whom_it_is_given_to() -> None:
    stand = Stand(spec(Level(0, ("person:ben",))))
    stand.see(condition())
    ack(stand)
    stand.do(Assign(stand.incident.key, BEN, "ana"))
    assert stand.incident.state is IncidentState.ACKNOWLEDGED
    assert stand.wait(HOUR) == []
    assert [one.left for one in stand.incident.contacts] == [2 * MINUTE, 5 * MINUTE]
