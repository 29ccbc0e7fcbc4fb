"""Days in which something happened, for daily reports: a diary that is written into a database."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from checks.result import Status
from daemon.core.chronicle import Entry, EntryKind, Interval, Notice, NoticeType
from daemon.core.effects import Append, Effect, Enqueue, Save
from daemon.core.labels import parse_matcher
from daemon.core.model import (
    DAY,
    ENGINE,
    HOUR,
    MINUTE,
    Actor,
    Alert,
    AlertState,
    CheckState,
    Escalation,
    Incident,
    IncidentState,
    Level,
    ServiceState,
    Silence,
    Work,
)
from daemon.core.severity import Severity
from daemon.store.batch import Batch
from daemon.store.connect import make_place, open_writer
from tests.report import shop

FRIDAY = 1_795_129_200_000
"""2026-11-20T00:00+01:00, in Berlin."""
NEXT = FRIDAY + DAY
ANA = Actor("ana", "unix uid 1000")

CONFIG = """
[daemon]
database = "{database}"
timezone = "Europe/Berlin"
[context.shop]
[severity.critical]
mtta = "5m"
mttr = "30m"
[[service]]
name = "checkout"
context = "shop"
organization = "acme"
revenue_per_hour = 12000
currency = "GBP"
[[service]]
name = "search"
organization = "bolt"
[person.ana]
contact = {{ low = ["journal"] }}
[person.ben]
contact = {{ low = ["journal"] }}
[channel.journal]
kind = "log"
[schedule.primary]
timezone = "America/New_York"
[[schedule.primary.layer]]
rotation = "daily"
start = "2026-11-01T09:00"
people = ["ana", "ben"]
"""

_LEVELS = (Level(0, ("person:ana",)), Level(5 * MINUTE, ("person:ben",)))


def configure(folder: Path, database: Path) -> Path:
    """The configuration of these days."""
    return shop.configure(CONFIG, folder, database)


@dataclass
class Diary:
    """What happened."""

    effects: list[Effect] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    queued: set[str] = field(default_factory=set)

    def incident(
        self,
        key: str,
        fired: int,
        ended: int | None = None,
        *,
        taken: int | None = None,
        by: str = "ana",
        severity: Severity = Severity.CRITICAL,
        service: str | None = "checkout",
        level: int = 0,
        source: str = "check:web",
        **changes: Any,
    ) -> Incident:
        """An incident and its one alert."""
        state = IncidentState.RESOLVED if ended is not None else IncidentState.TRIGGERED
        one = Incident(
            key=key,
            group="{}:{}",
            state=state,
            severity=severity,
            title=f"{service} is down",
            summary="no route",
            fired_at=fired,
            service=service,
            acknowledged_at=taken,
            first_acknowledged_at=taken,
            acknowledged_by=None if taken is None else by,
            resolved_at=ended,
            alerts=(f"alert-{source}",),
            escalation=Escalation("primary", _LEVELS, level=level, started_at=fired),
            **changes,
        )
        alert = Alert(
            key=f"alert-{source}",
            source=source,
            name=f"{source.rpartition(':')[2]} down",
            labels={"service": service or ""},
            state=AlertState.RESOLVED if ended is not None else AlertState.FIRING,
            severity=severity,
            effective=severity,
            fired_at=fired,
            resolved_at=ended,
            incident=key,
        )
        self.effects += [Save(one), Save(alert), self._entry(key, fired, EntryKind.FIRED, ENGINE)]
        if taken is not None:
            who = Actor(by, "unix uid 1000")
            self.effects.append(self._entry(key, taken, EntryKind.ACKNOWLEDGED, who))
        return one

    def muted(self, incident: str, at: int, why: str | None) -> None:
        """It is muted from then on, or not any more."""
        kind = EntryKind.UNMUTED if why is None else EntryKind.MUTED
        self.effects.append(self._entry(incident, at, kind, ENGINE, why or "nothing mutes it"))

    def page(
        self,
        number: int,
        incident: Incident,
        at: int,
        person: str,
        *,
        kind: NoticeType = NoticeType.FIRING,
        failed: str | None = None,
    ) -> None:
        """Somebody is called; it is delivered, or fails for this reason."""
        key = f"notice-{number}"
        notice = Notice(key, kind, "journal", person, None, at, "first", incident, ())
        self.effects.append(Enqueue(notice))
        if failed is not None:
            self.failed[key] = failed

    def was(self, service: str, start: int, end: int, status: Status = Status.UP) -> None:
        """A service was so, and its check as well, from then to then."""
        check = "web" if service == "checkout" else "other"
        for entity, name in (("check", check), ("service", service)):
            self.effects.append(Append(Interval(entity, name, start, end, status)))

    def silence(self, key: str, start: int, end: int, matcher: str, **changes: Any) -> None:
        """A silence of ana's."""
        self.effects.append(
            Save(
                Silence(
                    key=key,
                    matchers=(parse_matcher(matcher),),
                    starts_at=start,
                    ends_at=end,
                    created_by="ana",
                    comment="known",
                    updated_at=start,
                    **changes,
                )
            )
        )

    def work(self, name: str, start: int, end: int | None, *services: str) -> None:
        """Planned work."""
        self.effects.append(Save(Work(name, name, services, (), services, start, end, "patching")))

    def _entry(self, incident: str, at: int, kind: EntryKind, who: Actor, text: str = "") -> Append:
        return Append(Entry(incident, at, kind, who, text))

    def write(self, path: Path, seen: int | None = NEXT + 2 * HOUR) -> Path:
        """Put it into a new database; checks were last seen up at this moment, if at all."""
        make_place(path)
        batch = Batch()
        for effect in self.effects:
            batch.decide(effect)
        batch.encode()
        connection = open_writer(path)
        connection.execute("BEGIN")
        for statement, rows in batch.statements():
            connection.executemany(statement, rows)
        connection.execute("UPDATE delivery SET state = 'sent'")
        for key, why in self.failed.items():
            values = (why, key)
            connection.execute(
                "UPDATE delivery SET state = 'failed', detail = ? WHERE key = ?", values
            )
        for number, check in enumerate(("web", "other") if seen is not None else (), 1):
            connection.execute("INSERT INTO check_name VALUES (?, ?)", (number, check))
            connection.execute(
                "INSERT INTO result (check_id, at, status, latency_us) VALUES (?, ?, 0, 9)",
                (number, seen),
            )
        connection.execute("COMMIT")
        connection.close()
        return path


def a_friday() -> Diary:
    """A day with a bit of everything: 40 minutes down, four hours with the daemon off."""
    diary = Diary()
    off, on = FRIDAY + 2 * HOUR, FRIDAY + 6 * HOUR
    down, up = FRIDAY + 10 * HOUR, FRIDAY + 10 * HOUR + 40 * MINUTE
    for service in ("checkout", "search"):
        diary.was(service, FRIDAY - 9 * DAY, off)
        diary.effects += [
            Save(ServiceState(service, Status.UP, since=on, settled=NEXT + 2 * HOUR)),
            Save(
                CheckState(
                    "web" if service == "checkout" else "other",
                    Status.UP,
                    since=up if service == "checkout" else on,
                    measured=True,
                )
            ),
        ]
    diary.was("checkout", on, down)
    diary.was("checkout", down, up, Status.DOWN)
    diary.was("checkout", up, NEXT + 2 * HOUR)
    diary.was("search", on, NEXT + 2 * HOUR)
    gbp: dict[str, Any] = {"revenue_per_hour": Decimal(12_000), "currency": "GBP"}
    outage = diary.incident(
        "a1",
        down + MINUTE,
        up + MINUTE,
        taken=down + 9 * MINUTE,
        level=1,
        organization="acme",
        down_ms=40 * MINUTE,
        down_until=up,
        **gbp,
    )
    diary.page(1, outage, down + MINUTE, "ana")
    diary.page(2, outage, down + 6 * MINUTE, "ben", kind=NoticeType.ESCALATED)
    diary.page(3, outage, up + MINUTE, "ana", kind=NoticeType.RESOLVED)
    for number, minute in enumerate((5, 12, 19)):
        fired = FRIDAY + 13 * HOUR + minute * MINUTE
        flap = diary.incident(
            f"b{number}",
            fired,
            fired + 30_000,
            severity=Severity.LOW,
            service="search",
            source="check:other",
        )
        diary.page(
            10 + number, flap, fired, "ana", failed="550 no such mailbox" if number else None
        )
    late = diary.incident(
        "c1",
        FRIDAY + 22 * HOUR,
        NEXT + HOUR,
        taken=NEXT + 30 * MINUTE,
        by="ben",
        severity=Severity.HIGH,
        service="search",
        source="check:other",
    )
    diary.page(20, late, FRIDAY + 22 * HOUR, "ben")
    diary.muted("c1", FRIDAY + 22 * HOUR + MINUTE, "silence s1 by ana: known")
    diary.muted("c1", NEXT + MINUTE, None)
    diary.incident(
        "d1", FRIDAY - 3 * HOUR, FRIDAY + HOUR, severity=Severity.MEDIUM, taken=FRIDAY - 2 * HOUR
    )
    diary.incident("t1", FRIDAY + HOUR, FRIDAY + 2 * HOUR, source="self:disk", service="tocsin")
    diary.incident("x1", FRIDAY + HOUR, NEXT, source="test:x1", is_test=True)
    diary.silence("s1", FRIDAY + 21 * HOUR, NEXT + 2 * HOUR, 'service="search"')
    diary.work("patching", FRIDAY + 3 * HOUR, FRIDAY + 4 * HOUR, "checkout")
    for back, times in ((1, 2), (7, 1), (14, 4)):
        for number in range(times):
            fired = FRIDAY - back * DAY + (9 + number) * HOUR
            diary.incident(f"e{back}{number}", fired, fired + 10 * MINUTE)
    return diary
