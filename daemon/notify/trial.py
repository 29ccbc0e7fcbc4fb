"""A test message: a notice of an incident that is none, sent past the engine and the outbox.

It goes through the same composer, renderer and channel as a page does, so what arrives is what
would arrive; and it says in every part that it is a test.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping

from daemon.core.chronicle import Notice, NoticeType
from daemon.core.errors import Invalid, NotFound
from daemon.core.model import Alert, AlertState, Incident, IncidentState, Instant
from daemon.core.record import record
from daemon.core.severity import Severity
from daemon.notify.retry import Delivered, Outcome
from daemon.notify.spec import ChannelSpec


@record(frozen=True, slots=True)
class Trial:
    """What came of a test message: `detail` is the receipt, or why it was not taken."""

    key: str
    delivered: bool
    detail: str
    took_ms: float


def spec_of(specs: Mapping[str, ChannelSpec], name: str) -> ChannelSpec:
    """The channel with this name.

    Raises:
        NotFound: There is none.
    """
    if name not in specs:
        known = ", ".join(sorted(specs)) or "none at all"
        raise NotFound(f"there is no channel {name[:100]!r}; there are {known}")
    return specs[name]


def trial_notice(spec: ChannelSpec, address: str | None, by: str, now: Instant) -> Notice:
    """A test message over this channel.

    Args:
        address: Who gets it, instead of whom the channel tells by itself.
        by: Who asked for it.

    Raises:
        Invalid: This channel cannot tell that address, or nobody without one.
    """
    if address and not spec.takes_address:
        raise Invalid(f"{spec.name} is a channel of kind {spec.kind}, which has no addresses")
    if not address and spec.needs_address:
        raise Invalid(f"the channel {spec.name} has nobody of its own; name an address")
    if address:
        try:
            spec.check_address(address)
        except ValueError as error:
            raise Invalid(str(error)) from None
    title = f"Test of the channel {spec.name}"
    summary = f"This is a test that {by} asked for. Nothing is wrong, and nothing is to be done."
    alert = Alert(
        key=f"{now:016x}"[-16:],
        source="test",
        name="tocsin-test",
        labels={"alertname": "tocsin-test", "channel": spec.name, "test": "true"},
        annotations={"message": summary},
        state=AlertState.FIRING,
        severity=Severity.INFO,
        effective=Severity.INFO,
        pending_at=now,
        fired_at=now,
    )
    incident = Incident(
        key=f"test-{now}",
        group="test",
        state=IncidentState.TRIGGERED,
        severity=Severity.INFO,
        title=title,
        summary=summary,
        fired_at=now,
        alerts=(alert.key,),
        firing=(alert.key,),
    )
    return Notice(
        key=f"test_{spec.name}_{now}",
        type=NoticeType.FIRING,
        channel=spec.name,
        recipient="",
        address=address,
        at=now,
        reason="a test",
        incident=incident,
        alerts=(alert,),
    )


async def try_out(send: Callable[[Notice], Awaitable[Outcome]], notice: Notice) -> Trial:
    """Send a test message and wait for what the receiver says.

    Args:
        send: Makes one attempt on the notice's channel.
    """
    begun = time.perf_counter()
    outcome = await send(notice)
    took_ms = (time.perf_counter() - begun) * 1_000
    if isinstance(outcome, Delivered):
        return Trial(notice.key, delivered=True, detail=outcome.receipt, took_ms=took_ms)
    return Trial(notice.key, delivered=False, detail=outcome.detail, took_ms=took_ms)
