"""What the dispatcher needs of the store: the notices that are not settled yet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

from daemon.core.chronicle import Notice
from daemon.core.model import Instant
from daemon.core.record import record

DeliveryState = Literal["queued", "sending", "sent", "failed"]


@record(frozen=True, slots=True)
class Pending:
    """A notice whose row is `queued` or `sending` (in flight when the daemon stopped).

    Attributes:
        attempts: How many were begun.
        next_at: When the next is due.
    """

    notice: Notice
    attempts: int
    next_at: Instant


class Outbox(Protocol):
    """The durable queue; rows are made by the transaction that decided the notice."""

    async def pending(self) -> Sequence[Pending]:
        """All that are not settled, the oldest decision first."""

    async def update(
        self,
        key: str,
        state: DeliveryState,
        attempts: int,
        next_at: Instant | None,
        detail: str,
    ) -> None:
        """Write how far the notice with this key got; returns when that is durable."""
