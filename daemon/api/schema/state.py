"""Shapes of the whole: the daemon itself, how many of what, and all a dashboard starts with."""

from __future__ import annotations

from daemon.api.schema.alerts import AlertView
from daemon.api.schema.base import Shape, StatusWord, Time
from daemon.api.schema.channels import ChannelView
from daemon.api.schema.checks import CheckView
from daemon.api.schema.incidents import IncidentView
from daemon.api.schema.oncall import ScheduleView
from daemon.api.schema.responses import RunView
from daemon.api.schema.services import ServiceView
from daemon.api.schema.silences import SilenceView
from daemon.api.schema.slas import SlaView


class DaemonInfo(Shape):
    """The daemon itself."""

    pid: int
    version: str
    started_at: Time
    time: Time
    config: str
    checks: int = 0
    lag_ms: float = 0.0
    """Event loop lag, 99th percentile of the last minute."""
    lateness_ms: float = 0.0
    """Scheduling lateness, 99th percentile of the last minute."""
    outbox: int = 0
    """Notices not yet delivered."""
    queue: int = 0
    """Effects decided but not yet on disk."""
    database_bytes: int = 0
    cpu_percent: float = 0.0
    rss_bytes: int = 0
    workers: int = 0
    """How many worker processes there should be; 0 where the daemon itself probes."""
    workers_alive: int = 0
    worker_restarts: int = 0
    """How many were started in another's place."""
    reload_error: str | None = None
    problems: list[str] = []
    on_call: list[ScheduleView] = []
    """Who is on call, for each schedule."""
    channels: list[ChannelView] = []
    """How each channel does, by name."""


class Counts(Shape):
    """How many there are; incidents and alerts are the open ones, by effective severity."""

    checks: dict[str, int]
    services: dict[str, int]
    incidents: dict[str, int]
    alerts: dict[str, int]
    acknowledged: int = 0
    muted: int = 0


class StatusView(Shape):
    """The short answer: is all well? `status` is the worst service's status."""

    status: StatusWord
    counts: Counts
    daemon: DaemonInfo


class PastView(Shape):
    """That a picture is of the past, and what lies around it.

    `before` and `after` are the nearest moments at which something changed that the screens show:
    an incident fired, was taken, given back, ended or became another's part, or the confirmed
    status of a service changed; null where there is none. A picture of a moment is that right
    after it.
    """

    at: Time
    before: Time | None
    after: Time | None
    oldest: Time | None
    """From when on there is history."""
    unknown: list[str] = []
    """What cannot be known of that time, or is not kept, each in a few words."""


class State(Shape):
    """All a dashboard needs to start; then it follows the stream from `seq`. With `past` it is as
    all was then, and nothing follows."""

    seq: int
    daemon: DaemonInfo
    checks: list[CheckView]
    services: list[ServiceView]
    alerts: list[AlertView]
    incidents: list[IncidentView]
    silences: list[SilenceView]
    slas: list[SlaView]
    runs: list[RunView] = []
    """The runs of responses that wait for approval or are under way."""
    me: str = ""
    """Who the daemon takes this client for."""
    role: str = "viewer"
    history: dict[str, list[float | None]] = {}
    """Each service's recent latencies in milliseconds, oldest first, null for a failed run."""
    past: PastView | None = None
    """What of the past it shows; null for the present."""
