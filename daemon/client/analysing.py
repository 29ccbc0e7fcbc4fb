"""What is asked about the past: history in pages, figures, trends, exports.

All spans are [since, until) in milliseconds since the epoch; without them the daemon takes the
last seven days.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from typing import Literal

from daemon.api import schema
from daemon.api.times import stamp
from daemon.client.exchange import LONG_S, V1, Exchange, decode, given, part


class Analysing(Exchange):
    """Everything there is to be asked about what was; the answers are the API's shapes."""

    async def history(
        self,
        matchers: Sequence[str] = (),
        *,
        since: int | None = None,
        until: int | None = None,
        state: Sequence[str] = (),
        severity: Sequence[str] = (),
        service: str | None = None,
        organization: str | None = None,
        context: str | None = None,
        person: str | None = None,
        acknowledged: bool | None = None,
        text: str | None = None,
        cursor: str | None = None,
        limit: int | None = None,
    ) -> schema.HistoryView:
        """A page of incidents, the newest first; the next begins at its `next`."""
        params = [
            *_span(since, until),
            *given(
                service=service,
                organization=organization,
                context=context,
                person=person,
                acknowledged=None if acknowledged is None else str(acknowledged).lower(),
                text=text,
                cursor=cursor,
                limit=None if limit is None else str(limit),
            ),
            *(("match", one) for one in matchers),
            *(("state", one) for one in state),
            *(("severity", one) for one in severity),
        ]
        return await self._get(schema.HistoryView, "/alerts/history", params)

    async def past_incident(self, incident: str) -> schema.IncidentDetail:
        """An incident of the history, by its id or a unique beginning of it."""
        return await self._get(schema.IncidentDetail, f"/alerts/history/{part(incident)}")

    async def statistics(
        self,
        since: int | None = None,
        until: int | None = None,
        *,
        service: str | None = None,
        organization: str | None = None,
        timezone: str | None = None,
    ) -> schema.StatisticsView:
        """How many incidents there were, of what, when in the week, and how fast they ended."""
        params = _span(since, until)
        params += given(service=service, organization=organization, timezone=timezone)
        return await self._ask(schema.StatisticsView, "/alerts/statistics", params)

    async def top_alerts(
        self,
        since: int | None = None,
        until: int | None = None,
        *,
        by: Literal["count", "duration", "escalations"] = "count",
        service: str | None = None,
        limit: int | None = None,
    ) -> list[schema.TopAlertView]:
        """What fires most often, or longest, or is escalated most."""
        params = [("by", by), *_span(since, until)]
        params += given(service=service, limit=None if limit is None else str(limit))
        return await self._ask(list[schema.TopAlertView], "/alerts/top-alerts", params)

    async def noise(
        self,
        since: int | None = None,
        until: int | None = None,
        *,
        service: str | None = None,
        limit: int | None = None,
    ) -> list[schema.NoiseView]:
        """What disturbs more than it says, and which key mends it."""
        params = _span(since, until)
        params += given(service=service, limit=None if limit is None else str(limit))
        return await self._ask(list[schema.NoiseView], "/alerts/noise", params)

    async def escalations(
        self,
        since: int | None = None,
        until: int | None = None,
        *,
        service: str | None = None,
        timezone: str | None = None,
    ) -> schema.EscalationsView:
        """Which policies and services escalate, how far, and when in the week."""
        params = [*_span(since, until), *given(service=service, timezone=timezone)]
        return await self._ask(schema.EscalationsView, "/alerts/escalations", params)

    async def trends(
        self,
        since: int | None = None,
        until: int | None = None,
        *,
        unit: Literal["hour", "day"] = "day",
        service: str | None = None,
        each: bool = False,
    ) -> schema.TrendsView:
        """Up, degraded, down and incidents by the hour or the day (UTC), of a service or of all;
        with `each` a line for every service as well."""
        params = [("unit", unit), *_span(since, until)]
        params += given(service=service, each="1" if each else None)
        return await self._ask(schema.TrendsView, "/alerts/trends", params)

    async def service_health(
        self, service: str, since: int | None = None, until: int | None = None
    ) -> schema.HealthView:
        """A service's health score, and what it is made of."""
        path = f"/alerts/service-health/{part(service)}"
        return await self._ask(schema.HealthView, path, _span(since, until))

    async def health_scores(
        self, since: int | None = None, until: int | None = None
    ) -> list[schema.HealthView]:
        """Every service's health score, the worst first."""
        return await self._ask(
            list[schema.HealthView], "/alerts/service-health", _span(since, until)
        )

    async def export(
        self,
        table: Literal["alerts", "results", "deliveries"],
        form: Literal["csv", "json"] = "csv",
        since: int | None = None,
        until: int | None = None,
    ) -> AsyncGenerator[bytes, None]:
        """A table of the store, whole and in pieces, as it comes."""
        params = [("table", table), *_span(since, until)]
        async with self._connection.stream(f"{V1}/alerts/export/{form}", params) as pieces:
            async for piece in pieces:
                yield piece

    async def cleanup_history(self, older_than_ms: int, *, dry_run: bool) -> schema.CleanupView:
        """Remove what ended longer ago than this from the history; dry, only count it."""
        params = [("older_than_ms", str(older_than_ms)), ("dry_run", str(dry_run).lower())]
        raw = await self._connection.request(
            "DELETE", f"{V1}/alerts/history/cleanup", params=params, timeout_s=LONG_S
        )
        return decode(schema.CleanupView, raw)


def _span(since: int | None, until: int | None) -> list[tuple[str, str]]:
    return given(
        since=None if since is None else stamp(since), until=None if until is None else stamp(until)
    )
