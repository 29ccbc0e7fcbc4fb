"""The order of a channel's notices: within an incident kept, between incidents free."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from daemon.core.chronicle import NoticeType
from daemon.notify.backlog import ABSORBS, Backlog, Job
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


def test_first_attempts_go_before_retries_and_pages_before_news() -> None:
    backlog = Backlog()
    for key, number, kind, attempts in [
        ("retry", 1, NoticeType.FIRING, 3),
        ("news", 2, NoticeType.REPEATED, 0),
        ("page", 3, NoticeType.FIRING, 0),
    ]:
        what = notice(key, type=kind, incident=incident(key=f"i{number}"))
        backlog.add(Job(what, attempts=attempts))
    order = []
    while job := backlog.take(T0):
        order.append(job.notice.key)
        backlog.done(job)
    assert order == ["page", "news", "retry"]


def test_a_held_channel_tells_nothing_before_its_time() -> None:
    backlog = Backlog()
    backlog.hold(T0 + 5_000)
    backlog.add(Job(notice("a")))
    assert backlog.take(T0 + 4_999) is None
    assert backlog.next_due() == T0 + 5_000
    assert took(backlog, T0 + 5_000).notice.key == "a"


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

    def __init__(self) -> None:
        self.backlog = Backlog(at_once=3)
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


@given(STEPS)
def test_every_notice_is_settled_once_and_told_in_its_threads_order(
    steps: list[tuple[str, int, NoticeType]],
) -> None:
    """Whatever fails and in whatever order time goes on, no notice is lost or doubled."""
    lane, now, added = Told(), T0, 0
    for what, number, kind in steps:
        if what == "add":
            added += 1
            one = notice(f"{added:04}", type=kind, incident=incident(key=f"i{number}"))
            lane.backlog.add(Job(one))
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
            lane.take(max(now, due))
    assert len(lane.backlog) == 0
    assert sorted(lane.settled) == list(range(1, added + 1))
    for thread in ("i1", "i2", "i3", "i4"):
        mine = [number for key, number in lane.told if key == thread]
        assert mine == sorted(mine)


def test_only_a_resolve_absorbs_a_page() -> None:
    pages = {newer for newer, older in ABSORBS.items() if NoticeType.FIRING in older}
    assert pages == {NoticeType.RESOLVED}
