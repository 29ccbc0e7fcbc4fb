"""From settings to the plan: checks with their defaults filled in, and services.

A check's spec takes from `[defaults]` what it does not say; a service that nobody wrote is
implied by its check.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

import checks
from checks.result import Status
from checks.spec import CheckSpec
from daemon.config.build_alerting import given, promotions
from daemon.config.sections import ContextSettings, ServiceSettings
from daemon.config.validate import Settings
from daemon.core.model import AtRisk, Millis, Promotion
from daemon.core.oncall.clockwork import reached
from daemon.core.plan import DEFAULT_SEVERITY, CheckPlan, HeartbeatPlan, ServicePlan
from daemon.core.record import record
from daemon.core.severity import Severity

_NO_CONTEXT: Final = ContextSettings()


def timeout_ms(settings: Settings, spec: CheckSpec) -> Millis:
    """How long one run may take: its own timeout, or the default, at most its interval."""
    if spec.timeout is not None:
        return spec.timeout
    return min(settings.defaults.timeout, _every(settings, spec))


def effective(settings: Settings, spec: CheckSpec) -> CheckSpec:
    """The spec with everything it takes from `[defaults]` filled in."""
    completed = settings.completed.get(spec.name)
    if completed is None:
        completed = settings.completed[spec.name] = _completed(settings, spec)
    return completed


def _completed(settings: Settings, spec: CheckSpec) -> CheckSpec:
    defaults = settings.defaults
    every = _every(settings, spec)
    filled: dict[str, object] = {
        "service": spec.service or spec.name,
        "every": every,
        "timeout": timeout_ms(settings, spec),
        "retry_every": given(spec.retry_every, min(defaults.retry_every, every)),
        "every_down": given(spec.every_down, given(defaults.every_down, every)),
        "down_after": given(spec.down_after, defaults.down_after),
        "up_after": given(spec.up_after, defaults.up_after),
    }
    made = spec.model_copy()
    made.__dict__.update(filled)  # as `update=` does, but these are not noted as written
    return made


def enabled(settings: Settings) -> dict[str, CheckSpec]:
    """The checks that run, with defaults filled in, by name."""
    return {
        name: effective(settings, spec) for name, spec in settings.checks.items() if spec.enabled
    }


def labels(settings: Settings) -> dict[str, dict[str, str]]:
    """What the alerts of each check carry, also of those that are not enabled."""
    if not settings.carried:
        services = service_plans(settings, settings.checks)
        settings.carried = {
            name: _labels(settings, spec, services[spec.service or name])
            for name, spec in settings.checks.items()
        }
    return settings.carried


def _every(settings: Settings, spec: CheckSpec) -> Millis:
    return given(spec.every, settings.defaults.every)


def _groups(
    depends_on: tuple[str | tuple[str, ...], ...], alive: Mapping[str, object]
) -> tuple[tuple[str, ...], ...]:
    """Redundancy groups without what is not enabled; a single name is a group of one."""
    if not depends_on:
        return ()
    groups = ((one,) if isinstance(one, str) else one for one in depends_on)
    kept = (tuple(name for name in group if name in alive) for group in groups)
    return tuple(group for group in kept if group)


def service_plans(settings: Settings, specs: Mapping[str, CheckSpec]) -> dict[str, ServicePlan]:
    """Every service that is written or implied by a check, with its checks."""
    members: dict[str, list[str]] = {name: [] for name in settings.services}
    for spec in settings.checks.values():
        found = members.setdefault(spec.service or spec.name, [])
        if spec.name in specs:
            found.append(spec.name)
    return {name: _service(settings, name, tuple(own), members) for name, own in members.items()}


def _service(
    settings: Settings, name: str, own: tuple[str, ...], alive: Mapping[str, object]
) -> ServicePlan:
    service = settings.services.get(name)
    if service is None:
        return ServicePlan(name, own)
    context = settings.contexts.get(service.context or "", _NO_CONTEXT)
    return ServicePlan(
        name,
        own,
        context=service.context,
        organization=service.organization,
        owner=service.owner,
        rank=context.rank,
        parents=_groups(service.depends_on, alive),
        quorum=service.quorum,
        revenue_per_hour=service.revenue_per_hour,
        currency=service.currency,
        impact=service.impact,
        runbook=service.runbook,
        dashboard=service.dashboard,
        recovery_sla=service.recovery_sla,
        at_risk=_at_risk(service, settings.daemon.timezone),
        update_every=context.update_every,
        labels=MappingProxyType(service.labels),
    )


def _at_risk(service: ServiceSettings, timezone: str) -> tuple[AtRisk, ...]:
    """What has a deadline, the soonest first."""
    zone = ZoneInfo(timezone)
    found = (AtRisk(one.value, reached(one.until, zone), one.what) for one in service.at_risk)
    return tuple(sorted(found, key=lambda one: one.until))


@record(frozen=True, slots=True)
class _Alarm:
    """What a context says of the alerts of its checks: made once for all of them."""

    severity: Mapping[Status, Severity]
    promote: tuple[Promotion, ...]
    acknowledgeable: bool

    @classmethod
    def of(cls, context: ContextSettings) -> _Alarm:
        """That of this context."""
        promote = promotions(context.promote)
        return cls(_severities(context), promote, context.acknowledgeable)


def check_plans(
    settings: Settings, services: Mapping[str, ServicePlan], specs: Mapping[str, CheckSpec]
) -> dict[str, CheckPlan]:
    """All checks that run, by name, of specs that have their defaults filled in."""
    alarms = {name: _Alarm.of(context) for name, context in settings.contexts.items()}
    usual, carried = _Alarm.of(_NO_CONTEXT), labels(settings)
    made = {}
    for name, spec in specs.items():
        service = services[spec.service or name]
        alarm = alarms.get(service.context or "", usual)
        made[name] = _check_plan(settings, spec, carried[name], alarm, specs)
    return made


def _check_plan(
    settings: Settings,
    spec: CheckSpec,
    carried: dict[str, str],
    alarm: _Alarm,
    specs: Mapping[str, CheckSpec],
) -> CheckPlan:
    defaults = settings.defaults
    assert spec.every is not None and spec.timeout is not None  # noqa: S101, PT018  # `effective` fills these
    assert spec.retry_every is not None and spec.every_down is not None  # noqa: S101, PT018  # likewise
    assert spec.down_after is not None and spec.up_after is not None  # noqa: S101, PT018  # likewise
    return CheckPlan(
        name=spec.name,
        kind=spec.kind,
        service=spec.service or spec.name,
        every=spec.every,
        retry_every=spec.retry_every,
        every_down=spec.every_down,
        down_after=spec.down_after,
        up_after=spec.up_after,
        labels=MappingProxyType(carried),
        parents=_groups(spec.depends_on, specs),
        remote=_is_remote(spec),
        heartbeat=_heartbeat(settings, spec),
        flap_start=defaults.flap_start,
        flap_stop=defaults.flap_stop,
        severity=alarm.severity,
        promote=alarm.promote,
        acknowledgeable=alarm.acknowledgeable,
        count_from=defaults.count_from,
        timeout=spec.timeout,
    )


def _labels(settings: Settings, spec: CheckSpec, service: ServicePlan) -> dict[str, str]:
    """What a check's alerts carry: what it is, what it belongs to, and what was chosen."""
    written = settings.services.get(service.name)
    belongs = {
        "context": service.context,
        "organization": service.organization,
        "owner": service.owner,
        "category": written.category if written is not None else None,
    }
    return {
        "check": spec.name,
        "service": service.name,
        "kind": spec.kind,
        **{name: value for name, value in belongs.items() if value is not None},
        **service.labels,
        **spec.labels,
    }


def _is_remote(spec: CheckSpec) -> bool:
    """Whether the target is reached over the uplink: not on this host, and not passive."""
    kind = checks.KINDS[spec.kind]
    if kind.passive or not kind.remote:
        return False
    host = getattr(spec, "host", None)
    if not isinstance(host, str):
        return True
    return host not in {"localhost", "::1"} and not host.startswith(("127.", "/"))


def _heartbeat(settings: Settings, spec: CheckSpec) -> HeartbeatPlan | None:
    if not checks.KINDS[spec.kind].passive:
        return None
    zone = getattr(spec, "timezone", None) or settings.daemon.timezone
    period: Millis | None = getattr(spec, "period", None)
    cron: str | None = getattr(spec, "cron", None)
    grace: Millis = getattr(spec, "grace", 0)
    return HeartbeatPlan(period=period, cron=cron, timezone=zone, grace=grace)


def _severities(context: ContextSettings) -> Mapping[Status, Severity]:
    if not context.severity:
        return DEFAULT_SEVERITY
    own = {Status[word.upper()]: severity for word, severity in context.severity.items()}
    return MappingProxyType({**DEFAULT_SEVERITY, **own})
