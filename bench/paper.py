"""A report such as a customer gets: `python -m bench.paper FILE.html|FILE.png`.

It makes up an estate with a past (outages, slow hours, gaps in what was measured, planned work,
an exclusion, notes), writes that into a database as the daemon would, and has the report made
from it, so that the picture in the documents shows what the program writes. The same estate comes
out each time. A PNG is the head of the page as Chromium shows it.
"""

from __future__ import annotations

import asyncio
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Final

from checks.result import Result, Status
from daemon.core.chronicle import Interval
from daemon.core.effects import Append, Effect, Observed, Save
from daemon.core.model import (
    DAY,
    HOUR,
    MINUTE,
    SECOND,
    Actor,
    Amendment,
    AmendmentKind,
    CheckState,
    Incident,
    IncidentState,
    Instant,
    ServiceState,
)
from daemon.core.plan import CheckPlan, CreditPlan, MaintenancePlan, Plan, ServicePlan, SlaPlan
from daemon.core.severity import Severity
from daemon.report.offline import read
from daemon.report.page import page
from daemon.store.store import Store

ZONE: Final = "Europe/Berlin"
FIRST: Final = 1_735_686_000_000
"""2025-01-01T00:00+01:00: here the past begins."""
NOW: Final = 1_795_255_200_000
"""2026-11-21T11:00+01:00."""

CUSTOMER: Final = "Hölzl & Söhne GmbH"
SERVICES, PERIOD = 4, "2026-10"
OPTIONS: Final = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
    "--window-size=960,1275",
)  # fmt: skip
NAMES: Final = (
    "Kundenportal", "Anmeldung", "Zahlungsabwicklung", "Lagerverwaltung", "Schnittstelle Spedition",
    "Suche", "Bürokommunikation", "E-Mail-Zustellung", "Dateiablage München", "Fernwartung",
)  # fmt: skip
CAUSES: Final = (
    "Certificate expired; it is renewed by itself now and has an alert two weeks before.",
    "A full disk on the database's host; space is watched since.",
    "A deployment with a faulty migration was rolled back; migrations run in the test stage first.",
)
ANA: Final = Actor("Ana Müller", "unix uid 1000")


def services(count: int) -> list[str]:
    """Their names; beyond ten they are numbered."""
    return [
        NAMES[at] if at < len(NAMES) else f"{NAMES[at % len(NAMES)]} {at // len(NAMES) + 1:02}"
        for at in range(count)
    ]


def plan(names: Sequence[str]) -> Plan:
    """A promise for each; every third is stricter. Sunday nights are worked on."""
    tiers = (("99.5", "5"), ("99", "10"), ("98", "25"))
    return Plan(
        checks={name: _check(name) for name in names},
        services={
            name: ServicePlan(name, (name,), organization=CUSTOMER) for name in names
        },
        slas={
            f"{name} availability": SlaPlan(
                f"{name} availability", name, Decimal("99.95" if at % 3 == 0 else "99.5"), "month",
                ZONE, credits=tuple(CreditPlan(Decimal(a), Decimal(b)) for a, b in tiers),
            )
            for at, name in enumerate(names)
        },
        maintenance={
            "Sunday night": MaintenancePlan(
                "Sunday night", ZONE, services=tuple(names[:3]), excludes=tuple(names[:3]),
                cron="0 3 * * SUN", duration=HOUR, reason="updates",
            )
        },
    )  # fmt: skip


def _check(name: str) -> CheckPlan:
    return CheckPlan(name, "http", name, 30 * SECOND, 10 * SECOND, 30 * SECOND, 3, 1, {})


def past(at: int, chance: random.Random) -> Iterator[tuple[Instant, Status]]:
    """When a service became what, in order of time; every eighth fails often."""
    weak = at % 8 == 2
    yield FIRST + (at % 5) * 40 * DAY, Status.UP
    moment = FIRST + 200 * DAY
    while moment < NOW - 2 * DAY:
        status = Status.DOWN if chance.random() < 0.7 else Status.DEGRADED
        if chance.random() < 0.1:
            status = Status.UNKNOWN
        length = round(chance.expovariate(1 / ((50 if weak else 6) * MINUTE)))
        yield from ((moment, status), (moment + length, Status.UP))
        moment += 3 * HOUR + round(chance.expovariate(1 / ((6 if weak else 35) * DAY)))


def written(name: str, changes: Sequence[tuple[Instant, Status]]) -> Iterator[Effect]:
    """What the books would have written of it, and how it is now."""
    ends = [start for start, _ in changes[1:]]
    for (start, status), end in zip(changes, ends, strict=False):
        if start < end:
            yield Append(Interval("check", name, start, end, status))
            yield Append(Interval("service", name, start, end, status))
    since, status = changes[-1]
    yield Save(CheckState(name, status, since=since, hard=True, measured=True))
    yield Save(ServiceState(name, status, since=since))
    yield Observed(Result(name, NOW, status, 12.0, ""))


def told(name: str, changes: Sequence[tuple[Instant, Status]]) -> Iterator[Effect]:
    """The incidents of what was down, notes on the longest outage, and an exclusion."""
    downs = [
        (start, end)
        for (start, status), (end, _) in pairwise(changes)
        if status is Status.DOWN and end - start > 4 * MINUTE
    ]
    for at, (start, end) in enumerate(downs):
        yield Save(_incident(f"{name}-{at}", name, start, end))
    recent = [(start, end) for start, end in downs if start > NOW - 60 * DAY]
    for at, (start, end) in enumerate(recent[:6]):
        kind = AmendmentKind.EXCLUSION if at == 1 else AmendmentKind.NOTE
        text = CAUSES[(at + len(name)) % len(CAUSES)]
        if kind is AmendmentKind.EXCLUSION:
            text = "Outage of the customer's own line, excepted by § 4 of the contract."
        key = f"{name}-{at}"
        yield Save(Amendment(key, kind, f"{name} availability", start, end, text, ANA, end + HOUR))


def _incident(key: str, name: str, start: Instant, end: Instant) -> Incident:
    return Incident(
        key, "{}:{}", IncidentState.RESOLVED, Severity.CRITICAL, f"{name} is down", "no answer",
        start, service=name, organization=CUSTOMER,
        acknowledged_at=start + 3 * MINUTE, first_acknowledged_at=start + 3 * MINUTE,
        acknowledged_by="ana", resolved_at=end,
    )  # fmt: skip


async def fill(database: Path, names: Sequence[str]) -> None:
    """Write the past."""
    chance = random.Random(7)  # noqa: S311  # a made-up past is no secret
    store = await Store.open(database)
    for at, name in enumerate(names):
        changes = list(past(at, chance))
        await store.submit([*written(name, changes), *told(name, changes)], NOW)
    await store.close()


def html(count: int, period: str) -> str:
    """The page."""
    names = services(count)
    with tempfile.TemporaryDirectory(prefix="tocsin-paper-") as folder:
        database = Path(folder) / "tocsin.db"
        asyncio.run(fill(database, names))
        return page(read(database, plan(names), ZONE, NOW, period, organization=CUSTOMER))


def photograph(text: str, file: Path) -> None:
    """The head of the page as Chromium shows it.

    Raises:
        RuntimeError: There is no Chromium.
    """
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        raise RuntimeError("Chromium is needed, and not installed")
    with tempfile.TemporaryDirectory(prefix="tocsin-paper-") as folder:
        source = Path(folder) / "report.html"
        source.write_text(text, encoding="utf-8")
        options = [f"--user-data-dir={folder}/browser", f"--screenshot={file.resolve()}"]
        command = [browser, *OPTIONS, *options, source.as_uri()]
        subprocess.run(command, check=True, capture_output=True, timeout=60)


def main(arguments: list[str]) -> int:
    """Make the file; the exit code."""
    if len(arguments) != 1 or not arguments[0].endswith((".html", ".png")):
        print("usage: python -m bench.paper FILE.html|FILE.png", file=sys.stderr)
        return 2
    file, text = Path(arguments[0]), html(SERVICES, PERIOD)
    try:
        if file.suffix == ".png":
            photograph(text, file)
        else:
            file.write_text(text, encoding="utf-8")
    except (RuntimeError, subprocess.SubprocessError, OSError) as error:
        print(f"bench.paper: no page: {error or type(error).__name__}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
