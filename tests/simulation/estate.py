"""The estate whose year is played: services in three time zones, and who looks after them.

Its configurations follow each other by reloads; they differ in checks, rotations, policies,
routes and planned work. Nothing in it is random.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from checks.result import Status
from daemon.core.labels import parse_matcher
from daemon.core.model import DAY, HOUR, MINUTE, SECOND, Level, Promotion
from daemon.core.plan import (
    ChannelPlan,
    CheckPlan,
    Contact,
    CorrelatePlan,
    HoursPlan,
    InhibitPlan,
    IntervalPlan,
    LayerPlan,
    MaintenancePlan,
    OverridePlan,
    PersonPlan,
    Plan,
    PolicyPlan,
    Restriction,
    Rotation,
    RoutePlan,
    RulePlan,
    SchedulePlan,
    ServicePlan,
    TeamPlan,
)
from daemon.core.severity import Severity

ZONES: Final = {"eu": "Europe/Berlin", "us": "America/New_York", "au": "Australia/Sydney"}
"""Two of the north and one of the south: their clocks change on different nights."""
CLUSTERS: Final = 8
EVERY: Final = 2 * DAY
"""How often a check that is well is run by itself; what changes is seen at once (`world`)."""

_TIERS: Final = {
    "gold": {Status.DOWN: Severity.EMERGENCY, Status.DEGRADED: Severity.HIGH},
    "silver": {Status.DOWN: Severity.HIGH, Status.DEGRADED: Severity.MEDIUM},
    "bronze": {Status.DOWN: Severity.LOW, Status.DEGRADED: Severity.INFO},
}
_ALL_DAYS: Final = frozenset(range(7))
_WORKDAYS: Final = frozenset(range(5))

CHANNELS: Final = {
    "log": ChannelPlan("log", "log"),
    "push": ChannelPlan("push", "webhook", fallback="sms"),
    "sms": ChannelPlan("sms", "sms", fallback="mail"),
    "mail": ChannelPlan("mail", "email"),
    "chat": ChannelPlan("chat", "slack", fallback="mail"),
    "audit": ChannelPlan("audit", "webhook", send_resolved=False),
    "hook": ChannelPlan("hook", "webhook"),
}
NAMES: Final = ("ada", "bob", "cem", "dot")


def _wall(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _persons() -> dict[str, PersonPlan]:
    found = {}
    for region in ZONES:
        for name in NAMES:
            who = f"{name}-{region}"
            high = (Contact("push", who), Contact("sms", f"+{who}"))
            found[who] = PersonPlan(who, high, (Contact("mail", f"{who}@x"),))
    return found


def _schedules(turned: bool) -> dict[str, SchedulePlan]:
    """A rotation by weeks, one by days with nights that nobody has, one by half days."""
    eu, us, au = (tuple(f"{name}-{region}" for name in NAMES) for region in ZONES)
    eu = eu[::-1] if turned else eu
    night = OverridePlan(_wall("2026-03-29T01:00"), _wall("2026-03-29T05:00"), ("dot-eu",))
    swap = OverridePlan(
        _wall("2026-10-20T09:00"), _wall("2026-10-27T09:00"), ("bob-eu",), replaces="ada-eu"
    )
    waking = tuple(
        Restriction(frozenset({day}), 5 * 60, 2 * 60 if day == 5 else 5 * 60) for day in range(7)
    )
    return {
        "eu": SchedulePlan(
            "eu", ZONES["eu"],
            (
                LayerPlan(Rotation.WEEKLY, 1, _wall("2026-01-05T09:00"), eu),
                LayerPlan(
                    Rotation.DAILY, 1, _wall("2026-01-05T08:00"), eu[:2],
                    restrictions=(Restriction(_WORKDAYS, 8 * 60, 17 * 60 + 30),),
                ),
            ),
            (night, swap),
        ),
        "us": SchedulePlan(
            "us", ZONES["us"],
            (LayerPlan(Rotation.DAILY, 1, _wall("2025-12-29T08:00"), us, restrictions=waking),),
            (OverridePlan(_wall("2026-11-01T00:30"), _wall("2026-11-01T03:30"), us[:2]),),
        ),
        "au": SchedulePlan(
            "au", ZONES["au"],
            (
                LayerPlan(Rotation.HOURLY, 12, _wall("2025-12-29T07:00"), au[:3]),
                LayerPlan(
                    Rotation.MONTHLY, 1, _wall("2026-01-31T10:00"), au[2:],
                    restrictions=(Restriction(frozenset({5, 6}), 22 * 60, 6 * 60),),
                ),
            ),
        ),
    }  # fmt: skip


def _policies(slow: bool) -> dict[str, PolicyPlan]:
    second = 20 * MINUTE if slow else 10 * MINUTE
    found = {
        region: PolicyPlan(
            region,
            (
                Level(0, (f"schedule:{region}",)),
                Level(second, (f"schedule:{region}", f"person:dot-{region}")),
                Level(45 * MINUTE, (f"team:{region}",), repeat=HOUR),
            ),
            rounds=1,
            then=("channel:hook",),
            round_every=90 * MINUTE,
        )
        for region in ZONES
    }
    found["office"] = PolicyPlan(
        "office", (Level(0, ("channel:mail",)), Level(2 * HOUR, ("person:dot-eu",)))
    )
    return found


def _routes(suppress: int) -> RoutePlan:
    urgent = 'severity=~"emergency|critical|high"'
    by_region = (
        RoutePlan(
            path=str(number),
            match=(parse_matcher(urgent), parse_matcher(f"region={region}")),
            channels=("chat",),
            policy=region,
            group_by=("cluster",) if region == "au" else ("service",),
            group_interval=5 * MINUTE,
            repeat_interval=4 * HOUR,
            suppress=suppress if region == "us" else 0,
        )
        for number, region in enumerate(ZONES, 1)
    )
    gold = RoutePlan(
        path="0", match=(parse_matcher("tier=gold"),), channels=("audit",), continue_=True
    )
    office = RoutePlan(
        path="4", match=(parse_matcher("tier=bronze"),), channels=("log",), policy="office",
        group_by=("region",), group_wait=MINUTE, active_time_intervals=("office",),
    )  # fmt: skip
    return RoutePlan(
        path="", channels=("log",), group_by=("service",), routes=(gold, *by_region, office)
    )


def flaps(name: str) -> bool:
    """Whether flapping is looked for at this check, which costs many runs after each change."""
    return name.endswith("7") and name.startswith("app")


def _check(name: str, number: int, parent: str | None) -> CheckPlan:
    region = tuple(ZONES)[number % 3]
    tier = tuple(_TIERS)[number // 3 % 3]
    labels = {
        "check": name, "service": name, "region": region, "tier": tier,
        "cluster": f"c{number % CLUSTERS}", "kind": "app" if parent else "db",
    }  # fmt: skip
    severity = {**_TIERS[tier], Status.UNKNOWN: Severity.INFO}
    if parent is None:
        severity[Status.DOWN] = Severity.EMERGENCY
    rises = (Promotion(3 * HOUR, Severity.HIGH),) if tier == "bronze" else ()
    behind = ((parent,),) if parent and number % 2 else ()
    return CheckPlan(
        name, "tcp", name, EVERY, 20 * SECOND, HOUR, 3, 1 + number % 5 // 4, labels,
        behind, severity=severity, promote=rises, acknowledgeable=number % 29 != 0,
        flap_start=20.0 if flaps(name) else 101.0,
    )  # fmt: skip


def _maintenance(other: bool) -> dict[str, MaintenancePlan]:
    nights = MaintenancePlan(
        "nights", ZONES["eu"], match=(parse_matcher('cluster=~"c1|c4|c6"'),),
        cron="30 1 * * *", duration=3 * HOUR,
    )  # fmt: skip
    noon = MaintenancePlan(
        "noon", ZONES["us"], match=(parse_matcher('cluster=~"c2|c3"'),), cron="0 12 * * *",
        duration=4 * HOUR,
    )  # fmt: skip
    move = MaintenancePlan(
        "move", ZONES["au"], match=(parse_matcher("region=au"),), start=_wall("2026-04-04T22:00"),
        end=_wall("2026-04-05T04:00"),
    )  # fmt: skip
    return {one.name: one for one in ((nights, move) if other else (nights, noon, move))}


def checks(count: int) -> dict[str, CheckPlan]:
    """The first few are databases; of the others every second stands behind one of them, and
    the rest are inhibited by it."""
    found = {f"db-{n}": _check(f"db-{n}", n, None) for n in range(CLUSTERS)}
    for number in range(CLUSTERS, count):
        name = f"app-{number}"
        found[name] = _check(name, number, f"db-{number % CLUSTERS}")
    return found


def plan(count: int, version: int) -> Plan:
    """The configuration after so many reloads; every fourth is the first again."""
    turn = version % 4
    known = checks(count if turn != 2 else count - count // 20)
    office = HoursPlan("Europe/Berlin", ((9 * 60, 17 * 60),), weekdays=_WORKDAYS)
    db_down = InhibitPlan(
        (parse_matcher("kind=db"), parse_matcher("severity=emergency")),
        (parse_matcher("kind=app"),),
        ("cluster",),
    )
    storms = CorrelatePlan(
        "storms",
        ((parse_matcher("tier=silver"),), (parse_matcher("tier=bronze"),)),
        needs=2,
        window=20 * MINUTE,
        equal=("region",),
    )
    slow = RulePlan(
        "slow", (parse_matcher("tier=gold"),), when="avg('latency_ms', '10m') > 400.0",
        for_=2 * MINUTE, keep_for=5 * MINUTE, severity=Severity.HIGH,
    )  # fmt: skip
    return Plan(
        checks=known,
        services={name: ServicePlan(name, (name,)) for name in known},
        rules={"slow": slow},
        route=_routes(0 if turn < 2 else 4 * MINUTE),
        policies=_policies(slow=turn == 3),
        persons=_persons(),
        teams={r: TeamPlan(r, tuple(f"{name}-{r}" for name in NAMES)) for r in ZONES},
        schedules=_schedules(turned=turn == 1),
        channels=CHANNELS,
        inhibits=(db_down,),
        correlates=() if turn == 2 else (storms,),
        maintenance=_maintenance(other=turn == 2),
        intervals={"office": IntervalPlan("office", (office,))},
    )
