"""Every section there is, once: loading, the schema, the dump and the diff all go by it."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from checks.spec import CheckSpec, Strict
from daemon.config.correlate import CorrelateSettings
from daemon.config.duty import (
    InhibitSettings,
    PersonSettings,
    PolicySettings,
    RouteSettings,
)
from daemon.config.intervals import TimeIntervalSettings
from daemon.config.maintenance import MaintenanceSettings
from daemon.config.objectives import SlaSettings
from daemon.config.oncall import ScheduleSettings, TeamSettings
from daemon.config.reporting import ReportSettings
from daemon.config.responses import ResponseSettings
from daemon.config.sections import (
    AccessSettings,
    AckSettings,
    ContextSettings,
    DaemonSettings,
    Defaults,
    RetentionSettings,
    RuleSettings,
    ServiceSettings,
    SeveritySettings,
    SilenceSettings,
    UplinkSettings,
)
from daemon.notify.spec import ChannelSpec


class Shape(enum.Enum):
    """How a section is written."""

    TABLE = "table"
    """`[name]`, once."""
    NAMED = "named"
    """`[section.NAME]`, one for each name."""
    ARRAY = "array"
    """`[[section]]`, as often as one likes."""


@dataclass(frozen=True, slots=True)
class Section:
    """A section: how it is written, and the model of one member of it.

    Attributes:
        by_kind: `model` is only what all kinds have in common; `kind` chooses the rest.
        has_paths: Its paths may be relative to the file that they stand in, as kinds' may.
    """

    shape: Shape
    model: type[Strict]
    by_kind: bool = False
    has_paths: bool = False


SECTIONS: Final[Mapping[str, Section]] = MappingProxyType(
    {
        "daemon": Section(Shape.TABLE, DaemonSettings),
        "defaults": Section(Shape.TABLE, Defaults),
        "access": Section(Shape.TABLE, AccessSettings),
        "retention": Section(Shape.TABLE, RetentionSettings),
        "ack": Section(Shape.TABLE, AckSettings),
        "silence": Section(Shape.TABLE, SilenceSettings),
        "uplink": Section(Shape.TABLE, UplinkSettings),
        "severity": Section(Shape.NAMED, SeveritySettings),
        "context": Section(Shape.NAMED, ContextSettings),
        "service": Section(Shape.ARRAY, ServiceSettings),
        "check": Section(Shape.ARRAY, CheckSpec, by_kind=True),
        "rule": Section(Shape.ARRAY, RuleSettings),
        "route": Section(Shape.ARRAY, RouteSettings),
        "time_interval": Section(Shape.NAMED, TimeIntervalSettings),
        "channel": Section(Shape.NAMED, ChannelSpec, by_kind=True),
        "policy": Section(Shape.NAMED, PolicySettings),
        "person": Section(Shape.NAMED, PersonSettings),
        "team": Section(Shape.NAMED, TeamSettings),
        "schedule": Section(Shape.NAMED, ScheduleSettings),
        "inhibit": Section(Shape.ARRAY, InhibitSettings),
        "correlate": Section(Shape.ARRAY, CorrelateSettings),
        "maintenance": Section(Shape.ARRAY, MaintenanceSettings),
        "response": Section(Shape.ARRAY, ResponseSettings, has_paths=True),
        "sla": Section(Shape.ARRAY, SlaSettings),
        "report": Section(Shape.ARRAY, ReportSettings),
    }
)
"""The sections in the order in which a configuration is best read."""

LATER_SECTIONS: Final = frozenset({"heartbeat_out"})
"""Sections that the design has and this version has not."""

LATER_KEYS: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {"daemon": frozenset({"listen"})}
)
"""Keys of sections, likewise."""

LATER_CHECK_KINDS: Final = frozenset(
    {
        "docker", "grpc", "mongodb", "prometheus", "smtp", "ssh", "websocket",
    }
)  # fmt: skip
LATER_CHANNEL_KINDS: Final[frozenset[str]] = frozenset()
