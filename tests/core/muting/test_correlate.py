"""Storms: who is a part of one, what is told of it and when, and how it ends."""

from __future__ import annotations

from typing import Any

from daemon.core.events import PutSilence, Resolve
from daemon.core.labels import parse_matcher
from daemon.core.model import HOUR, MINUTE, SECOND, IncidentState, Level, MuteKind
from daemon.core.muting.correlate import QUIET
from daemon.core.plan import ChannelPlan, CorrelatePlan, Plan, PolicyPlan
from daemon.core.severity import Severity
from daemon.core.turn import Condition
from tests.core.deciding import (
    ANA,
    CHANNELS,
    PRIMARY,
    Stand,
    ack,
    condition,
    plan,
    route,
    said,
)


def rule(**more: Any) -> CorrelatePlan:
    texts = more.pop("conditions", (("category=db",), ("category=cache",), ("category=web",)))
    conditions = tuple(tuple(map(parse_matcher, one)) for one in texts)
    return CorrelatePlan("cascade", conditions, **{"needs": 2, "window": 5 * MINUTE} | more)


def fails(name: str, category: str, holds: bool = True, **more: Any) -> Condition:
    """The check `name` of a service of its own fails."""
    labels = {"service": name, "category": category} | more.pop("labels", {})
    return condition(name, holds, labels=labels, **more)


def correlating(*rules: CorrelatePlan, **more: Any) -> Plan:
    checks = plan().checks
    base = checks["web"]
    names = [f"{kind}{n}" for kind in ("db", "cache", "web") for n in range(12)]
    return plan(correlates=rules or (rule(),), checks=dict.fromkeys(names, base), **more)


def muted(stand: Stand, name: str) -> list[MuteKind]:
    alert = stand.alert(name)
    assert alert is not None
    return [mute.kind for mute in alert.muted]


def test_alerts_of_two_conditions_within_the_window_are_one_incident() -> None:
    stand = Stand(correlating())
    assert ("ana via sms", "firing") in said(stand.see(fails("db0", "db")))
    stand.wait(4 * MINUTE)
    told = stand.see(fails("cache0", "cache"))
    assert {notice.type for notice in told} == {"incident.updated"}
    (incident,) = stand.incidents
    assert len(incident.firing) == 2
    assert incident.storm == "cascade"
    stand.see(fails("db0", "db", holds=False))
    stand.see(fails("cache0", "cache", holds=False))
    assert stand.incident.state is IncidentState.RESOLVED
    assert not stand.decider.muting.storms.storms


def test_alerts_of_one_condition_or_further_apart_are_no_storm() -> None:
    stand = Stand(correlating())
    stand.see(fails("db0", "db"), fails("db1", "db"))
    stand.wait(5 * MINUTE + 1)
    stand.see(fails("cache0", "cache"))
    assert len(stand.incidents) == 3
    assert not stand.decider.muting.storms.storms


def test_alerts_with_other_values_of_the_equal_labels_are_apart() -> None:
    stand = Stand(correlating(rule(equal=("env",))))
    stand.see(
        fails("db0", "db", labels={"env": "a"}), fails("cache0", "cache", labels={"env": "b"})
    )
    assert len(stand.incidents) == 2
    stand.see(fails("web0", "web", labels={"env": "a"}))
    assert [len(one.alerts) for one in stand.incidents] == [2, 1]


def test_what_needs_all_conditions_waits_for_the_last_of_them() -> None:
    stand = Stand(correlating(rule(needs=3)))
    stand.see(fails("db0", "db"), fails("cache0", "cache"))
    assert len(stand.incidents) == 2
    stand.see(fails("web0", "web"))
    open_ = [one for one in stand.incidents if one.state is IncidentState.TRIGGERED]
    assert [len(one.firing) for one in open_] == [3]


def test_incidents_that_are_a_part_of_a_new_storm_go_on_in_it_and_end_told() -> None:
    stand = Stand(correlating())
    stand.see(fails("db0", "db"))
    stand.now += 1
    stand.see(fails("db1", "db"))
    told = stand.see(fails("cache0", "cache"))
    first, second = stand.incidents
    assert second.state is IncidentState.RESOLVED
    ends = [notice for notice in told if notice.incident.key == second.key]
    assert {("slack", "resolved"), ("ana via sms", "resolved")} <= set(said(ends))
    assert all(f"incident {first.key}" in notice.reason for notice in ends)
    assert {stand.alert(name).incident for name in ("db0", "db1", "cache0")} == {first.key}  # type: ignore[union-attr]  # all are known


def absorbing(*, channel: str = "mail", **more: Any) -> Stand:
    """Two incidents that become one storm: slack and ana know of the first, ben and a channel of
    their own of the second."""
    second = PolicyPlan("second", levels=(Level(0, ("person:ben",)),))
    own = route(path="0", match=("service=cache0",), channels=(channel,), policy="second")
    policies = {"primary": PRIMARY, "second": second}
    spec = correlating(rule(needs=3), route=route(own, policy="primary"), policies=policies, **more)
    stand = Stand(spec)
    stand.see(fails("db0", "db"))
    stand.now += 1
    stand.see(fails("cache0", "cache"))
    assert len(stand.incidents) == 2
    return stand


def test_who_was_told_of_what_a_storm_took_in_hears_that_the_storm_is_over() -> None:
    stand = absorbing(channel="quiet")
    told = stand.see(fails("web0", "web"))
    first, second = stand.incidents
    assert second.merged_into == first.key
    assert ("ben via mail", "resolved") in said(told)
    stand.restart()
    stand.wait(2 * QUIET)
    stand.see(fails("cache0", "cache", holds=False), fails("db0", "db", holds=False))
    assert stand.incidents[0].state is IncidentState.TRIGGERED
    told = stand.see(fails("web0", "web", holds=False))
    assert {notice.incident.key for notice in told} == {first.key}
    assert {("ben via mail", "resolved"), ("slack", "resolved")} <= set(said(told))


def test_a_channel_of_what_a_storm_took_in_hears_what_becomes_of_it() -> None:
    stand = absorbing()
    stand.see(fails("web0", "web"))
    told = stand.wait(2 * QUIET)
    assert ("mail", "updated") not in said(told), "it knows all that it would have been told"
    stand.see(fails("cache0", "cache", holds=False))
    assert ("mail", "updated") in said(stand.wait(2 * MINUTE))
    stand.see(fails("db0", "db", holds=False))
    assert ("mail", "resolved") in said(stand.see(fails("web0", "web", holds=False)))


def test_what_is_no_part_of_the_storm_does_not_join_it_by_a_group_it_took_in() -> None:
    stand = absorbing()
    stand.see(fails("web0", "web"))
    more = fails("db9", "none", labels={"service": "cache0"})
    stand.see(more)
    assert stand.alert("db9").incident == stand.incidents[-1].key  # type: ignore[union-attr]  # it fires
    assert len(stand.incidents) == 3


def test_a_record_that_is_kept_of_what_a_storm_took_in_is_opened_anew_for_the_storm() -> None:
    stand = absorbing(
        channel="duty", channels={**CHANNELS, "duty": ChannelPlan("duty", "pagerduty")}
    )
    told = [notice for notice in stand.see(fails("web0", "web")) if notice.channel == "duty"]
    first, second = stand.incidents
    assert [(notice.incident.key, notice.type) for notice in told] == [
        (second.key, "incident.resolved"),
        (first.key, "incident.updated"),
    ]


def test_an_incident_that_somebody_has_stays_theirs() -> None:
    stand = Stand(correlating())
    stand.see(fails("db0", "db"))
    stand.now += 1
    stand.see(fails("db1", "db"))
    ack(stand)
    stand.see(fails("cache0", "cache"))
    assert [one.state for one in stand.incidents] == ["triggered", "acknowledged"]


def test_a_storm_tells_once_a_minute_and_then_of_everything_the_gravest_first() -> None:
    stand = Stand(correlating())
    stand.see(fails("db0", "db"))
    stand.wait(10 * SECOND)
    stand.see(fails("cache0", "cache"))
    more = [fails(f"web{n}", "web", severity=Severity.HIGH) for n in range(10)]
    assert stand.see(*more) == []
    assert muted(stand, "web3") == [MuteKind.CORRELATION]
    told = [notice for notice in stand.wait(2 * QUIET) if notice.channel == "sms"]
    update = told[-1]
    assert len(told) == 2
    assert len(update.alerts) == 12
    assert [alert.effective for alert in update.alerts[:2]] == [Severity.CRITICAL] * 2
    assert muted(stand, "web3") == []
    assert len(stand.incidents) == 1


def test_what_is_graver_is_told_at_once_by_its_own_route() -> None:
    urgent = route(path="0", match=("severity=emergency",), channels=("mail",))
    stand = Stand(correlating(route=route(urgent, channels=("slack",))))
    stand.see(fails("db0", "db"))
    stand.see(fails("cache0", "cache"))
    told = stand.see(fails("web0", "web", severity=Severity.EMERGENCY))
    assert ("mail", "firing") in said(told)
    assert len(stand.incidents) == 1
    assert stand.incident.severity is Severity.EMERGENCY


def test_a_storm_whose_first_route_tells_nobody_is_told_by_that_of_the_next() -> None:
    loud = route(path="0", match=("service=cache0",), channels=("mail",), policy="primary")
    stand = Stand(correlating(route=route(loud, channels=(), policy=None)))
    assert stand.see(fails("db0", "db")) == []
    told = said(stand.see(fails("cache0", "cache")))
    assert {("mail", "firing"), ("ana via sms", "firing")} <= set(told)


def test_nothing_is_held_when_nothing_else_of_the_incident_can_be_told() -> None:
    stand = Stand(correlating())
    stand.see(fails("db0", "db"))
    stand.see(fails("cache0", "cache"))
    stand.see(fails("web0", "web"))
    assert muted(stand, "web0") == [MuteKind.CORRELATION]
    told = stand.see(fails("db0", "db", holds=False), fails("cache0", "cache", holds=False))
    assert muted(stand, "web0") == []
    assert not stand.incident.muted
    assert ("ana via sms", "updated") in said(told + stand.wait(MINUTE))


def test_what_is_silenced_when_it_fires_is_no_part_of_a_storm() -> None:
    stand = Stand(correlating())
    matchers = (parse_matcher("category=cache"),)
    stand.do(PutSilence(ANA, matchers, None, stand.now + HOUR, ""))
    stand.see(fails("db0", "db"))
    stand.see(fails("cache0", "cache"))
    assert len(stand.incidents) == 2
    assert not stand.decider.muting.storms.storms


def test_what_cannot_be_acknowledged_is_no_part_of_a_storm() -> None:
    stand = Stand(correlating())
    stand.see(fails("db0", "db"))
    stand.see(fails("cache0", "cache", acknowledgeable=False))
    assert len(stand.incidents) == 2


def test_what_can_be_acknowledged_from_now_on_makes_a_storm_one_incident_at_once() -> None:
    stand = Stand(correlating())
    stand.see(fails("db0", "db"))
    stand.see(fails("cache0", "cache", acknowledgeable=False))
    stand.see(fails("cache0", "cache"))
    (storm,) = stand.decider.muting.storms.storms.values()
    assert storm.united
    running = [one for one in stand.incidents if one.state is not IncidentState.RESOLVED]
    assert [(one.key, len(one.firing), one.storm) for one in running] == [
        (storm.incident, 2, "cascade")
    ]


def test_resolving_the_incident_by_hand_ends_the_storm() -> None:
    stand = Stand(correlating())
    stand.see(fails("db0", "db"))
    stand.see(fails("cache0", "cache"))
    stand.do(Resolve(stand.incident.key, ANA))
    assert not stand.decider.muting.storms.storms
    stand.see(fails("web0", "web"))
    assert len(stand.incidents) == 2


def test_a_storm_goes_on_after_a_restart_with_what_it_holds() -> None:
    stand = Stand(correlating())
    stand.see(fails("db0", "db"))
    stand.see(fails("cache0", "cache"))
    stand.see(fails("web0", "web"))
    assert stand.restart(after=10 * SECOND) == []
    assert muted(stand, "web0") == [MuteKind.CORRELATION]
    assert stand.see(fails("web1", "web")) == []
    assert len(stand.incidents) == 1
    assert ("ana via sms", "updated") in said(stand.wait(QUIET))


def test_after_a_reload_a_storm_takes_in_what_joins_while_its_rule_is_the_same() -> None:
    stand = Stand(correlating())
    stand.see(fails("db0", "db"))
    stand.see(fails("cache0", "cache"))
    stand.reload(correlating())
    stand.see(fails("web0", "web"))
    assert len(stand.incidents) == 1
    stand.reload(correlating(rule(window=4 * MINUTE)))
    stand.see(fails("web1", "web"))
    assert len(stand.incidents) == 2


def test_a_storm_whose_rule_was_taken_away_takes_nothing_in_when_the_rule_is_back() -> None:
    stand = Stand(correlating())
    stand.see(fails("db0", "db"))
    stand.see(fails("cache0", "cache"))
    stand.reload(plan(checks=correlating().checks))
    stand.reload(correlating())
    stand.restart()
    stand.see(fails("web0", "web"))
    assert sorted(len(one.alerts) for one in stand.incidents) == [1, 2]


def test_the_window_counts_from_the_last_that_joined() -> None:
    stand = Stand(correlating())
    stand.see(fails("db0", "db"))
    for n in range(3):
        stand.wait(4 * MINUTE)
        stand.see(fails(f"cache{n}", "cache"))
    assert len(stand.incidents) == 1
    stand.wait(5 * MINUTE + 1)
    stand.see(fails("cache3", "cache"))
    assert len(stand.incidents) == 2


def test_of_equals_the_one_that_is_in_an_incident_leads() -> None:
    stand = Stand(correlating())
    stand.see(fails("db0", "db"))
    first = stand.incident.key
    stand.see(fails("cache0", "cache"))
    assert [one.key for one in stand.incidents] == [first]


def test_what_is_silenced_while_it_waits_is_no_part_of_what_forms_after_a_restart_too() -> None:
    stand = Stand(correlating())
    stand.see(fails("db0", "db"))
    matchers = (parse_matcher("service=db0"),)
    stand.do(PutSilence(ANA, matchers, None, stand.now + HOUR, ""))
    stand.see(fails("cache0", "cache"))
    assert not stand.decider.muting.storms.storms
    stand.restart()
    stand.see(fails("web0", "web"))
    (storm,) = stand.decider.muting.storms.storms.values()
    cache = stand.alert("cache0")
    assert cache is not None
    assert storm.lead == cache.key
    assert muted(stand, "db0") == [MuteKind.SILENCE]
