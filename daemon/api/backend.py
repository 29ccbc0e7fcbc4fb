"""What the API needs of the daemon: the seam between HTTP and the service.

The service implements `Backend`; the routes know nothing else of it. Everything that reads
is a plain attribute of the engine's memory, everything that changes goes through `command`;
both are answered only when what the answer shows is on disk (promise 1).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from checks.result import Result
from daemon.api.access import Access
from daemon.api.hub import EventHub
from daemon.api.schema import DaemonInfo, DeliveryView
from daemon.core.chronicle import Entry, Interval
from daemon.core.effects import Effect
from daemon.core.events import Event
from daemon.core.model import (
    Actor,
    Alert,
    Amendment,
    CheckState,
    Group,
    Incident,
    Instant,
    Millis,
    ResponseRun,
    ResponseState,
    ServiceState,
    Silence,
    Work,
)
from daemon.core.muting.kinship import Kinship
from daemon.core.plan import Plan
from daemon.core.sla.course import Course
from daemon.core.sla.values import SlaFigures
from daemon.notify.health import ChannelHealth
from daemon.notify.trial import Trial
from daemon.store.reading.analysis import Analysis


class EngineView(Protocol):
    """The engine as readers see it: mappings by key, never changed through here."""

    @property
    def plan(self) -> Plan: ...
    @property
    def checks(self) -> Mapping[str, CheckState]: ...
    @property
    def last(self) -> Mapping[str, Result]: ...
    @property
    def services(self) -> Mapping[str, ServiceState]: ...
    @property
    def alerts(self) -> Mapping[str, Alert]: ...
    @property
    def incidents(self) -> Mapping[str, Incident]: ...
    @property
    def groups(self) -> Mapping[str, Group]: ...
    @property
    def silences(self) -> Mapping[str, Silence]: ...
    @property
    def kinship(self) -> Kinship: ...
    @property
    def works(self) -> Mapping[str, Work]: ...

    @property
    def runs(self) -> Mapping[str, ResponseRun]: ...
    @property
    def responses(self) -> Mapping[str, ResponseState]: ...

    @property
    def amendments(self) -> Mapping[str, Amendment]: ...

    def sla(self, name: str, now: Instant, *, listed: bool = True) -> SlaFigures:
        """The figures of the SLA with this name in its current period; `listed`: with
        violations and outages."""
        ...

    def sla_course(self, name: str, now: Instant, more_ms: Millis = 0) -> Course:
        """How it came to them, and what so much more down time would do."""
        ...

    def sla_without(self, name: str, now: Instant, stretch: tuple[Instant, Instant]) -> SlaFigures:
        """What they would be if this stretch of the past were excluded."""
        ...

    def present(self, now: Instant) -> Mapping[str, Sequence[Interval]]:
        """What of each service's history is not written yet, up to `now`."""
        ...


class History(Protocol):
    """What the engine no longer holds in memory, read from the store beside the writer."""

    async def incidents(self, since: Instant | None, limit: int) -> Sequence[Incident]:
        """Incidents that fired at or after `since`, the newest first; open ones too."""
        ...

    async def find_incidents(self, prefix: str, limit: int) -> Sequence[Incident]:
        """Incidents whose id begins with `prefix`, the newest first."""
        ...

    async def entries(self, incident: str) -> Sequence[Entry]:
        """An incident's timeline, oldest first."""
        ...

    async def alerts(self, since: Instant | None, limit: int) -> Sequence[Alert]:
        """Alerts that fired at or after `since`, the newest first."""
        ...

    async def alerts_of(self, fingerprints: Sequence[str]) -> Sequence[Alert]:
        """The stored alerts with these fingerprints, as far as there are any."""
        ...

    async def deliveries(self, incident: str | None, limit: int) -> Sequence[DeliveryView]:
        """Deliveries, of one incident or all, the newest first."""
        ...

    async def runs(
        self, incident: str | None, response: str | None, limit: int
    ) -> Sequence[ResponseRun]:
        """Runs of responses, of an incident or a response or all, the newest first."""
        ...

    async def find_runs(self, prefix: str, limit: int) -> Sequence[ResponseRun]:
        """Runs whose id begins with `prefix`, the newest first."""
        ...

    async def run_output(self, run: str) -> str:
        """What a run wrote; empty if nothing was kept."""
        ...

    async def results(self, check: str, limit: int) -> Sequence[Result]:
        """A check's newest results, oldest first."""
        ...


class Backend(Protocol):
    """The daemon behind the API."""

    @property
    def engine(self) -> EngineView: ...
    @property
    def hub(self) -> EventHub: ...
    @property
    def history(self) -> History: ...
    @property
    def analysis(self) -> Analysis:
        """Where long questions are asked of the store, beside the loop and the writer."""
        ...

    @property
    def access(self) -> Access: ...
    @property
    def timezone(self) -> str:
        """The zone of periods that name no other."""
        ...

    @property
    def ping_tokens(self) -> Mapping[str, str]:
        """Each heartbeat's secret token and its check. A reload makes a new mapping."""
        ...

    def now(self) -> Instant:
        """The daemon's time."""
        ...

    def info(self) -> DaemonInfo:
        """How the daemon itself does."""
        ...

    def channels(self) -> Sequence[ChannelHealth]:
        """How each channel has done since the daemon started, by name."""
        ...

    async def test_channel(self, name: str, address: str | None, by: Actor) -> Trial:
        """Send a test message over a channel, past the outbox, once it is on record who asked.

        Raises:
            Refusal: There is no such channel, or it has no such recipient.
        """
        ...

    async def command(self, event: Event) -> list[Effect]:
        """Have the engine handle this; returns once its effects are durable.

        Raises:
            Refusal: The engine will not; nothing has changed.
        """
        ...

    async def durable(self) -> None:
        """Wait until what the engine's memory shows now is on disk, so that nobody is told of
        what a crash could take back. While the store cannot write, or is very slow, it returns
        all the same: alerting goes on from memory then."""
        ...

    async def reload(self) -> dict[str, Any]:
        """Read the configuration anew; what changed, for the operator.

        Raises:
            ConfigError: It is bad; everything stays as it was.
        """
        ...

    async def backup(self, path: Path) -> dict[str, Any]:
        """Write a copy of the database to `path`, which must not exist yet."""
        ...

    async def verify(self) -> dict[str, Any]:
        """Check the database."""
        ...

    async def prune(self) -> dict[str, Any]:
        """Remove what is older than the retention."""
        ...

    async def forget(self, person: str, actor: Actor) -> dict[str, Any]:
        """Put a pseudonym in the place of a person's name, in memory and in all that is stored.

        Raises:
            Refusal: The person is in the configuration, or is being told something.
        """
        ...

    async def clean_up(self, before: Instant) -> None:
        """Remove incidents and alerts that were over before this from the history."""
        ...
