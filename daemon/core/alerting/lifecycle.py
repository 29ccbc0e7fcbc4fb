"""The life of an alert: a state machine, as a table.

Theory. An alert is *absent* until its condition first holds. Then it is *pending* while the
rule's `for` runs, *firing* once that is over, and *resolved* when the condition has stayed
away for `keep_for`. Only evidence moves it: while it cannot be told whether the condition
holds, a pending alert does not fire, that time does not count for `for`, and a firing one does
not resolve. Three things hold it
firing though its condition is away: `keep_for`, `auto_resolve = false` (until an operator
resolves its incident) and flapping (each swing would be an incident of its own). None of them
holds what an operator resolved while it fired (*dismissed*); if that becomes graver, it fires
anew. A resolved alert does not fire again before `cooldown` is over, and is forgotten when it is
of no more use.

Every pair of a state and a happening has its row in `TABLE`; `moved` carries a row out.
`daemon.core.alerting.alerts` calls it for each condition and each deadline.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Final

from daemon.core.changing import replace
from daemon.core.model import Alert, AlertState, Instant, Promotion, Terms
from daemon.core.turn import Condition


class Happening(enum.Enum):
    """What can happen to an alert."""

    HOLDS = "its condition holds"
    AWAY = "its condition does not hold"
    UNSURE = "it cannot be told whether its condition holds"
    DUE = "its deadline has come"
    LEFT = "its check or rule left the configuration"
    BY_HAND = "an operator resolved its incident"

    __hash__ = object.__hash__  # it is a key of `TABLE`, and an enum's own is not C


class Move(enum.Enum):
    """What the alert does."""

    IGNORE = "nothing"
    BEGIN = "begin to be pending, or fire where no `for` is asked"
    HOLD = "take in what the condition says now"
    DOUBT = "note that nobody knows, and stop its timers"
    FIRE = "fire"
    YIELD = "resolve, or wait for what holds it firing"
    AGE = "resolve when `keep_for` is over, else rise in severity"
    END = "resolve"
    DISMISS = "resolve if its condition is away, else as soon as it is"
    REVIVE = "begin again if `cooldown` is over, else remember that it holds"
    REST = "note that the condition is away"
    FADE = "begin again if the condition holds, else be forgotten"
    DROP = "be forgotten"


_S, _H, _M = AlertState, Happening, Move

TABLE: Final[Mapping[tuple[AlertState | None, Happening], Move]] = {
    (None, _H.HOLDS): _M.BEGIN,
    (None, _H.AWAY): _M.IGNORE,
    (None, _H.UNSURE): _M.IGNORE,
    (None, _H.DUE): _M.IGNORE,
    (None, _H.LEFT): _M.IGNORE,
    (None, _H.BY_HAND): _M.IGNORE,
    (_S.PENDING, _H.HOLDS): _M.HOLD,
    (_S.PENDING, _H.AWAY): _M.DROP,
    (_S.PENDING, _H.UNSURE): _M.DOUBT,
    (_S.PENDING, _H.DUE): _M.FIRE,
    (_S.PENDING, _H.LEFT): _M.DROP,
    (_S.PENDING, _H.BY_HAND): _M.IGNORE,
    (_S.FIRING, _H.HOLDS): _M.HOLD,
    (_S.FIRING, _H.AWAY): _M.YIELD,
    (_S.FIRING, _H.UNSURE): _M.DOUBT,
    (_S.FIRING, _H.DUE): _M.AGE,
    (_S.FIRING, _H.LEFT): _M.END,
    (_S.FIRING, _H.BY_HAND): _M.DISMISS,
    (_S.RESOLVED, _H.HOLDS): _M.REVIVE,
    (_S.RESOLVED, _H.AWAY): _M.REST,
    (_S.RESOLVED, _H.UNSURE): _M.DOUBT,
    (_S.RESOLVED, _H.DUE): _M.FADE,
    (_S.RESOLVED, _H.LEFT): _M.REST,
    (_S.RESOLVED, _H.BY_HAND): _M.IGNORE,
}


def moved(
    alert: Alert | None, happening: Happening, now: Instant, stated: tuple[str, Condition] | None
) -> Alert | None:
    """The alert after something happened to it; None if it is absent or forgotten.

    Args:
        stated: For `HOLDS`, `AWAY` and `UNSURE`: the alert's fingerprint and the condition.
    """
    move = TABLE[None if alert is None else alert.state, happening]
    key, condition = stated if stated is not None else ("", None)
    if move is Move.BEGIN and condition is not None:
        return _begun(condition, key, now)
    if alert is None or move is Move.DROP:
        return None
    match move:
        case Move.HOLD if condition is not None:
            return _anew(alert, _held(alert, condition, now), now)
        case Move.DOUBT if condition is not None:
            return _doubted(alert, condition)
        case Move.YIELD if condition is not None:
            return _yielded(alert, condition, now)
        case Move.REVIVE if condition is not None:
            return _revived(alert, condition, now)
        case Move.FIRE:
            return _fired(alert, now)
        case Move.AGE:
            over = alert.clears_at is not None and alert.clears_at <= now
            return _resolved(alert, now) if over else _anew(alert, _risen(alert, now), now)
        case Move.END:
            return _resolved(replace(alert, holds=False), now)
        case Move.DISMISS:
            gone = alert.holds is False
            return _resolved(alert, now) if gone else replace(alert, dismissed=True, held_back=())
        case Move.REST:
            return replace(alert, holds=False)
        case Move.FADE:
            return _again(alert, now) if alert.holds else None
    return alert


def ripe_at(alert: Alert) -> Instant | None:
    """When a pending alert fires; None while it cannot be told whether its condition holds."""
    return alert.pending_at + alert.terms.for_ if alert.holds and alert.pending_at else None


def rises_at(alert: Alert) -> Instant | None:
    """When the effective severity of a firing alert next rises with age."""
    if alert.fired_at is None:
        return None
    if not alert.terms.promote:
        return None
    rises = (step.after for step in alert.terms.promote if step.to > alert.effective)
    after = min(rises, default=None)
    return None if after is None else alert.fired_at + after


def _terms(condition: Condition, promote: tuple[Promotion, ...]) -> Terms:
    return Terms(
        since=condition.since,
        for_=condition.for_,
        keep_for=condition.keep_for,
        cooldown=condition.cooldown,
        auto_resolve=condition.auto_resolve,
        acknowledgeable=condition.acknowledgeable,
        promote=promote,
        unreachable=condition.unreachable,
        flapping=_flaps(condition),
        down=condition.down,
    )


def _flaps(condition: Condition) -> bool:
    """Only a check's own alert follows its flapping; rules have `for` and `keep_for`."""
    return condition.flapping and condition.source.startswith("check:")


def _stated(alert: Alert, condition: Condition) -> Alert:
    """The alert with all that its condition says while it holds."""
    return replace(
        alert,
        source=condition.source,
        holds=True,
        severity=condition.severity,
        effective=condition.severity,
        annotations=condition.annotations,
        terms=_terms(condition, condition.promote),
    )


def _begun(condition: Condition, key: str, now: Instant) -> Alert:
    bare = Alert(
        key,
        condition.source,
        condition.name,
        condition.labels,
        condition.annotations,
        severity=condition.severity,
        terms=_terms(condition, condition.promote),
    )
    return _again(bare, now)


def _again(alert: Alert, now: Instant) -> Alert:
    """Pending from when the condition began to hold, and firing if that is long enough ago."""
    since = alert.terms.since
    pending_at = now if since is None else min(since, now)
    ripe = pending_at + alert.terms.for_ <= now
    again = replace(
        alert,
        state=AlertState.FIRING if ripe else AlertState.PENDING,
        effective=alert.severity,
        pending_at=pending_at,
        fired_at=now if ripe else None,
        resolved_at=None,
        clears_at=None,
        quiet_until=None,
        incident=None,
        dismissed=False,
        occurrence=alert.occurrence + ripe,
    )
    return _risen(again, now) if ripe else again


def _fired(alert: Alert, now: Instant) -> Alert:
    fired = replace(alert, state=AlertState.FIRING, fired_at=now, occurrence=alert.occurrence + 1)
    return _risen(fired, now)


def _risen(alert: Alert, now: Instant) -> Alert:
    """With the severity that its age gives it; never less than it was given."""
    fired_at = now if alert.fired_at is None else alert.fired_at
    effective = alert.severity
    for step in alert.terms.promote:
        if fired_at + step.after <= now and step.to > effective:
            effective = step.to
    return alert if effective is alert.effective else replace(alert, effective=effective)


def _held(alert: Alert, condition: Condition, now: Instant) -> Alert:
    held = replace(_stated(alert, condition), clears_at=None)
    is_unripe = alert.state is AlertState.PENDING and alert.holds is None
    if is_unripe and alert.pending_at and alert.terms.since is not None:
        untold = max(0, now - alert.terms.since)
        held = replace(held, pending_at=min(now, alert.pending_at + untold))
    if held.state is AlertState.FIRING:
        return _risen(held, now)
    due = ripe_at(held)
    return _fired(held, now) if due is not None and due <= now else held


def _anew(before: Alert, after: Alert, now: Instant) -> Alert:
    """What an operator resolved was less than this if it is graver now: it fires anew. One
    that rose with age keeps its age, by which it would fall again otherwise."""
    if not before.dismissed or after.effective <= before.effective:
        return after
    by_age = after.effective > after.severity
    return replace(
        after,
        dismissed=False,
        incident=None,
        occurrence=after.occurrence + 1,
        fired_at=after.fired_at if by_age else now,
    )


def _doubted(alert: Alert, condition: Condition) -> Alert:
    terms = replace(
        alert.terms,
        since=condition.since,
        unreachable=condition.unreachable,
        flapping=_flaps(condition),
        down=False,
    )
    return replace(alert, holds=None, clears_at=None, terms=terms)


def _yielded(alert: Alert, condition: Condition, now: Instant) -> Alert:
    """The condition is away: resolve, unless something holds the alert firing."""
    away = replace(alert, holds=False, terms=_terms(condition, alert.terms.promote))
    if away.dismissed:
        return _resolved(away, now)
    if away.terms.flapping or not away.terms.auto_resolve:
        return replace(away, clears_at=None)
    if away.terms.keep_for <= 0:
        return _resolved(away, now)
    return away if away.clears_at else replace(away, clears_at=now + away.terms.keep_for)


def _revived(alert: Alert, condition: Condition, now: Instant) -> Alert:
    stated = _stated(alert, condition)
    quiet = alert.quiet_until is not None and now < alert.quiet_until
    return stated if quiet else _again(stated, now)


def _resolved(alert: Alert, now: Instant) -> Alert:
    cooldown = alert.terms.cooldown
    return replace(
        alert,
        state=AlertState.RESOLVED,
        resolved_at=now,
        clears_at=None,
        quiet_until=now + cooldown if cooldown > 0 else None,
        muted=(),
        held_back=(),
    )
