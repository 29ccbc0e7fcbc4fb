"""What becomes an alert and what of it is told: rules, inhibitions, and routes with their groups.

Also how an acknowledgement ends and how fast incidents are to be answered.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Final

from daemon.core.labels import Matcher
from daemon.core.model import HOUR, MINUTE, SECOND, Millis, Promotion
from daemon.core.record import record
from daemon.core.severity import Severity

DEFAULT_GROUP_WAIT: Final[Mapping[Severity, Millis]] = {
    Severity.EMERGENCY: 0,
    Severity.CRITICAL: 0,
    Severity.HIGH: 30 * SECOND,
    Severity.MEDIUM: 30 * SECOND,
    Severity.LOW: 60 * SECOND,
    Severity.INFO: 60 * SECOND,
}


@record(frozen=True, slots=True)
class RulePlan:
    """A rule: for each selected check, an alert while its condition holds.

    Attributes:
        select: Matchers over the checks' labels (and `kind`, `check`).
        when, clear_when: CEL texts, known to compile.
    """

    name: str
    select: tuple[Matcher, ...]
    when: str
    clear_when: str | None = None
    for_: Millis = 0
    keep_for: Millis = 0
    cooldown: Millis = 0
    auto_resolve: bool = True
    acknowledgeable: bool = True
    severity: Severity = Severity.MEDIUM
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    promote: tuple[Promotion, ...] = ()


@record(frozen=True, slots=True)
class RoutePlan:
    """A node of the routing tree, with what it inherits already filled in.

    Attributes:
        path: Its place in the tree: `""` the root, `0`, `0.1`, ...
        group_wait: None for the default by severity.
        policy: The escalation policy's name.
        mute_time_intervals: Names of intervals in which the route tells nothing.
        active_time_intervals: Names of the only intervals in which it does; empty for always.
        require, require_within: So many channels must have taken the first notice in time.
        suppress: An alert that has not fired for so long is not told yet.
    """

    path: str
    match: tuple[Matcher, ...] = ()
    channels: tuple[str, ...] = ()
    policy: str | None = None
    group_by: tuple[str, ...] = ("service",)
    group_wait: Millis | None = None
    group_interval: Millis = 5 * MINUTE
    repeat_interval: Millis = 4 * HOUR
    mute_time_intervals: tuple[str, ...] = ()
    active_time_intervals: tuple[str, ...] = ()
    suppress: Millis = 0
    require: int = 0
    require_within: Millis = MINUTE
    continue_: bool = False
    routes: tuple[RoutePlan, ...] = ()


@record(frozen=True, slots=True)
class InhibitPlan:
    """A firing alert that matches `source` mutes those that match `target` and have equal
    values of the `equal` labels."""

    source: tuple[Matcher, ...]
    target: tuple[Matcher, ...]
    equal: tuple[str, ...] = ()


@record(frozen=True, slots=True)
class CorrelatePlan:
    """Alerts of `needs` different conditions that fire within `window`, with equal values of the
    `equal` labels, are one incident. A condition holds for what all of its matchers match."""

    name: str
    conditions: tuple[tuple[Matcher, ...], ...]
    needs: int
    window: Millis
    equal: tuple[str, ...] = ()


@record(frozen=True, slots=True)
class SeverityPlan:
    """Targets for how fast incidents of a severity are acknowledged and resolved, and how often
    those who ask are told how it goes."""

    mtta: Millis | None = None
    mttr: Millis | None = None
    update_every: Millis | None = None


@record(frozen=True, slots=True)
class AckPlan:
    """When an acknowledged incident reopens, and how often whoever has it is reminded of it."""

    reopen_on_severity: bool = True
    reopen_on_new_alert: bool = True
    remind_every: Millis | None = None
