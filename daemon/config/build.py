"""From good settings to the `Plan` the engine works by: names resolved, defaults filled in.

The fourth stage of loading; nothing is checked here any more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final, TypeVar

import checks
from checks.result import Status
from checks.spec import CheckSpec
from daemon.config.duty import (
    NO_POLICY,
    InhibitSettings,
    PersonSettings,
    PolicySettings,
    RouteSettings,
    SlaSettings,
)
from daemon.config.intervals import interval_plan
from daemon.config.maintenance import maintenance_plan
from daemon.config.oncall import schedule_plan, team_plan
from daemon.config.sections import ContextSettings, PromotionSettings, RuleSettings
from daemon.config.validate import Settings
from daemon.core.labels import Matcher, parse_matcher
from daemon.core.model import DAY, Level, Millis, Promotion
from daemon.core.plan import (
    DEFAULT_SEVERITY,
    AckPlan,
    ChannelPlan,
    CheckPlan,
    Contact,
    HeartbeatPlan,
    InhibitPlan,
    PersonPlan,
    Plan,
    PolicyPlan,
    RoutePlan,
    RulePlan,
    ServicePlan,
    SeverityPlan,
    SlaPlan,
    UplinkPlan,
)
from daemon.core.severity import Severity, parse_severity

K = TypeVar("K")
T = TypeVar("T")
_CALENDAR: Final = frozenset({"month", "quarter", "year"})
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
        "retry_every": _or(spec.retry_every, min(defaults.retry_every, every)),
        "every_down": _or(spec.every_down, _or(defaults.every_down, every)),
        "down_after": _or(spec.down_after, defaults.down_after),
        "up_after": _or(spec.up_after, defaults.up_after),
    }
    return spec.model_copy(update=filled)


def enabled(settings: Settings) -> dict[str, CheckSpec]:
    """The checks that run, with defaults filled in, by name."""
    return {
        name: effective(settings, spec) for name, spec in settings.checks.items() if spec.enabled
    }


def labels(settings: Settings) -> dict[str, dict[str, str]]:
    """What the alerts of each check carry, also of those that are not enabled."""
    services = _services(settings, settings.checks)
    return {
        name: _labels(settings, spec, services[spec.service or name])
        for name, spec in settings.checks.items()
    }


def plan(settings: Settings) -> Plan:
    """The whole plan."""
    specs = enabled(settings)
    services = _services(settings, specs)
    made = {n: _check(settings, spec, services, specs) for n, spec in specs.items()}
    zone = settings.daemon.timezone
    return Plan(
        checks=_frozen(made),
        services=_frozen(services),
        rules=_frozen({n: _rule(n, one) for n, one in settings.rules.items() if one.enabled}),
        route=_root(settings.routes),
        policies=_frozen({n: _policy(n, one) for n, one in settings.policies.items()}),
        persons=_frozen({n: _person(n, one) for n, one in settings.persons.items()}),
        teams=_frozen({n: team_plan(n, one) for n, one in settings.teams.items()}),
        schedules=_frozen({n: schedule_plan(n, o, zone) for n, o in settings.schedules.items()}),
        channels=_frozen(
            {
                n: ChannelPlan(n, one.kind, one.fallback, one.send_resolved)
                for n, one in settings.channels.items()
            }
        ),
        inhibits=tuple(_inhibit(one) for one in settings.inhibits),
        maintenance=_frozen(
            {n: maintenance_plan(o, zone, services, made) for n, o in settings.maintenance.items()}
        ),
        intervals=_frozen({n: interval_plan(n, o, zone) for n, o in settings.intervals.items()}),
        severities=_frozen(
            {
                parse_severity(word): SeverityPlan(one.mtta, one.mttr)
                for word, one in settings.severities.items()
            }
        ),
        ack=AckPlan(
            reopen_on_severity="severity" in settings.ack.reopen_on,
            reopen_on_new_alert="new_alert" in settings.ack.reopen_on,
        ),
        slas=_frozen({n: _sla(one, zone) for n, one in settings.slas.items()}),
        uplink=UplinkPlan(settings.uplink.checks) if settings.uplink is not None else None,
    )


def _frozen(mapping: dict[K, T]) -> Mapping[K, T]:
    return MappingProxyType(mapping)


def _or(value: T | None, default: T) -> T:
    return default if value is None else value


def _every(settings: Settings, spec: CheckSpec) -> Millis:
    return _or(spec.every, settings.defaults.every)


def _groups(
    depends_on: tuple[str | tuple[str, ...], ...], alive: Mapping[str, object]
) -> tuple[tuple[str, ...], ...]:
    """Redundancy groups without what is not enabled; a single name is a group of one."""
    groups = ((one,) if isinstance(one, str) else one for one in depends_on)
    kept = (tuple(name for name in group if name in alive) for group in groups)
    return tuple(group for group in kept if group)


def _services(settings: Settings, specs: Mapping[str, CheckSpec]) -> dict[str, ServicePlan]:
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
        labels=MappingProxyType(service.labels),
    )


def _check(
    settings: Settings,
    spec: CheckSpec,
    services: Mapping[str, ServicePlan],
    specs: Mapping[str, CheckSpec],
) -> CheckPlan:
    service = services[spec.service or spec.name]
    context = settings.contexts.get(service.context or "", _NO_CONTEXT)
    defaults = settings.defaults
    assert spec.every is not None and spec.timeout is not None  # noqa: S101, PT018  # `effective` fills these
    assert spec.retry_every is not None and spec.every_down is not None  # noqa: S101, PT018  # likewise
    assert spec.down_after is not None and spec.up_after is not None  # noqa: S101, PT018  # likewise
    return CheckPlan(
        name=spec.name,
        kind=spec.kind,
        service=service.name,
        every=spec.every,
        retry_every=spec.retry_every,
        every_down=spec.every_down,
        down_after=spec.down_after,
        up_after=spec.up_after,
        labels=MappingProxyType(_labels(settings, spec, service)),
        parents=_groups(spec.depends_on, specs),
        remote=_is_remote(spec),
        heartbeat=_heartbeat(settings, spec),
        flap_start=defaults.flap_start,
        flap_stop=defaults.flap_stop,
        severity=_severities(context),
        promote=_promotions(context.promote),
        acknowledgeable=context.acknowledgeable,
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


def _promotions(promotions: Iterable[PromotionSettings]) -> tuple[Promotion, ...]:
    return tuple(
        sorted((Promotion(one.after, one.to) for one in promotions), key=lambda one: one.after)
    )


def _matchers(texts: Iterable[str]) -> tuple[Matcher, ...]:
    return tuple(parse_matcher(text) for text in texts)


def _rule(name: str, rule: RuleSettings) -> RulePlan:
    return RulePlan(
        name=name,
        select=_matchers(rule.select),
        when=rule.when,
        clear_when=rule.clear_when,
        for_=rule.for_,
        keep_for=rule.keep_for,
        cooldown=rule.cooldown,
        auto_resolve=rule.auto_resolve,
        acknowledgeable=rule.acknowledgeable,
        severity=rule.severity,
        labels=MappingProxyType(rule.labels),
        annotations=MappingProxyType(rule.annotations),
        promote=_promotions(rule.promote),
    )


def _root(routes: list[RouteSettings]) -> RoutePlan:
    root = RoutePlan(path="")
    children = tuple(_route(root, str(n), one) for n, one in enumerate(routes))
    return RoutePlan(path="", routes=children)


def _route(parent: RoutePlan, path: str, route: RouteSettings) -> RoutePlan:
    """A node with what it inherits; its own children inherit from it in turn."""
    policy = route.policy if route.policy is not None else parent.policy
    node = RoutePlan(
        path=path,
        match=_matchers(route.match),
        channels=_or(route.channels, parent.channels),
        policy=None if policy == NO_POLICY else policy,
        group_by=_or(route.group_by, parent.group_by),
        group_wait=route.group_wait if route.group_wait is not None else parent.group_wait,
        group_interval=_or(route.group_interval, parent.group_interval),
        repeat_interval=_or(route.repeat_interval, parent.repeat_interval),
        mute_time_intervals=_or(route.mute_time_intervals, parent.mute_time_intervals),
        active_time_intervals=_or(route.active_time_intervals, parent.active_time_intervals),
        suppress=_or(route.suppress, parent.suppress),
        continue_=route.continue_,
    )
    children = tuple(_route(node, f"{path}.{n}", one) for n, one in enumerate(route.route))
    return replace(node, routes=children)


def _policy(name: str, policy: PolicySettings) -> PolicyPlan:
    return PolicyPlan(
        name=name,
        levels=tuple(Level(one.after, one.notify, one.repeat) for one in policy.level),
        rounds=policy.rounds,
        then=policy.then,
        round_every=policy.round_every,
    )


def _person(name: str, person: PersonSettings) -> PersonPlan:
    addresses = person.addresses

    def contacts(channels: tuple[str, ...]) -> tuple[Contact, ...]:
        return tuple(Contact(channel, addresses.get(channel)) for channel in channels)

    return PersonPlan(name, high=contacts(person.contact.high), low=contacts(person.contact.low))


def _inhibit(inhibit: InhibitSettings) -> InhibitPlan:
    return InhibitPlan(_matchers(inhibit.source), _matchers(inhibit.target), inhibit.equal)


def _sla(sla: SlaSettings, timezone: str) -> SlaPlan:
    period = sla.period if sla.period in _CALENDAR else int(sla.period.removesuffix("d")) * DAY
    return SlaPlan(
        name=sla.name,
        service=sla.service,
        target=sla.target,
        period=period,
        timezone=sla.timezone or timezone,
        degraded_weight=sla.degraded,
    )
