"""What is asked of the daemon: requests that change nothing, and the stream.

A viewer may make them all; the half that changes something is `acting`.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence

from daemon.api import schema
from daemon.api.times import stamp
from daemon.client.errors import Disconnected
from daemon.client.exchange import V1, Exchange, given, part
from daemon.client.sse import FrameParser
from daemon.client.stream import StreamEvent, event_of


class Reading(Exchange):
    """Everything there is to be read; the answers are the API's shapes."""

    # The whole picture

    async def state(self, at: int | None = None) -> schema.State:
        """All a dashboard needs; follow `events(since=state.seq)` from there. With `at`
        (milliseconds since the epoch) as it was then, with `past`, and nothing follows.

        Raises:
            BadRequest: `at` lies ahead, or before there is history.
        """
        if at is None:
            return await self._get(schema.State, "/state")
        return await self._ask(schema.State, "/state", [("at", stamp(at))])

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
        async with self._connection.stream(f"{V1}/events", params) as pieces:
            async for piece in pieces:
                for frame in parser.feed(piece):
                    event = event_of(frame)
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
        params = given(
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
        return await self._get(schema.IncidentDetail, f"/incidents/{part(incident)}")

    async def postmortem(self, incident: str) -> str:
        """The draft of an incident's post-mortem, in Markdown."""
        path = f"{V1}/incidents/{part(incident)}/postmortem"
        raw: bytes = await self._connection.request("GET", path)
        return raw.decode("utf-8")

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
        params = given(
            all="1" if all else None,
            since=None if since is None else stamp(since),
            limit=None if limit is None else str(limit),
        )
        params += [("match", text) for text in matchers]
        return await self._get(list[schema.AlertView], "/alerts", params)

    async def deliveries(
        self, incident: str | None = None, limit: int | None = None
    ) -> list[schema.DeliveryView]:
        """Notifications, the newest first."""
        params = given(incident=incident, limit=None if limit is None else str(limit))
        return await self._get(list[schema.DeliveryView], "/deliveries", params)

    async def persons(self) -> list[schema.PersonView]:
        """The persons of the configuration: who may be assigned to."""
        return await self._get(list[schema.PersonView], "/persons")

    # Responses

    async def responses(self) -> list[schema.ResponseView]:
        """The configured responses, and how each has done."""
        return await self._get(list[schema.ResponseView], "/responses")

    async def response_runs(
        self, incident: str | None = None, response: str | None = None, limit: int | None = None
    ) -> list[schema.RunView]:
        """Runs of responses, the newest first; of an incident, of a response."""
        params = given(
            incident=incident, response=response, limit=None if limit is None else str(limit)
        )
        return await self._get(list[schema.RunView], "/responses/runs", params)

    async def response_run(self, run: str) -> schema.RunDetail:
        """A run by its id or a unique beginning of it, with what it wrote."""
        return await self._get(schema.RunDetail, f"/responses/runs/{part(run)}")

    # What is muted

    async def silences(self, *, all: bool = False) -> list[schema.SilenceView]:  # noqa: A002  # the query's own word
        """The active and pending silences; with `all` the expired ones as well."""
        params = given(all="1" if all else None)
        return await self._get(list[schema.SilenceView], "/silences", params)

    async def related(self, alert_or_incident: str) -> list[schema.RelatedView]:
        """What tends to fire together with an alert or an incident's alerts."""
        path = f"/alerts/related/{part(alert_or_incident)}"
        return await self._get(list[schema.RelatedView], path, {})

    async def maintenance(self, *, all: bool = False) -> list[schema.MaintenanceView]:  # noqa: A002  # the query's own word
        """The active windows and those to come; with `all` those that are over as well."""
        params = given(all="1" if all else None)
        return await self._get(list[schema.MaintenanceView], "/maintenance", params)

    # Checks, services, SLAs

    async def checks(self) -> list[schema.CheckView]:
        """All checks, in the configuration's order."""
        return await self._get(list[schema.CheckView], "/checks")

    async def check(self, name: str, limit: int | None = None) -> schema.CheckDetail:
        """A check with its recent results, oldest first."""
        params = given(limit=None if limit is None else str(limit))
        return await self._get(schema.CheckDetail, f"/checks/{part(name)}", params)

    async def services(self) -> list[schema.ServiceView]:
        """All services, in the configuration's order."""
        return await self._get(list[schema.ServiceView], "/services")

    async def service(self, name: str) -> schema.ServiceDetail:
        """A service with its checks, open alerts and incidents, and SLAs."""
        return await self._get(schema.ServiceDetail, f"/services/{part(name)}")

    async def sla(self, name: str | None = None) -> list[schema.SlaView]:
        """All SLAs, or those with this name or of the service with this name.

        Raises:
            NotFound: Neither an SLA nor a service has this name.
        """
        return await self._get(list[schema.SlaView], "/sla", given(name=name))

    async def sla_course(self, name: str, more_ms: int = 0) -> schema.SlaCourseView:
        """How an SLA's budget went in its period, and what more down time would make of it."""
        path = f"/sla/{part(name)}/course"
        return await self._get(schema.SlaCourseView, path, given(more_ms=str(more_ms)))

    async def preview_exclusion(self, sla: str, start: int, end: int) -> schema.ExclusionPreview:
        """What excluding a stretch of an SLA's past would make of it; nothing is written."""
        path = f"/sla/{part(sla)}/exclusions/preview"
        return await self._get(
            schema.ExclusionPreview, path, given(start=stamp(start), end=stamp(end))
        )

    async def exclusions(self, sla: str) -> list[schema.AmendmentView]:
        """What operators excluded from an SLA and wrote about it."""
        return await self._get(list[schema.AmendmentView], f"/sla/{part(sla)}/exclusions")

    # Channels

    async def channels(self) -> list[schema.ChannelView]:
        """Every channel and how it does, by name."""
        return await self._get(list[schema.ChannelView], "/channels")

    # Who is on call

    async def schedules(self, at: int | None = None) -> list[schema.ScheduleView]:
        """Every schedule: who is on call, until when, and who comes then; now, or at `at`
        (milliseconds since the epoch)."""
        params = given(at=None if at is None else stamp(at))
        return await self._get(list[schema.ScheduleView], "/schedules", params)

    async def schedule(
        self, name: str, start: int | None = None, end: int | None = None
    ) -> schema.ScheduleDetail:
        """A schedule with its shifts and gaps, from now for two weeks if nothing else is asked
        for; times in milliseconds since the epoch.

        Raises:
            NotFound: There is no such schedule.
            BadRequest: `end` does not come after `start`, or more than 100 days later.
        """
        path = f"/schedules/{part(name)}"
        return await self._get(schema.ScheduleDetail, path, _from_to(start, end))

    async def calendar(self, name: str, start: int | None = None, end: int | None = None) -> str:
        """A schedule's shifts as iCalendar, from now for 90 days if nothing else is asked for."""
        path = f"{V1}/schedules/{part(name)}.ics"
        raw = await self._connection.request("GET", path, params=_from_to(start, end))
        return raw.decode()

    async def overrides(self, schedule: str, *, all: bool = False) -> list[schema.OverrideView]:  # noqa: A002  # the query's own word
        """The overrides of a schedule that are not over; with `all` the others as well."""
        path = f"/schedules/{part(schedule)}/overrides"
        return await self._get(list[schema.OverrideView], path, given(all="1" if all else None))


def _from_to(start: int | None, end: int | None) -> list[tuple[str, str]]:
    times = {"from": start, "to": end}
    return [(key, stamp(at)) for key, at in times.items() if at is not None]
