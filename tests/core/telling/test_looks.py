"""Looks: what groups tell their channels on their ticks."""

from __future__ import annotations

from daemon.core.chronicle import NoticeType
from daemon.core.model import MINUTE, SECOND
from tests.core.deciding import Stand, ack, condition, plan, route, said, short


def test_one_of_several_that_resolves_is_told_on_the_tick_and_the_last_at_once() -> None:
    stand = Stand()
    stand.see(condition("web"), condition("api"))
    stand.wait(10 * SECOND)
    assert stand.see(condition("api", False)) == []
    told = stand.wait(50 * SECOND)
    assert [(n.reason, short(n.type)) for n in told] == [("some alerts resolved", "updated")]
    last = stand.see(condition("web", False))
    assert {(n.reason, n.type) for n in last} == {("all alerts resolved", NoticeType.RESOLVED)}
    assert stand.decider.book.groups == {}


def test_a_repeat_comes_when_the_interval_is_over_and_not_while_somebody_has_it() -> None:
    stand = Stand(plan(route=route(repeat_interval=10 * MINUTE)))
    stand.see(condition())
    assert said(stand.wait(10 * MINUTE)) == [("slack", "repeated")]
    ack(stand)
    assert stand.wait(60 * MINUTE) == []
