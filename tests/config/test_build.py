"""daemon.config.build and its parts: what a configuration means to the engine."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from checks.result import Status
from daemon.config import Config
from daemon.core.model import DAY, HOUR, MINUTE, SECOND, Promotion
from daemon.core.plan import (
    DEFAULT_SEVERITY,
    BurnPlan,
    Contact,
    CreditPlan,
    HoursPlan,
    IntervalPlan,
    UnknownTime,
)
from daemon.core.severity import Severity
from daemon.store.upkeep.prune import Retention

Load = Callable[[str], Config]
TCP = '[[check]]\nname = "web"\nkind = "tcp"\nhost = "127.0.0.1"\nport = 80\n'


def test_a_check_takes_from_defaults_what_it_does_not_say(full: Config) -> None:
    plan = full.plan.checks["checkout-http"]

    assert (plan.every, plan.retry_every, plan.every_down) == (5 * SECOND, SECOND, 2 * SECOND)
    assert (plan.down_after, plan.up_after) == (2, 1)
    assert (plan.flap_start, plan.flap_stop) == (30.0, 10.0)
    assert plan.count_from == "confirmation"
    assert full.timeouts["checkout-http"] == 4 * SECOND


def test_default_times_are_cut_to_a_fast_check_s_interval(full: Config) -> None:
    plan = full.plan.checks["orders-db"]

    assert (plan.every, plan.retry_every, plan.every_down) == (500, 500, 500)
    assert full.timeouts["orders-db"] == 500


def test_labels_say_what_a_check_is_and_belongs_to(full: Config) -> None:
    assert full.plan.checks["checkout-http"].labels == {
        "check": "checkout-http",
        "service": "checkout",
        "kind": "http",
        "context": "revenue_critical",
        "organization": "acme",
        "owner": "payments",
        "category": "performance",
        "env": "prod",
        "tier": "1",
    }


def test_a_check_without_a_service_is_one_itself(full: Config) -> None:
    assert full.plan.checks["backup"].service == "backup"
    assert full.plan.services["backup"].checks == ("backup",)


def test_a_check_that_is_not_enabled_is_nowhere_but_its_service_stays(full: Config) -> None:
    assert "line-2" not in full.plan.checks
    assert "line-2" not in full.specs
    assert full.plan.services["line-2"].checks == ()
    assert full.plan.services["checkout"].parents == (("orders-db",), ("router", "line-2"))


def test_a_parent_check_that_is_not_enabled_hides_nobody(load_text: Load) -> None:
    off = TCP.replace("web", "off") + "enabled = false\n"

    config = load_text(
        TCP + 'depends_on = ["off", ["off", "on"]]\n' + off + TCP.replace("web", "on")
    )

    assert config.plan.checks["web"].parents == (("on",),)


def test_the_context_gives_severities_and_promotions_in_order_of_time(full: Config) -> None:
    plan = full.plan.checks["checkout-http"]

    assert plan.severity[Status.DOWN] is Severity.EMERGENCY
    assert plan.severity[Status.DEGRADED] is Severity.HIGH
    assert plan.severity[Status.UNKNOWN] is DEFAULT_SEVERITY[Status.UNKNOWN]
    assert plan.promote == (
        Promotion(15 * MINUTE, Severity.CRITICAL),
        Promotion(HOUR, Severity.EMERGENCY),
    )


def test_only_targets_beyond_this_host_are_behind_the_uplink(full: Config) -> None:
    remote = {name: plan.remote for name, plan in full.plan.checks.items()}

    here = {"orders-db", "backup", "nginx-processes", "worker-process", "nginx-unit"}
    here |= {"failed-units", "nightly-dump", "journal-errors"}
    assert {name for name, behind in remote.items() if not behind} == here
    assert {
        "checkout-http",
        "router",
        "mail-certificate",
        "zone",
        "gateway-ping",
    } <= remote.keys() - here


def test_money_and_targets_are_exact(full: Config) -> None:
    assert full.plan.services["checkout"].revenue_per_hour == Decimal("12000.10")
    assert str(full.plan.slas["checkout-availability"].target) == "99.950"


def test_slas_know_their_period_zone_and_weight(full: Config) -> None:
    orders = full.plan.slas["orders"]
    assert (orders.service, orders.members, orders.is_group) == ("orders-db", ("orders-db",), False)
    assert (orders.target, orders.period, orders.timezone) == (99, 30 * DAY, "Europe/Berlin")
    assert (orders.degraded_weight, orders.unknown) == (0, UnknownTime.DOWN)
    assert orders.credits == (
        CreditPlan(Decimal(99), Decimal(10)),
        CreditPlan(Decimal(95), Decimal(25)),
    )
    assert orders.burns == (BurnPlan(Decimal(10), 2 * HOUR, 10 * MINUTE, Severity.CRITICAL),)
    quarter = full.plan.slas["checkout-availability"]
    assert (quarter.period, quarter.timezone) == ("quarter", "Europe/London")
    assert quarter.degraded_weight == Decimal("0.5")


def test_an_sla_of_several_has_those_that_match_and_the_usual_windows_of_its_period(
    full: Config,
) -> None:
    production = full.plan.slas["production"]
    assert production.is_group
    assert production.members == ("checkout",)
    assert (production.service, production.quorum) == ("production", 1)
    assert [(one.rate, one.long, one.short) for one in production.burns] == [
        (Decimal("14.4"), HOUR, 5 * MINUTE),
        (6, 6 * HOUR, 30 * MINUTE),
        (3, DAY, 2 * HOUR),
        (1, 3 * DAY, 6 * HOUR),
    ]
    assert production.labels["env"] == "prod"


def test_routes_inherit_all_but_matchers_and_continue(full: Config) -> None:
    parent, second = full.plan.route.routes
    child, quiet = parent.routes

    assert (parent.path, child.path, quiet.path, second.path) == ("0", "0.0", "0.1", "1")
    assert (child.channels, child.policy) == (("log",), "primary")
    assert (child.group_by, child.group_wait) == (("service", "env"), 0)
    assert (child.group_interval, child.repeat_interval) == (MINUTE, 2 * HOUR)
    assert child.continue_
    assert not parent.continue_
    assert [str(one) for one in child.match] == ['service="checkout"']
    assert (quiet.channels, quiet.policy) == ((), None)
    assert (second.group_by, second.group_wait, second.policy) == (("service",), None, None)
    assert (second.group_interval, second.repeat_interval) == (5 * MINUTE, 4 * HOUR)


def test_routes_inherit_hours_and_suppress_unless_they_say_otherwise(full: Config) -> None:
    parent, second = full.plan.route.routes
    child, quiet = parent.routes

    assert (parent.mute_time_intervals, parent.suppress) == (("nights",), 2 * MINUTE)
    assert (quiet.mute_time_intervals, quiet.active_time_intervals) == (("nights",), ())
    assert quiet.suppress == 2 * MINUTE
    assert (child.mute_time_intervals, child.suppress) == ((), 0)
    assert child.active_time_intervals == ("office", "end-of-quarter")
    assert (second.mute_time_intervals, second.suppress) == ((), 0)


def test_time_intervals_have_their_zone_and_all_ways_of_writing_days(full: Config) -> None:
    office, nights, quarter = full.plan.intervals.values()

    assert office == IntervalPlan(
        "office",
        (HoursPlan("Europe/Berlin", ((540, 750), (780, 1_020)), frozenset(range(5))),),
    )
    hours, weekend = nights.any_of
    assert (hours.timezone, hours.times) == ("Europe/Berlin", ((0, 360), (1_320, 1_440)))
    assert (weekend.timezone, weekend.times) == ("Europe/London", ((0, 1_440),))
    assert weekend.weekdays == {5, 6}
    (last,) = quarter.any_of
    assert last.days_of_month == ((-3, -1), (1, 1), (15, 15))
    assert last.months == {12, 1, 3, 6, 9}
    assert last.years == ((2026, 2028), (2030, 2030))


def test_rules_are_taken_as_written_and_left_out_when_not_enabled(full: Config) -> None:
    assert list(full.plan.rules) == ["checkout-slow"]
    rule = full.plan.rules["checkout-slow"]
    assert (rule.for_, rule.keep_for, rule.cooldown) == (MINUTE, 2 * MINUTE, 3 * MINUTE)
    assert rule.severity is Severity.CRITICAL
    assert rule.labels == {"team": "payments"}


def test_policies_keep_levels_rounds_and_the_last_resort(full: Config) -> None:
    policy = full.plan.policies["primary"]

    assert [level.after for level in policy.levels] == [0, 5 * MINUTE]
    last = policy.levels[1]
    assert (last.repeat, last.only_in, last.min_alerts) == (2 * MINUTE, ("office", "nights"), 2)
    assert last.round_robin
    assert (policy.rounds, policy.round_every, policy.then) == (2, 10 * MINUTE, ("channel:log",))


def test_a_person_has_an_address_where_one_is_given(full: Config) -> None:
    person = full.plan.persons["ana"]

    mail, log = Contact("mail", "ana@example.org"), Contact("log", None)
    assert person.high == (mail, log, Contact("sms", "+4915112345678", 2 * MINUTE))
    assert person.low == ()


def test_severity_targets_go_by_the_severity_not_by_its_alias(full: Config) -> None:
    assert full.plan.severities[Severity.MEDIUM].mtta == HOUR
    assert full.plan.severities[Severity.CRITICAL].mttr == 30 * MINUTE


def test_money_at_risk_has_its_deadline_by_the_daemon_s_clock_the_soonest_first(
    full: Config,
) -> None:
    soon, later = full.plan.services["checkout"].at_risk
    assert (soon.value, soon.what) == (Decimal("900.5"), "")
    assert (later.until, later.what) == (1_796_144_400_000, "the sale ends")


def test_updates_and_reminders_have_their_intervals(full: Config) -> None:
    assert full.plan.services["checkout"].update_every == 15 * MINUTE
    assert full.plan.severities[Severity.CRITICAL].update_every == 30 * MINUTE
    assert full.plan.ack.remind_every == HOUR


def test_a_heartbeat_has_its_period_and_the_daemon_s_zone(full: Config) -> None:
    heartbeat = full.plan.checks["backup"].heartbeat

    assert heartbeat is not None
    assert (heartbeat.period, heartbeat.grace) == (DAY, HOUR)
    assert heartbeat.timezone == "Europe/Berlin"


def test_two_loads_of_the_same_files_make_equal_plans(full: Config) -> None:
    from daemon.config import load

    assert load(full.path).plan == full.plan


def test_an_empty_file_is_a_configuration(load_text: Load) -> None:
    config = load_text("")

    assert config.plan.checks == {}
    assert config.plan.route.routes == ()
    assert config.retention.raw == 7 * DAY
    assert config.retention_plan == Retention()


def test_retention_is_taken_over_key_by_key(full: Config) -> None:
    assert full.retention_plan == Retention(
        raw=3 * DAY,
        minutes=2 * DAY,
        hours=100 * DAY,
        days=3650 * DAY,
        incidents=1000 * DAY,
        audit=730 * DAY,
        reports=3650 * DAY,
    )


def test_a_plan_carries_how_long_a_run_may_take(full: Config) -> None:
    assert {n: one.timeout for n, one in full.plan.checks.items()} == dict(full.timeouts)


def test_a_matcher_takes_every_word_for_a_severity_and_the_plan_has_the_one_alerts_carry(
    load_text: Load,
) -> None:
    plan = load_text(
        '[channel.log]\nkind = "log"\n'
        '[[route]]\nmatch = ["severity=P1"]\nchannels = ["log"]\n'
        '[[inhibit]]\nsource = ["severity=L1"]\ntarget = ["severity!=warning"]\n'
    ).plan

    assert [str(one) for one in plan.route.routes[0].match] == ['severity="critical"']
    (inhibit,) = plan.inhibits
    assert [str(one) for one in inhibit.source] == ['severity="critical"']
    assert [str(one) for one in inhibit.target] == ['severity!="medium"']


def test_numbers_are_exact_where_they_are_money_and_binary_elsewhere(load_text: Load) -> None:
    service = '[[service]]\nname = "shop"\nrevenue_per_hour = 0.1\n'
    rates = "[defaults]\nflap_start = 30.5\n"
    loaded = load_text(f"{service}{rates}{TCP}")

    assert loaded.plan.services["shop"].revenue_per_hour == Decimal("0.1")
    assert type(loaded.settings.defaults.flap_start) is float


def test_checks_of_one_context_share_what_it_says(load_text: Load) -> None:
    context = (
        '[context.shop]\nseverity = { down = "low" }\n[[service]]\nname = "a"\ncontext = "shop"\n'
    )
    one = TCP.replace('"web"', '"one"') + 'service = "a"\n'
    two = TCP.replace('"web"', '"two"') + 'service = "a"\n'
    checks = load_text(context + one + two + TCP).plan.checks

    assert checks["one"].severity == {**DEFAULT_SEVERITY, Status.DOWN: Severity.LOW}
    assert checks["two"].severity is checks["one"].severity
    assert checks["web"].severity == DEFAULT_SEVERITY
