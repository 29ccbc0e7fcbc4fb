"""A database in which the example of docs/semantics/sla.md happened, and a service beside it."""

from __future__ import annotations

from pathlib import Path

from checks.result import Result, Status
from daemon.core.chronicle import Interval
from daemon.core.effects import Append, Effect, Observed, Save
from daemon.core.model import (
    DAY,
    HOUR,
    MINUTE,
    Actor,
    Amendment,
    AmendmentKind,
    CheckState,
    Incident,
    IncidentState,
    ServiceState,
)
from daemon.core.severity import Severity
from daemon.store.store import Store
from tests.report import shop

START = 1_793_487_600_000
"""2026-11-01T00:00+01:00."""
NOON = START + 20 * DAY + 12 * HOUR
"""Of the 21st."""
LATER = START + 33 * DAY
ANA = Actor("ana", "unix uid 1000")

CONFIG = """
[daemon]
database = "{database}"
timezone = "Europe/Berlin"
[[service]]
name = "checkout"
context = "shop"
organization = "acme"
[[service]]
name = "search"
[context.shop]
[[sla]]
name = "checkout"
service = "checkout"
target = 99.9
period = "month"
timezone = "Europe/Berlin"
credits = [{{ below = 99.9, percent = 10 }}, {{ below = 99, percent = 25 }}]
"""


def pieces(service: str, check: str) -> list[Effect]:
    """The example's month, as the books write it: all but what lasts."""
    bounds = [
        (START + 2 * DAY, Status.UP),
        (START + 10 * DAY, Status.DOWN),
        (START + 10 * DAY + 30 * MINUTE, Status.UP),
        (START + 15 * DAY, Status.DEGRADED),
        (START + 15 * DAY + 2 * HOUR, Status.UP),
        (NOON - 20 * MINUTE, Status.DOWN),
    ]
    ends = [at for at, _ in bounds[1:]] + [NOON - 10 * MINUTE]
    written = list(zip(bounds, ends, strict=True))
    return [
        Append(Interval(entity, name, at, end, status))
        for entity, name in (("check", check), ("service", service))
        for (at, status), end in (written if entity == "check" else written[:-1])
    ]


def lasting(service: str, check: str, seen: int) -> list[Effect]:
    """Up since ten minutes before noon, last seen so at `seen`; the service's last outage is not
    written yet, as when a daemon was killed."""
    since = NOON - 10 * MINUTE
    return [
        Save(CheckState(check, Status.UP, since=since, hard=True, measured=True)),
        Save(ServiceState(service, Status.UP, since=since)),
        Observed(Result(check, seen, Status.UP, 12.0, "")),
    ]


def incident(key: str, fired: int, taken: int | None, again: int | None = None) -> Save:
    """An incident of checkout that somebody took, gave back and took again."""
    return Save(
        Incident(
            key,
            "{}:{}",
            IncidentState.RESOLVED,
            Severity.CRITICAL,
            "checkout is down",
            "no route",
            fired,
            service="checkout",
            organization="acme",
            acknowledged_at=again or taken,
            first_acknowledged_at=taken,
            acknowledged_by="ana",
            resolved_at=fired + 30 * MINUTE,
        )
    )


def exclusion() -> Save:
    """The provider's outage, which the contract excepts."""
    start, end = NOON - 20 * MINUTE, NOON - 10 * MINUTE
    return Save(
        Amendment(
            "a", AmendmentKind.EXCLUSION, "checkout", start, end, "=1+<b>provider</b>", ANA, NOON
        )
    )


async def make(path: Path, seen: int, *more: Effect) -> None:
    """Write the database: the example, seen up to this moment."""
    store = await Store.open(path)
    for service, check in (("checkout", "web"), ("search", "other")):
        await store.submit(pieces(service, check), NOON)
        await store.submit(lasting(service, check, seen), seen)
    fired = START + 10 * DAY
    await store.submit([incident("1", fired, fired + 5 * MINUTE, fired + 20 * MINUTE)], seen)
    await store.submit(list(more), seen)
    await store.close()


def configure(folder: Path, database: Path) -> Path:
    """The configuration that goes with it."""
    return shop.configure(CONFIG, folder, database)
