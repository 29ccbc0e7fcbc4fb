"""Groups: when a route tells its channels about the alerts it gathers.

A group begins when its first alert fires and first tells after the route's `group_wait`.
From then on it looks every `group_interval`, counted from when it last told something, and
`TABLE` says whether there is something to tell to a channel, given what that channel was
told last; the first row that applies decides. The rows are Alertmanager's
(`notify.DedupStage.needsUpdate`) with three of our own: a rise of severity is told at once;
so is that nobody has the incident any more; and the end of the whole incident is told at once,
by `daemon.core.telling.looks`, and ends the group.

Looks that cannot tell anything are skipped: `flush_at` is the first look that may.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import Final

from daemon.core.chronicle import NoticeType
from daemon.core.model import Group, Instant, Millis, Told
from daemon.core.record import record
from daemon.core.severity import Severity


class Reason(enum.StrEnum):
    """Why a group tells something, in the words of the notice."""

    FIRST = "first notification"
    NEW = "new alerts added"
    RAISED = "severity raised"
    SOME = "some alerts resolved"
    REOPENED = "nobody has it any more"
    REPEAT = "repeat interval elapsed"
    ALL = "all alerts resolved"


NOTICE_TYPE: Final = {
    Reason.FIRST: NoticeType.FIRING,
    Reason.NEW: NoticeType.UPDATED,
    Reason.RAISED: NoticeType.UPDATED,
    Reason.SOME: NoticeType.UPDATED,
    Reason.REOPENED: NoticeType.REPEATED,
    Reason.REPEAT: NoticeType.REPEATED,
    Reason.ALL: NoticeType.RESOLVED,
}


@record(frozen=True, slots=True)
class Look:
    """What a group knows when it looks whether to tell a channel something.

    Attributes:
        entry: What the channel was told last; None for nothing yet.
        firing: The group's alerts that fire and are not muted.
        still: Its alerts that fire, muted or not.
        severity: The worst of `firing`, None if there are none.
        acknowledged: The incident is: nothing is repeated.
        known: It can be told of one of `firing` whether it still holds; else nothing is
            repeated.
        send_resolved: The channel wants to hear of resolutions.
        reopened: Somebody had taken the incident when the channel was told last, and nobody
            has now.
    """

    entry: Told | None
    firing: frozenset[str]
    still: frozenset[str]
    severity: Severity | None
    acknowledged: bool
    send_resolved: bool
    repeat: Millis
    now: Instant
    known: bool = True
    reopened: bool = False

    @property
    def told(self) -> frozenset[str]:
        """The alerts that the channel believes to fire. What was lost on the way is told again,
        unless somebody has taken the incident."""
        if self.entry is None or (self.entry.lost and not self.acknowledged):
            return frozenset()
        return frozenset(self.entry.firing)


def _first(look: Look) -> bool:
    return bool(look.firing) and not look.told


def _new(look: Look) -> bool:
    return not look.firing <= look.told


def _raised(look: Look) -> bool:
    return (
        look.severity is not None
        and look.entry is not None
        and bool(look.told)
        and look.severity > look.entry.severity
    )


def _some(look: Look) -> bool:
    return look.send_resolved and not look.told <= look.still


def _reopened(look: Look) -> bool:
    return bool(look.firing) and look.reopened


def _repeat(look: Look) -> bool:
    return (
        bool(look.firing)
        and not look.acknowledged
        and look.known
        and look.entry is not None
        and look.entry.at + look.repeat <= look.now
    )


TABLE: Final[tuple[tuple[Reason, Callable[[Look], bool]], ...]] = (
    (Reason.FIRST, _first),  # nothing it believes to fire, and something fires
    (Reason.NEW, _new),  # what fires is not a part of what was told
    (Reason.RAISED, _raised),  # ... and is graver than was told
    (Reason.SOME, _some),  # something told fires no longer
    (Reason.REOPENED, _reopened),  # it was told that somebody has it, and nobody has
    (Reason.REPEAT, _repeat),  # told long enough ago, nobody has taken it, and it is known to hold
)
"""When a group tells a channel something. It is asked only while the incident is open and
not muted; a row that does not apply leaves it to the next, and none to silence."""


def verdict(look: Look) -> Reason | None:
    """Why to tell now; None to tell nothing."""
    return next((reason for reason, applies in TABLE if applies(look)), None)


def first_look(group: Group) -> Instant:
    """When the group's `group_wait` is over."""
    return group.opened_at + group.wait


def next_look(
    group: Group, looks: list[Look], now: Instant, *, owes: bool = False
) -> Instant | None:
    """When the group should next look; None while time alone gives it nothing to tell.

    Args:
        looks: One for each channel of the group.
        owes: Somebody else is to be told again on the next tick.
    """
    if group.flush_at is not None and group.flush_at <= now:
        return group.flush_at
    times = [_look_for(group, look, now) for look in looks]
    if owes:
        times.append(_next_tick(group, now))
    return min((at for at in times if at is not None), default=None)


def _look_for(group: Group, look: Look, now: Instant) -> Instant | None:
    reason = verdict(look)
    if reason is Reason.RAISED or (reason is not None and look.reopened):
        return now
    if reason is not None and reason is not Reason.REPEAT:
        return first_look(group) if group.flushed_at is None else _next_tick(group, now)
    if look.entry is None or not look.firing or look.acknowledged or not look.known:
        return None
    return _next_tick(group, max(look.entry.at + look.repeat - 1, now - 1))


def ticks(group: Group, now: Instant) -> bool:
    """Whether a `group_interval` has passed since the group told something, or began to."""
    anchor = first_look(group) if group.flushed_at is None else group.flushed_at
    return anchor + group.interval <= now


def _next_tick(group: Group, after: Instant) -> Instant:
    """The first multiple of `group_interval` since the last telling that is after `after`."""
    anchor = first_look(group) if group.flushed_at is None else group.flushed_at
    if after < anchor:
        return anchor
    interval = max(1, group.interval)
    return anchor + ((after - anchor) // interval + 1) * interval
