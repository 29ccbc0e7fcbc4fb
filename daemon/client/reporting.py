"""Reports: asked for, kept, and read again."""

from __future__ import annotations

from typing import Final

from daemon.api.schema.daily import AnyReport, DailyView, ReportKind
from daemon.api.schema.reports import ReportLine, ReportView
from daemon.api.times import stamp
from daemon.client.exchange import V1, Exchange, decode, given, part

PATIENCE_S: Final = 150.0
"""A year of a thousand services takes its time."""


class Reporting(Exchange):
    """Everything about reports."""

    async def report(
        self,
        period: str,
        service: str | None = None,
        organization: str | None = None,
        at: int | None = None,
    ) -> ReportView:
        """A report over `2026-10`, `2026-Q3`, `2026`, `last-30d` or `FROM..TO`, made now.

        Args:
            at: Up to when is counted, in milliseconds since the epoch.
        """
        params = given(
            period=period,
            service=service,
            organization=organization,
            at=None if at is None else stamp(at),
        )
        raw = await self._connection.request(
            "GET", f"{V1}/reports", params=params, timeout_s=PATIENCE_S
        )
        return decode(ReportView, raw)

    async def daily_report(
        self,
        date: str | None = None,
        service: str | None = None,
        organization: str | None = None,
    ) -> DailyView:
        """The alert report of a day: `2026-11-20`, `today`; without a date that of yesterday."""
        params = given(date=date, service=service, organization=organization)
        raw = await self._connection.request(
            "GET", f"{V1}/alerts/report/daily", params=params, timeout_s=PATIENCE_S
        )
        return decode(DailyView, raw)

    async def keep_report(
        self, period: str, service: str | None = None, organization: str | None = None
    ) -> ReportView:
        """Have a report made and kept; the answer has its id."""
        body = dict(given(period=period, service=service, organization=organization))
        return await self._post(ReportView, "/reports", body, timeout_s=PATIENCE_S)

    async def reports(self) -> list[ReportLine]:
        """The reports that are kept, the newest first."""
        return await self._get(list[ReportLine], "/reports")

    async def kept_report(self, report: str) -> AnyReport:
        """A kept report by its id or a unique beginning of it."""
        raw = await self._connection.request("GET", f"{V1}/reports/{part(report)}")
        if decode(ReportKind, raw).is_daily:
            return decode(DailyView, raw)
        return decode(ReportView, raw)
