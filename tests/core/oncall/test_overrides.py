"""Overrides at run time: who is on call at once, for how long, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from daemon.core.errors import Invalid, NotAllowed, NotFound, Refusal
from daemon.core.events import EndOverride, PutOverride
from daemon.core.model import DAY, HOUR, MINUTE, Level, Override
from daemon.core.oncall.overrides import KEEP, MOST
from daemon.core.oncall.schedules import on_call, shifts
from daemon.core.plan import Plan
from tests.core.deciding import ANA, PERSONS, START, Stand, condition, said
from tests.core.incidents.test_desk_oncall import hourly, spec


def duty(*persons: str) -> Plan:
    return spec(hourly(*persons), Level(0, ("schedule:duty",), repeat=10 * MINUTE))


def now_on_call(stand: Stand, at: int | None = None) -> tuple[str, ...]:
    schedule = stand.decider.duty.plan.schedules["duty"]
    return on_call(schedule, stand.now if at is None else at)


def put(stand: Stand, *persons: str, lasts: int = HOUR, **more: object) -> Override:
    command = PutOverride("duty", ANA, persons, None, stand.now + lasts)
    stand.do(replace(command, **more))  # type: ignore[arg-type]  # fields by name
    return list(stand.decider.duty.overrides.records.values())[-1]


def test_whoever_is_put_on_call_is_paged_from_then_on() -> None:
    stand = Stand(duty("ben"))
    assert said(stand.see(condition())) == [("ben via mail", "firing")]
    put(stand, "ana")
    assert said(stand.wait(10 * MINUTE)) == [("ana via sms", "firing"), ("ana via mail", "firing")]


def test_it_ends_by_itself_and_survives_restart_and_reload() -> None:
    stand = Stand(duty("ben"))
    made = put(stand, "ana", lasts=2 * HOUR)
    stand.restart(HOUR)
    stand.reload(duty("ben", "ben"))
    assert now_on_call(stand) == ("ana",)
    assert now_on_call(stand, made.end - 1) == ("ana",)
    assert now_on_call(stand, made.end) == ("ben",)
    audits = [one.detail for one in stand.mirror.audits if one.action == "override"]
    assert len(audits) == 1
    assert "ana in place of everybody" in audits[0]


def test_of_two_at_once_the_one_made_last_counts() -> None:
    stand = Stand(duty("ben"))
    put(stand, "ana", lasts=3 * HOUR)
    stand.wait(1)
    put(stand, "ben", lasts=HOUR)
    assert now_on_call(stand) == ("ben",)
    assert now_on_call(stand, stand.now + 2 * HOUR) == ("ana",)


def test_in_place_of_one_person_only_where_that_one_would_be() -> None:
    stand = Stand(duty("ben", "ana"))
    put(stand, "ana", replaces="ben", lasts=3 * HOUR)
    schedule = stand.decider.duty.plan.schedules["duty"]
    assert [shift.persons for shift in shifts(schedule, START, START + 3 * HOUR)] == [("ana",)]


def test_a_swap_gives_each_the_others_shifts() -> None:
    stand = Stand(duty("ben", "ana"))
    before = [on_call(stand.plan.schedules["duty"], START + n * HOUR)[0] for n in range(4)]
    put(stand, "ana", "ben", swap=True, lasts=5 * HOUR)
    after = [now_on_call(stand, START + n * HOUR)[0] for n in range(4)]
    assert (before, after) == (["ben", "ana"] * 2, ["ana", "ben"] * 2)


def test_one_that_has_begun_ends_now_and_one_to_come_is_taken_back() -> None:
    stand = Stand(duty("ben"))
    running = put(stand, "ana")
    to_come = put(stand, "ana", start=stand.now + HOUR, lasts=2 * HOUR)
    stand.wait(MINUTE)
    for one in (running, to_come):
        stand.do(EndOverride("duty", one.key, ANA))
    assert now_on_call(stand) == ("ben",)
    records = stand.decider.duty.overrides.records
    assert {key: one.end for key, one in records.items()} == {running.key: START + MINUTE}
    assert now_on_call(stand, START) == ("ana",)
    with pytest.raises(NotAllowed, match="is over since"):
        stand.do(EndOverride("duty", running.key, ANA))


@pytest.mark.parametrize(
    ("more", "kind", "words"),
    [
        ({"schedule": "dutty"}, NotFound, "did you mean duty"),
        ({"persons": ("anna",)}, Invalid, "did you mean ana"),
        ({"replaces": "zoe"}, Invalid, "no person 'zoe'"),
        ({"end": START}, Invalid, "must end after it begins"),
        ({"start": START + 2 * HOUR}, Invalid, "must end after it begins"),
        ({"end": START + 400 * DAY}, Invalid, "366 days at most"),
        ({"swap": True}, Invalid, "takes two persons"),
        ({"persons": ()}, Invalid, "names who is on call"),
        ({"comment": "x" * 3_000}, Invalid, "longer than"),
    ],
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(
    more: dict[str, object], kind: type[Refusal], words: str
) -> None:
    stand = Stand(duty("ben"))
    command = PutOverride("duty", ANA, ("ana",), None, START + HOUR)
    with pytest.raises(kind, match=words):
        stand.do(replace(command, **more))  # type: ignore[arg-type]  # fields by name
    assert stand.decider.duty.overrides.records == {}
    assert now_on_call(stand) == ("ben",)


def test_a_schedule_has_so_many_at_most() -> None:
    stand = Stand(duty("ben"))
    for _ in range(MOST):
        put(stand, "ana")
    with pytest.raises(NotAllowed, match="end some of them"):
        put(stand, "ana")
    assert len(stand.decider.duty.overrides.records) == MOST


def test_a_past_beginning_does_not_change_the_past() -> None:
    stand = Stand(duty("ben"))
    stand.wait(MINUTE)
    assert put(stand, "ana", start=START).start == START + MINUTE
    assert now_on_call(stand, START) == ("ben",)


def test_persons_who_left_the_configuration_are_not_put_on_call() -> None:
    stand = Stand(duty("ben"))
    put(stand, "ana", lasts=2 * HOUR)
    persons = {"ben": PERSONS["ben"]}
    stand.reload(replace(duty("ben"), persons=persons))
    assert now_on_call(stand) == ("ben",)
    stand.reload(duty("ben"))
    assert now_on_call(stand) == ("ana",)


def test_what_is_long_over_is_forgotten() -> None:
    stand = Stand(duty("ben"))
    put(stand, "ana")
    stand.wait(HOUR + KEEP)
    assert stand.decider.duty.overrides.records == {}
    stand.restart()
    assert stand.decider.duty.overrides.records == {}
