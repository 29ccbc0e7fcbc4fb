"""Shapes of the daily alert report: what fired on a day, who was called, and what was not seen."""

from __future__ import annotations

from typing import Literal

import msgspec

from daemon.api.schema.analysis import Band, NoiseView, TopAlertView
from daemon.api.schema.base import SeverityWord, Shape, Time
from daemon.api.schema.oncall import ShiftView
from daemon.api.schema.reports import ReportPeriod, ReportView
from daemon.api.schema.slas import Period


class DayCount(Shape):
    """How often something happened: on the day, on the day before, and usually.

    `usual` is the median of the same weekday in the four weeks before. Days in which nothing is
    known to have been measured do not count; null where none does.
    """

    count: int
    day_before: int | None
    usual: float | None


class DayAnswers(Shape):
    """How fast incidents of the day were answered, against what is asked for.

    `mean_ms` is of the `count` that were answered by the end of the day; `late` took longer than
    the target, or were not answered and have passed it by then.
    """

    count: int
    mean_ms: int | None
    target_ms: int | None
    late: int


class DaySeverity(Shape):
    """What was as grave as this; null for all together, who have no one target."""

    severity: SeverityWord | None
    alerts: DayCount
    incidents: DayCount
    acknowledged: DayAnswers
    resolved: DayAnswers


class DayService(Shape):
    """A service on the day; what belongs to none is under "".

    `score` and `band` are its health over the day (its status at the end, its availability, its
    incidents). `shown` is its availability in percent, cut. `lost` is its revenue per hour times
    `down_ms`. All of that is null where nothing was measured of it.
    """

    service: str
    alerts: DayCount
    incidents: DayCount
    score: int | None = None
    band: Band | None = None
    shown: str | None = None
    down_ms: int | None = None
    unknown_ms: int | None = None
    lost: str | None = None
    currency: str | None = None


class DayIncident(Shape):
    """An incident that fired, was resolved or was open on the day, as it stood at the end of it.

    `acknowledged_at` and `acknowledged_by` are of whoever took it first. `level` is how many
    levels of its policy were run. `late`: it was not acknowledged (`ack`) or resolved (`fix`)
    within the target of its severity. `lost` is the money lost up to then.
    """

    id: str
    title: str
    severity: SeverityWord
    service: str | None
    fired_at: Time
    acknowledged_at: Time | None
    acknowledged_by: str | None
    resolved_at: Time | None
    to_acknowledge_ms: int | None
    to_resolve_ms: int | None
    late: list[Literal["ack", "fix"]]
    policy: str | None
    level: int
    lost: str | None
    currency: str | None


class DayPerson(Shape):
    """Pages that a person was sent: `at_night` from 22:00 to 07:00 by the clock of `timezone`,
    that of the first schedule they are in; `failed` never reached them."""

    person: str
    timezone: str
    pages: int
    at_night: int
    failed: int


class DayFailure(Shape):
    """A channel over which something could not be delivered; the newest reason."""

    channel: str
    count: int
    detail: str


class DayDeliveries(Shape):
    """What was told on the day, and what became of it."""

    total: int
    sent: int
    waiting: int
    failed: int
    failures: list[DayFailure]


class DayNoise(Shape):
    """What disturbed more than it said: of the day's alerts so many whose incident nobody took,
    that came back within ten minutes, that were over within one. `shortest` are the shortest,
    `alerts` those to be tuned."""

    unacknowledged: int
    again: int
    short: int
    shortest: list[TopAlertView]
    alerts: list[NoiseView]


class DayMute(Shape):
    """A silence or a maintenance that was in force; `what` it mutes. `open` at the end of the day;
    `ends_next_day`: it ends on the day after. `end` is null where none is known."""

    kind: Literal["silence", "maintenance"]
    name: str
    what: str
    by: str | None
    reason: str
    start: Time
    end: Time | None
    open: bool
    ends_next_day: bool


class MutedIncident(Shape):
    """An incident that was open at the end of the day, and muted: since when and why."""

    id: str
    title: str
    severity: SeverityWord
    service: str | None
    since: Time
    reason: str


class DaySchedule(Shape):
    """Who was on call on the day; a shift without persons is a gap. `without_calendar`: what a
    calendar from outside says is known to the daemon alone, and it is not in this."""

    schedule: str
    timezone: str
    shifts: list[ShiftView]
    without_calendar: bool = False


class DayCoverage(Shape):
    """What of the day was measured.

    `share` is that of the services' time, in percent, cut. In `blind` nothing was measured at all,
    as when the daemon was off; it adds up to `blind_ms`. Null without services.
    """

    services: int
    unmeasured: list[str]
    share: float | None
    blind_ms: int | None
    blind: list[Period]


class DayHour(Shape):
    """An hour of the day, by the clock: how many incidents fired in it, and what the services
    were at worst (a letter as in a report's strips)."""

    start: Time
    fired: int
    letter: str


class LostMoney(Shape):
    """What down time of the day cost, in a currency."""

    currency: str | None
    amount: str


class DailyView(Shape):
    """The daily alert report.

    `final`: the day is over, and all that was measured in it is known. `incidents` has those that
    were open at its end in front, then the worst; `left_out` are not among them, and `escalated`
    are those that went beyond the first level. `digest` is the SHA-256 of the figures.
    """

    period: ReportPeriod
    generated_at: Time
    as_of: Time
    final: bool
    digest: str
    fired: int
    resolved: int
    open: int
    escalated: int
    coverage: DayCoverage
    earlier_days: int
    hours: list[DayHour]
    total: DaySeverity
    severities: list[DaySeverity]
    services: list[DayService]
    incidents: list[DayIncident]
    left_out: int
    pages: list[DayPerson]
    deliveries: DayDeliveries
    noise: DayNoise
    mutes: list[DayMute]
    muted: list[MutedIncident]
    top: list[TopAlertView]
    tocsin: list[TopAlertView]
    on_call: list[DaySchedule]
    lost: list[LostMoney]
    method: list[str]
    kind: Literal["alerts"] = "alerts"
    service: str | None = None
    organization: str | None = None
    id: str | None = None
    name: str | None = None
    made_by: str | None = None


AnyReport = ReportView | DailyView
"""What a report is: of a period, or of a day's alerts."""


class ReportKind(Shape):
    """What tells the two apart; a report of a period says nothing of it."""

    kind: str = ""

    @property
    def is_daily(self) -> bool:
        """Whether it is of a day's alerts."""
        return self.kind == "alerts"


def read_report(raw: bytes) -> AnyReport:
    """A report of either kind, told apart by its `kind`.

    Raises:
        msgspec.ValidationError: It is none.
    """
    if msgspec.json.decode(raw, type=ReportKind).is_daily:
        return msgspec.json.decode(raw, type=DailyView)
    return msgspec.json.decode(raw, type=ReportView)
