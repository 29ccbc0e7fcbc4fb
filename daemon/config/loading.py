"""Loading a configuration: every stage in order, then a `Config` or all its problems."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from checks.spec import CheckSpec
from daemon.config import build, cross
from daemon.config.problems import ConfigError, Problem
from daemon.config.sections import AccessSettings, DaemonSettings, RetentionSettings
from daemon.config.sources import Document, read
from daemon.config.validate import Settings, validate
from daemon.core.model import Millis
from daemon.core.plan import Plan
from daemon.notify.spec import ChannelSpec
from daemon.store.prune import Retention


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
    """

    path: Path
    files: tuple[Path, ...]
    settings: Settings
    specs: Mapping[str, CheckSpec]
    channels: Mapping[str, ChannelSpec]
    plan: Plan
    timeouts: Mapping[str, Millis]

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
        return Retention(self.settings.retention.raw, self.settings.retention.minutes)


def load(path: Path) -> Config:
    """Load a file and what it includes.

    Raises:
        ConfigError: It cannot be used; holds every problem of every file.
    """
    document = read(path)
    settings = validate(document)
    cross.check(document, settings)
    if document.problems:
        raise ConfigError(_in_order(document))
    specs = build.enabled(settings)
    return Config(
        path=path,
        files=tuple(document.files),
        settings=settings,
        specs=MappingProxyType(specs),
        channels=MappingProxyType(settings.channels),
        plan=build.plan(settings),
        timeouts=MappingProxyType(
            {name: build.timeout_ms(settings, spec) for name, spec in specs.items()}
        ),
    )


def _in_order(document: Document) -> list[Problem]:
    """By file as they were read, then by line; a problem that was found twice once."""
    order = {file: position for position, file in enumerate(document.files)}
    unique = dict.fromkeys(document.problems)
    return sorted(unique, key=lambda one: (order.get(one.file, len(order)), one.line or 0))
