"""The configurations that the engine's machine runs: every kind of route, rule and level."""

from __future__ import annotations

from dataclasses import replace

from checks.result import Status
from daemon.core.labels import parse_matcher
from daemon.core.model import HOUR, MINUTE, SECOND, Actor, Level, Promotion
from daemon.core.plan import (
    AckPlan,
    ChannelPlan,
    CheckPlan,
    Contact,
    CorrelatePlan,
    HoursPlan,
    InhibitPlan,
    IntervalPlan,
    MaintenancePlan,
    PersonPlan,
    Plan,
    PolicyPlan,
    RoutePlan,
    RulePlan,
    ServicePlan,
    SeverityPlan,
)
from daemon.core.severity import Severity

START = 1_800_000_000_000
ANA = Actor("ana", "unix uid 1000")
BEN = Actor("ben", "unix uid 1001")


def check(name: str, service: str, **more: object) -> CheckPlan:
    base = CheckPlan(
        name=name,
        kind="http",
        service=service,
        every=30 * SECOND,
        retry_every=SECOND,
        every_down=30 * SECOND,
        down_after=1,
        up_after=1,
        labels={"check": name, "service": service, "env": "prod"},
    )
    return replace(base, **more)  # type: ignore[arg-type]  # fields by name, as given


CHECKS = {
    "db": check("db", "orders"),
    "shop": check("shop", "shop", parents=(("db",),)),
    "cart": check(
        "cart",
        "shop",
        down_after=2,
        severity={Status.DOWN: Severity.HIGH, Status.DEGRADED: Severity.LOW},
        promote=(Promotion(10 * MINUTE, Severity.EMERGENCY),),
    ),
    "api": check("api", "shop", severity={Status.DOWN: Severity.EMERGENCY}),
    "mail": check("mail", "mail", severity={Status.DOWN: Severity.MEDIUM}, acknowledgeable=False),
}
SERVICES = {
    "orders": ServicePlan("orders", ("db",), recovery_sla=15 * MINUTE),
    "shop": ServicePlan("shop", ("shop", "cart", "api")),
    "mail": ServicePlan("mail", ("mail",)),
}
RULES = {
    "slow": RulePlan(
        "slow",
        (parse_matcher('check=~"shop|cart"'),),
        when="latency_ms > 100.0",
        for_=2 * MINUTE,
        keep_for=MINUTE,
        cooldown=10 * MINUTE,
        severity=Severity.HIGH,
        labels={"category": "performance"},
    ),
    "sticky": RulePlan(
        "sticky",
        (parse_matcher("check=db"),),
        when="latency_ms > 100.0",
        auto_resolve=False,
        severity=Severity.LOW,
    ),
}
ROUTES = RoutePlan(
    path="",
    channels=("log",),
    group_by=("service",),
    routes=(
        RoutePlan(
            path="0",
            match=(parse_matcher('severity=~"emergency|critical|high"'),),
            channels=("slack", "quiet"),
            policy="primary",
            group_by=("service",),
            group_interval=MINUTE,
            repeat_interval=20 * MINUTE,
            continue_=True,
        ),
        RoutePlan(
            path="1",
            match=(parse_matcher("service=shop"),),
            channels=("hook",),
            group_by=("...",),
            group_wait=20 * SECOND,
            group_interval=2 * MINUTE,
            repeat_interval=HOUR,
        ),
    ),
)
POLICIES = {
    "primary": PolicyPlan(
        "primary",
        levels=(
            Level(0, ("person:ana", "channel:slack")),
            Level(5 * MINUTE, ("person:ben", "channel:mail")),
            Level(15 * MINUTE, ("person:ana",), repeat=2 * MINUTE),
        ),
        rounds=1,
        then=("channel:hook",),
        round_every=5 * MINUTE,
    )
}
CHANNELS = {
    "log": ChannelPlan("log", "log"),
    "slack": ChannelPlan("slack", "webhook", fallback="mail"),
    "quiet": ChannelPlan("quiet", "email", send_resolved=False),
    "mail": ChannelPlan("mail", "email", fallback="hook"),
    "hook": ChannelPlan("hook", "webhook"),
}
PERSONS = {
    "ana": PersonPlan(
        "ana",
        high=(Contact("hook", "tel:1"), Contact("mail", "ana@x")),
        low=(Contact("mail", "ana@x"),),
    ),
    "ben": PersonPlan("ben", high=(), low=(Contact("mail", "ben@x"),)),
}
INHIBITS = (
    InhibitPlan((parse_matcher("check=db"),), (parse_matcher('check=~"cart|mail|db"'),), ("env",)),
)
HASTE = {
    Severity.CRITICAL: SeverityPlan(mtta=5 * MINUTE, mttr=HOUR, update_every=6 * HOUR),
    Severity.EMERGENCY: SeverityPlan(mtta=MINUTE),
}
FULL = Plan(
    severities=HASTE,
    ack=AckPlan(remind_every=9 * HOUR),
    checks=CHECKS,
    services=SERVICES,
    rules=RULES,
    route=ROUTES,
    policies=POLICIES,
    persons=PERSONS,
    channels=CHANNELS,
    inhibits=INHIBITS,
)
QUARTERS = MaintenancePlan(
    "quarters", "UTC", services=("shop",), cron="20 * * * *", duration=15 * MINUTE
)
RACK = MaintenancePlan(
    "rack", "UTC", match=(parse_matcher('check=~"db|shop"'),), cron="40 * * * *",
    duration=20 * MINUTE,
)  # fmt: skip
URGENT = PolicyPlan("urgent", (Level(0, ("person:ana",)), Level(MINUTE, ("person:ben",))))
BY_POLICY = (
    RoutePlan(
        path="0",
        match=(parse_matcher("severity=emergency"),),
        policy="urgent",
        group_by=("service",),
    ),
    RoutePlan(path="1", policy="primary", group_by=("service",), group_interval=MINUTE),
)
"""Routes without channels: only their policies tell."""
WORK = IntervalPlan("work", (HoursPlan("UTC", tuple((h * 60, h * 60 + 25) for h in range(24))),))
REST = IntervalPlan(
    "rest", (HoursPlan("UTC", tuple((h * 60 + 50, h * 60 + 60) for h in range(24))),)
)
BY_TIME = (
    replace(
        ROUTES.routes[0],
        mute_time_intervals=("rest",),
        active_time_intervals=("work", "rest", "gone"),
    ),
    replace(ROUTES.routes[1], suppress=3 * MINUTE, mute_time_intervals=("rest",)),
    RoutePlan(
        path="2", channels=("log",), policy="primary", group_by=("service",),
        group_interval=MINUTE, suppress=90 * SECOND, active_time_intervals=("work",),
    ),
)  # fmt: skip
"""Routes that are mute for parts of every hour, and wait for alerts to stay."""
CASCADE = CorrelatePlan(
    "cascade",
    (
        (parse_matcher("check=db"),),
        (parse_matcher("category=performance"),),
        (parse_matcher("service=shop"), parse_matcher("severity!=low")),
    ),
    needs=2,
    window=5 * MINUTE,
    equal=("env",),
)
PAIR = CorrelatePlan(
    "pair", ((parse_matcher("check=mail"),), (parse_matcher("service=~.+"),)), 2, HOUR
)
IN_TURN = replace(
    POLICIES["primary"],
    levels=(
        Level(0, ("person:ana", "channel:slack")),
        Level(5 * MINUTE, ("person:ana", "person:ben"), min_alerts=2, round_robin=True),
        Level(
            15 * MINUTE, ("person:ana", "person:ben", "channel:mail"), 2 * MINUTE, round_robin=True
        ),
    ),
)
PATIENT = PersonPlan(
    "ana",
    high=(Contact("hook", "tel:1"), Contact("mail", "ana@x", 2 * MINUTE)),
    low=(Contact("mail", "ana@x"), Contact("hook", "tel:1", MINUTE)),
)
"""Levels with conditions that tell in turn, and contacts that wait."""
PLANS = [
    FULL,
    replace(FULL, policies={"primary": IN_TURN}, persons={**PERSONS, "ana": PATIENT}),
    replace(
        FULL,
        checks={**CHECKS, "mail": replace(CHECKS["mail"], labels={"service": "mail", "env": "x"})},
        inhibits=(),
        route=replace(ROUTES, routes=BY_POLICY),
        policies={**POLICIES, "urgent": URGENT},
        ack=AckPlan(reopen_on_severity=False, reopen_on_new_alert=False),
        maintenance={"quarters": QUARTERS, "rack": RACK},
    ),
    replace(
        FULL,
        checks={name: CHECKS[name] for name in ("db", "shop")},
        services={
            "orders": SERVICES["orders"],
            "shop": replace(SERVICES["shop"], checks=("shop",)),
        },
        rules={},
        route=replace(ROUTES, routes=ROUTES.routes[1:]),
        policies={},
        maintenance={"quarters": QUARTERS},
    ),
    replace(
        FULL,
        route=replace(ROUTES, routes=BY_TIME),
        policies={**POLICIES, "urgent": URGENT},
        intervals={"work": WORK, "rest": REST},
    ),
    replace(
        FULL,
        route=replace(ROUTES, routes=(*BY_TIME[1:], replace(BY_POLICY[0], path="3"))),
        policies={**POLICIES, "urgent": URGENT},
        intervals={"work": REST, "rest": WORK},
    ),
    replace(FULL, inhibits=(), correlates=(CASCADE, PAIR)),
    replace(
        FULL,
        checks={**CHECKS, "mail": replace(CHECKS["mail"], acknowledgeable=True)},
        route=replace(ROUTES, routes=BY_POLICY),
        policies={**POLICIES, "urgent": URGENT},
        correlates=(PAIR, replace(CASCADE, equal=())),
    ),
]
MATCHERS = ["service=shop", 'check=~"db|mail"', "severity=critical", 'env!=""', "check=cart"]
