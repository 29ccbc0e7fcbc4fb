"""The daemon as Python sees it: one method a request, the API's shapes as answers.

The commands and the dashboard know the daemon only through this. It holds no state but its
connection; following the stream and reconnecting is the caller's, who alone knows what to
do with a picture that has grown old.

    async with Client(find_socket()) as client:
        state = await client.state()
        async for event in client.events(since=state.seq):
            ...
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, TypeVar
from urllib.parse import quote

import msgspec

from daemon.api import schema
from daemon.api.times import stamp
from daemon.client.connection import Connection
from daemon.client.errors import DaemonFault, Disconnected
from daemon.client.sse import Frame, FrameParser

_V1: Final = "/api/v1"
_SLOW_S: Final = 600.0
"""A backup or a verification of a large database takes its time."""

EVENT_SHAPES: Final[dict[str, type[schema.Shape]]] = {
    "incident": schema.IncidentView,
    "alert": schema.AlertView,
    "check": schema.CheckView,
    "service": schema.ServiceView,
    "sla": schema.SlaView,
    "silence": schema.SilenceView,
    "delivery": schema.DeliveryView,
    "operator": schema.Operator,
    "daemon": schema.DaemonInfo,
    "reset": schema.Reset,
}
"""What the `data:` of each kind of event is."""

_DECODERS: Final = {kind: msgspec.json.Decoder(shape) for kind, shape in EVENT_SHAPES.items()}

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class StreamEvent:
    """Something changed: `data` is the object after the change, of the shape of `kind`.

    A `reset` says that events were missed: read the state anew, the stream goes on.
    """

    seq: int
    kind: str
    data: schema.Shape


class Client:
    """The daemon behind a Unix socket. Every method may raise a `ClientError`."""

    def __init__(self, socket: Path, timeout_s: float = 10.0) -> None:
        self._connection = Connection(socket, timeout_s)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connection."""
        await self._connection.close()

    # The whole picture

    async def state(self) -> schema.State:
        """All a dashboard needs; follow `events(since=state.seq)` from there."""
        return await self._get(schema.State, "/state")

    async def status(self) -> schema.StatusView:
        """The short answer: is all well?"""
        return await self._get(schema.StatusView, "/status")

    async def events(self, since: int | None = None) -> AsyncGenerator[StreamEvent, None]:
        """What changes, from just after `since` on; None for from now on.

        Never ends by itself. Who stops before the end closes it (`contextlib.aclosing`), or
        its connection stays open until the client is closed.

        Raises:
            Disconnected: The stream broke or ended; call again with the last `seq` seen.
        """
        params = [] if since is None else [("since", str(since))]
        parser = FrameParser()
        async with self._connection.stream(f"{_V1}/events", params) as pieces:
            async for piece in pieces:
                for frame in parser.feed(piece):
                    event = _event(frame)
                    if event is not None:
                        yield event
        raise Disconnected(f"the daemon on {self._connection.socket} ended the stream")

    # Incidents and alerts

    async def incidents(
        self,
        *,
        all: bool = False,  # noqa: A002  # the command's and the query's own word
        since: int | None = None,
        state: str | None = None,
        severity: str | None = None,
        service: str | None = None,
        match: Sequence[str] = (),
        limit: int | None = None,
    ) -> list[schema.IncidentView]:
        """The open incidents, the worst first; with `all` or `since` (milliseconds since the
        epoch) the closed ones as well."""
        params = _params(
            all="1" if all else None,
            since=None if since is None else stamp(since),
            state=state,
            severity=severity,
            service=service,
            limit=None if limit is None else str(limit),
        )
        params += [("match", text) for text in match]
        return await self._get(list[schema.IncidentView], "/incidents", params)

    async def incident(self, incident: str) -> schema.IncidentDetail:
        """An incident by its id or a unique beginning of it."""
        return await self._get(schema.IncidentDetail, f"/incidents/{_part(incident)}")

    async def alerts(
        self,
        matchers: Sequence[str] = (),
        *,
        all: bool = False,  # noqa: A002  # the command's and the query's own word
        since: int | None = None,
        limit: int | None = None,
    ) -> list[schema.AlertView]:
        """The pending and firing alerts that satisfy the matchers; `all` and `since` as
        with incidents."""
        params = _params(
            all="1" if all else None,
            since=None if since is None else stamp(since),
            limit=None if limit is None else str(limit),
        )
        params += [("match", text) for text in matchers]
        return await self._get(list[schema.AlertView], "/alerts", params)

    async def ack(
        self,
        incident: str,
        comment: str = "",
        expires_after_ms: int | None = None,
        version: int | None = None,
    ) -> schema.IncidentView:
        """Take an incident; refused with `Conflict` if it is not at `version` any more."""
        body: dict[str, Any] = {"comment": comment, "expires_after_ms": expires_after_ms}
        return await self._act(incident, "ack", body, version)

    async def unack(self, incident: str, version: int | None = None) -> schema.IncidentView:
        """Give an incident back; its escalation goes on."""
        return await self._act(incident, "unack", {}, version)

    async def snooze(
        self, incident: str, for_ms: int, comment: str = "", version: int | None = None
    ) -> schema.IncidentView:
        """Take an incident for so long; then it is triggered again."""
        body = {"for_ms": for_ms, "comment": comment}
        return await self._act(incident, "snooze", body, version)

    async def assign(
        self, incident: str, to: str | None, comment: str = "", version: int | None = None
    ) -> schema.IncidentView:
        """Give an incident to a person of the configuration; None takes that back."""
        return await self._act(incident, "assign", {"to": to, "comment": comment}, version)

    async def persons(self) -> list[schema.PersonView]:
        """The persons of the configuration: who may be assigned to."""
        return await self._get(list[schema.PersonView], "/persons")

    async def note(self, incident: str, text: str) -> schema.IncidentView:
        """Write a line into an incident's timeline."""
        return await self._act(incident, "note", {"text": text}, None)

    async def resolve(
        self,
        incident: str,
        comment: str = "",
        version: int | None = None,
    ) -> schema.IncidentView:
        """End an incident by hand."""
        return await self._act(incident, "resolve", {"comment": comment}, version)

    async def escalate(self, incident: str, version: int | None = None) -> schema.IncidentView:
        """Run the next level of an incident's policy now."""
        return await self._act(incident, "escalate", {}, version)

    async def ack_alert(
        self, fingerprint: str, comment: str = "", expires_after_ms: int | None = None
    ) -> schema.IncidentView:
        """Take the incident that an alert belongs to."""
        body = {"comment": comment, "expires_after_ms": expires_after_ms}
        return await self._post(schema.IncidentView, f"/alerts/{_part(fingerprint)}/ack", body)

    async def deliveries(
        self, incident: str | None = None, limit: int | None = None
    ) -> list[schema.DeliveryView]:
        """Notifications, the newest first."""
        params = _params(incident=incident, limit=None if limit is None else str(limit))
        return await self._get(list[schema.DeliveryView], "/deliveries", params)

    # Silences

    async def silences(self, *, all: bool = False) -> list[schema.SilenceView]:  # noqa: A002  # the query's own word
        """The active and pending silences; with `all` the expired ones as well."""
        params = _params(all="1" if all else None)
        return await self._get(list[schema.SilenceView], "/silences", params)

    async def put_silence(
        self,
        matchers: Sequence[str],
        *,
        comment: str,
        ends_at: int | None = None,
        for_ms: int | None = None,
        starts_at: int | None = None,
        silence: str | None = None,
    ) -> schema.SilenceView:
        """Make a silence, or change the one with id `silence`.

        Args:
            matchers: `name="value"`, with `= != =~ !~`.
            ends_at: When it ends (milliseconds since the epoch); or else
            for_ms: how long it lasts from its start.
            starts_at: None for now.
        """
        body: dict[str, Any] = {"matchers": list(matchers), "comment": comment}
        if ends_at is not None:
            body["endsAt"] = stamp(ends_at)
        if for_ms is not None:
            body["for_ms"] = for_ms
        if starts_at is not None:
            body["startsAt"] = stamp(starts_at)
        if silence is not None:
            body["id"] = silence
        return await self._post(schema.SilenceView, "/silences", body)

    async def expire_silence(self, silence: str) -> schema.SilenceView:
        """End a silence now."""
        raw = await self._connection.request("DELETE", f"{_V1}/silences/{_part(silence)}")
        return _decode(schema.SilenceView, raw)

    # Maintenance

    async def maintenance(self, *, all: bool = False) -> list[schema.MaintenanceView]:  # noqa: A002  # the query's own word
        """The active windows and those to come; with `all` those that are over as well."""
        params = _params(all="1" if all else None)
        return await self._get(list[schema.MaintenanceView], "/maintenance", params)

    # Checks, services, SLAs

    async def checks(self) -> list[schema.CheckView]:
        """All checks, in the configuration's order."""
        return await self._get(list[schema.CheckView], "/checks")

    async def check(self, name: str, limit: int | None = None) -> schema.CheckDetail:
        """A check with its recent results, oldest first."""
        params = _params(limit=None if limit is None else str(limit))
        return await self._get(schema.CheckDetail, f"/checks/{_part(name)}", params)

    async def check_run(self, name: str) -> schema.CheckView:
        """Run a check at once; the answer is the check as it is before that run ends."""
        return await self._post(schema.CheckView, f"/checks/{_part(name)}/run", {})

    async def services(self) -> list[schema.ServiceView]:
        """All services, in the configuration's order."""
        return await self._get(list[schema.ServiceView], "/services")

    async def service(self, name: str) -> schema.ServiceDetail:
        """A service with its checks, open alerts and incidents, and SLAs."""
        return await self._get(schema.ServiceDetail, f"/services/{_part(name)}")

    async def sla(self, name: str | None = None) -> list[schema.SlaView]:
        """All SLAs, or those with this name or of the service with this name.

        Raises:
            NotFound: Neither an SLA nor a service has this name.
        """
        return await self._get(list[schema.SlaView], "/sla", _params(name=name))

    # Channels

    async def test_channel(self, name: str, to: str | None = None) -> schema.ChannelTest:
        """Have the daemon send a test message over a channel, and wait for what comes of it.

        Raises:
            NotFound: There is no such channel.
            BadRequest: It cannot tell that address, or nobody without one.
        """
        body = {} if to is None else {"to": to}
        return await self._post(schema.ChannelTest, f"/channels/{_part(name)}/test", body, _SLOW_S)

    # Who is on call

    async def schedules(self) -> list[schema.ScheduleView]:
        """Every schedule: who is on call, until when, and who comes then."""
        return await self._get(list[schema.ScheduleView], "/schedules")

    async def schedule(
        self, name: str, start: int | None = None, end: int | None = None
    ) -> schema.ScheduleDetail:
        """A schedule with its shifts and gaps, from now for two weeks if nothing else is asked
        for; times in milliseconds since the epoch.

        Raises:
            NotFound: There is no such schedule.
            BadRequest: `end` does not come after `start`, or more than 100 days later.
        """
        times = {"from": start, "to": end}
        params = [(key, stamp(at)) for key, at in times.items() if at is not None]
        return await self._get(schema.ScheduleDetail, f"/schedules/{_part(name)}", params)

    # The daemon itself

    async def reload(self) -> dict[str, Any]:
        """Read the configuration again; a bad one changes nothing.

        Raises:
            BadRequest: The configuration is bad; `problems` lists every fault.
        """
        return await self._post(dict[str, Any], "/reload", {}, _SLOW_S)

    async def backup(self, path: Path) -> dict[str, Any]:
        """Have the daemon write a copy of its database to `path` (on its own host)."""
        return await self._post(dict[str, Any], "/db/backup", {"path": _absolute(path)}, _SLOW_S)

    async def db_verify(self) -> dict[str, Any]:
        """Have the daemon check its database."""
        return await self._post(dict[str, Any], "/db/verify", {}, _SLOW_S)

    async def prune(self) -> dict[str, Any]:
        """Have the daemon remove what is older than its retention allows."""
        return await self._post(dict[str, Any], "/db/prune", {}, _SLOW_S)

    # How

    async def _get(self, shape: type[T], path: str, params: Iterable[tuple[str, str]] = ()) -> T:
        raw = await self._connection.request("GET", _V1 + path, params=list(params))
        return _decode(shape, raw)

    async def _post(
        self, shape: type[T], path: str, body: dict[str, Any], timeout_s: float | None = None
    ) -> T:
        raw = await self._connection.request("POST", _V1 + path, body=body, timeout_s=timeout_s)
        return _decode(shape, raw)

    async def _act(
        self, incident: str, action: str, body: dict[str, Any], version: int | None
    ) -> schema.IncidentView:
        raw = await self._connection.request(
            "POST", f"{_V1}/incidents/{_part(incident)}/{action}", body=body, version=version
        )
        return _decode(schema.IncidentView, raw)


def _decode(shape: type[T], raw: bytes) -> T:
    try:
        return msgspec.json.decode(raw, type=shape)
    except msgspec.MsgspecError as error:
        raise DaemonFault(
            f"the daemon's answer has not the agreed shape ({error});"
            " are daemon and client of the same version?"
        ) from None


def _event(frame: Frame) -> StreamEvent | None:
    """The event in a frame; None for a kind that a newer daemon may know."""
    decoder = _DECODERS.get(frame.event)
    if decoder is None:
        return None
    try:
        return StreamEvent(int(frame.id), frame.event, decoder.decode(frame.data))
    except (msgspec.MsgspecError, ValueError) as error:
        raise DaemonFault(f"an event {frame.event!r} has not the agreed shape: {error}") from None


def _part(text: str) -> str:
    """A piece of a path; whatever is in it stays one piece. (`.` and `..` would be taken
    for steps by every URL library on the way, so they are escaped by hand.)"""
    return "%2E" * len(text) if text in {".", ".."} else quote(text, safe="")


def _absolute(path: Path) -> str:
    """The daemon has another working directory than its client."""
    return str(path.absolute())


def _params(**values: str | None) -> list[tuple[str, str]]:
    return [(name, value) for name, value in values.items() if value is not None]
