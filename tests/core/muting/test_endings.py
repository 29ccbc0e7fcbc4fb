"""Silences that end: who is told, when, and that silences recur."""

from __future__ import annotations

from dataclasses import replace

import pytest

from daemon.core.chronicle import EntryKind, Notice, NoticeType
from daemon.core.errors import Invalid
from daemon.core.events import ExpireSilence, PutSilence
from daemon.core.labels import parse_matcher
from daemon.core.model import DAY, HOUR, MINUTE, Recurrence, Silence
from tests.core.deciding import ANA, START, Stand, condition, plan

CAT = replace(ANA, name="cat")
NIGHTLY = Recurrence("0 8 * * *", HOUR, "UTC")
"""The stand's clock begins at eight."""


def stand() -> Stand:
    return Stand(plan(warn_before=15 * MINUTE))


def put(**more: object) -> PutSilence:
    base = PutSilence(ANA, (parse_matcher("check=web"),), None, START + HOUR, "works")
    return replace(base, **more)  # type: ignore[arg-type]  # fields by name


def about_it(notices: list[Notice]) -> list[tuple[str, str, str]]:
    said = [one for one in notices if one.type is NoticeType.SILENCE]
    return [(one.recipient, one.channel, one.incident.title) for one in said]


def silences(one: Stand) -> list[Silence]:
    return list(one.decider.muting.silences.records.values())


def test_its_author_and_the_timeline_are_told_before_it_ends_and_when_it_has() -> None:
    one = stand()
    one.do(put())
    one.see(condition())
    assert about_it(one.wait(45 * MINUTE - 1)) == []
    told = one.wait(1)
    assert about_it(told) == [("ana", "mail", "Your silence ends in 15 min")]
    assert "web" in told[0].incident.summary
    lines = [entry.text for entry in one.mirror.entries if entry.kind is EntryKind.MUTED]
    assert lines[-1] == "the silence by ana ends in 15 min"
    assert about_it(one.wait(15 * MINUTE)) == [("ana", "mail", "Your silence has ended")]


def test_one_that_mutes_nothing_that_fires_ends_without_a_word() -> None:
    one = stand()
    one.do(put())
    one.see(condition("api"))
    assert about_it(one.wait(2 * HOUR)) == []


def test_an_author_who_is_no_person_of_the_configuration_has_the_timeline_only() -> None:
    one = stand()
    one.do(put(actor=CAT))
    one.see(condition())
    assert about_it(one.wait(50 * MINUTE)) == []
    assert "cat ends in 15 min" in one.mirror.entries[-1].text


def test_it_is_told_once_also_over_restarts() -> None:
    one = stand()
    one.do(put())
    one.see(condition())
    assert about_it(one.restart(50 * MINUTE)) == [("ana", "mail", "Your silence ends in 10 min")]
    assert about_it(one.restart(MINUTE)) == []
    assert about_it(one.wait(MINUTE)) == []


def test_one_that_ended_while_the_daemon_was_off_is_told_to_have_once() -> None:
    one = stand()
    one.do(put())
    one.see(condition())
    assert about_it(one.restart(2 * HOUR)) == [("ana", "mail", "Your silence has ended")]
    lines = [entry.text for entry in one.mirror.entries if entry.kind is EntryKind.MUTED]
    assert lines[-1] == "the silence by ana has ended"
    assert about_it(one.restart(MINUTE)) == []


def test_a_short_one_is_told_of_at_its_end_and_one_made_longer_is_told_of_again() -> None:
    one = stand()
    one.do(put(ends_at=START + 10 * MINUTE))
    one.see(condition())
    assert about_it(one.wait(9 * MINUTE)) == []
    (silence,) = silences(one)
    one.do(put(ends_at=START + HOUR, starts_at=START, silence=silence.key))
    assert len(about_it(one.wait(40 * MINUTE))) == 1
    one.do(ExpireSilence(silence.key, ANA))
    assert about_it(one.wait(HOUR)) == []


def test_a_silence_recurs_until_it_is_expired() -> None:
    one = stand()
    one.do(put(recurs=NIGHTLY, ends_at=0))
    one.see(condition())
    assert one.incident.muted
    one.wait(HOUR)
    assert not one.incident.muted
    (silence,) = silences(one)
    assert (silence.starts_at, silence.ends_at) == (START + DAY, START + DAY + HOUR)
    one.restart(after=2 * DAY)
    assert one.incident.muted is not None
    assert silences(one)[0].starts_at == START + 3 * DAY
    one.do(ExpireSilence(silence.key, ANA))
    assert silences(one)[0].state(one.now) == "expired"
    one.wait(2 * DAY)
    assert not one.incident.muted


def test_one_that_recurs_is_expired_also_in_the_moment_in_which_it_ends() -> None:
    one = stand()
    one.do(put(recurs=NIGHTLY, ends_at=0))
    (silence,) = silences(one)
    one.now += HOUR
    one.do(ExpireSilence(silence.key, ANA))
    assert silences(one)[0].recurs is None
    one.wait(DAY)
    one.see(condition())
    assert not one.incident.muted


def test_an_edit_of_how_it_recurs_makes_another_silence() -> None:
    one = stand()
    one.do(put(recurs=NIGHTLY, ends_at=0))
    (silence,) = silences(one)
    other = replace(NIGHTLY, lasts=2 * HOUR)
    one.do(put(recurs=other, ends_at=0, silence=silence.key))
    states = {s.key == silence.key: s.state(one.now + 1) for s in silences(one)}
    assert states == {True: "expired", False: "active"}


@pytest.mark.parametrize(
    "wrong", [replace(NIGHTLY, cron="* * *"), replace(NIGHTLY, lasts=32 * DAY)]
)
def test_what_cannot_recur_is_refused(wrong: Recurrence) -> None:
    with pytest.raises(Invalid):
        stand().do(put(recurs=wrong, ends_at=0))
