"""Silences: states by time, Alertmanager's edits, what is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from daemon.core.chronicle import Audit
from daemon.core.effects import Append, Drop, Save
from daemon.core.errors import Invalid, NotFound
from daemon.core.events import ExpireSilence, PutSilence
from daemon.core.labels import parse_matcher
from daemon.core.model import HOUR, MINUTE, Silence
from daemon.core.muting.silences import KEEP, Silences
from daemon.core.turn import Turn
from tests.core.deciding import ANA, BEN, START

SHOP = {"service": "shop"}


def put(silences: Silences, now: int = START, **more: object) -> Silence:
    """Put a silence of the service shop for an hour, or as said otherwise."""
    command = PutSilence(ANA, (parse_matcher("service=shop"),), None, now + HOUR, "works")
    return silences.put(replace(command, **more), Turn(now))  # type: ignore[arg-type]  # fields by name


def test_a_silence_begins_at_once_and_mutes_what_it_matches() -> None:
    silences = Silences()
    silence = put(silences)
    (mute,) = silences.muting(SHOP)
    assert (mute.by, mute.until) == (silence.key, START + HOUR)
    assert mute.reason == "silenced by ana: works"
    assert silences.muting({"service": "mail"}) == ()


def test_a_pending_silence_mutes_nothing_before_its_start() -> None:
    silences = Silences()
    put(silences, starts_at=START + MINUTE)
    assert silences.muting(SHOP) == ()
    assert silences.next_deadline() == START + MINUTE
    assert silences.tick(Turn(START + MINUTE))
    assert silences.muting(SHOP)


def test_it_ends_on_its_time_and_is_forgotten_five_days_later() -> None:
    silences = Silences()
    silence = put(silences)
    assert silences.tick(Turn(START + HOUR))
    assert silences.muting(SHOP) == ()
    assert silences.next_deadline() == START + HOUR + KEEP
    turn = Turn(START + HOUR + KEEP)
    assert not silences.tick(turn)
    assert turn.effects == [Drop(Silence, silence.key)]
    assert silences.next_deadline() is None


def test_a_start_in_the_past_is_moved_to_now() -> None:
    assert put(Silences(), starts_at=START - HOUR).starts_at == START


def test_the_id_follows_from_the_content_and_the_time() -> None:
    assert put(Silences()).key == put(Silences()).key
    assert put(Silences()).key != put(Silences(), comment="other").key
    assert put(Silences()).key != put(Silences(), now=START + 1).key


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"matchers": ()}, "at least one matcher"),
        ({"matchers": (parse_matcher("a=~.*"), parse_matcher("b!=x"))}, "missing label"),
        ({"ends_at": START}, "in the past"),
        ({"starts_at": START + 2 * HOUR}, "after it starts"),
    ],
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(
    wrong: dict[str, object], why: str
) -> None:
    silences = Silences()
    with pytest.raises(Invalid, match=why):
        put(silences, **wrong)
    assert not silences.records


def test_an_edit_of_a_silence_nobody_knows_is_refused() -> None:
    with pytest.raises(NotFound, match="no silence 'nope'"):
        put(Silences(), silence="nope")


def test_an_active_silence_keeps_its_id_when_only_its_end_or_words_change() -> None:
    silences = Silences()
    old = put(silences)
    new = put(silences, now=START + 1, silence=old.key, ends_at=START + 5 * HOUR, comment="more")
    assert (new.key, new.starts_at, new.ends_at) == (old.key, START, START + 5 * HOUR)
    assert new.updated_at == START + 1
    assert new.created_by == "ana"


def test_other_matchers_end_the_old_silence_and_begin_a_new_one() -> None:
    silences = Silences()
    old = put(silences)
    new = put(
        silences, now=START + MINUTE, silence=old.key, matchers=(parse_matcher("service=mail"),)
    )
    assert new.key != old.key
    assert silences.records[old.key].ends_at == START + MINUTE
    assert silences.muting(SHOP) == ()


def test_another_start_of_an_active_silence_makes_a_new_one() -> None:
    silences = Silences()
    old = put(silences)
    new = put(silences, now=START + MINUTE, silence=old.key, starts_at=START + 2 * MINUTE)
    assert new.key != old.key
    assert silences.records[old.key].state(START + MINUTE) == "expired"


def test_a_pending_silence_may_be_moved_within_the_future() -> None:
    silences = Silences()
    old = put(silences, starts_at=START + 10 * MINUTE)
    new = put(silences, now=START + 1, silence=old.key, starts_at=START + 5 * MINUTE)
    assert new.key == old.key
    assert silences.next_deadline() == START + 5 * MINUTE


def test_an_expired_silence_is_never_revived() -> None:
    silences = Silences()
    old = put(silences)
    later = START + 2 * HOUR
    silences.tick(Turn(later))
    new = put(silences, now=later, silence=old.key)
    assert new.key != old.key
    assert new.starts_at == later
    assert silences.records[old.key].ends_at == START + HOUR


def test_expiring_ends_it_now_and_is_on_record() -> None:
    silences = Silences()
    silence = put(silences)
    turn = Turn(START + MINUTE)
    assert silences.expire(ExpireSilence(silence.key, BEN), turn)
    assert silences.muting(SHOP) == ()
    save, audit = turn.effects
    assert isinstance(save, Save)
    assert isinstance(audit, Append)
    assert isinstance(audit.entry, Audit)
    assert (audit.entry.actor, audit.entry.action) == (BEN, "expire silence")


def test_expiring_a_pending_one_leaves_no_time_in_which_it_was_active() -> None:
    silences = Silences()
    silence = put(silences, starts_at=START + MINUTE)
    silences.expire(ExpireSilence(silence.key, BEN), Turn(START + 1))
    ended = silences.records[silence.key]
    assert ended.starts_at == ended.ends_at == START + 1


def test_expiring_an_expired_one_changes_nothing() -> None:
    silences = Silences()
    silence = put(silences)
    silences.expire(ExpireSilence(silence.key, BEN), Turn(START))
    turn = Turn(START + 1)
    assert not silences.expire(ExpireSilence(silence.key, BEN), turn)
    assert turn.effects == []


def test_restored_silences_are_what_their_times_say() -> None:
    silences, again = Silences(), Silences()
    put(silences, starts_at=START + MINUTE)
    again.restore(silences.records.values(), START + 2 * MINUTE)
    assert again.muting(SHOP)
    assert again.next_deadline() == START + HOUR
