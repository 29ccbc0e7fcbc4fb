"""The order of a channel's notices: within an incident kept, between incidents free."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from daemon.core.chronicle import NoticeType
from daemon.core.model import HOUR, MINUTE
from daemon.notify.backlog import ABSORBS, Backlog, Job
from daemon.notify.rate import Limits, Rate
from tests.notify.lab import T0, incident, notice, over


def other(key: str, number: int) -> Job:
    """A page of another incident."""
    return Job(notice(key, incident=incident(key=f"other-{number}")))


def took(backlog: Backlog, now: int = T0) -> Job:
    job = backlog.take(now)
    assert job is not None
    return job


def test_an_empty_backlog_has_nothing_to_take_and_nothing_due() -> None:
    backlog = Backlog()
    assert backlog.take(T0) is None
    assert backlog.next_due() is None
    assert len(backlog) == 0
    assert backlog.oldest() is None


def test_so_many_jobs_of_different_threads_are_in_flight_and_no_more() -> None:
    backlog = Backlog(at_once=2)
    for number in range(3):
        backlog.add(other(f"{number}", number))
    first, second = took(backlog), took(backlog)
    assert first.notice.key != second.notice.key
    assert backlog.take(T0) is None
    assert backlog.next_due() is None
    backlog.done(second)
    assert took(backlog).notice.key == "2"


def test_a_resolve_waits_for_its_firing_that_is_in_flight() -> None:
    backlog = Backlog()
    backlog.add(Job(notice("fire")))
    firing = took(backlog)
    backlog.add(Job(over("end")))
    assert backlog.take(T0 + 10**9) is None
    backlog.done(firing)
    assert took(backlog).notices == (over("end"),)


def test_a_resolve_absorbs_a_firing_that_never_got_through() -> None:
    backlog = Backlog()
    backlog.add(Job(notice("fire")))
    backlog.retry(took(backlog), T0 + 300_000)
    backlog.add(Job(over("end")))
    told = took(backlog, T0 + 1)
    assert [one.key for one in told.notices] == ["fire", "end"]
    assert "fire" in backlog
    backlog.done(told)
    assert len(backlog) == 0
    assert "fire" not in backlog


def test_a_firing_that_fails_with_its_resolve_behind_it_is_absorbed_at_once() -> None:
    backlog = Backlog()
    backlog.add(Job(notice("fire")))
    firing = took(backlog)
    backlog.add(Job(over("end")))
    backlog.retry(firing, T0 + 300_000)
    assert [one.key for one in took(backlog).notices] == ["fire", "end"]


def test_a_page_is_not_absorbed_by_an_escalation_but_news_is() -> None:
    backlog = Backlog()
    backlog.add(Job(notice("fire")))
    flying = took(backlog)
    backlog.add(Job(notice("again", type=NoticeType.REPEATED)))
    backlog.add(Job(notice("level2", type=NoticeType.ESCALATED)))
    backlog.done(flying)
    assert [one.key for one in took(backlog).notices] == ["again", "level2"]


def test_other_recipients_of_the_incident_are_other_threads() -> None:
    backlog = Backlog()
    backlog.add(Job(notice("a", recipient="ana")))
    backlog.retry(took(backlog), T0 + 60_000)
    backlog.add(Job(over("b", recipient="ben")))
    assert took(backlog).notices == (over("b", recipient="ben"),)


def test_a_waiting_incident_does_not_delay_another() -> None:
    backlog = Backlog()
    backlog.add(Job(notice("a")))
    backlog.retry(took(backlog), T0 + 60_000)
    assert backlog.next_due() == T0 + 60_000
    backlog.add(other("b", 2))
    assert took(backlog).notice.key == "b"


def test_first_attempts_go_before_retries_and_pages_before_news_but_not_for_ever() -> None:
    backlog = Backlog()
    for key, number, kind, attempts in [
        ("poison", 1, NoticeType.FIRING, 6),
        ("again", 2, NoticeType.REPEATED, 2),
        ("news", 3, NoticeType.REPEATED, 0),
        ("retry", 4, NoticeType.ESCALATED, 3),
        ("page", 5, NoticeType.FIRING, 0),
    ]:
        what = notice(key, type=kind, incident=incident(key=f"i{number}"))
        backlog.add(Job(what, attempts=attempts))
    order = []
    while job := backlog.take(T0):
        order.append(job.notice.key)
        backlog.done(job)
    assert order == ["page", "retry", "news", "poison", "again"]


def test_a_held_channel_tells_nothing_before_its_time() -> None:
    backlog = Backlog()
    backlog.hold(T0 + 5_000)
    backlog.add(Job(notice("a")))
    assert backlog.take(T0 + 4_999) is None
    assert backlog.next_due() == T0 + 5_000
    assert took(backlog, T0 + 5_000).notice.key == "a"


def page(number: int, recipient: str = "") -> Job:
    """The first page of an incident."""
    one = notice(f"p{number}", incident=incident(key=f"i{number}"), recipient=recipient)
    return Job(one)


def news(number: int) -> Job:
    """An update on an incident."""
    what = incident(key=f"i{number}")
    return Job(notice(f"n{number}", type=NoticeType.UPDATED, incident=what))


def told(backlog: Backlog, now: int) -> list[str]:
    """What goes out now."""
    keys = []
    while (job := backlog.take(now)) is not None:
        keys.append(job.notice.key)
        backlog.done(job)
    return keys


def test_a_limit_lets_first_pages_go_before_news_that_waited_longer() -> None:
    backlog = Backlog(limits=Limits(Rate(2, MINUTE)))
    for number in range(4):
        backlog.add(news(number))
    assert told(backlog, T0) == ["n0", "n1"]
    backlog.add(page(9))
    assert backlog.next_due() == backlog.limited_until == T0 + 30_000
    assert told(backlog, T0 + 29_999) == []
    assert told(backlog, T0 + 30_000) == ["p9"]
    assert told(backlog, T0 + 60_000) == ["n2"]


def test_a_stream_of_news_over_the_limit_keeps_no_page_back_that_failed() -> None:
    backlog = Backlog(limits=Limits(Rate(1, MINUTE)))
    backlog.add(page(0))
    failed = took(backlog)
    failed.attempts = 1
    backlog.retry(failed, T0 + 5_000)
    for number in range(1, 9):
        backlog.add(news(number))
    assert told(backlog, T0 + MINUTE) == ["p0"]


def test_one_recipient_s_limit_delays_no_other_and_lets_one_go_with_each_token() -> None:
    backlog = Backlog(limits=Limits(recipient=Rate(1, MINUTE)))
    for number in range(3):
        backlog.add(page(number, "ana"))
    backlog.add(page(3, "ben"))
    assert told(backlog, T0) == ["p0", "p3"]
    assert backlog.next_due() == backlog.limited_until == T0 + MINUTE
    assert told(backlog, T0 + MINUTE - 1) == []
    assert told(backlog, T0 + MINUTE) == ["p1"]
    assert told(backlog, T0 + 2 * MINUTE) == ["p2"]


def test_what_waits_for_a_limit_is_absorbed_meanwhile() -> None:
    backlog = Backlog(limits=Limits(recipient=Rate(1, MINUTE)))
    backlog.add(page(0, "ana"))
    backlog.add(page(1, "ana"))
    assert told(backlog, T0) == ["p0"]
    backlog.add(Job(over("end", incident=incident(key="i1"), recipient="ana")))
    ended = took(backlog, T0 + MINUTE)
    assert [one.key for one in ended.notices] == ["p1", "end"]


def test_what_is_too_late_to_be_told_takes_no_token() -> None:
    backlog = Backlog(limits=Limits(recipient=Rate(1, MINUTE)))
    backlog.add(Job(notice("late", incident=incident(key="i8"), expires_at=T0)))
    backlog.add(page(1))
    assert told(backlog, T0) == ["late", "p1"]


def test_what_does_not_go_out_minds_neither_hold_nor_limits() -> None:
    backlog = Backlog(limits=Limits(Rate(1, MINUTE)))
    backlog.hold(T0 + MINUTE)
    backlog.add(page(0))
    backlog.add(page(1))
    assert backlog.take(T0) is None
    taken = [backlog.take(T0, sends=False) for _ in range(2)]
    assert [job and job.notice.key for job in taken] == ["p0", "p1"]


def test_new_limits_hold_for_what_waits_for_the_old_ones() -> None:
    backlog = Backlog(limits=Limits(recipient=Rate(1, HOUR)))
    for number in range(3):
        backlog.add(page(number, "ana"))
    assert told(backlog, T0) == ["p0"]
    backlog.limit(Limits())
    assert told(backlog, T0) == ["p1", "p2"]


def test_what_is_hurried_is_ready_in_the_usual_order_but_for_what_is_in_flight() -> None:
    backlog = Backlog()
    for number in range(3):
        backlog.add(page(number))
    jobs = [took(backlog) for _ in range(3)]
    for job in jobs[:2]:
        job.attempts = 1
        backlog.retry(job, T0 + HOUR)
    backlog.add(news(7))
    backlog.hurry()
    assert told(backlog, T0) == ["p0", "p1", "n7"]
    assert backlog.is_in_flight(jobs[2])


TYPES = st.sampled_from(list(NoticeType))
PAGE = st.just(NoticeType.FIRING)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.integers(1, 4), TYPES),
        st.tuples(st.just("take"), st.integers(0, 60_000), PAGE),
        st.tuples(st.just("fail"), st.integers(0, 60_000), PAGE),
        st.tuples(st.just("pass"), st.integers(0, 60_000), PAGE),
    ),
    max_size=60,
)


class Told:
    """A backlog of three places, with what was settled and told in which order."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.backlog = Backlog(at_once=3, limits=limits)
        self.took: list[tuple[str, int]] = []
        self.flying: list[Job] = []
        self.settled: list[int] = []
        self.told: list[tuple[str, int]] = []

    def take(self, now: int) -> None:
        job = self.backlog.take(now)
        if job is None:
            due = self.backlog.next_due()
            assert due is None or due > now
            return
        assert job.thread not in [one.thread for one in self.flying]
        self.flying.append(job)
        self.took.append((job.notice.recipient, now))
        assert len(self.flying) <= 3

    def fail(self, at: int, number: int) -> None:
        job = self.flying.pop(number % len(self.flying))
        job.attempts += 1
        self.backlog.retry(job, at)

    def end(self, number: int) -> None:
        job = self.flying.pop(number % len(self.flying))
        self.settled += [int(one.key) for one in job.notices]
        self.told.append((job.notice.incident.key, int(job.notice.key)))
        self.backlog.done(job)


RATES = st.none() | st.builds(Rate, st.integers(1, 3), st.just(20_000))


def most_within(times: list[int], span: int) -> int:
    """How many of the times lie within any such span."""
    return max((sum(at <= one < at + span for one in times) for at in times), default=0)


@given(STEPS, RATES, RATES)
def test_every_notice_is_settled_once_and_told_in_its_threads_order(
    steps: list[tuple[str, int, NoticeType]], channel: Rate | None, recipient: Rate | None
) -> None:
    """Whatever fails, whatever the limits and in whatever order time goes on, no notice is lost
    or doubled, and nobody is told more often than is allowed."""
    lane, now, added = Told(Limits(channel, recipient)), T0, 0
    for what, number, kind in steps:
        if what == "add":
            added += 1
            one = notice(f"{added:04}", type=kind, incident=incident(key=f"i{number}"))
            lane.backlog.add(Job(replace(one, recipient=("ana", "ben")[number % 2])))
            continue
        now += number
        if what == "take":
            lane.take(now)
        elif lane.flying:
            lane.fail(now + number, number) if what == "fail" else lane.end(number)
    while lane.flying or lane.backlog.next_due() is not None:
        while lane.flying:
            lane.end(0)
        if (due := lane.backlog.next_due()) is not None:
            now = max(now, due)
            lane.take(now)
    assert len(lane.backlog) == 0
    assert sorted(lane.settled) == list(range(1, added + 1))
    for thread in ("i1", "i2", "i3", "i4"):
        mine = [number for key, number in lane.told if key == thread]
        assert mine == sorted(mine)
    if channel is not None:
        assert most_within([at for _, at in lane.took], channel.per_ms) <= 2 * channel.count
    for name in ("ana", "ben") if recipient is not None else ():
        assert recipient is not None
        times = [at for one, at in lane.took if one == name]
        assert most_within(times, recipient.per_ms) <= 2 * recipient.count


def test_only_a_resolve_absorbs_a_page() -> None:
    pages = {newer for newer, older in ABSORBS.items() if NoticeType.FIRING in older}
    assert pages == {NoticeType.RESOLVED}
