"""Which incidents and alerts are meant: filters, and ids cut short.

Pure functions over records; the routes give them what the engine and the store hold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

from checks.text import one_line
from daemon.api.problems import Missing, Unprocessable
from daemon.core.labels import Matcher, match_all
from daemon.core.model import Alert, Group, Incident

T = TypeVar("T")


def incident_labels(incident: Incident, groups: Mapping[str, Group]) -> dict[str, str]:
    """What matchers see of an incident: its group's labels and its own facts."""
    group = groups.get(incident.group)
    facts = {
        "id": incident.key,
        "state": incident.state.value,
        "severity": incident.severity.word,
        "service": incident.service,
        "context": incident.context,
        "organization": incident.organization,
    }
    own = {name: value for name, value in facts.items() if value is not None}
    return {**(group.labels if group else {}), **own}


def matches_incident(
    incident: Incident,
    matchers: Sequence[Matcher],
    alerts: Mapping[str, Alert],
    groups: Mapping[str, Group],
) -> bool:
    """Whether the incident's labels, alone or with those of one of its alerts, satisfy all
    matchers."""
    if not matchers:
        return True
    own = incident_labels(incident, groups)
    if match_all(matchers, own):
        return True
    members = (alerts[key] for key in incident.alerts if key in alerts)
    return any(match_all(matchers, {**alert.labels, **own}) for alert in members)


def meant(text: str, noun: str, candidates: Iterable[T], key: Callable[[T], str]) -> T:
    """The one candidate whose id is `text`, or the only one whose id begins with it.

    Raises:
        Missing: There is none.
        Unprocessable: There are several.
    """
    found = {key(item): item for item in candidates if key(item).startswith(text)}
    if text in found:
        return found[text]
    shown = one_line(text, 60)
    if not found:
        raise Missing(f"there is no {noun} {shown!r}")
    if len(found) > 1:
        some = ", ".join(sorted(found)[:5])
        raise Unprocessable(f"{shown!r} is the beginning of several ids of {noun}s: {some}")
    return next(iter(found.values()))
