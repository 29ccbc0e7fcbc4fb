"""The course of an incident: acknowledgements that expire, policies that run and end."""

from __future__ import annotations

from daemon.core.chronicle import EntryKind, NoticeType
from daemon.core.events import PutSilence
from daemon.core.labels import parse_matcher
from daemon.core.model import MINUTE, IncidentState
from tests.core.deciding import ANA, START, Stand, ack, condition, plan, route, said, short


def test_an_acknowledgement_that_expires_starts_the_policy_over() -> None:
    stand = Stand()
    stand.see(condition())
    ack(stand, expires_after=10 * MINUTE)
    assert stand.wait(10 * MINUTE - 1) == []
    told = stand.wait(1)
    assert stand.incident.state is IncidentState.TRIGGERED
    assert said(told) == [
        ("slack", "repeated"),
        ("ana via sms", "escalated"),
        ("ana via mail", "escalated"),
    ]
    assert EntryKind.ACK_EXPIRED in stand.kinds()


def test_an_acknowledgement_that_expired_while_nobody_looked_lost_its_policy_no_time() -> None:
    stand = Stand()
    stand.see(condition())
    ack(stand, expires_after=10 * MINUTE)
    told = stand.restart(after=26 * MINUTE)
    assert [n.level for n in told if n.type is NoticeType.ESCALATED] == [0, 0, 1]
    steps = stand.incident.escalation
    assert steps is not None
    assert steps.level == 2, "which told slack, as the end of the acknowledgement did"


def test_without_a_policy_the_channels_are_told_at_once_that_nobody_has_it_any_more() -> None:
    stand = Stand(plan(route=route()))
    stand.see(condition())
    ack(stand, expires_after=10 * MINUTE)
    told = stand.wait(10 * MINUTE)
    assert said(told) == [("slack", "repeated")]
    assert told[0].reason == "nobody has it any more"
    assert stand.wait(10 * MINUTE) == []


def test_what_expired_while_it_was_muted_is_told_when_it_is_not() -> None:
    stand = Stand(plan(route=route()))
    stand.see(condition())
    ack(stand, expires_after=10 * MINUTE)
    matchers = (parse_matcher("check=web"),)
    stand.do(PutSilence(ANA, matchers, None, stand.now + 20 * MINUTE, "works"))
    assert stand.wait(20 * MINUTE - 1) == []
    assert said(stand.wait(1)) == [("slack", "repeated")]


def test_levels_escalate_on_time_and_the_end_is_noted() -> None:
    stand = Stand()
    stand.see(condition())
    told = [(n.at - START, n.channel, short(n.type), n.level) for n in stand.wait(60 * MINUTE)]
    assert told == [
        (5 * MINUTE, "mail", "escalated", 1),
        (15 * MINUTE, "slack", "escalated", 2),
    ]
    assert stand.kinds()[-1] is EntryKind.QUEUED or EntryKind.SPENT in stand.kinds()
    assert stand.incident.escalation is not None
    assert stand.incident.escalation.spent


def test_what_was_due_while_nobody_looked_is_done_once_in_order() -> None:
    stand = Stand()
    stand.see(condition())
    told = stand.restart(after=16 * MINUTE)
    assert [(n.channel, n.level) for n in told] == [("mail", 1), ("slack", 2)]
    assert stand.restart() == []
