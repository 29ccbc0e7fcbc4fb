"""Muting: each of the five reasons, and what is looked at again when."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from daemon.core.chronicle import EntryKind, Notice
from daemon.core.effects import Enqueue
from daemon.core.events import ExpireSilence, PutSilence, Resolve
from daemon.core.labels import parse_matcher
from daemon.core.model import HOUR, MINUTE, SECOND, Alert, AlertState, Mute, MuteKind, Terms
from daemon.core.muting.mute import Muting
from daemon.core.plan import CorrelatePlan, InhibitPlan, MaintenancePlan, Plan
from daemon.core.turn import Turn
from tests.core.deciding import ANA, START, Stand, alert, condition, plan, route, said

SILENCE = PutSilence(ANA, (parse_matcher("check=web"),), None, 0, "works")
INHIBIT = InhibitPlan((parse_matcher("check=db"),), (parse_matcher("check=web"),))


def silence(stand: Stand, lasts: int = HOUR) -> str:
    stand.do(replace(SILENCE, ends_at=stand.now + lasts))
    return next(iter(stand.decider.muting.silences.records))


def reasons(stand: Stand, check: str = "web") -> list[MuteKind]:
    alert = stand.alert(check)
    assert alert is not None
    return [mute.kind for mute in alert.muted]


def test_a_silenced_alert_fires_visibly_and_tells_nobody() -> None:
    stand = Stand()
    silence(stand)
    assert stand.see(condition()) == []
    assert reasons(stand) == [MuteKind.SILENCE]
    assert stand.incident.muted[0].reason == "silenced by ana: works"
    assert stand.kinds() == [EntryKind.FIRED, EntryKind.MUTED]
    assert stand.wait(30 * MINUTE) == []


def test_when_the_silence_ends_what_still_fires_is_told_at_once() -> None:
    stand = Stand()
    silence(stand)
    stand.see(condition())
    told = stand.wait(HOUR)
    assert said(told) == [
        ("slack", "firing"),
        ("ana via sms", "firing"),
        ("ana via mail", "firing"),
    ]
    assert told[0].at == stand.mirror.entries[0].at + HOUR
    assert EntryKind.UNMUTED in stand.kinds()


def test_a_silence_that_is_expired_by_hand_ends_at_once_too() -> None:
    stand = Stand()
    key = silence(stand)
    stand.see(condition())
    assert said(stand.do(ExpireSilence(key, ANA)))[0] == ("slack", "firing")


def test_told_before_the_silence_it_is_not_told_again_after_it() -> None:
    stand = Stand(plan(route=plan().route))
    stand.see(condition())
    silence(stand, MINUTE)
    assert stand.incident.muted
    assert [kind for _, kind in said(stand.wait(4 * MINUTE))] == []


def test_whoever_was_told_hears_that_it_is_over_though_it_is_silenced() -> None:
    stand = Stand()
    stand.see(condition())
    silence(stand)
    told = said(stand.see(condition(holds=False)))
    assert told == [
        ("slack", "resolved"), ("ana via sms", "resolved"), ("ana via mail", "resolved"),
    ]  # fmt: skip


def test_an_alert_that_nobody_was_told_of_ends_without_a_word() -> None:
    stand = Stand()
    silence(stand)
    stand.see(condition())
    assert stand.see(condition(holds=False)) == []
    assert stand.incident.resolved_at is not None


def test_a_cause_that_fires_in_the_same_turn_mutes_before_anybody_is_told() -> None:
    stand = Stand(plan(inhibits=(INHIBIT,)))
    told = stand.see(condition("web"), condition("db", labels={"service": "orders"}))
    assert {notice.incident.service for notice in told} == {"orders"}
    assert reasons(stand) == [MuteKind.INHIBITION]
    web = stand.alert()
    assert web is not None
    assert web.muted[0].reason == "inhibited by CheckFailing (orders)"


def test_a_cause_that_is_silenced_itself_still_inhibits() -> None:
    stand = Stand(plan(inhibits=(INHIBIT,)))
    stand.do(replace(SILENCE, matchers=(parse_matcher("check=db"),), ends_at=stand.now + HOUR))
    assert stand.see(condition("db", labels={"service": "orders"}), condition("web")) == []


def ended(**more: Any) -> Stand:
    """A stand whose cause has just ended, while its symptom still fires."""
    stand = Stand(plan(inhibits=(INHIBIT,), **more))
    stand.see(condition("db", labels={"service": "orders"}), condition("web"))
    stand.wait(MINUTE)
    stand.see(condition("db", False, labels={"service": "orders"}))
    return stand


def of_shop(told: list[Notice]) -> list[tuple[str, str]]:
    return said([notice for notice in told if notice.incident.service == "shop"])


def test_a_symptom_that_recovers_after_its_cause_is_never_told() -> None:
    stand = ended()
    (mute,) = stand.alert().muted  # type: ignore[union-attr]  # it fires
    assert mute.reason == "CheckFailing (orders), its cause, has just ended"
    assert mute.until == stand.now + 31 * SECOND, "an interval of the symptom's check, and a run"
    assert of_shop(stand.wait(20 * SECOND)) == []
    assert of_shop(stand.see(condition(holds=False))) == []
    assert of_shop(stand.wait(HOUR)) == []


def test_a_symptom_that_fires_on_when_its_cause_is_gone_is_told() -> None:
    stand = ended()
    assert of_shop(stand.wait(31 * SECOND - 1)) == []
    assert ("slack", "firing") in of_shop(stand.wait(1))
    assert stand.alert().muted == ()  # type: ignore[union-attr]  # it fires


def test_the_time_that_a_symptom_has_to_recover_in_goes_on_over_a_restart_and_a_reload() -> None:
    stand = ended()
    assert of_shop(stand.restart(after=10 * SECOND)) == []
    assert of_shop(stand.reload(plan(inhibits=(INHIBIT,), route=route(channels=("mail",))))) == []
    assert ("slack", "firing") in of_shop(stand.wait(21 * SECOND))


def test_a_cause_that_has_just_ended_explains_what_began_before_that_and_no_more() -> None:
    stand = ended()
    stand.see(condition(holds=False))
    before, after = stand.now - SECOND, stand.now + SECOND
    stand.now += 5 * SECOND
    assert of_shop(stand.see(condition(since=before))) == []
    stand.see(condition(holds=False))
    assert ("slack", "firing") in of_shop(stand.see(condition(since=after)))


def test_a_symptom_has_the_time_that_its_check_takes_as_it_is_configured_now() -> None:
    stand = ended()
    slow = replace(stand.plan.checks["web"], every=MINUTE)
    stand.reload(replace(stand.plan, checks={**stand.plan.checks, "web": slow}))
    (mute,) = stand.alert().muted  # type: ignore[union-attr]  # it fires
    assert mute.until == stand.now + 90 * SECOND
    assert of_shop(stand.wait(90 * SECOND - 1)) == []
    assert ("slack", "firing") in of_shop(stand.wait(1))


def test_a_cause_that_comes_back_inhibits_as_it_did() -> None:
    stand = ended()
    stand.see(condition("db", labels={"service": "orders"}))
    assert of_shop(stand.wait(HOUR)) == []
    assert reasons(stand) == [MuteKind.INHIBITION]


def test_a_cause_that_is_resolved_by_hand_hides_its_symptom_no_longer() -> None:
    stand = Stand(plan(inhibits=(INHIBIT,), route=route(group_by=("check",))))
    stand.see(condition("db"), condition("web"))
    cause = next(i for i in stand.incidents if not i.muted)
    assert ("slack", "firing") in said(stand.do(Resolve(cause.key, ANA)))
    assert reasons(stand) == []
    assert stand.restart() == []


def test_mutes_hold_right_after_a_restart() -> None:
    stand = Stand(plan(inhibits=(INHIBIT,), route=replace(plan().route, group_wait=MINUTE)))
    stand.see(condition("web"), condition("db", labels={"service": "orders"}))
    told = stand.restart(after=5 * MINUTE)
    assert {notice.incident.service for notice in told} == {"orders"}


def test_after_a_reload_what_an_inhibition_explains_is_not_told_any_more() -> None:
    waits = replace(plan().route, group_wait=MINUTE)
    stand = Stand(plan(route=waits))
    stand.see(condition("web"), condition("db", labels={"service": "orders"}))
    told = stand.reload(plan(route=waits, inhibits=(INHIBIT,))) + stand.wait(5 * MINUTE)
    assert {notice.incident.service for notice in told} == {"orders"}


def test_a_symptom_that_begins_in_the_turn_of_a_reload_is_muted_before_anybody_is_told() -> None:
    stand = Stand()
    stand.see(condition("db", labels={"service": "orders"}))
    turn = Turn(stand.now, conditions=[condition("web")])
    stand.plan = plan(inhibits=(INHIBIT,))
    stand.decider.replan(stand.plan, turn)
    stand.decider.decide(turn)
    assert reasons(stand) == [MuteKind.INHIBITION]
    assert not [effect for effect in turn.effects if isinstance(effect, Enqueue)]


def test_a_silence_that_ended_while_nobody_looked_gives_back_the_time_since_its_end() -> None:
    stand = Stand()
    stand.see(condition())
    stand.wait(MINUTE)
    silence(stand, lasts=HOUR)
    told = stand.restart(after=HOUR + 3 * MINUTE)
    assert told == []
    steps = stand.incident.escalation
    assert steps is not None
    assert steps.next_at == stand.now + MINUTE
    silence(stand, lasts=HOUR)
    assert ("ben via mail", "escalated") in said(stand.restart(after=HOUR + MINUTE))


def test_a_reload_with_other_inhibitions_is_looked_at_at_once() -> None:
    stand = Stand()
    stand.see(condition("web"), condition("db", labels={"service": "orders"}))
    stand.reload(plan(inhibits=(INHIBIT,)))
    assert reasons(stand) == [MuteKind.INHIBITION]
    stand.reload(plan())
    assert reasons(stand) == []


def test_maintenance_mutes_while_it_lasts_and_as_the_configuration_in_force_has_it() -> None:
    hour = MaintenancePlan("works", "UTC", ("shop",), cron="0 9 * * *", duration=HOUR)
    stand = Stand(plan(maintenance={"works": hour}))
    stand.see(condition())
    stand.wait(HOUR)
    assert reasons(stand) == [MuteKind.MAINTENANCE]
    stand.wait(HOUR)
    assert reasons(stand) == []
    stand.reload(plan(maintenance={"works": replace(hour, cron="30 9 * * *")}))
    assert reasons(stand) == [MuteKind.MAINTENANCE]
    stand.reload(plan())
    assert reasons(stand) == []


def test_an_unreachable_check_is_muted_by_its_parent() -> None:
    stand = Stand()
    stand.see(condition())
    stand.see(condition(holds=None, unreachable="db"))
    assert reasons(stand) == [MuteKind.DEPENDENCY]
    mute = stand.incident.muted[0]
    assert (mute.by, mute.reason) == ("db", "unreachable: db is down")
    assert stand.incident.escalation is not None
    assert stand.incident.escalation.next_at is None
    stand.see(condition())
    assert reasons(stand) == []


def test_flapping_lets_one_notice_through_and_mutes_what_follows() -> None:
    stand = Stand()
    told = stand.see(condition(flapping=True))
    assert ("slack", "firing") in said(told)
    assert reasons(stand) == [MuteKind.FLAPPING]
    swings = [
        *stand.see(condition(holds=False, flapping=True)),
        *stand.wait(MINUTE),
        *stand.see(condition(flapping=True)),
        *stand.wait(10 * MINUTE),
    ]
    assert swings == []
    assert len(stand.incidents) == 1


def test_after_flapping_only_what_differs_from_what_was_told_is_told() -> None:
    still_down = Stand()
    still_down.see(condition(flapping=True))
    assert still_down.see(condition()) == []
    recovered = Stand()
    recovered.see(condition(flapping=True))
    recovered.see(condition(holds=False, flapping=True))
    assert ("slack", "resolved") in said(recovered.see(condition(holds=False)))


def test_a_group_with_one_unmuted_alert_is_told_of_that_one_alone() -> None:
    stand = Stand()
    silence(stand)
    told = stand.see(condition("web"), condition("api"))
    assert stand.incident.muted == ()
    assert [a.labels["check"] for a in told[0].alerts] == ["api"]


FLAPPING = Terms(since=START, flapping=True)
SYMPTOMS = tuple("hgfedcba")
CAUSE = InhibitPlan((parse_matcher("check=db"),), (parse_matcher("check=~[a-h]"),))


def tracking(*alerts: Alert, spec: Plan | None = None) -> tuple[Muting, dict[str, Alert]]:
    """Muting that has looked at these alerts, whose incidents were told, and their records."""
    records = {one.key: one for one in alerts}
    muting = Muting(spec or Plan(), records, lambda _: True)
    for one in alerts:
        muting.track(one)
    return muting, records


def keys(alerts: list[Alert]) -> list[str]:
    return [one.key for one in alerts]


def test_a_flapping_alert_says_why_it_is_muted() -> None:
    muting, _ = tracking(alert("a", terms=FLAPPING))
    (muted,) = muting.changed(Turn(START))
    assert muted.muted == (Mute(MuteKind.FLAPPING, "check:a", "its check is flapping"),)


def test_alerts_are_looked_at_in_one_order_whatever_the_order_they_fired_in() -> None:
    muting, records = tracking(*map(alert, SYMPTOMS))
    assert muting.changed(Turn(START)) == []
    records |= {key: alert(key, terms=FLAPPING) for key in SYMPTOMS}
    muting.review_all()
    assert keys(muting.changed(Turn(START))) == sorted(SYMPTOMS)


def test_what_a_cause_inhibits_is_looked_at_in_one_order() -> None:
    muting, records = tracking(*map(alert, SYMPTOMS), spec=Plan(inhibits=(CAUSE,)))
    muting.changed(Turn(START))
    records["db"] = alert("db")
    muting.track(records["db"])
    assert keys(muting.changed(Turn(START))) == sorted(SYMPTOMS)


def test_a_turn_without_room_leaves_the_rest_to_the_next_one() -> None:
    muting, _ = tracking(*(alert(key, terms=FLAPPING) for key in "abc"))
    turn = Turn(START, room=2)
    assert keys(muting.changed(turn)) == ["a", "b"]
    assert (turn.room, muting.waits) == (0, True)
    assert muting.changed(turn) == []
    assert muting.changed(Turn(START, room=-1)) == []
    assert keys(muting.changed(Turn(START))) == ["c"]
    assert not muting.waits


def test_an_alert_that_is_gone_is_passed_over() -> None:
    muting, records = tracking(*(alert(key, terms=FLAPPING) for key in "ab"))
    del records["a"]
    assert keys(muting.changed(Turn(START))) == ["b"]


def test_an_alert_that_fires_no_longer_is_muted_by_nothing() -> None:
    muting, _ = tracking(
        alert(
            "a",
            state=AlertState.RESOLVED,
            terms=replace(FLAPPING, unreachable="db"),
            muted=(Mute(MuteKind.FLAPPING, "check:a", "its check is flapping"),),
        )
    )
    (over,) = muting.changed(Turn(START))
    assert over.muted == ()


def test_only_what_fires_is_looked_at_when_silences_or_inhibitions_change() -> None:
    muting, records = tracking(alert("a"))
    muting.track(replace(records.pop("a"), state=AlertState.RESOLVED))
    muting.changed(Turn(START))
    muting.replan(Plan(), Turn(START))
    assert not muting.waits


def cascade() -> CorrelatePlan:
    each = tuple((parse_matcher(f"check={name}"),) for name in ("web", "db", "api"))
    return CorrelatePlan("cascade", each, needs=2, window=5 * MINUTE)


def test_what_joins_a_storm_that_told_just_now_is_muted_until_it_tells_again() -> None:
    stand = Stand(plan(correlates=(cascade(),)))
    stand.see(condition("db"))
    stand.wait(SECOND)
    stand.see(condition("web"))
    storms = {alert.storm for alert in stand.decider.alerts.records.values()}
    assert len(storms) == 1
    assert None not in storms
    stand.see(condition("api"))
    assert reasons(stand, "api") == [MuteKind.CORRELATION]
    assert stand.alert("api").storm in storms  # type: ignore[union-attr]  # it fires
    stand.wait(MINUTE)
    assert reasons(stand, "api") == []


def test_what_is_silenced_while_it_waits_for_others_makes_no_storm_with_them() -> None:
    stand = Stand(plan(correlates=(cascade(),)))
    stand.see(condition())
    silence(stand)
    stand.see(condition("db"))
    assert stand.alert("db").storm is None  # type: ignore[union-attr]  # it fires


def test_a_reload_brings_other_storms() -> None:
    stand = Stand()
    stand.reload(plan(correlates=(cascade(),)))
    stand.see(condition("db"), condition("web"))
    assert stand.alert("db").storm is not None  # type: ignore[union-attr]  # it fires


def test_what_fires_is_given_with_its_mutes() -> None:
    muting, records = tracking(alert("a"), alert("b"), alert("c", state=AlertState.PENDING))
    assert keys(list(muting.firing())) == ["a", "b"]
    del records["a"]
    assert keys(list(muting.firing())) == ["b"]
