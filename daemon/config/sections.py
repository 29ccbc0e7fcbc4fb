"""The sections of the configuration that set Tocsin up: itself, defaults, and the business.

Each class is one table of the file; its fields are the table's keys, and their defaults the
documented ones. What these models cannot see, references between sections, is checked in
`daemon.config.cross`.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from checks.spec import Duration, Name, Strict
from daemon.config.oncall import LocalTime
from daemon.config.words import (
    FailingStatus,
    Interval,
    Labels,
    Line,
    MatcherText,
    SeverityField,
    Zone,
)
from daemon.core.severity import Severity

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR


def _absolute(path: Path) -> Path:
    if not str(path).isprintable():
        raise ValueError("must not hold control characters")
    try:
        path = path.expanduser()
    except RuntimeError:
        raise ValueError("begins with ~, but there is no such home directory") from None
    if not path.is_absolute():
        raise ValueError("must be an absolute path, or begin with ~")
    return path


def _external_url(url: str) -> str:
    try:
        parts = urlsplit(url)
        good = parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        good = False
    if not good:
        raise ValueError('must look like "https://ops.example.org/tocsin"')
    return url.rstrip("/")


AbsolutePath = Annotated[Path, AfterValidator(_absolute)]
ProbeInterval = Annotated[Duration, Field(ge=10)]
Count = Annotated[int, Field(ge=1, le=100)]
Percent = Annotated[float, Field(gt=0, lt=100)]
UpdateInterval = Annotated[Duration, Field(ge=MINUTE)]


class DaemonSettings(Strict):
    """`[daemon]`: the daemon itself.

    Attributes:
        socket, database: None for the places that docs/configuration.md lists.
        external_url: Where people find Tocsin; goes into notifications.
        timezone: For calendar periods and cron expressions that name no zone of their own.
        workers: Processes that probe; 0 for probing in the daemon's own.
    """

    socket: AbsolutePath | None = None
    database: AbsolutePath | None = None
    external_url: Annotated[str, AfterValidator(_external_url)] | None = None
    timezone: Zone = "UTC"
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    workers: Annotated[int, Field(ge=0, le=64)] = 0


class Defaults(Strict):
    """`[defaults]`: for every check that does not say otherwise.

    Attributes:
        every_down: The interval while hard down; None for the check's `every`.
        flap_start, flap_stop: Percent of weighted changes at which flapping begins and ends;
            a `flap_start` of 0 turns the detection off.
        count_from: Whether down time starts at the first failed run or at its confirmation.
    """

    every: ProbeInterval = 10 * SECOND
    timeout: ProbeInterval = 5 * SECOND
    retry_every: ProbeInterval = 1 * SECOND
    every_down: ProbeInterval | None = None
    down_after: Count = 3
    up_after: Count = 1
    flap_start: Annotated[float, Field(ge=0, lt=100)] = 20.0
    flap_stop: Percent = 5.0
    count_from: Literal["first_failure", "confirmation"] = "first_failure"


class PromotionSettings(Strict):
    """A member of `promote`: after so long, at least this severe."""

    after: Interval
    to: SeverityField


class ContextSettings(Strict):
    """`[context.NAME]`: a business context of services.

    Attributes:
        severity: What each failing status means; the built-in meaning where not named.
        rank: Orders services on the screens; the lower the more important, 0 for no rank.
        update_every: How often stakeholders should hear of an incident; before the severity's.
    """

    severity: dict[FailingStatus, SeverityField] = Field(default_factory=dict)
    rank: Annotated[int, Field(ge=0, le=1_000)] = 0
    promote: tuple[PromotionSettings, ...] = ()
    acknowledgeable: bool = True
    update_every: UpdateInterval | None = None


class SeveritySettings(Strict):
    """`[severity.NAME]`: how fast incidents of this severity should be taken and mended, and how
    often stakeholders should hear of them."""

    mtta: Interval | None = None
    mttr: Interval | None = None
    update_every: UpdateInterval | None = None


class AtRiskSettings(Strict):
    """A member of `at_risk`: so much is lost if the service is not well by then.

    Attributes:
        until: By the clock of `[daemon] timezone`.
    """

    value: Annotated[Decimal, Field(gt=0)]
    until: LocalTime
    what: Line = ""


class ServiceSettings(Strict):
    """`[[service]]`: what the business knows.

    Attributes:
        depends_on: Services; a member that is itself a list is a redundancy group, down
            only when all of it are down.
        quorum: Down only when fewer than this many checks are up or degraded.
        recovery_sla: How fast it must be back.
        at_risk: What is lost once, besides the revenue, if it is not well by a time.
    """

    name: Name
    context: Name | None = None
    organization: Line | None = None
    owner: Line | None = None
    category: Line | None = None
    depends_on: tuple[str | tuple[str, ...], ...] = ()
    quorum: Annotated[int, Field(ge=1, le=10_000)] | None = None
    revenue_per_hour: Annotated[Decimal, Field(ge=0)] | None = None
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] | None = None
    impact: Line | None = None
    runbook: Line | None = None
    dashboard: Line | None = None
    recovery_sla: Interval | None = None
    at_risk: Annotated[tuple[AtRiskSettings, ...], Field(max_length=20)] = ()
    labels: Labels = Field(default_factory=dict)


class RuleSettings(Strict):
    """`[[rule]]`: an alert for each selected check while `when` holds.

    Attributes:
        clear_when: Ends it; None for the contrary of `when`.
        for_: It must hold this long before it fires.
        keep_for: It must be gone this long before it resolves.
        cooldown: Once resolved it does not fire again before this.
    """

    name: Name
    enabled: bool = True
    select: tuple[MatcherText, ...]
    when: str
    clear_when: str | None = None
    for_: Annotated[Duration, Field(alias="for")] = 0
    keep_for: Duration = 0
    cooldown: Duration = 0
    auto_resolve: bool = True
    acknowledgeable: bool = True
    severity: SeverityField = Severity.MEDIUM
    labels: Labels = Field(default_factory=dict)
    annotations: dict[str, str] = Field(default_factory=dict)
    promote: tuple[PromotionSettings, ...] = ()


class UplinkSettings(Strict):
    """`[uplink]`: while all of these checks fail, it is this host's own line that is down."""

    checks: Annotated[tuple[Name, ...], Field(min_length=1)]


class AccessSettings(Strict):
    """`[access]`: who may do what on the socket: user names, and `group:NAME`.

    Empty: the daemon's user and root are admins, the socket's group are operators.
    """

    viewer: tuple[Annotated[str, Field(min_length=1)], ...] = ()
    operator: tuple[Annotated[str, Field(min_length=1)], ...] = ()
    admin: tuple[Annotated[str, Field(min_length=1)], ...] = ()


class RetentionSettings(Strict):
    """`[retention]`: how long what is stored is kept; a key without a default: for ever.

    Attributes:
        raw: Single results.
        minutes, hours, days: Their rollups.
        incidents: Incidents that are over, with their timelines, deliveries and runs of responses;
            alerts, silences, planned work, overrides and withdrawn exclusions that are over.
        audit: What operators did.
        reports: Reports that are kept; the newest of each `[[report]]` always is.
    """

    raw: Annotated[Duration, Field(ge=HOUR)] = 7 * DAY
    minutes: Annotated[Duration, Field(ge=HOUR)] = 2 * DAY
    hours: Annotated[Duration, Field(ge=2 * DAY)] = 400 * DAY
    days: Annotated[Duration, Field(ge=2 * DAY)] | None = None
    incidents: Annotated[Duration, Field(ge=DAY)] | None = None
    audit: Annotated[Duration, Field(ge=DAY)] | None = None
    reports: Annotated[Duration, Field(ge=DAY)] | None = None


class SilenceSettings(Strict):
    """`[silence]`: how long before its end it is told that a silence ends; "0s" for never."""

    warn_before: Annotated[Duration, Field(le=7 * 24 * 3_600_000)] = 15 * 60_000


class AckSettings(Strict):
    """`[ack]`: what reopens an acknowledged incident, and how often whoever has it is reminded."""

    reopen_on: tuple[Literal["severity", "new_alert"], ...] = ("severity", "new_alert")
    remind_every: UpdateInterval | None = None
