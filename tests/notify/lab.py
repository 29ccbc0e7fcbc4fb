"""Records to tell of, virtual time, and stand-ins for the dispatcher's neighbours."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from daemon.core.chronicle import Notice, NoticeType
from daemon.core.events import Settled
from daemon.core.model import Alert, AlertState, Incident, IncidentState, Instant
from daemon.core.plan import Plan, ServicePlan
from daemon.core.severity import Severity
from daemon.notify.channel import Message
from daemon.notify.message import Composer
from daemon.notify.outbox import DeliveryState, Pending
from daemon.notify.spec import ChannelSpec, LogSpec

T0: Instant = 1_795_255_800_000
"""2026-11-21T10:10:00Z."""

PLAN = Plan(
    services={
        "checkout": ServicePlan(
            name="checkout",
            checks=("checkout-http",),
            owner="payments",
            impact="Customers cannot pay",
            runbook="https://wiki.example.org/checkout",
        )
    }
)
compose = Composer(lambda: PLAN)


def alert(**changes: Any) -> Alert:
    """A firing alert of checkout's."""
    labels = {"alertname": "check", "check": "checkout-http", "service": "checkout"}
    base = Alert(
        key="00c0ffee00c0ffee",
        source="check:checkout-http",
        name="checkout-http",
        labels=labels,
        annotations={"message": "status == 200 (status is 502)"},
        state=AlertState.FIRING,
        severity=Severity.CRITICAL,
        effective=Severity.CRITICAL,
        pending_at=T0 - 3_000,
        fired_at=T0,
    )
    return replace(base, **changes)


def incident(**changes: Any) -> Incident:
    """A triggered incident of checkout's that costs money."""
    base = Incident(
        key="inc-1",
        group="0:{service=checkout}",
        state=IncidentState.TRIGGERED,
        severity=Severity.CRITICAL,
        title="checkout is down",
        summary="checkout-http: status == 200 (status is 502)",
        fired_at=T0,
        service="checkout",
        context="revenue_critical",
        alerts=("00c0ffee00c0ffee",),
        firing=("00c0ffee00c0ffee",),
        revenue_per_hour=Decimal(12000),
        currency="GBP",
        down_since=T0,
    )
    return replace(base, **changes)


def notice(key: str = "k1", **changes: Any) -> Notice:
    """The first page of the incident."""
    base = Notice(
        key=key,
        type=NoticeType.FIRING,
        channel="ops",
        recipient="",
        address=None,
        at=T0,
        reason="first notification",
        incident=incident(),
        alerts=(alert(),),
        level=0,
    )
    return replace(base, **changes)


def over(key: str = "k9", **changes: Any) -> Notice:
    """The news that the incident is over, 200 s later."""
    ended = T0 + 200_000
    done = incident(
        state=IncidentState.RESOLVED,
        resolved_at=ended,
        resolved_by="tocsin",
        firing=(),
        down_since=None,
        down_ms=200_000,
    )
    calm = alert(state=AlertState.RESOLVED, resolved_at=ended, holds=False)
    facts: dict[str, Any] = {
        "type": NoticeType.RESOLVED,
        "at": ended,
        "incident": done,
        "alerts": (calm,),
        "level": None,
        "reason": "resolved",
    }
    return notice(key, **(facts | changes))


class VirtualTime:
    """A clock that jumps to whatever is waited for."""

    def __init__(self, now: Instant = T0) -> None:
        self.now = now

    def __call__(self) -> Instant:
        return self.now

    async def wait(self, event: asyncio.Event, timeout_s: float | None) -> None:
        """A lane's `pause`: time passes at once, unless there is nothing to wait for."""
        if timeout_s is None:
            await event.wait()
            return
        if not event.is_set():
            self.now += max(1, round(timeout_s * 1_000))
        await asyncio.sleep(0)


@dataclass
class Row:
    """An outbox row, with every state it went through."""

    state: DeliveryState
    attempts: int
    next_at: Instant | None
    detail: str
    states: list[DeliveryState] = field(default_factory=list)


class MemoryOutbox:
    """An outbox in memory; `broken` makes every write fail, as a full disk would."""

    def __init__(self, pending: Sequence[Pending] = ()) -> None:
        self.held = list(pending)
        self.rows: dict[str, Row] = {}
        self.broken = False

    async def pending(self) -> Sequence[Pending]:
        return self.held

    async def update(
        self,
        key: str,
        state: DeliveryState,
        attempts: int,
        next_at: Instant | None,
        detail: str,
    ) -> None:
        if self.broken:
            raise OSError(28, "No space left on device")
        before = self.rows[key].states if key in self.rows else []
        self.rows[key] = Row(state, attempts, next_at, detail, [*before, state])


class Reports:
    """What the engine would be told."""

    def __init__(self) -> None:
        self.settled: list[Settled] = []
        self._changed = asyncio.Event()

    async def __call__(self, settled: Settled) -> None:
        self.settled.append(settled)
        self._changed.set()

    async def count(self, number: int) -> list[Settled]:
        """Wait until so many ends were reported."""
        async with asyncio.timeout(5):
            while len(self.settled) < number:
                self._changed.clear()
                await self._changed.wait()
        return self.settled


class ScriptedChannel:
    """A channel that answers by a script; its last answer is repeated for ever.

    An answer is a receipt, an error to raise, or "hang".
    """

    def __init__(self, *answers: str | BaseException, spec: ChannelSpec | None = None) -> None:
        self.spec = spec or LogSpec(name="ops")
        self.answers = list(answers) or ["ok"]
        self.seen: list[str] = []
        self.at: list[Instant] = []
        self.clock: Callable[[], Instant] = lambda: 0
        self.called = asyncio.Event()
        self.closed = False

    async def send(self, message: Message) -> str:
        self.seen.append(message.notice.key)
        self.called.set()
        self.at.append(self.clock())
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, BaseException):
            raise answer
        if answer == "hang":
            await asyncio.Event().wait()
        return answer

    async def close(self) -> None:
        self.closed = True
