"""From settings to the plan: rules, inhibitions, routes with what they inherit, and who is told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from types import MappingProxyType
from typing import TypeVar

from daemon.config.duty import (
    NO_POLICY,
    InhibitSettings,
    LevelSettings,
    PersonSettings,
    PolicySettings,
    RouteSettings,
    WaySettings,
)
from daemon.config.sections import PromotionSettings, RuleSettings
from daemon.core.labels import Matcher, parse_matcher
from daemon.core.model import Level, Promotion
from daemon.core.plan import (
    ChannelPlan,
    Contact,
    InhibitPlan,
    PersonPlan,
    PolicyPlan,
    RoutePlan,
    RulePlan,
)
from daemon.notify.spec import ChannelSpec

T = TypeVar("T")


def given(value: T | None, default: T) -> T:
    """What is written, or else what is inherited."""
    return default if value is None else value


def promotions(written: Iterable[PromotionSettings]) -> tuple[Promotion, ...]:
    """How a severity rises with age, the soonest first."""
    return tuple(
        sorted((Promotion(one.after, one.to) for one in written), key=lambda one: one.after)
    )


def channel_plan(name: str, spec: ChannelSpec) -> ChannelPlan:
    """What the engine needs of a channel."""
    return ChannelPlan(
        name,
        spec.kind,
        spec.fallback,
        spec.send_resolved,
        is_for_stakeholders=spec.audience == "stakeholder",
    )


def _matchers(texts: Iterable[str]) -> tuple[Matcher, ...]:
    return tuple(parse_matcher(text) for text in texts)


def rule_plan(name: str, rule: RuleSettings) -> RulePlan:
    """A rule, its matchers parsed."""
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
        promote=promotions(rule.promote),
    )


def routing_tree(routes: list[RouteSettings]) -> RoutePlan:
    """The root, with the routes that are written below it."""
    root = RoutePlan(path="")
    children = tuple(_route(root, str(n), one) for n, one in enumerate(routes))
    return RoutePlan(path="", routes=children)


def _route(parent: RoutePlan, path: str, route: RouteSettings) -> RoutePlan:
    """A node with what it inherits; its own children inherit from it in turn."""
    policy = route.policy if route.policy is not None else parent.policy
    node = RoutePlan(
        path=path,
        match=_matchers(route.match),
        channels=given(route.channels, parent.channels),
        policy=None if policy == NO_POLICY else policy,
        group_by=given(route.group_by, parent.group_by),
        group_wait=route.group_wait if route.group_wait is not None else parent.group_wait,
        group_interval=given(route.group_interval, parent.group_interval),
        repeat_interval=given(route.repeat_interval, parent.repeat_interval),
        mute_time_intervals=given(route.mute_time_intervals, parent.mute_time_intervals),
        active_time_intervals=given(route.active_time_intervals, parent.active_time_intervals),
        suppress=given(route.suppress, parent.suppress),
        require=given(route.require, parent.require),
        require_within=given(route.require_within, parent.require_within),
        continue_=route.continue_,
    )
    children = tuple(_route(node, f"{path}.{n}", one) for n, one in enumerate(route.route))
    return replace(node, routes=children)


def inhibit_plan(inhibit: InhibitSettings) -> InhibitPlan:
    """An inhibition, its matchers parsed."""
    return InhibitPlan(_matchers(inhibit.source), _matchers(inhibit.target), inhibit.equal)


def policy_plan(name: str, policy: PolicySettings) -> PolicyPlan:
    """An escalation policy with its levels."""
    return PolicyPlan(
        name=name,
        levels=tuple(map(_level, policy.level)),
        rounds=policy.rounds,
        then=policy.then,
        round_every=policy.round_every,
    )


def _level(level: LevelSettings) -> Level:
    return Level(
        after=level.after,
        notify=level.notify,
        repeat=level.repeat,
        only_in=level.only_in,
        min_alerts=level.min_alerts,
        round_robin=level.round_robin,
        require=level.require,
        require_within=level.require_within,
    )


def person_plan(name: str, person: PersonSettings) -> PersonPlan:
    """A person, each contact with the address it has on its channel."""
    addresses = person.addresses

    def contacts(ways: tuple[WaySettings, ...]) -> tuple[Contact, ...]:
        return tuple(Contact(o.channel, addresses.get(o.channel), o.after) for o in ways)

    return PersonPlan(name, high=contacts(person.contact.high), low=contacts(person.contact.low))
