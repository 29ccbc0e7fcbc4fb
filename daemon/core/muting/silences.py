"""Silences: operators' mutes with a start and an end.

A silence is pending, active or expired by its times alone, so nothing needs to happen for it
to begin or end but that its alerts are looked at again; `tick` says when. Edits follow
Alertmanager (`silence.Silences.Set`): an edit keeps the id only while the matchers stay and
the past is not changed, otherwise the old silence ends and the edit becomes a new one. Ended
silences are kept for `KEEP` and are never revived.
"""

from __future__ import annotations

import uuid
from collections.abc import Container, Iterable
from typing import Final
from zoneinfo import available_timezones

from daemon.core.changing import replace
from daemon.core.chronicle import Audit
from daemon.core.deadlines import Deadlines, soonest
from daemon.core.errors import Invalid, NotFound
from daemon.core.events import ExpireSilence, PutSilence
from daemon.core.labels import Labels, Matcher, match_all
from daemon.core.model import (
    DAY,
    HOUR,
    Instant,
    Millis,
    Mute,
    MuteKind,
    Recurrence,
    Silence,
)
from daemon.core.muting.maintenance import window_at
from daemon.core.muting.recurring import checked_cron
from daemon.core.plan import MaintenancePlan
from daemon.core.turn import Turn

LONGEST_RECURRENCE: Final = 31 * DAY
"""For how long a silence that recurs lasts each time, at most."""

KEEP: Final = 120 * HOUR
"""How long an expired silence stays to be looked at; Alertmanager's retention."""

_NAMESPACE: Final = uuid.UUID("6f6f5a4e-9f0e-5c53-8a0c-0a7d3b6d1c11")


class Silences:
    """All silences, and which of them are active.

    Attributes:
        records: The silences, by id.
        ended: Those that ended by time since this was cleared.
    """

    def __init__(self, warn_before: Millis = 0) -> None:
        """
        Args:
            warn_before: How long before its end that is told; 0 for never, nor at its end.
        """
        self.ended: list[Silence] = []
        self._warn_before = warn_before
        self._warnings = Deadlines()
        self.records: dict[str, Silence] = {}
        self._active: dict[str, Silence] = {}
        self._deadlines = Deadlines()

    def reword(self, silence: Silence) -> None:
        """The same silence in other words."""
        self.records[silence.key] = silence
        if silence.key in self._active:
            self._active[silence.key] = silence

    def restore(
        self, silences: Iterable[Silence], now: Instant, muting: Container[str] = ()
    ) -> None:
        """Take in what a store kept; silences that began or ended meanwhile simply have.

        Args:
            muting: The ids of those that muted something when that was kept: if one has ended
                since, nobody was told.
        """
        for silence in silences:
            self._keep(silence, now)
            is_over = silence.recurs is None and silence.state(now) == "expired"
            if is_over and silence.key in muting and self._warn_before:
                self.ended.append(silence)

    def next_deadline(self) -> Instant | None:
        """When the next silence begins, ends or is forgotten, or that is to be told."""
        return soonest(self._deadlines.next(), self._warnings.next())

    def replan(self, warn_before: Millis, now: Instant) -> None:
        """It is told earlier or later that a silence ends."""
        if warn_before != self._warn_before:
            self._warn_before = warn_before
            for silence in self.records.values():
                self._arm(silence, now)

    def take_ending(self, turn: Turn) -> list[Silence]:
        """The silences of which it is to be told now that they end soon, each once."""
        found = []
        for key, _ in list(self._warnings.take_due(turn.now)):
            warned = replace(self.records[key], warned_at=turn.now)
            self._save(warned, turn)
            found.append(warned)
        return found

    def muting(self, labels: Labels) -> tuple[Mute, ...]:
        """The active silences that match these labels, longest lasting first."""
        if not self._active:
            return ()
        hits = [s for s in self._active.values() if match_all(s.matchers, labels)]
        hits.sort(key=lambda silence: (-silence.ends_at, silence.key))
        return tuple(Mute(MuteKind.SILENCE, s.key, _reason(s), s.ends_at) for s in hits)

    def put(self, command: PutSilence, turn: Turn) -> Silence:
        """Make or edit a silence.

        Raises:
            Invalid: No matcher that needs a label, or an end that is past or before the start.
            NotFound: The silence to edit is not known.
        """
        command = _timed(command, turn.now)
        _check(command, turn.now)
        old = None if command.silence is None else self._find(command.silence)
        new = _wanted(command, old, turn.now)
        if new.ends_at <= new.starts_at:
            raise Invalid("the silence must end after it starts")
        if old is not None and _keeps_id(old, new, turn.now):
            new = replace(new, key=old.key)
        else:
            if old is not None:
                self._end(old, turn)
            new = _begun(new, turn.now)
        self._save(new, turn)
        action = "silence" if old is None else "edit silence"
        turn.append(Audit(turn.now, command.actor, action, new.key, _words(new.matchers)))
        return new

    def expire(self, command: ExpireSilence, turn: Turn) -> bool:
        """End a silence now; returns whether that changed anything.

        Raises:
            NotFound: The silence is not known.
        """
        silence = self._find(command.silence)
        if not self._end(silence, turn):
            return False
        words = _words(silence.matchers)
        turn.append(Audit(turn.now, command.actor, "expire silence", silence.key, words))
        return True

    def tick(self, turn: Turn) -> bool:
        """Begin, end and forget what is due; returns whether any began or ended."""
        changed = False
        while (key := self._deadlines.pop(turn.now)) is not None:
            silence = self.records[key]
            is_old = turn.now >= max(silence.ends_at, silence.starts_at) + KEEP
            if is_old and silence.recurs is None:
                del self.records[key]
                self._active.pop(key, None)
                turn.drop(silence)
            else:
                if silence.ends_at <= turn.now and self._warn_before:
                    self.ended.append(silence)
                self._save(_again(silence, turn.now), turn)
                changed = True
        return changed

    def _find(self, key: str) -> Silence:
        silence = self.records.get(key)
        if silence is None:
            raise NotFound(f"there is no silence {key!r}")
        return silence

    def _end(self, silence: Silence, turn: Turn) -> bool:
        now = turn.now
        if silence.state(now) == "expired" and silence.recurs is None:
            return False
        starts_at = min(silence.starts_at, now)
        ended = replace(silence, starts_at=starts_at, ends_at=now, updated_at=now, recurs=None)
        self._save(ended, turn)
        return True

    def _save(self, silence: Silence, turn: Turn) -> None:
        self._keep(silence, turn.now)
        turn.save(silence)

    def _keep(self, silence: Silence, now: Instant) -> None:
        self.records[silence.key] = silence
        state = silence.state(now)
        if state == "active":
            self._active[silence.key] = silence
        else:
            self._active.pop(silence.key, None)
        due = {
            "pending": silence.starts_at,
            "active": silence.ends_at,
            "expired": silence.ends_at + KEEP if silence.recurs is None else now,
        }
        self._deadlines.set(silence.key, due[state])
        self._arm(silence, now)

    def _arm(self, silence: Silence, now: Instant) -> None:
        """Set when it is told that the silence ends; of a short one that is not told."""
        is_long = silence.ends_at - silence.starts_at > self._warn_before > 0
        is_due = is_long and silence.warned_at is None and silence.ends_at > now
        at = silence.ends_at - self._warn_before
        self._warnings.set(silence.key, max(at, now) if is_due else None)


def _timed(command: PutSilence, now: Instant) -> PutSilence:
    """The command with the start and the end that follow from how it recurs."""
    recurs = command.recurs
    if recurs is None:
        return command
    try:
        checked_cron(recurs.cron)
    except ValueError as error:
        raise Invalid(str(error)) from None
    if recurs.timezone not in available_timezones():
        raise Invalid(f"{recurs.timezone[:100]!r} is no time zone; write Europe/Berlin or UTC")
    if not 0 < recurs.lasts <= LONGEST_RECURRENCE:
        raise Invalid("a silence that recurs lasts 31 days each time at most")
    start, end = occurrence(recurs, max(now, command.starts_at or now))
    return replace(command, starts_at=start, ends_at=end)


def occurrence(recurs: Recurrence, at: Instant) -> tuple[Instant, Instant]:
    """From when to when it lasts that is in force at this time, or else comes next."""
    plan = MaintenancePlan("", recurs.timezone, cron=recurs.cron, duration=recurs.lasts)
    window = window_at(plan, at)
    if window is None:
        raise Invalid(f"{recurs.cron!r} never comes")
    return window.start, window.start + LONGEST_RECURRENCE if window.end is None else window.end


def _again(silence: Silence, now: Instant) -> Silence:
    """The silence at its next time, if it recurs and this one is over."""
    if silence.recurs is None or silence.ends_at > now:
        return silence
    start, end = occurrence(silence.recurs, now)
    return replace(silence, starts_at=start, ends_at=end, warned_at=None)


def _check(command: PutSilence, now: Instant) -> None:
    if not command.matchers:
        raise Invalid("a silence needs at least one matcher")
    if all(matcher.matches_empty for matcher in command.matchers):
        raise Invalid("at least one matcher must not match a missing label; name what to silence")
    if command.ends_at <= now:
        raise Invalid("the silence would end in the past")


def _wanted(command: PutSilence, old: Silence | None, now: Instant) -> Silence:
    """The silence as the command says it, with a new id."""
    starts_at = command.starts_at
    if starts_at is None:
        starts_at = old.starts_at if old is not None and old.state(now) != "expired" else now
    author = command.created_by or (old.created_by if old else command.actor.name)
    return Silence(
        key="",
        matchers=command.matchers,
        starts_at=starts_at,
        ends_at=command.ends_at,
        created_by=author,
        comment=command.comment,
        updated_at=now,
        recurs=command.recurs,
    )


def _keeps_id(old: Silence, new: Silence, now: Instant) -> bool:
    """Whether the edit changes nothing that has already had an effect."""
    if (old.matchers, old.recurs) != (new.matchers, new.recurs):
        return False
    state = old.state(now)
    if state == "active":
        return new.starts_at == old.starts_at
    return state == "pending" and new.starts_at >= now


def _begun(new: Silence, now: Instant) -> Silence:
    """A new silence: it does not start in the past, and its id follows from its content."""
    new = replace(new, starts_at=max(new.starts_at, now))
    content = (_words(new.matchers), new.starts_at, new.ends_at, new.created_by, new.comment, now)
    return replace(new, key=str(uuid.uuid5(_NAMESPACE, repr(content))))


def _words(matchers: Iterable[Matcher]) -> str:
    return ", ".join(str(matcher) for matcher in matchers)


def _reason(silence: Silence) -> str:
    told = f": {silence.comment}" if silence.comment else ""
    return f"silenced by {silence.created_by}{told}"
