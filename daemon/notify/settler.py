"""How deliveries end: first reported, then written to the outbox.

The engine may answer a report with a fallback; a crash between the two repeats the attempt
with the same key instead of losing a page.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from daemon.core.chronicle import Notice
from daemon.core.events import Settled
from daemon.core.model import Instant
from daemon.notify.backlog import Job
from daemon.notify.outbox import DeliveryState, Outbox

_log = logging.getLogger(__name__)

_RECORD_S: Final = 2.0
"""A disk that hangs keeps an attempt back no longer than this."""

Report = Callable[[Settled], Awaitable[None]]


class Settler:
    """Reports and writes what became of notices.

    Args:
        outbox: Where the notices' rows are.
        report: Tells the engine; returns when what follows from it is durable.
    """

    def __init__(self, outbox: Outbox, report: Report) -> None:
        self._outbox = outbox
        self._report = report

    async def settle(
        self, job: Job, *, delivered: bool, detail: str, refused: bool = False
    ) -> None:
        """The end of a job and of all that it absorbed."""
        for notice in job.notices:
            told = detail if notice is job.notice else f"told with {job.notice.key}: {detail}"
            await self._settle(notice, job.attempts, delivered, told, refused)

    async def record(
        self, key: str, state: DeliveryState, attempts: int, next_at: Instant | None, detail: str
    ) -> None:
        """Write how far the notice with this key got, as well as the disk lets us."""
        try:
            async with asyncio.timeout(_RECORD_S):
                await self._outbox.update(key, state, attempts, next_at, detail)
        except Exception as error:  # noqa: BLE001  # a full disk must not keep a page back
            _log.warning("delivery %s is %s, which could not be stored: %r", key, state, error)

    async def _settle(
        self, notice: Notice, attempts: int, delivered: bool, detail: str, refused: bool
    ) -> None:
        settled = Settled(
            notice=notice.key,
            incident=notice.incident.key,
            channel=notice.channel,
            recipient=notice.recipient,
            delivered=delivered,
            attempts=attempts,
            detail=detail,
            type=notice.type,
            fallback_of=notice.fallback_of,
            level=notice.level,
            refused=refused,
            stays=notice.stays,
            personal=notice.personal,
        )
        try:
            await self._report(settled)
        except Exception:  # noqa: BLE001  # a page that was delivered stays delivered
            _log.exception("the end of delivery %s could not be reported", notice.key)
            if not delivered:  # its row stays, so that a restart reports it again
                return
        await self.record(notice.key, "sent" if delivered else "failed", attempts, None, detail)
