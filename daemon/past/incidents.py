"""The incidents and alerts of a moment: what was open, what fired, who muted what.

How an incident stood its timeline says (`daemon.core.incidents.hindsight`); which of its alerts had
joined and fired, when those alerts fired; how long its checks were down, their pieces of history.
What an alert itself said (labels, words) is as at the end of that time it fired.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from checks.result import Status
from daemon.core.changing import replace
from daemon.core.incidents.hindsight import absorbed, as_it_was, with_alerts
from daemon.core.incidents.life import described
from daemon.core.model import (
    Alert,
    AlertState,
    Incident,
    IncidentState,
    Instant,
    Mute,
    MuteKind,
    Silence,
)
from daemon.core.muting.silences import Silences, occurrence
from daemon.core.plan import Plan
from daemon.core.record import record
from daemon.core.severity import Severity
from daemon.core.sla.availability import merge_spans
from daemon.store.reading.past_open import (
    LastFired,
    Told,
    alerts_firing,
    entries_of,
    incidents_named,
    incidents_open,
    incidents_over,
    last_fired,
    members_of,
    silences_known,
)
from daemon.store.reading.past_status import Stood
from daemon.store.reading.spans import stretches_of


@record(frozen=True, slots=True)
class Happening:
    """What was going on; alerts are those that fired."""

    incidents: Sequence[Incident]
    alerts: Sequence[Alert]
    silences: Sequence[Silence]


def happening_at(
    connection: sqlite3.Connection, plan: Plan, checks: Mapping[str, Stood], at: Instant
) -> Happening:
    """What was going on at this moment.

    Args:
        checks: How the checks stood.
    """
    silences = [_as_it_came(one, at) for one in silences_known(connection, at)]
    muting = Silences()
    muting.restore(silences, at)
    fired = {alert.key: alert for alert in alerts_firing(connection, at)}
    incidents = [
        _named(one, fired, muting) for one in _incidents(connection, plan, fired, checks, at)
    ]
    holders = {key: one for one in incidents for key in one.firing}
    alerts = {key: _alert(alert, holders.get(key), muting, at) for key, alert in fired.items()}
    worded = [described(one, [alerts[key] for key in one.firing]) for one in incidents]
    return Happening(worded, list(alerts.values()), silences)


def _as_it_came(silence: Silence, at: Instant) -> Silence:
    """One that recurs at the time that was in force then, or came next."""
    if silence.recurs is None or silence.starts_at <= at:
        return silence
    start, end = occurrence(silence.recurs, at)
    return replace(silence, starts_at=start, ends_at=end)


def _incidents(
    connection: sqlite3.Connection,
    plan: Plan,
    fired: Mapping[str, Alert],
    checks: Mapping[str, Stood],
    at: Instant,
) -> list[Incident]:
    """Those that were open, the first that began first, with the alerts they had."""
    opened = incidents_open(connection, at)
    firsts = entries_of(connection, {one.record.split_from or "" for one in opened} - {""})
    brought = _brought(connection, opened, at)
    stood: list[tuple[Told, Incident]] = []
    for one in opened:
        inherited = firsts.get(one.record.split_from or "", ())
        was = as_it_was(one.record, one.entries, at, inherited, brought[one.record.key])
        if was is not None and was.state is not IncidentState.RESOLVED:
            stood.append((one, was))
    stood.sort(key=lambda pair: _begun(pair[0]))
    later = {
        one.record.key: [key for then, key in absorbed(one.entries) if then > at]
        for one, _ in stood
    }
    theirs = members_of(connection, {key for keys in later.values() for key in keys})
    ever = last_fired(connection, {key for _, was in stood for key in was.alerts}, at)
    left = _left_behind(connection, ever, at)
    joined: dict[str, list[str]] = {}
    holder: dict[str, str] = {}
    for _, was in stood:
        strangers = {key for other in later[was.key] for key in theirs.get(other, ())}
        mine = [
            key
            for key in was.alerts
            if key in ever and ever[key].until >= was.fired_at and key not in strangers | left
        ]
        joined[was.key] = mine
        for key in mine:
            # of several that ever had it: where it was in the end, else the one that began last
            if key in fired and holder.get(key) != fired[key].incident:
                holder[key] = was.key
    found = []
    for stored, was in stood:
        mine = joined[was.key]
        firing = _firing(was, mine, holder, fired)
        held = replace(
            with_alerts(was, mine, firing),
            acknowledgeable=all(fired[key].terms.acknowledgeable for key in firing),
            recovery_due=_due(was, plan, is_whole=not later[was.key]),
        )
        sources = {ever[key].source: key in firing for key in mine}
        since = _begun(stored) if was.split_from else None
        found.append(_down(connection, held, sources, checks, since, at))
    return found


def _brought(
    connection: sqlite3.Connection, opened: Sequence[Told], at: Instant
) -> Mapping[str, Mapping[str, Incident]]:
    """For each incident those that had been merged into it by then, as they stood before that."""
    when = {
        one.record.key: [(then, key) for then, key in absorbed(one.entries) if then <= at]
        for one in opened
    }
    wanted = {key for merged in when.values() for _, key in merged}
    known = {one.record.key: one for one in incidents_named(connection, wanted)}
    found: dict[str, dict[str, Incident]] = {key: {} for key in when}
    for into, merged in when.items():
        for then, key in merged:
            other = known.get(key)
            was = None if other is None else as_it_was(other.record, other.entries, then - 1)
            if was is not None:
                found[into][key] = was
    return found


def _due(was: Incident, plan: Plan, *, is_whole: bool) -> Instant | None:
    """By when its service was to be back: what was merged into it later may have brought that."""
    service = plan.services.get(was.service or "")
    own = service is not None and service.recovery_sla is not None
    return was.recovery_due if is_whole or own else None


def _left_behind(
    connection: sqlite3.Connection, ever: Mapping[str, LastFired], at: Instant
) -> set[str]:
    """The alerts that were last in an incident that was over: one that was ended by hand while
    they fired leaves them in none."""
    holders = {one.incident for one in ever.values() if one.incident is not None}
    over = incidents_over(connection, holders, at)
    return {key for key, one in ever.items() if one.incident in over}


def _begun(one: Told) -> Instant:
    return one.entries[0].at if one.entries else one.record.fired_at


def _firing(
    was: Incident,
    joined: Iterable[str],
    holder: Mapping[str, str],
    fired: Mapping[str, Alert],
) -> list[str]:
    mine = [key for key in joined if holder.get(key) == was.key]
    return sorted(mine, key=lambda key: fired[key].fired_at or 0)


def _named(incident: Incident, fired: Mapping[str, Alert], muting: Silences) -> Incident:
    """The incident's mutes with what a timeline does not say of a silence: which one it is."""
    if not incident.muted:
        return incident
    known = {
        mute.reason: mute for key in incident.firing for mute in muting.muting(fired[key].matchable)
    }
    return replace(incident, muted=tuple(known.get(mute.reason, mute) for mute in incident.muted))


def _alert(alert: Alert, holder: Incident | None, muting: Silences, at: Instant) -> Alert:
    """The alert as it fired then."""
    effective = _effective(alert, holder, at)
    was = replace(
        alert,
        state=AlertState.FIRING,
        effective=effective,
        resolved_at=None,
        incident=alert.incident if holder is None else holder.key,
    )
    return replace(was, muted=_mutes(was, holder, muting))


def _effective(alert: Alert, holder: Incident | None, at: Instant) -> Severity:
    """With the severity that its age gave it, and no graver than its incident was."""
    if holder is not None and len(holder.firing) == 1:
        return holder.severity
    rises = [one.to for one in alert.terms.promote if (alert.fired_at or 0) + one.after <= at]
    found = max([alert.severity, *rises]) if alert.terms.promote else alert.effective
    return found if holder is None else min(found, holder.severity)


def _mutes(alert: Alert, holder: Incident | None, muting: Silences) -> tuple[Mute, ...]:
    """Active silences, and why its whole incident was muted."""
    found = list(muting.muting(alert.matchable))
    known = {mute.by for mute in found}
    shared = () if holder is None else holder.muted
    found += [mute for mute in shared if mute.kind is not MuteKind.SILENCE and mute.by not in known]
    return tuple(found)


# -- how long it was down ----------------------------------------------------------------

_OF_A_CHECK: Final = "check:"


def _down(
    connection: sqlite3.Connection,
    was: Incident,
    sources: Mapping[str, bool],
    checks: Mapping[str, Stood],
    since: Instant | None,
    at: Instant,
) -> Incident:
    """The incident with its confirmed down time by then: the record's where nothing was added to
    that later, else that of the checks behind it, by their pieces of history.

    Args:
        sources: What made its alerts, and whether they fired still.
        since: Down time before this is another's; None: all of it counts.
    """
    if all(moment is None or moment <= at for moment in (was.down_until, was.down_since)):
        return was
    mine = {
        source.removeprefix(_OF_A_CHECK): fires
        for source, fires in sources.items()
        if source.startswith(_OF_A_CHECK)
    }
    found = stretches_of(connection, "check", was.fired_at, at, list(mine))
    down = [
        (start, min(end, at))
        for pieces in found.values()
        for start, end, status in pieces
        if status is Status.DOWN
    ]
    stood = [checks[name] for name, fires in mine.items() if fires and name in checks]
    lasting = [one.since for one in stood if one.status is Status.DOWN and one.since is not None]
    first = 0 if since is None else since
    spans = merge_spans([*down, *((low, at) for low in lasting)], first, at)
    open_ = spans.pop() if spans and lasting and spans[-1][1] == at else None
    begun = open_[0] if open_ is not None else max(first, min(lasting, default=at))
    return replace(
        was,
        down_since=begun if lasting else None,
        down_until=spans[-1][1] if spans else since,
        down_ms=sum(high - low for low, high in spans),
    )
