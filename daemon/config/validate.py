"""From the joined document to typed settings: each table by its model, every fault noted.

The second stage of loading. What stands here sees one table at a time; references between
tables come next, in `daemon.config.cross`. A table that is faulty is left out of the
settings, but its name counts as known, so that one fault is not reported twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from pydantic import BaseModel, TypeAdapter, ValidationError

import checks
from checks.spec import CheckSpec, Name
from daemon.config.complaints import NAME_FORM, complaints
from daemon.config.correlate import CorrelateSettings
from daemon.config.duty import (
    NO_POLICY,
    InhibitSettings,
    PersonSettings,
    PolicySettings,
    RouteSettings,
)
from daemon.config.intervals import TimeIntervalSettings
from daemon.config.lines import KeyPath
from daemon.config.maintenance import MaintenanceSettings
from daemon.config.objectives import SlaSettings
from daemon.config.oncall import ScheduleSettings, TeamSettings
from daemon.config.places import Anchor, may_hold_paths
from daemon.config.problems import did_you_mean
from daemon.config.registry import (
    LATER_CHANNEL_KINDS,
    LATER_CHECK_KINDS,
    LATER_KEYS,
    LATER_SECTIONS,
    SECTIONS,
    Section,
    Shape,
)
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
from daemon.config.sources import Document
from daemon.core.severity import parse_severity
from daemon.notify.spec import CHANNEL_KINDS, ChannelSpec

LATER = "is not supported in this version"
_NAME: TypeAdapter[str] = TypeAdapter(Name)


@dataclass(slots=True)
class Settings:
    """The configuration as it was written, typed, with built-in defaults.

    Mappings are by name in the file's order. `paths` holds, for each section, where each
    name stands, also those of faulty tables; where members have no names (routes), it is
    their position in the list here.
    """

    daemon: DaemonSettings = field(default_factory=DaemonSettings)
    defaults: Defaults = field(default_factory=Defaults)
    access: AccessSettings = field(default_factory=AccessSettings)
    retention: RetentionSettings = field(default_factory=RetentionSettings)
    ack: AckSettings = field(default_factory=AckSettings)
    silence: SilenceSettings = field(default_factory=SilenceSettings)
    uplink: UplinkSettings | None = None
    severities: dict[str, SeveritySettings] = field(default_factory=dict)
    contexts: dict[str, ContextSettings] = field(default_factory=dict)
    services: dict[str, ServiceSettings] = field(default_factory=dict)
    checks: dict[str, CheckSpec] = field(default_factory=dict)
    rules: dict[str, RuleSettings] = field(default_factory=dict)
    routes: list[RouteSettings] = field(default_factory=list)
    intervals: dict[str, TimeIntervalSettings] = field(default_factory=dict)
    channels: dict[str, ChannelSpec] = field(default_factory=dict)
    policies: dict[str, PolicySettings] = field(default_factory=dict)
    persons: dict[str, PersonSettings] = field(default_factory=dict)
    teams: dict[str, TeamSettings] = field(default_factory=dict)
    schedules: dict[str, ScheduleSettings] = field(default_factory=dict)
    inhibits: list[InhibitSettings] = field(default_factory=list)
    correlates: dict[str, CorrelateSettings] = field(default_factory=dict)
    maintenance: dict[str, MaintenanceSettings] = field(default_factory=dict)
    responses: dict[str, ResponseSettings] = field(default_factory=dict)
    slas: dict[str, SlaSettings] = field(default_factory=dict)
    reports: dict[str, ReportSettings] = field(default_factory=dict)
    paths: dict[str, dict[str, KeyPath]] = field(default_factory=dict)
    completed: dict[str, CheckSpec] = field(default_factory=dict)
    """The checks with everything from `[defaults]` filled in, as they were asked for."""
    carried: dict[str, dict[str, str]] = field(default_factory=dict)
    """What the alerts of each check carry, from when that was asked for."""

    def known(self, section: str) -> Mapping[str, KeyPath]:
        """The names of a section, also of its faulty members, and where they stand."""
        return self.paths.get(section, {})


def validate(document: Document) -> Settings:
    """Read every section; what is wrong goes to `document.problems`."""
    validator = _Validator(document)
    for section in document.data:
        validator.section(section)
    return validator.settings


class _Validator:
    """One walk over one document."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.settings = Settings()

    def section(self, name: str) -> None:
        section = SECTIONS.get(name)
        if section is None:
            self._unknown_section(name)
            return
        later = LATER_KEYS.get(name, frozenset())
        for path, member in self._members(name, section):
            kept = member
            for key in sorted(later & member.keys()) if later else ():
                self.document.problem((*path, key), LATER, "leave it out")
                kept = {k: v for k, v in kept.items() if k != key}
            self._member(name, section, path, kept)

    def _unknown_section(self, name: str) -> None:
        if name in LATER_SECTIONS:
            self.document.problem((name,), LATER, "leave this section out")
            return
        hint = did_you_mean(name, [*SECTIONS, "include"], what="sections")
        self.document.problem((name,), "unknown section", hint)

    def _members(self, name: str, section: Section) -> list[tuple[KeyPath, dict[str, Any]]]:
        """The section's tables, with their paths; what is no table is a problem."""
        value = self.document.data[name]
        if section.shape is Shape.TABLE and isinstance(value, dict):
            return [((name,), value)]
        pairs: list[tuple[KeyPath, Any]]
        if section.shape is Shape.NAMED and isinstance(value, dict):
            pairs = [((name, key), member) for key, member in value.items()]
        elif section.shape is Shape.ARRAY and isinstance(value, list):
            pairs = [((name, position), member) for position, member in enumerate(value)]
        else:
            self.document.problem((name,), "has the wrong form", f"write it as {_header(name)}")
            return []
        for path, member in pairs:
            if not isinstance(member, dict):
                self.document.problem(path, "must be a table", f"write it as {_header(name)}")
        return [(path, member) for path, member in pairs if isinstance(member, dict)]

    def _member(self, name: str, section: Section, path: KeyPath, raw: dict[str, Any]) -> None:
        key = self._name(name, section, path, raw)
        model = self._model(name, section, path, raw)
        if model is None:
            return
        complete = raw
        if section.by_kind and section.shape is Shape.NAMED:
            if "name" in raw:
                hint = "the name stands in the table's header"
                self.document.problem((*path, "name"), "unknown key", hint)
            complete = {**raw, "name": key}
        if (section.by_kind or section.has_paths) and may_hold_paths(model, complete):
            source, _ = self.document.origin(path)
            anchor = Anchor(source.file.parent if source is not None else Path())
            complete = anchor.place(complete, model)
            for at in anchor.faults:
                self.document.problem((*path, *at), "holds a NUL character", "no path can")
            if anchor.faults:
                return
        try:
            made = model.model_validate(complete)
        except ValidationError as error:
            for one in complaints(error, model, complete):
                self.document.problem((*path, *one.path), one.message, one.hint)
        else:
            self._keep(name, key, path, made)

    def _name(self, name: str, section: Section, path: KeyPath, raw: dict[str, Any]) -> str:
        """The member's name, noted as known; a name that is taken or bad is a problem."""
        if section.shape is Shape.NAMED:
            key = str(path[1])
            if name == "severity":
                self._severity_name(path, key)
            elif (name, key) == ("policy", NO_POLICY):
                hint = "choose another name"
                self.document.problem(path, f'"{NO_POLICY}" stands for no policy', hint)
            elif not _is_name(key):
                self.document.problem(path, "cannot be a name", NAME_FORM)
        else:
            found = raw.get("name")
            key = found if isinstance(found, str) else ""
        if section.shape is Shape.TABLE or not key:
            return key
        taken = self.settings.paths.setdefault(name, {})
        if key in taken:
            first = self.document.place((*taken[key], "name"))
            message = f'the name "{key}" is already taken at {first}'
            self.document.problem((*path, "name"), message, "names are unique; choose another")
        else:
            taken[key] = path
        return key

    def _severity_name(self, path: KeyPath, key: str) -> None:
        try:
            word = parse_severity(key).word
        except ValueError as error:
            self.document.problem(path, str(error))
            return
        if word != key and word in self.document.data["severity"]:
            first = self.document.place(("severity", word))
            self.document.problem(path, f'"{key}" means {word}, which stands at {first}')

    def _model(
        self, name: str, section: Section, path: KeyPath, raw: dict[str, Any]
    ) -> type[BaseModel] | None:
        """The model for this member; where `kind` chooses it, a bad kind is a problem."""
        if not section.by_kind:
            return section.model
        kind = raw.get("kind")
        known = checks.KINDS if name == "check" else CHANNEL_KINDS
        if kind is None:
            self.document.problem((*path, "kind"), "is missing", f"kinds are: {', '.join(known)}")
        elif not isinstance(kind, str):
            self.document.problem((*path, "kind"), "must be a text", "put it in quotes")
        elif kind not in known:
            self._unknown_kind(name, path, kind, list(known))
        elif name == "check":
            self._needs_driver(path, kind, raw)
            return checks.KINDS[kind].spec
        else:
            return CHANNEL_KINDS[kind]
        return None

    def _unknown_kind(self, name: str, path: KeyPath, kind: str, known: list[str]) -> None:
        later = LATER_CHECK_KINDS if name == "check" else LATER_CHANNEL_KINDS
        if kind in later:
            message = f'the kind "{kind}" {LATER}'
            self.document.problem((*path, "kind"), message, f"kinds are: {', '.join(known)}")
            return
        hint = did_you_mean(kind, known, what="kinds")
        self.document.problem((*path, "kind"), f'there is no kind "{kind}"', hint)

    def _needs_driver(self, path: KeyPath, kind: str, raw: dict[str, Any]) -> None:
        missing = checks.KINDS[kind].missing()
        if missing is None or raw.get("enabled") is False:
            return
        self.document.problem((*path, "kind"), missing)

    def _keep(self, name: str, key: str, path: KeyPath, made: BaseModel) -> None:
        """Put a good member where it belongs in the settings."""
        target = _ATTRIBUTES[name]
        held = getattr(self.settings, target)
        if isinstance(held, list):
            self.settings.paths.setdefault(name, {})[str(len(held))] = path
            held.append(made)
        elif isinstance(held, dict):
            word = parse_severity(key).word if name == "severity" and _is_severity(key) else key
            cast("dict[str, BaseModel]", held).setdefault(word, made)
        else:
            setattr(self.settings, target, made)


_ATTRIBUTES: Mapping[str, str] = {
    "severity": "severities", "context": "contexts", "service": "services", "check": "checks",
    "rule": "rules", "route": "routes", "channel": "channels", "policy": "policies",
    "person": "persons", "team": "teams", "schedule": "schedules",
    "time_interval": "intervals",
    "inhibit": "inhibits", "correlate": "correlates",
    "maintenance": "maintenance", "response": "responses", "sla": "slas", "report": "reports",
    **{name: name for name, section in SECTIONS.items() if section.shape is Shape.TABLE},
}  # fmt: skip
"""Which attribute of `Settings` holds a section."""


def _header(name: str) -> str:
    shape = SECTIONS[name].shape
    return {
        Shape.TABLE: f"[{name}]",
        Shape.NAMED: f"[{name}.NAME]",
        Shape.ARRAY: f"[[{name}]]",
    }[shape]


def _is_name(text: str) -> bool:
    try:
        _NAME.validate_python(text)
    except ValidationError:
        return False
    return True


def _is_severity(word: str) -> bool:
    try:
        parse_severity(word)
    except ValueError:
        return False
    return True
