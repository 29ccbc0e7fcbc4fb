"""Digests: what is kept back, what it is told as, and that nothing of it is lost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from daemon.core.chronicle import Notice, NoticeType
from daemon.core.model import HOUR, MINUTE, IncidentState
from daemon.core.severity import Severity
from daemon.notify.backlog import Backlog, Job
from daemon.notify.breaker import BreakerState
from daemon.notify.digest import Digests, digest, is_page
from daemon.notify.dispatcher import Dispatcher
from daemon.notify.errors import Permanent
from daemon.notify.health import Wait
from daemon.notify.outbox import Pending
from daemon.notify.render import AUDIENCES, Renderer
from daemon.notify.spec import CHANNEL_KINDS, ChannelSpec, LogSpec
from tests.notify.lab import (
    T0,
    MemoryOutbox,
    Reports,
    ScriptedChannel,
    VirtualTime,
    compose,
    incident,
    notice,
)

HOURLY = LogSpec(name="ops", digest="1h")


def news(number: int, **changes: Any) -> Notice:
    """News of an incident of its own, a minute after those before it."""
    facts: dict[str, Any] = {
        "type": NoticeType.UPDATED,
        "at": T0 + number * MINUTE,
        "incident": incident(key=f"inc-{number}", title=f"shop {number} is slow"),
        "level": None,
    }
    facts = {"key": f"n{number}"} | facts | changes
    return notice(**facts)


def over(number: int, at: int) -> Notice:
    done = incident(
        key=f"inc-{number}", title=f"shop {number} is slow", state=IncidentState.RESOLVED,
        resolved_at=at, resolved_by="tocsin", firing=(),
    )  # fmt: skip
    return news(number, key=f"over{number}", type=NoticeType.RESOLVED, at=at, incident=done)


class Bench:
    """A dispatcher with one channel that digests, in virtual time."""

    def __init__(self, *answers: Any, held: Sequence[Pending] = ()) -> None:
        self.time = VirtualTime()
        self.channel = ScriptedChannel(*answers, spec=HOURLY)
        self.channel.clock = self.time
        self.sent: list[Notice] = []
        self.reports, self.outbox = Reports(), MemoryOutbox(held)
        self.dispatcher = Dispatcher(
            {"ops": self.channel}, self.outbox, self.time, self.reports, self._compose,
            self.time.wait,
        )  # fmt: skip

    def _compose(self, one: Notice) -> Any:
        self.sent.append(one)
        return compose(one)

    async def __aenter__(self) -> Bench:
        await self.dispatcher.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.dispatcher.stop()


async def test_news_are_told_as_one_message_an_hour_after_the_oldest_and_pages_at_once() -> None:
    async with Bench() as bench:
        bench.dispatcher.offer([news(1), notice("page"), over(2, T0 + 5)])
        health = bench.dispatcher.health()["ops"]
        assert (health.waiting, health.waits_for) == (3, Wait.DIGEST)
        assert health.waits_until == T0 + HOUR + 5
        assert bench.dispatcher.oldest_at is None or bench.dispatcher.oldest_at == T0
        settled = await bench.reports.count(4)
    assert bench.channel.seen[0] == "page"
    assert len(bench.channel.seen) == 2
    assert bench.channel.at[1] >= T0 + HOUR + 5
    assert {one.notice for one in settled if one.delivered} >= {"page", "n1", "over2"}
    assert bench.outbox.rows["n1"].state == bench.outbox.rows["over2"].state == "sent"
    assert bench.outbox.rows["n1"].detail.startswith("told with msg_")
    assert bench.sent[1].incident.title == "Digest: 1 open (1 critical), 1 over by now"


async def test_what_was_collected_when_the_daemon_died_is_told_after_the_start() -> None:
    held = [Pending(news(number), 0, T0) for number in range(3)]
    async with Bench(held=held) as bench:
        bench.dispatcher.offer([news(1)])
        settled = await bench.reports.count(4)
    assert {one.notice for one in settled} > {"n0", "n1", "n2"}
    assert len(bench.channel.seen) == 1
    again = digest([one.notice for one in reversed(held)], T0)
    assert again.notice.key == bench.channel.seen[0]


async def test_a_digest_that_is_refused_is_reported_for_everything_in_it() -> None:
    async with Bench(Permanent("550 no such list")) as bench:
        bench.dispatcher.offer([news(1), news(2)])
        settled = await bench.reports.count(3)
        assert bench.dispatcher.health()["ops"].breaker is BreakerState.CLOSED
    assert [one.delivered for one in settled] == [False] * 3
    assert all(one.detail.endswith("550 no such list") for one in settled)


async def test_a_channel_that_digests_no_longer_tells_what_it_kept_back_at_once() -> None:
    async with Bench() as bench:
        bench.dispatcher.offer([news(1), news(2)])
        bench.dispatcher.replace({"ops": ScriptedChannel(spec=LogSpec(name="ops"))})
        settled = await bench.reports.count(2)
        assert bench.time.now < T0 + HOUR
    assert sorted(one.notice for one in settled) == ["n1", "n2"]


def test_a_digest_that_is_on_its_way_is_no_older_than_itself() -> None:
    backlog = Backlog()
    backlog.add(digest([news(0), news(1)], T0 + HOUR))
    assert backlog.oldest() == T0 + HOUR
    backlog.add(Job(news(2)))
    assert backlog.oldest() == T0 + 2 * MINUTE


def test_what_is_kept_back_follows_from_severity_and_type() -> None:
    low = incident(severity=Severity.LOW)
    assert is_page(notice())
    assert not is_page(notice(incident=low))
    assert not is_page(news(1))
    assert is_page(news(1, reason="severity raised"))
    assert is_page(news(1, type=NoticeType.REPEATED, reason="nobody has it any more"))
    assert not is_page(news(1, reason="severity raised", incident=low))
    digests = Digests()
    digests.plan({"ops": LogSpec(name="ops", digest="1h", digest_pages=True)})
    assert digests.takes(notice())
    assert not digests.takes(notice(type=NoticeType.HANDOVER))
    assert not digests.takes(notice(channel="other"))


def test_what_is_for_one_person_alone_is_never_kept_back() -> None:
    digests = Digests()
    digests.plan({"ops": LogSpec(name="ops", digest="1h", digest_pages=True)})
    assert digests.takes(news(1, recipient="ana"))
    assert not digests.takes(news(1, recipient="ana", personal=True))


def test_the_worst_comes_first_what_is_over_last_and_each_incident_once() -> None:
    bad = news(3, incident=incident(key="inc-3", title="bad", severity=Severity.EMERGENCY))
    told = digest([news(1), over(1, T0 + 9 * MINUTE), news(2), bad], T0 + HOUR).notice
    assert [one.name for one in told.alerts] == ["bad", "shop 2 is slow", "shop 1 is slow"]
    assert told.incident.title == "Digest: 2 open (1 emergency, 1 critical), 1 over by now"
    assert told.incident.summary == "4 pieces of news of 3 incidents."
    assert told.incident.severity is Severity.EMERGENCY
    for audience in AUDIENCES:
        text = Renderer(audience).text(compose(told))
        assert "over  shop 1 is slow  (ended 2026-11-21 10:19:00 UTC)" in text
        assert "tocsin ack" not in text + Renderer(audience).html(compose(told))
    assert "EMERGENCY  bad" in Renderer().text(compose(told))
    assert "EMERGENCY" not in Renderer("stakeholder").text(compose(told))
    assert Renderer().subject(compose(told)) == told.incident.title
    for line in (Renderer().line(compose(told)), Renderer().short(compose(told))):
        assert line.endswith(": bad; shop 2 is slow; over: shop 1 is slow")


@settings(max_examples=50)
@given(
    st.lists(
        st.tuples(st.integers(0, 5), st.integers(0, 200), st.sampled_from(["", "ana"])),
        min_size=1, max_size=20,
    )
)  # fmt: skip
def test_every_notice_is_in_exactly_one_digest_that_is_due_an_hour_after_its_oldest(
    rows: list[tuple[int, int, str]],
) -> None:
    digests = Digests()
    digests.plan({"ops": HOURLY})
    notices = [
        news(number, key=f"k{n}", at=T0 + minute * MINUTE, recipient=who)
        for n, (number, minute, who) in enumerate(rows)
    ]
    for one in notices:
        digests.add(Job(one))
    told: list[str] = []
    now = T0
    while (due := digests.next_at()) is not None:
        now = max(now, due)
        for job in digests.due(now):
            assert {one.recipient for one in job.absorbed} == {job.notice.recipient}
            assert now >= min(one.at for one in job.absorbed) + HOUR
            told += [one.key for one in job.absorbed]
    assert sorted(told) == sorted(one.key for one in notices)
    assert len(digests) == 0


@pytest.mark.parametrize("kind", sorted(CHANNEL_KINDS))
def test_only_kinds_for_people_digest(kind: str) -> None:
    assert CHANNEL_KINDS[kind].digests == (kind not in {"webhook", "exec", "pagerduty", "voice"})


def test_pages_are_collected_by_a_digest_only() -> None:
    with pytest.raises(ValidationError, match="digest_pages goes with a digest"):
        LogSpec(name="x", digest_pages=True)
    with pytest.raises(ValidationError, match="needs every notice"):
        CHANNEL_KINDS["exec"].model_validate(
            {"name": "x", "kind": "exec", "run": ["/bin/cat"], "digest": "1h"}
        )
    assert isinstance(HOURLY, ChannelSpec)
