"""What a reload changes: names that came, went or mean something else now.

Compares effective settings, so a changed default shows as the checks it changes. Values are
never shown: they may be secrets.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field

from pydantic import BaseModel

from daemon.config.loading import Config
from daemon.core.record import record

_SHOWN = 10
"""How many names of one kind of change a summary lists."""

_AT_START = ("socket", "database", "workers")
"""Keys of `[daemon]` that only its start obeys."""


@record(frozen=True, slots=True)
class Change:
    """What changed in one section; names in the order of the files.

    Sections without names (routes, inhibitions) list their positions, flat ones their keys.
    """

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed)

    def __str__(self) -> str:
        parts = (("+", self.added), ("-", self.removed), ("~", self.changed))
        return " ".join(_listed(sign, names) for sign, names in parts if names)


@record(frozen=True, slots=True)
class Changes:
    """What changed between two configurations.

    Attributes:
        sections: Only those in which something changed.
        restart: Keys that changed but take effect only when the daemon starts anew.
    """

    sections: Mapping[str, Change] = field(default_factory=dict)
    restart: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.sections)

    def __str__(self) -> str:
        """One line: `check: +web -old ~db; service: ~shop`."""
        if not self.sections:
            return "nothing changed"
        text = "; ".join(f"{name}: {change}" for name, change in self.sections.items())
        late = f" (after a restart: {', '.join(self.restart)})" if self.restart else ""
        return text + late


def compare(old: Config, new: Config) -> Changes:
    """What is different in `new`."""
    before, after = _members(old), _members(new)
    sections = {name: _change(before[name], after[name]) for name in after}
    found = {name: change for name, change in sections.items() if change}
    moved = found.get("daemon", Change())
    late = (key for key in _AT_START if key in (*moved.added, *moved.changed))
    gone = (key for key in _AT_START if key in moved.removed)
    return Changes(found, tuple(f"daemon.{key}" for key in (*late, *gone)))


def _change(before: Mapping[str, object], after: Mapping[str, object]) -> Change:
    return Change(
        added=tuple(name for name in after if name not in before),
        removed=tuple(name for name in before if name not in after),
        changed=tuple(
            name for name, value in after.items() if name in before and before[name] != value
        ),
    )


def _members(config: Config) -> dict[str, Mapping[str, object]]:
    settings = config.settings
    return {
        "daemon": _keys(settings.daemon),
        "access": _keys(settings.access),
        "retention": _keys(settings.retention),
        "ack": _keys(settings.ack),
        "silence": _keys(settings.silence),
        "uplink": _keys(settings.uplink) if settings.uplink is not None else {},
        "severity": settings.severities,
        "context": settings.contexts,
        "service": settings.services,
        "check": {name: (config.specs[name], config.plan.checks[name]) for name in config.specs},
        "rule": settings.rules,
        "route": _positions(config.plan.route.routes),
        "time_interval": config.plan.intervals,
        "channel": settings.channels,
        "policy": settings.policies,
        "person": settings.persons,
        "team": settings.teams,
        "schedule": config.plan.schedules,
        "inhibit": _positions(settings.inhibits),
        "correlate": settings.correlates,
        "maintenance": config.plan.maintenance,
        "response": settings.responses,
        "sla": config.plan.slas,
        "report": config.reports,
    }


def _keys(model: BaseModel) -> dict[str, object]:
    values = {name: getattr(model, name) for name in type(model).model_fields}
    return {name: value for name, value in values.items() if value is not None}


def _positions(members: Sequence[object]) -> dict[str, object]:
    return {str(position): member for position, member in enumerate(members)}


def _listed(sign: str, names: tuple[str, ...]) -> str:
    shown = " ".join(f"{sign}{name}" for name in names[:_SHOWN])
    more = len(names) - _SHOWN
    return f"{shown} ({sign}{more} more)" if more > 0 else shown
