"""The mirror: what the daemon said, kept in order, as everything on the screen reads it.

It stands between the connection and the widgets: a `State` fills it, each event of the
stream changes one object of it, and pure functions of it make the rows. It knows no clock
(times come in as arguments), no socket and no Textual. All text is scrubbed on the way in.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import Any, Final, TypeVar, cast

import msgspec

from daemon.api.schema import (
    AlertView,
    CheckView,
    DaemonInfo,
    DeliveryView,
    IncidentView,
    Operator,
    RunView,
    ServiceView,
    Shape,
    SilenceView,
    SlaView,
    State,
)
from daemon.core.model import Instant
from tui.drawing.scrub import scrub
from tui.drawing.words import instant

S = TypeVar("S", bound=Shape)
T = TypeVar("T")

HISTORY_LIMIT: Final = 120
"""Latencies kept per service."""
FEED_LIMIT: Final = 300
"""Happenings kept for the activity pane."""
RESOLVED_LIMIT: Final = 200
"""Resolved incidents kept, so that a selected one does not vanish under the cursor."""

SEVERITIES: Final = ("emergency", "critical", "high", "medium", "low", "info")
"""Worst first."""
RANK: Final = {word: place for place, word in enumerate(SEVERITIES)}
RUN_STYLES: Final = {
    "waiting": "warn", "running": "accent", "succeeded": "good", "failed": "bad",
    "timed_out": "bad", "interrupted": "warn",
}  # fmt: skip
"""What of a response's run the activity tells, and in which style."""
RUN_WORDS: Final = {"waiting": "asks for approval", "running": "begins"}
STATUSES: Final = ("down", "degraded", "unknown", "up")
"""Worst first."""
STATUS_RANK: Final = {word: place for place, word in enumerate(STATUSES)}


@dataclass(frozen=True, slots=True)
class Happening:
    """A line of the activity pane.

    Attributes:
        style: The severity or status word it is drawn in.
        incident: The incident it belongs to, if any.
    """

    at: Instant
    style: str
    subject: str
    text: str
    incident: str | None = None


class Mirror:
    """The daemon's state as last heard.

    Attributes:
        revision: Grows with every change; rows made at one revision hold until the next.
        loaded: Whether a state was ever received.
        heard_at: When the daemon was last heard, by this host's clock.
        told: For each incident, how many changes of its deliveries were heard of.
    """

    def __init__(self) -> None:
        self.revision = 0
        self.loaded = False
        self.seq = 0
        self.heard_at: Instant | None = None
        self.me = ""
        self.role = "viewer"
        self.daemon: DaemonInfo | None = None
        self.checks: dict[str, CheckView] = {}
        self.services: dict[str, ServiceView] = {}
        self.alerts: dict[str, AlertView] = {}
        self.incidents: dict[str, IncidentView] = {}
        self.silences: dict[str, SilenceView] = {}
        self.slas: dict[str, SlaView] = {}
        self.runs: dict[str, RunView] = {}
        """The runs of responses that wait for approval or are under way."""
        self.history: dict[str, deque[float | None]] = {}
        self.deliveries: dict[str, DeliveryView] = {}
        self.told: dict[str, int] = {}
        self.feed: deque[Happening] = deque(maxlen=FEED_LIMIT)
        self._made: dict[Hashable, Any] = {}
        self._made_at = -1

    def once(self, key: Hashable, make: Callable[[], T]) -> T:
        """What `make` returns, made once for each revision: orders and counts are dear."""
        if self._made_at != self.revision:
            self._made, self._made_at = {}, self.revision
        if key not in self._made:
            self._made[key] = make()
        return self._made[key]  # type: ignore[no-any-return]  # put there by the same key's maker

    def load(self, state: State, at: Instant) -> None:
        """Take a whole state; the activity and resolved incidents seen before stay."""
        state = scrub(state)
        gone = {
            key: incident
            for key, incident in self.incidents.items()
            if incident.state == "resolved"
        }
        self.seq, self.heard_at, self.loaded = state.seq, at, True
        self.me, self.role, self.daemon = state.me, state.role, state.daemon
        self.checks = {check.name: check for check in state.checks}
        self.services = {service.name: service for service in state.services}
        self.alerts = {alert.fingerprint: alert for alert in state.alerts}
        self.incidents = gone | {incident.id: incident for incident in state.incidents}
        self.silences = {silence.id: silence for silence in state.silences}
        self.slas = {sla.name: sla for sla in state.slas}
        self.runs = {run.id: run for run in state.runs}
        self.history = {
            name: deque(values, HISTORY_LIMIT) for name, values in state.history.items()
        }
        self._forget_resolved()
        if not self.feed:
            self.feed.extend(sorted(self._past(), key=lambda one: one.at))
        self.revision += 1

    def _past(self) -> Iterable[Happening]:
        """What a first state tells of what happened before."""
        for incident in self.incidents.values():
            yield from incident_past(incident)
        for service in self.services.values():
            since = instant(service.since)
            if since is not None and service.status != "up":
                yield Happening(since, service.status, service.name, f"is {service.status}")

    def apply(self, kind: str, data: Any, seq: int, at: Instant) -> None:
        """Take one event of the stream; events at or before `seq` change nothing.

        Raises:
            msgspec.ValidationError: The object has not the shape its kind promises.
        """
        self.heard_at = at
        if seq <= self.seq:
            return
        take = getattr(self, f"_take_{kind}", None)
        if take is not None:
            take(data)
        self.seq = seq
        self.revision += 1

    def learn(self, data: IncidentView | SilenceView | RunView) -> None:
        """Take the answer to a write at once; the stream will say the same."""
        if isinstance(data, IncidentView):
            self._take_incident(data)
        elif isinstance(data, RunView):
            self._take_response(data)
        else:
            self._take_silence(data)
        self.revision += 1

    def hear(self, at: Instant) -> None:
        """Note that the daemon was heard without news."""
        self.heard_at = at

    # One method a kind of event.

    def _take_incident(self, data: Any) -> None:
        new = _shape(data, IncidentView)
        old = self.incidents.get(new.id)
        if old is not None and old.version > new.version:
            return
        self.incidents[new.id] = new
        self.feed.extend(_incident_news(old, new))
        if new.state == "resolved":
            self._forget_resolved()

    def _take_alert(self, data: Any) -> None:
        new = _shape(data, AlertView)
        if new.state == "resolved" and not self._held(new):
            self.alerts.pop(new.fingerprint, None)
        else:
            self.alerts[new.fingerprint] = new

    def _take_check(self, data: Any) -> None:
        new = _shape(data, CheckView)
        old = self.checks.get(new.name)
        self.checks[new.name] = new
        if new.last is not None and (
            old is None or old.last is None or old.last.time != new.last.time
        ):
            ran = new.last.status in ("up", "degraded")
            if ran and new.last.latency_ms is None:
                return
            self.history.setdefault(new.service, deque(maxlen=HISTORY_LIMIT)).append(
                new.last.latency_ms if ran else None
            )

    def _take_service(self, data: Any) -> None:
        new = _shape(data, ServiceView)
        old = self.services.get(new.name)
        self.services[new.name] = new
        since = instant(new.since)
        if old is not None and old.status != new.status and since is not None:
            text = f"was {old.status}, is {new.status}"
            if new.unreachable:
                text += f" ({new.unreachable} is down)"
            self.feed.append(Happening(since, new.status, new.name, text))

    def _take_sla(self, data: Any) -> None:
        new = _shape(data, SlaView)
        self.slas[new.name] = new

    def _take_silence(self, data: Any) -> None:
        new = _shape(data, SilenceView)
        self.silences[new.id] = new

    def _take_response(self, data: Any) -> None:
        new = _shape(data, RunView)
        old = self.runs.pop(new.id, None)
        self.told[new.incident] = self.told.get(new.incident, 0) + 1
        if new.state in ("waiting", "running"):
            self.runs[new.id] = new
        if (old is None or old.state != new.state) and new.state in RUN_STYLES:
            at = instant(new.ended_at) or instant(new.started_at) or instant(new.decided_at) or 0
            words = RUN_WORDS.get(new.state) or f"{new.state.replace('_', ' ')}: {new.detail}"
            style = RUN_STYLES[new.state]
            self.feed.append(Happening(at, style, new.response, words, new.incident))

    def _take_delivery(self, data: Any) -> None:
        new = _shape(data, DeliveryView)
        old = self.deliveries.pop(new.id, None)
        self.told[new.incident] = self.told.get(new.incident, 0) + 1
        self.deliveries[new.id] = new
        while len(self.deliveries) > FEED_LIMIT:
            del self.deliveries[next(iter(self.deliveries))]
        if (old is None or old.state != new.state) and new.state in ("sent", "failed"):
            at = instant(new.sent_at) or instant(new.created_at) or 0
            style = "good" if new.state == "sent" else "bad"
            what = "told" if new.state == "sent" else "could not be told"
            text = f"{what} over {new.channel}" + (f": {new.detail}" if new.detail else "")
            self.feed.append(Happening(at, style, new.recipient, text, new.incident))

    def _take_operator(self, data: Any) -> None:
        new = _shape(data, Operator)
        text = " ".join(part for part in (new.action, self._name(new.subject), new.detail) if part)
        incident = new.subject if new.subject in self.incidents else None
        self.feed.append(Happening(instant(new.time) or 0, "accent", new.by, text, incident))

    def _take_daemon(self, data: Any) -> None:
        self.daemon = _shape(data, DaemonInfo)

    def _name(self, subject: str) -> str:
        """What an operator calls an object known by its id."""
        incident = self.incidents.get(subject)
        return f"“{incident.title}”" if incident is not None else subject

    def _held(self, alert: AlertView) -> bool:
        """Whether a resolved alert is still part of an open incident."""
        incident = self.incidents.get(alert.incident or "")
        return incident is not None and incident.state != "resolved"

    def _forget_resolved(self) -> None:
        resolved = [i for i in self.incidents.values() if i.state == "resolved"]
        if len(resolved) <= RESOLVED_LIMIT:
            return
        resolved.sort(key=lambda incident: instant(incident.resolved_at) or 0)
        for incident in resolved[: len(resolved) - RESOLVED_LIMIT]:
            del self.incidents[incident.id]
            self.told.pop(incident.id, None)


def _shape(data: Any, shape: type[S]) -> S:
    """An event's data as its struct, whether the client decoded it or not."""
    if not isinstance(data, shape):
        data = msgspec.convert(data, shape)
    return cast("S", scrub(data))


def incident_past(incident: IncidentView) -> Iterable[Happening]:
    """What an incident's times tell: fired, acknowledged, resolved."""
    subject = incident.service or incident.title
    by = incident.acknowledged_by or "somebody"
    for time, style, who, text in (
        (incident.fired_at, incident.severity, subject, f"{incident.severity}: {incident.title}"),
        (incident.acknowledged_at, "accent", by, f"acknowledged “{incident.title}”"),
        (incident.resolved_at, "good", subject, f"resolved: {incident.title}"),
    ):
        at = instant(time)
        if at is not None:
            yield Happening(at, style, who, text, incident.id)


def _incident_news(old: IncidentView | None, new: IncidentView) -> Iterable[Happening]:
    """What an operator is told of a change of an incident, acts of operators left out."""
    subject = new.service or new.title
    if old is None:
        if new.state == "triggered":
            at = instant(new.fired_at) or 0
            yield Happening(at, new.severity, subject, f"{new.severity}: {new.title}", new.id)
        return
    if new.state == "resolved" and old.state != "resolved":
        at = instant(new.resolved_at) or 0
        yield Happening(at, "good", subject, f"resolved: {new.title}", new.id)
        return
    if RANK[new.severity] < RANK[old.severity]:
        at = instant(new.notified_at) or instant(new.fired_at) or 0
        text = f"rose from {old.severity} to {new.severity}: {new.title}"
        yield Happening(at, new.severity, subject, text, new.id)
    was, now = old.escalation, new.escalation
    if was is not None and now is not None and now.level > was.level:
        at = instant(now.previous_at) or instant(new.notified_at) or 0
        text = f"escalated to level {now.level} of {now.levels}: {new.title}"
        yield Happening(at, new.severity, subject, text, new.id)
