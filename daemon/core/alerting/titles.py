"""What incidents and alerts are called, in a line an operator understands half asleep.

A failing check names its service and status (`checkout is down`), a rule its service and
itself (`checkout: checkout-slow`), what Tocsin says of itself and of promises is put in words
(`Tocsin: channel ops-slack does not deliver`). The summary says more, in the words of the worst
alert. Both follow the worst alert that fires, so that they stay true while the incident goes on.
In the timeline an alert is named with what it is about (`checkout-slow (checkout)`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final

from daemon.core.alerting.sources import SERVICE, is_by_hand, test_of
from daemon.core.model import MINUTE, SECOND, Alert, Incident, Millis

LONGEST = 500
"""Characters of a summary."""

_OWN: Final[Mapping[str, str]] = {
    "TocsinCalendar": "a calendar of who is on call cannot be used",
    "TocsinChannelTest": "a channel failed its self-test",
    "TocsinClock": "the clock of its host was set back",
    "TocsinDatabase": "the database cannot be written",
    "TocsinDelivery": "channel {channel} does not deliver",
    "TocsinDescriptors": "too few files may be open",
    "TocsinLateStep": "a step of an escalation was late",
    "TocsinLoop": "its event loop is held up",
    "TocsinNobody": "policy {policy} finds nobody to tell",
    "TocsinOutbox": "a notification is not delivered",
    "TocsinReport": "a report cannot be made",
    "TocsinResponse": "response {response} is stopped",
    "TocsinSchedule": "checks start late",
    "TocsinSlowAck": "not acknowledged in time",
    "TocsinSlowFix": "not resolved in time",
    "TocsinWorkers": "a process that runs checks is in trouble",
    "UplinkDown": "the uplink is down",
    "SlaAtRisk": "SLA {sla} is at risk",
    "SlaBurning": "SLA {sla} burns its budget too fast",
}
"""What alerts of Tocsin's own say, by their names; with their labels."""


def worst(alerts: Iterable[Alert]) -> Alert | None:
    """The alert that speaks for the others: the gravest, then the one that fired first."""
    return min(alerts, key=lambda a: (-a.effective, a.fired_at or 0, a.key), default=None)


def title(alert: Alert) -> str:
    """What has happened, by the alert that speaks for its incident."""
    subject = alert.labels.get("service") or alert.labels.get("check")
    if is_by_hand(alert.source):
        return alert.annotations.get("summary") or alert.name
    if test_of(alert.source) is not None:
        return f"[TEST] {subject} is {alert.annotations.get('status', 'down')}"
    if alert.source.startswith("check:"):
        status = alert.annotations.get("status") or ("down" if alert.terms.down else "failing")
        return f"{subject or alert.source.removeprefix('check:')} is {status}"
    words = alert.name
    if alert.source.startswith(("self:", "sla:")):
        words = _OWN.get(words, words).format_map(defaultdict(str, alert.labels))
    subject = "Tocsin" if subject == SERVICE else subject
    return f"{subject}: {words}" if subject else words


def summary(alert: Alert, others: int) -> str:
    """The alert's own words, and how many more there are."""
    told = alert.annotations
    words = told.get("summary") or told.get("message") or told.get("description") or title(alert)
    more = {0: "", 1: " (and 1 more alert)"}.get(others, f" (and {others} more alerts)")
    return words[: LONGEST - len(more)] + more


def named(alert: Alert) -> str:
    """The alert and what it is about, for the timeline."""
    subject = alert.labels.get("check") or alert.labels.get("service") or alert.source
    return f"{alert.name} ({subject})"


def fired(alert: Alert) -> str:
    """That it fired, in its own words, for the timeline."""
    words = alert.annotations.get("summary") or alert.annotations.get("message") or ""
    return f"{named(alert)}: {words}" if words else named(alert)


def lasting(span: Millis) -> str:
    """A span of time as one says it: `45 s`, `3 min`, `2 h 5 min`, `4 d 3 h`."""
    if span < MINUTE:
        return f"{span // SECOND} s"
    hours, minutes = divmod(span // MINUTE, 60)
    days, hour = divmod(hours, 24)
    if days:
        return f"{days} d {hour} h" if hour else f"{days} d"
    if hours:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{minutes} min"


def mutes(incident: Incident) -> str:
    """Why it is muted, for the timeline."""
    return "; ".join(mute.reason for mute in incident.muted)
