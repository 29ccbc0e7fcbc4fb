"""A made-up estate with something of everything: what the dashboard's tests look at.

All times hang on `NOW`, so pictures and figures are the same on every run.
"""

from __future__ import annotations

from daemon.api.schema import (
    AlertView,
    AmendmentView,
    Budget,
    ChannelView,
    CheckView,
    DaemonInfo,
    DeliveryView,
    EntryView,
    EscalationView,
    IncidentView,
    Last,
    MatcherView,
    Money,
    Mute,
    OutageView,
    Period,
    ResponseMark,
    ResponseView,
    RunView,
    ScheduleView,
    ServiceView,
    SilenceStatus,
    SilenceView,
    SlaView,
    State,
    StatusWord,
    Violation,
)
from daemon.api.times import stamp

SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000
NOW = 1_795_255_865_000
"""2026-11-21 10:11:05 UTC."""


def ago(ms: int) -> str:
    """The API time so long before NOW."""
    return stamp(NOW - ms)


def ahead(ms: int) -> str:
    """The API time so long after NOW."""
    return stamp(NOW + ms)


def daemon() -> DaemonInfo:
    """The daemon."""
    return DaemonInfo(
        pid=4711, version="0.1.0", started_at=ago(6 * DAY), time=ago(0), config="/etc/tocsin.toml",
        checks=15, lag_ms=0.8, lateness_ms=1.2, on_call=schedules(), channels=channels(),
    )  # fmt: skip


def channels() -> list[ChannelView]:
    """One that is well, one that fails, one whose breaker is open, one that nobody used."""
    return [
        ChannelView(name="mail", kind="email", waiting=0, sent=412, failed=3, given_up=0,
                    last_success=ago(9 * MINUTE), last_failure=ago(4 * MINUTE),
                    failure="smtp.example.org:587: 451 greylisted, try again later",
                    latency_p50_ms=180.0, latency_p95_ms=640.0, latency_p99_ms=1_240.0,
                    success_rate=0.9928, fallback="sms", self_test_at=ago(5 * DAY),
                    self_test_good=True, self_test_next=ahead(2 * DAY)),
        ChannelView(name="ops-slack", kind="slack", waiting=3, sent=88, failed=12, given_up=2,
                    last_success=ago(31 * MINUTE), last_failure=ago(8 * SECOND),
                    failure="https://hooks.slack.com answers 503 Service Unavailable",
                    latency_p50_ms=95.0, latency_p95_ms=210.0, latency_p99_ms=480.0,
                    success_rate=0.88, breaker="open", breaker_since=ago(2 * MINUTE),
                    waits_for="breaker", waits_until=ahead(22 * SECOND)),
        ChannelView(name="sms", kind="sms", waiting=0, sent=17, failed=0, given_up=0,
                    last_success=ago(3 * HOUR), last_failure=None, failure=None,
                    latency_p50_ms=1_900.0, latency_p95_ms=2_600.0, latency_p99_ms=2_700.0,
                    success_rate=1.0),
        ChannelView(name="journal", kind="log", waiting=0, sent=0, failed=0, given_up=0,
                    last_success=None, last_failure=None, failure=None,
                    latency_p50_ms=None, latency_p95_ms=None),
    ]  # fmt: skip


def responses() -> list[ResponseView]:
    """One that asks, one that is stopped, one of other incidents."""
    return [
        ResponseView(name="restart-checkout", when="escalated", level=2, confirm=True,
                     action="run /usr/local/bin/restart-checkout --drain",
                     on=['service="checkout"']),
        ResponseView(name="clear-cache", when="manual", action="FLUSHDB on redis at cache-1",
                     on=['service=~"checkout|search"'], stopped_at=ago(HOUR),
                     stopped_why="3 runs in a row did not help"),
        ResponseView(name="bounce-db", when="firing", action="restart orders-db.service",
                     on=['service="orders-db"']),
    ]  # fmt: skip


def run(**changes: object) -> RunView:
    """A run that waits for approval."""
    values: dict[str, object] = {
        "id": "r1", "response": "restart-checkout", "incident": "01JD0CHECKOUT",
        "state": "waiting", "trigger": "level 2", "by": "tocsin",
        "action": "run /usr/local/bin/restart-checkout --drain",
        "decided_at": ago(20 * SECOND), "expires_at": ahead(14 * MINUTE + 40 * SECOND),
    }  # fmt: skip
    return RunView(**(values | changes))  # type: ignore[arg-type]  # fields by name


def asking() -> State:
    """The estate, with a run that waits for approval."""
    asked = state()
    asked.runs = [run()]
    asked.incidents[-1].responses = [
        ResponseMark(response="clear-cache", state="failed"),
        ResponseMark(response="restart-checkout", state="waiting"),
    ]
    return asked


def schedules() -> list[ScheduleView]:
    """Who is on call."""
    return [
        ScheduleView(name="primary", timezone="Europe/Berlin", on_call=["ana"],
                     until=ahead(2 * DAY + 3 * HOUR), next=["ben"]),
        ScheduleView(name="payments", timezone="Europe/London", on_call=["cai", "dan"],
                     until=ahead(47 * MINUTE), next=[], overridden=True),
    ]  # fmt: skip


def alert(
    key: str, name: str, severity: str, incident: str, since: int, **labels: str
) -> AlertView:
    """A firing alert."""
    return AlertView(
        fingerprint=key, name=name, state="firing", severity=severity,  # type: ignore[arg-type]  # a severity word
        labels={"alertname": name, "severity": severity, **labels}, annotations={},
        fired_at=ago(since), resolved_at=None, incident=incident, muted=[],
    )  # fmt: skip


def checkout() -> IncidentView:
    """The worst: an emergency nobody has."""
    return IncidentView(
        id="01JD0CHECKOUT", state="triggered", severity="emergency", service="checkout",
        title="Customers cannot pay: connection refused",
        summary="checkout-http is down: connect to shop.example.org:443 failed: connection refused",
        fired_at=ago(4 * MINUTE + 12 * SECOND), acknowledged_at=None, acknowledged_by=None,
        resolved_at=None, muted=[], alerts=["a1", "a2", "a3"], firing=["a1", "a2"], version=4,
        escalation=EscalationView(
            policy="primary", level=1, levels=3, next_at=ahead(48 * SECOND), round=0, rounds=2,
            next_step="level 2", next_notify=["ana", "mail"],
            previous_at=ago(4 * MINUTE + 12 * SECOND),
        ),
        context="revenue_critical", organization="acme", notified_at=ago(4 * MINUTE),
        money=Money(per_hour="12000", lost="840.00", currency="GBP", as_of=ago(0)),
        down_since=ago(4 * MINUTE + 12 * SECOND), recovery_due=ahead(10 * MINUTE + 48 * SECOND),
        mtta_due=ahead(48 * SECOND), mttr_due=ahead(25 * MINUTE + 48 * SECOND),
        impact="Customers cannot pay", runbook="https://wiki.example.org/runbooks/checkout",
        owner="payments", rank=1,
    )  # fmt: skip


def orders() -> IncidentView:
    """Critical, with time left."""
    return IncidentView(
        id="01JD0ORDERS", state="triggered", severity="critical", service="orders-db",
        title="orders-db answers slowly: p95 812 ms", summary="p95('latency_ms','5m') > 500.0",
        fired_at=ago(11 * MINUTE), acknowledged_at=None, acknowledged_by=None, resolved_at=None,
        muted=[], alerts=["a4"], firing=["a4"], version=2, context="revenue_critical", rank=1,
        escalation=EscalationView(
            policy="primary", level=2, levels=3, next_at=ahead(4 * MINUTE + 2 * SECOND),
            next_step="level 3", next_notify=["team:payments"], previous_at=ago(6 * MINUTE),
        ),
    )  # fmt: skip


def search_() -> IncidentView:
    """High, acknowledged by ben."""
    return IncidentView(
        id="01JD0SEARCH", state="acknowledged", severity="high", service="search",
        title="search returns 502", summary="status == 200 (status is 502)",
        fired_at=ago(52 * MINUTE), acknowledged_at=ago(49 * MINUTE), acknowledged_by="ben",
        resolved_at=None, muted=[], alerts=["a5"], firing=["a5"], version=3,
        ack_comment="rolling back the index", escalation=EscalationView(
            policy="primary", level=1, levels=3, next_at=None, paused=True),
    )  # fmt: skip


def mailer() -> IncidentView:
    """Medium, silenced."""
    return IncidentView(
        id="01JD0MAILER", state="triggered", severity="medium", service="mailer",
        title="mailer heartbeat is late", summary="no ping for 26m", fired_at=ago(26 * MINUTE),
        acknowledged_at=None, acknowledged_by=None, resolved_at=None, alerts=["a6"],
        firing=["a6"], version=1, escalation=None,
        muted=[Mute(by="ana", reason="moving the mail relay", until=ahead(95 * MINUTE))],
    )  # fmt: skip


def backup() -> IncidentView:
    """Resolved an hour ago."""
    return IncidentView(
        id="01JD0BACKUP", state="resolved", severity="low", service="backup",
        title="nightly backup took too long", summary="", fired_at=ago(3 * HOUR),
        acknowledged_at=None, acknowledged_by=None, resolved_at=ago(HOUR), muted=[],
        alerts=["a7"], version=5, escalation=None,
    )  # fmt: skip


def alerts() -> list[AlertView]:
    """The alerts of the incidents."""
    return [
        alert("a1", "CheckDown", "emergency", "01JD0CHECKOUT", 252_000, check="checkout-http",
              service="checkout", env="prod"),
        alert("a2", "CheckDown", "critical", "01JD0CHECKOUT", 190_000, check="checkout-tcp",
              service="checkout", env="prod"),
        alert("a4", "OrdersSlow", "critical", "01JD0ORDERS", 660_000, check="orders-db",
              service="orders-db", env="prod"),
        alert("a5", "CheckDown", "high", "01JD0SEARCH", 3_120_000, check="search-http",
              service="search", env="prod"),
        alert("a6", "HeartbeatLate", "medium", "01JD0MAILER", 1_560_000, check="mailer-beat",
              service="mailer", env="prod"),
    ]  # fmt: skip


NAMES: dict[str, StatusWord] = {
    "checkout": "down", "orders-db": "degraded", "search": "down", "mailer": "unknown",
    "catalogue": "up", "login": "up", "media": "up", "reports": "up", "billing": "up",
    "stock": "up", "gateway": "up", "cache": "up",
}  # fmt: skip


def services() -> list[ServiceView]:
    """Twelve services, one hidden behind another."""
    made = [
        ServiceView(
            name=name, status=status, since=ago((place + 1) * 37 * MINUTE), rank=place % 3,
            checks=[f"{name}-http"], slas=[f"{name}-availability"] if place % 4 != 3 else [],
            context="revenue_critical" if place < 3 else "internal", owner="payments",
        )
        for place, (name, status) in enumerate(NAMES.items())
    ]  # fmt: skip
    made[0].depends_on = ["orders-db"]
    made[0].impact = "Customers cannot pay"
    made[3].unreachable = "orders-db"
    return made


MESSAGES = {
    "up": "200 OK in 3 phases",
    "down": "connect to shop.example.org:443 failed: connection refused",
    "degraded": "latency_ms > 500.0 (latency_ms is 812.4)",
    "unknown": "no ping for 26m",
}


def checks() -> list[CheckView]:
    """A check a service."""
    made = []
    for place, (name, status) in enumerate(NAMES.items()):
        value = None if status in ("down", "unknown") else 12.0 + 7.3 * place
        made.append(
            CheckView(
                name=f"{name}-http", kind="http", service=name, status=status, hard=True,
                since=ago((place + 1) * 37 * MINUTE), attempts=3, down_after=3, every_ms=10_000,
                last=Last(
                    time=ago(place * 700), status=status, latency_ms=value,
                    message=MESSAGES[status],
                    metrics={"status": 200, "cert_days": 41.5, "body_bytes": 1822, "json.ok": True},
                    phases={"resolve": 0.4, "connect": 1.9, "tls": 6.2, "first_byte": 14.0},
                ),
                labels={"env": "prod", "region": "eu-1"},
            )
        )  # fmt: skip
    made[6].hard, made[6].attempts = False, 2
    last = made[6].last
    assert last is not None
    last.status = "down"
    last.message = "status == 200 (status is 503)"
    made[7].flapping = True
    return made


def slas() -> list[SlaView]:
    """Budgets from overspent to untouched."""
    made = []
    for place, service in enumerate(services()):
        if not service.slas:
            continue
        left = (-310_000, 420_000, 640_000, 0, 2_100_000, 2_400_000, 2_592_000)[min(place, 6)]
        total = 2_592_000
        down = total - left
        value = {0: 99.8881, 1: 99.9162, 2: 99.9247}.get(place, 99.9999)
        made.append(
            SlaView(
                name=service.slas[0], service=service.name, kind="availability", target=99.9,
                period=Period(start=ago(20 * DAY), end=ahead(10 * DAY)), value=value,
                met=left > 0, up_ms=20 * DAY - down - 3 * HOUR - 2 * HOUR - HOUR, down_ms=down,
                degraded_ms=HOUR, unknown_ms=3 * HOUR, excluded_ms=2 * HOUR, coverage=99.37,
                budget=Budget(total_ms=total, left_ms=left,
                              exhausts_at=ahead(31 * HOUR) if place == 1 else None),
                burn_rate=(8.4, 2.1, 1.3, 0.2)[min(place, 3)],
                violations=[
                    Violation(start=ago(6 * DAY), end=ago(6 * DAY - 31 * MINUTE),
                              depth_ms=4 * MINUTE, notes=[noted(service.slas[0])]),
                    Violation(start=ago(252_000), end=None),
                ] if place == 0 else [],
                level="missed" if left <= 0 else "warning" if place == 1 else "good",
                services=[service.name], outages=outages() if place < 2 else [],
                mttr_ms=22 * MINUTE, mtbf_ms=6 * DAY, credit_percent=10.0 if left < 0 else 0.0,
                exclusions=[excluded(service.slas[0])] if place == 1 else [],
                approved_ms=HOUR if place == 1 else 0,
                unamended_value=99.7531 if place == 1 else value,
            )
        )  # fmt: skip
    return made


def outages() -> list[OutageView]:
    """Two, of which one lasts."""
    return [
        OutageView(start=ago(6 * DAY), end=ago(6 * DAY - 31 * MINUTE), length_ms=31 * MINUTE),
        OutageView(start=ago(252_000), end=None, length_ms=252_000),
    ]


def noted(sla: str) -> AmendmentView:
    """What was written on the older violation."""
    return AmendmentView(
        id="n1", kind="note", sla=sla, start=ago(6 * DAY), end=ago(5 * DAY), made_by="ben",
        text="the certificate had expired; it is renewed by itself now", made_at=ago(5 * DAY),
    )  # fmt: skip


def excluded(sla: str) -> AmendmentView:
    """An hour that does not count."""
    return AmendmentView(
        id="x1", kind="exclusion", sla=sla, start=ago(9 * DAY), end=ago(9 * DAY - HOUR),
        text="the provider's outage, see their report", made_by="ana", made_at=ago(8 * DAY),
    )  # fmt: skip


def silence(key: str = "s1", state: str = "active") -> SilenceView:
    """The silence over the mailer."""
    return SilenceView(
        id=key, matchers=[MatcherView(name="service", value="mailer", isRegex=False),
                          MatcherView(name="env", value="prod|stage", isRegex=True)],
        startsAt=ago(25 * MINUTE), endsAt=ahead(95 * MINUTE), updatedAt=ago(25 * MINUTE),
        createdBy="ana", comment="moving the mail relay",
        status=SilenceStatus(state=state), matched=1,  # type: ignore[arg-type]  # one of its three words
    )  # fmt: skip


def history() -> dict[str, list[float | None]]:
    """Latencies with a life of their own, and failures where a service is down."""
    made: dict[str, list[float | None]] = {}
    for place, (name, status) in enumerate(NAMES.items()):
        values: list[float | None] = [
            12.0 + 7 * place + (step * (place + 3) * 7919 % 23) * (1 + place % 3)
            for step in range(60)
        ]
        if status == "degraded":
            values[40:] = [300.0 + 25 * step for step in range(20)]
        if status == "down":
            values[-9:] = [None] * 9
        made[name] = values
    made["mailer"] = []
    return made


def timeline() -> list[EntryView]:
    """What happened to the worst incident."""
    rows = (
        (252, "fired", "tocsin", "checkout-http is down: connection refused"),
        (252, "notified", "tocsin", "level 1: ops-slack"),
        (190, "joined", "tocsin", "checkout-tcp is down"),
        (120, "note", "ben", "looked at the load balancer: both backends are gone since 10:06"),
        (61, "notified", "tocsin", "repeat to ops-slack"),
    )
    return [
        EntryView(time=ago(second * SECOND), kind=kind, by=by, origin="unix uid 1000", text=text)
        for second, kind, by, text in rows
    ]


def deliveries() -> list[DeliveryView]:
    """Who was told, and who was not."""
    return [
        DeliveryView(id="d1", incident="01JD0CHECKOUT", type="incident.firing", channel="ops-slack",
                     recipient="#ops", state="sent", attempts=1, created_at=ago(252_000),
                     next_at=None, sent_at=ago(251_600), detail="200 OK"),
        DeliveryView(id="d2", incident="01JD0CHECKOUT", type="incident.firing", channel="mail",
                     recipient="ops@example.org", state="queued", attempts=3,
                     created_at=ago(252_000), next_at=ahead(14_000), sent_at=None,
                     detail="451 greylisted, try again later"),
    ]  # fmt: skip


def state(*, role: str = "operator") -> State:
    """The whole estate on a bad morning."""
    return State(
        seq=100, daemon=daemon(), checks=checks(), services=services(), alerts=alerts(),
        incidents=[backup(), mailer(), search_(), orders(), checkout()], silences=[silence()],
        slas=slas(), me="ana", role=role, history=history(),
    )  # fmt: skip


def quiet() -> State:
    """The estate on a good morning."""
    made = state()
    made.incidents, made.alerts, made.silences = [], [], []
    for service in made.services:
        service.status, service.unreachable = "up", None
    for check in made.checks:
        check.status, check.hard, check.flapping = "up", True, False
        if check.last is not None:
            check.last.status, check.last.message = "up", "200 OK"
    return made


def many(count: int) -> State:
    """An alert storm: `count` alerts, one incident each for the first two thousand."""
    made = state()
    made.incidents, made.alerts = [], []
    words = ("critical", "high", "medium", "low")
    for place in range(count):
        severity, owner = words[place % 4], f"i{place % 2000:04}"
        made.alerts.append(
            alert(f"f{place:05}", f"Disk{place % 7}", severity, owner, place * 10,
                  service=f"host-{place % 400}", env="prod")
        )  # fmt: skip
    for place in range(min(count, 2000)):
        made.incidents.append(
            IncidentView(
                id=f"i{place:04}", state="triggered", severity=words[place % 4],  # type: ignore[arg-type]  # a severity word
                service=f"host-{place % 400}", title=f"disk of host-{place} is full", summary="",
                fired_at=ago(place * 1000), acknowledged_at=None, acknowledged_by=None,
                resolved_at=None, muted=[], version=1,
                alerts=[f"f{key:05}" for key in range(place, count, 2000)],
                escalation=EscalationView(policy="primary", level=1, levels=3,
                                          next_at=ahead(place * 500 + 1000), next_notify=["ana"]),
            )
        )  # fmt: skip
    return made
