"""`[[report]]`: reports that the daemon makes by itself once a period is over.

Whom they are mailed to is checked when all sections are seen together (`check_reports`), and
`report_plan` makes what the daemon goes by.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from checks.spec import Name, Strict
from daemon.config.oncall import TimeOfDay, before_midnight
from daemon.config.sections import AbsolutePath
from daemon.config.words import Line, Zone
from daemon.core.events import Mailing
from daemon.core.plan import PersonPlan
from daemon.report.schedule import ReportKind, ReportPlan

if TYPE_CHECKING:
    from daemon.config.cross import References
    from daemon.config.lines import KeyPath

Recipient = Annotated[
    str,
    Field(
        pattern=r"^(person|channel):[A-Za-z0-9][A-Za-z0-9_.:/-]{0,99}$",
        examples=["channel:mail", "person:ana"],
    ),
]


_MORNING: Final = 7 * 60


def _usual_time(settings: dict[str, Any]) -> int:
    """A report of alerts is due at seven, any other with the end of its period."""
    return _MORNING if settings.get("kind") is ReportKind.ALERTS else 0


class ReportSettings(Strict):
    """`[[report]]`: a report that is made by itself.

    Attributes:
        kind: What it tells: of SLAs, or of a day's alerts.
        every: It is made when so long a period is over.
        service, organization: Of these only; of all without them.
        format: How it is written.
        to: Who gets it by mail: an e-mail channel, or a person who has a contact on one.
        folder: And, or, where its file is put.
        at: When on the day after that, by the clock; or later, as soon as its figures are final.
        timezone: Whose calendar and clock count; None for `[daemon] timezone`.
    """

    name: Name
    kind: ReportKind = ReportKind.SLA
    every: Literal["day", "week", "month", "quarter", "year"]
    service: Name | None = None
    organization: Line | None = None
    format: Literal["html", "md", "csv", "json"] = "html"
    to: Annotated[tuple[Recipient, ...], Field(max_length=50)] = ()
    folder: AbsolutePath | None = None
    timezone: Zone | None = None
    at: Annotated[TimeOfDay, AfterValidator(before_midnight)] = Field(default_factory=_usual_time)

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Self:
        if self.kind is ReportKind.ALERTS and self.every != "day":
            raise ValueError('a report of alerts is of a day: write every = "day"')
        return self

    @model_validator(mode="after")
    def _goes_somewhere(self) -> Self:
        if not self.to and self.folder is None:
            raise ValueError('give to = ["channel:NAME"], or a folder: where it goes')
        return self


def check_reports(refs: References) -> None:
    """Every report is about something, and everybody who gets it can be mailed."""
    organizations = {one.organization for one in refs.settings.services.values()}
    for name, report in refs.settings.reports.items():
        path = refs.settings.known("report")[name]
        if report.service is not None:
            refs.refer((*path, "service"), "service", report.service)
        if report.organization is not None and report.organization not in organizations:
            refs.document.problem(
                (*path, "organization"),
                f'no service is of organisation "{report.organization}"',
                "give a service this organization, or leave it out",
            )
        for position, target in enumerate(report.to):
            _check_target(refs, (*path, "to", position), target)


def _check_target(refs: References, place: KeyPath, target: str) -> None:
    kind, _, name = target.partition(":")
    if not refs.refer(place, kind, name):
        return
    channels = refs.settings.channels
    if kind == "channel":
        if name in channels and channels[name].kind != "email":
            message = f'"{name}" is no e-mail channel, and reports go out by mail'
            refs.document.problem(place, message, "name one of kind email")
        else:
            refs.target(place, target)
        return
    person = refs.settings.persons.get(name)
    if person is None:
        return
    ways = [way.channel for way in (*person.contact.low, *person.contact.high)]
    if not any(way in channels and channels[way].kind == "email" for way in ways):
        hint = "give them a contact on an e-mail channel"
        refs.document.problem(place, f'"{name}" cannot be reached by mail', hint)


def report_plan(
    report: ReportSettings,
    zone: str,
    persons: Mapping[str, PersonPlan],
    channel_kinds: Mapping[str, str],
) -> ReportPlan:
    """What the daemon goes by.

    Args:
        zone: `[daemon] timezone`.
    """
    return ReportPlan(
        name=report.name,
        kind=report.kind,
        at_minute=report.at,
        every=report.every,
        timezone=report.timezone or zone,
        service=report.service,
        organization=report.organization,
        form=report.format,
        mails=tuple(dict.fromkeys(_mail(one, persons, channel_kinds) for one in report.to)),
        folder=None if report.folder is None else str(report.folder),
    )


def _mail(
    target: str, persons: Mapping[str, PersonPlan], channel_kinds: Mapping[str, str]
) -> Mailing:
    kind, _, name = target.partition(":")
    if kind == "channel":
        return Mailing(name)
    ways = (*persons[name].low, *persons[name].high)
    way = next(way for way in ways if channel_kinds.get(way.channel) == "email")
    return Mailing(way.channel, name, way.address)
