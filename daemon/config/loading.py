"""Loading a configuration: every stage in order, then a `Config` or all its problems."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from checks.prepared import Prepared
from checks.spec import CheckSpec
from daemon.config import build, cross
from daemon.config.build_checks import enabled, timeout_ms
from daemon.config.problems import ConfigError, Problem
from daemon.config.reaching import warn_of_unreached
from daemon.config.reporting import report_plan
from daemon.config.sections import AccessSettings, DaemonSettings, RetentionSettings
from daemon.config.sources import Document, read
from daemon.config.validate import Settings, validate
from daemon.core.model import Millis
from daemon.core.observing.dependencies import find_cycle
from daemon.core.plan import Plan
from daemon.notify.spec import ChannelSpec
from daemon.report.schedule import ReportPlan
from daemon.store.upkeep.prune import Retention


@dataclass(frozen=True, slots=True)
class Config:
    """A configuration that was found good.

    Attributes:
        path: The file it was loaded from.
        files: That file and all it included, in order.
        settings: As it was written, typed.
        specs: The enabled checks by name, with everything from `[defaults]` filled in.
        channels: The channels by name.
        plan: What the engine works by.
        timeouts: How long one run of each check may take, in milliseconds.
        reports: Those that are made by themselves, by name.
        ready: The checks as it was found that they can be prepared, by name; whoever is the
            first to run them takes them out.
        warnings: What can be used, but is hardly what was meant.
    """

    path: Path
    files: tuple[Path, ...]
    settings: Settings
    specs: Mapping[str, CheckSpec]
    channels: Mapping[str, ChannelSpec]
    plan: Plan
    timeouts: Mapping[str, Millis]
    reports: Mapping[str, ReportPlan] = field(default_factory=dict)
    ready: dict[str, Prepared] = field(default_factory=dict, compare=False, repr=False)
    warnings: tuple[Problem, ...] = ()

    @property
    def daemon(self) -> DaemonSettings:
        """`[daemon]`."""
        return self.settings.daemon

    @property
    def access(self) -> AccessSettings:
        """`[access]`."""
        return self.settings.access

    @property
    def retention(self) -> RetentionSettings:
        """`[retention]`."""
        return self.settings.retention

    @property
    def retention_plan(self) -> Retention:
        """`[retention]` as the store takes it."""
        keep = self.settings.retention
        return Retention(
            raw=keep.raw,
            minutes=keep.minutes,
            hours=keep.hours,
            days=keep.days,
            incidents=keep.incidents,
            audit=keep.audit,
            reports=keep.reports,
        )


def load(path: Path) -> Config:
    """Load a file and what it includes.

    Raises:
        ConfigError: It cannot be used; holds every problem of every file.
    """
    document = read(path)
    settings = validate(document)
    ready = cross.check(document, settings)
    if document.problems:
        raise ConfigError(_in_order(document, document.problems))
    specs, plan = enabled(settings), build.plan(settings)
    _check_circle(document, settings, plan)
    warn_of_unreached(document, plan.route)
    return Config(
        path=path,
        files=tuple(document.files),
        settings=settings,
        specs=MappingProxyType(specs),
        channels=MappingProxyType(settings.channels),
        plan=plan,
        timeouts=MappingProxyType(
            {name: timeout_ms(settings, spec) for name, spec in specs.items()}
        ),
        reports=MappingProxyType(_reports(settings, plan)),
        ready=ready,
        warnings=tuple(_in_order(document, document.warnings)),
    )


def _reports(settings: Settings, plan: Plan) -> dict[str, ReportPlan]:
    kinds, zone = {n: one.kind for n, one in settings.channels.items()}, settings.daemon.timezone
    return {n: report_plan(o, zone, plan.persons, kinds) for n, o in settings.reports.items()}


def _check_circle(document: Document, settings: Settings, plan: Plan) -> None:
    """Refuse what runs in a circle only when checks and services are seen as one.

    Raises:
        ConfigError: It does.
    """
    circle = find_cycle(plan)
    if circle is None:
        return
    section, name = next(one for one in map(_split, circle) if _depends(settings, *one))
    path = (*settings.known(section)[name], "depends_on")
    message = f"depends on itself by a way round: {' -> '.join(circle)}"
    document.problem(path, message, "take one of these out")
    raise ConfigError(document.problems)


def _split(named: str) -> tuple[str, str]:
    """`check web` as section and name."""
    section, _, name = named.partition(" ")
    return section, name


def _depends(settings: Settings, section: str, name: str) -> bool:
    """Whether it says itself what it depends on."""
    written = settings.services if section == "service" else settings.checks
    return name in written and bool(written[name].depends_on)


def _in_order(document: Document, found: list[Problem]) -> list[Problem]:
    """By file as they were read, then by line; a problem that was found twice once."""
    order = {file: position for position, file in enumerate(document.files)}
    unique = dict.fromkeys(found)
    return sorted(unique, key=lambda one: (order.get(one.file, len(order)), one.line or 0))
