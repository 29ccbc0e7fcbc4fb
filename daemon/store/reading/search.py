"""A page of incidents' history by matchers and words, which no index knows.

What an index answers (`incidents`) is asked of it, equality matchers on an incident's own
facts included; what is left is tried on the incidents it gives, in order. A page looks at `LOOKED`
of them at most: one for which little matches ends early, and says where the next goes on. So no
page takes long, however rare its words are. Matchers see an incident as everywhere: with its own
facts, alone or together with the labels of one of its alerts.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from daemon.core.labels import Matcher, MatchOp, match_all
from daemon.core.model import Incident
from daemon.core.record import record
from daemon.store.codec import decode_alert
from daemon.store.reading.incidents import (
    MOST,
    Cursor,
    HistoryPage,
    IncidentFilter,
    history_page,
)

LOOKED: Final = 500
"""A page looks at no more incidents than this."""
_STRIDE: Final = 250

_OWN: Final = ("service", "organization", "context")
"""Facts of an incident that an index is ordered by, and matchers may ask for."""


@record(frozen=True, slots=True)
class Sought:
    """Which incidents; all conditions hold.

    Attributes:
        text: Words that its title or summary holds, capitals or not.
    """

    filter: IncidentFilter = IncidentFilter()
    matchers: tuple[Matcher, ...] = ()
    text: str = ""


def search_page(
    connection: sqlite3.Connection,
    sought: Sought,
    after: Cursor | None = None,
    limit: int = 50,
) -> HistoryPage:
    """A page of what is sought, the newest first; see above for when it is short."""
    wanted, matchers = _by_index(sought)
    limit = max(1, min(limit, MOST))
    if not matchers and not sought.text:
        return history_page(connection, wanted, after, limit)
    known: dict[str, Mapping[str, str]] = {}
    words, found = sought.text.casefold(), list[Incident]()
    for _ in range(LOOKED // _STRIDE):
        page = history_page(connection, wanted, after, _STRIDE)
        for incident in page.incidents:
            if _says(incident, words) and _matches(connection, incident, matchers, known):
                found.append(incident)
                if len(found) == limit:
                    return HistoryPage(found, Cursor(incident.fired_at, incident.key))
        after = page.following
        if after is None:
            break
    return HistoryPage(found, after)


def _by_index(sought: Sought) -> tuple[IncidentFilter, tuple[Matcher, ...]]:
    """The filter with what of the matchers it can hold, and the matchers that are left."""
    wanted, left = sought.filter, list[Matcher]()
    for matcher in sought.matchers:
        if matcher.op is not MatchOp.EQUAL or not matcher.value:
            left.append(matcher)
        elif matcher.name in _OWN and getattr(wanted, matcher.name) is None:
            wanted = _with(wanted, matcher.name, matcher.value)
        elif matcher.name == "severity" and not wanted.severities:
            wanted = replace(wanted, severities=frozenset({matcher.value}))
        elif matcher.name == "state" and not wanted.states:
            wanted = replace(wanted, states=frozenset({matcher.value}))
        else:
            left.append(matcher)
    return wanted, tuple(left)


def _with(wanted: IncidentFilter, name: str, value: str) -> IncidentFilter:
    if name == "service":
        return replace(wanted, service=value)
    if name == "context":
        return replace(wanted, context=value)
    return replace(wanted, organization=value)


def _says(incident: Incident, words: str) -> bool:
    return words in incident.title.casefold() or words in incident.summary.casefold()


def _matches(
    connection: sqlite3.Connection,
    incident: Incident,
    matchers: Sequence[Matcher],
    known: dict[str, Mapping[str, str]],
) -> bool:
    own = facts(incident)
    if match_all(matchers, own):
        return True
    for fingerprint in incident.alerts:
        if fingerprint not in known:
            known[fingerprint] = _labels(connection, fingerprint)
        if match_all(matchers, {**known[fingerprint], **own}):
            return True
    return False


def facts(incident: Incident) -> dict[str, str]:
    """What matchers see of an incident itself."""
    named = {
        "id": incident.key,
        "state": incident.state.value,
        "severity": incident.severity.word,
        "service": incident.service,
        "context": incident.context,
        "organization": incident.organization,
    }
    return {name: value for name, value in named.items() if value is not None}


def _labels(connection: sqlite3.Connection, fingerprint: str) -> Mapping[str, str]:
    """An alert's labels, which are its identity: those of any time it fired."""
    row = connection.execute(
        "SELECT record FROM alert_history WHERE fingerprint = ? LIMIT 1", (fingerprint,)
    ).fetchone()
    return {} if row is None else decode_alert(row[0]).labels
