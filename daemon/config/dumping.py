"""The effective configuration as TOML: defaults filled in, secrets hidden.

What `tocsin config show` prints. It reads like a configuration because it is one, except
for the secrets.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Any, Final, cast, get_args

import tomli_w
from pydantic import BaseModel, BeforeValidator, PlainSerializer, SecretStr
from pydantic.fields import FieldInfo

from checks.durations import format_duration, parse_duration
from daemon.config.build_checks import effective
from daemon.config.duty import NO_POLICY, PersonSettings, RouteSettings
from daemon.config.loading import Config
from daemon.core.plan import RoutePlan
from daemon.core.severity import Severity

HIDDEN: Final = "********"
_OPEN_SECRETS: Final = frozenset({"env", "headers"})
_SECRET_NAME: Final = re.compile(r"auth|cookie|key|pass|secret|signature|token", re.IGNORECASE)


def dump(config: Config) -> str:
    """The whole configuration as TOML text, in the order in which it is best read."""
    return tomli_w.dumps(as_tables(config))


def as_tables(config: Config) -> dict[str, Any]:
    """The whole configuration as plain tables, lists and values; secrets hidden."""
    settings = config.settings
    tables: dict[str, Any] = {
        "daemon": plain_table(settings.daemon),
        "defaults": plain_table(settings.defaults),
        "access": plain_table(settings.access),
        "retention": plain_table(settings.retention),
        "ack": plain_table(settings.ack),
        "silence": plain_table(settings.silence),
        "uplink": plain_table(settings.uplink) if settings.uplink is not None else {},
        "severity": _named(settings.severities),
        "context": _named(settings.contexts),
        "service": [plain_table(one) for one in settings.services.values()],
        "check": [plain_table(effective(settings, one)) for one in settings.checks.values()],
        "rule": [plain_table(one) for one in settings.rules.values()],
        "route": _routes(settings.routes, config.plan.route.routes),
        "time_interval": _named(settings.intervals),
        "channel": _named(settings.channels),
        "policy": _named(settings.policies),
        "person": _named(settings.persons),
        "team": _named(settings.teams),
        "schedule": _named(settings.schedules),
        "inhibit": [plain_table(one) for one in settings.inhibits],
        "correlate": [plain_table(one) for one in settings.correlates.values()],
        "maintenance": [plain_table(one) for one in settings.maintenance.values()],
        "response": [
            plain_table(one.model_copy(update={"confirm": one.asks}))
            for one in settings.responses.values()
        ],
        "sla": [
            plain_table(one.model_copy(update={"timezone": config.plan.slas[name].timezone}))
            for name, one in settings.slas.items()
        ],
        "report": [plain_table(one) for one in settings.reports.values()],
    }
    return {name: table for name, table in tables.items() if table}


def _named(members: Mapping[str, BaseModel]) -> dict[str, Any]:
    """`[section.NAME]` tables; the name stands in the header only."""
    tables = {name: plain_table(member) for name, member in members.items()}
    for table in tables.values():
        table.pop("name", None)
    return tables


def _routes(
    written: tuple[RouteSettings, ...] | list[RouteSettings], plans: tuple[RoutePlan, ...]
) -> list[dict[str, Any]]:
    """Routes with what they inherit."""
    return [_route(one, plan) for one, plan in zip(written, plans, strict=True)]


def _route(route: RouteSettings, plan: RoutePlan) -> dict[str, Any]:
    inherited = route.model_copy(
        update={
            "channels": plan.channels,
            "policy": plan.policy or NO_POLICY,
            "group_by": plan.group_by,
            "group_wait": plan.group_wait,
            "group_interval": plan.group_interval,
            "repeat_interval": plan.repeat_interval,
            "mute_time_intervals": plan.mute_time_intervals,
            "active_time_intervals": plan.active_time_intervals,
            "suppress": plan.suppress,
            "route": (),
        }
    )
    table = plain_table(inherited)
    table.pop("route", None)
    children = _routes(route.route, plan.routes)
    return {**table, "route": children} if children else table


def plain_table(model: BaseModel) -> dict[str, Any]:
    """A model as it would be written: keys by their written name, absent ones left out."""
    table = {
        field.alias or name: _written(getattr(model, name), field)
        for name, field in type(model).model_fields.items()
        if not _is_absent(getattr(model, name), field)
    }
    for key in _OPEN_SECRETS & table.keys():
        if isinstance(table[key], dict):
            table[key] = {name: _discreet(name, one) for name, one in table[key].items()}
    return {**table, **model.addresses} if isinstance(model, PersonSettings) else table


def _written(value: Any, field: FieldInfo) -> Any:
    for serializer in field.metadata:
        if isinstance(serializer, PlainSerializer):  # its type knows how it is written
            return cast("Callable[[Any], Any]", serializer.func)(value)
    return _plain(value, is_span=is_span(field))


def _is_absent(value: Any, field: FieldInfo) -> bool:
    """Whether leaving it out says the same: nothing, or an empty list or table by default."""
    empty = isinstance(value, (tuple, dict)) and not value
    return value is None or (empty and field.get_default(call_default_factory=True) == value)


def _discreet(name: str, value: Any) -> Any:
    """A header's or variable's value; hidden where it usually is a secret, though it was
    written down openly."""
    return HIDDEN if _SECRET_NAME.search(name) else value


def is_span(field: FieldInfo) -> bool:
    """Whether a field is a duration: milliseconds inside, text in the file."""
    return any(map(_reads_durations, field.metadata)) or _holds_span(field.annotation)


def _holds_span(annotation: Any) -> bool:
    metadata = getattr(annotation, "__metadata__", ())
    return any(map(_reads_durations, metadata)) or any(map(_holds_span, get_args(annotation)))


def _reads_durations(validator: object) -> bool:
    return isinstance(validator, BeforeValidator) and validator.func is parse_duration


def _plain(value: Any, *, is_span: bool) -> Any:
    if isinstance(value, SecretStr):
        return HIDDEN
    if isinstance(value, BaseModel):
        return plain_table(value)
    if isinstance(value, Severity):
        return value.word
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds" if value.second else "minutes")
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, dict):
        return {str(key): _plain(one, is_span=is_span) for key, one in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(one, is_span=is_span) for one in value]
    if is_span and isinstance(value, int) and not isinstance(value, bool):
        return format_duration(value)
    return value
