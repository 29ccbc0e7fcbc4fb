"""Reports: asked for, kept, and read again."""

from __future__ import annotations

from typing import Final

from daemon.api.schema.reports import ReportView
from daemon.api.times import stamp
from daemon.client.exchange import V1, Exchange, decode, given

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
