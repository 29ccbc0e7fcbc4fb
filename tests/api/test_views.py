"""Records as the API shows them."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from math import inf, nan

import msgspec
import pytest

from checks.result import Result, Status
from daemon.api import schema, views
from daemon.api.views.incident import (
    escalation_view,
    incident_view,
    money_view,
    next_targets,
    recovery_met,
)
from daemon.api.views.sla import sla_view
from daemon.core.labels import parse_matcher
from daemon.core.model import (
    HOUR,
    MINUTE,
    CheckState,
    Escalation,
    Incident,
    IncidentState,
    Level,
    Mute,
    MuteKind,
    ServiceState,
)
from daemon.core.plan import Plan, ServicePlan
from daemon.core.severity import Severity
from daemon.core.sla.values import SlaFigures
from tests.api.lab import START, Lab, check_plan, plan
from tests.core.deciding import alert

LEVELS = (
    Level(0, ("channel:a",), repeat=MINUTE),
    Level(5 * MINUTE, ("person:b",)),
)


def incident(**changes: object) -> Incident:
    base = Incident(
        key="i1", group="g", state=IncidentState.TRIGGERED, severity=Severity.CRITICAL,
        title="t", summary="s", fired_at=START, service="checkout",
    )  # fmt: skip
    return replace(base, **changes)  # type: ignore[arg-type]  # fields of an incident


def test_a_number_that_json_does_not_have_is_left_out() -> None:
    result = Result(
        "web", START, Status.UP, nan, metrics={"a": nan, "b": inf, "c": 1.5, "d": "x", "e": True}
    )
    view = views.last_view(result)
    assert view.metrics == {"c": 1.5, "d": "x", "e": True}
    assert view.latency_ms is None
    assert msgspec.json.decode(msgspec.json.encode(view), type=schema.Last) == view


def test_a_check_shows_its_confirmed_status_beside_its_newest_result() -> None:
    state = CheckState("web", Status.UP, START, hard=False, attempts=1, cause=None)
    view = views.check_view(check_plan("web", "checkout"), state, Result("web", START, Status.DOWN))
    assert (view.status, view.hard, view.attempts) == ("up", False, 1)
    assert view.last is not None
    assert view.last.status == "down"


def test_a_services_parents_are_named_whatever_their_redundancy() -> None:
    service = ServicePlan("a", ("c",), parents=(("x", "y"), ("z",)))
    assert views.service_view(service, ServiceState("a"), ()).depends_on == ["x", "y", "z"]


@pytest.mark.parametrize(
    ("text", "is_regex", "is_equal"),
    [('a="b"', False, True), ('a!="b"', False, False), ('a=~"b"', True, True),
     ('a!~"b"', True, False)],
)  # fmt: skip
def test_a_matcher_is_written_as_alertmanager_does_and_read_back(
    text: str, is_regex: bool, is_equal: bool
) -> None:
    view = views.matcher_view(parse_matcher(text))
    assert (view.isRegex, view.isEqual) == (is_regex, is_equal)
    back = views.matcher_of(view.name, view.value, is_regex=is_regex, is_equal=is_equal)
    assert str(back) == text


def test_an_slas_figures_are_never_rounded_toward_looking_better() -> None:
    figures = SlaFigures(
        name="s", service="a", target=Decimal("99.9"), start=START, end=START + HOUR, now=START + 3,
        up_ms=1, degraded_ms=0, unknown_ms=1, down_ms=1, excluded_ms=0,
        availability=Fraction(1, 2), value=Decimal("50.0000"), met=False,
        coverage=Fraction(99_999_999, 1_000_000), budget_total_ms=10, budget_left_ms=-1,
        burn_rate=Fraction(2, 3), violations=(),
    )  # fmt: skip
    view = sla_view(figures)
    assert (view.coverage, view.burn_rate, view.value) == (99.9999, 0.6667, 50.0)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, ("channel:a",)),
        ({"level": 0, "stepped_at": START, "next_at": START + MINUTE}, ("channel:a",)),
        ({"level": 0, "stepped_at": START, "next_at": START + 5 * MINUTE}, ("person:b",)),
        ({"level": 0, "stepped_at": START + 4 * MINUTE, "next_at": START + 5 * MINUTE},
         ("person:b",)),
        ({"level": 1}, ("channel:z",)),
        ({"level": 1, "rounds": 1}, ("channel:a",)),
        ({"level": 1, "rounds": 1, "round": 1}, ("channel:z",)),
        ({"level": 1, "spent": True}, ()),
    ],
)  # fmt: skip
def test_who_is_told_next(changes: dict[str, object], told: tuple[str, ...]) -> None:
    escalation = Escalation("p", LEVELS, then=("channel:z",), started_at=START)
    assert next_targets(replace(escalation, **changes)) == told  # type: ignore[arg-type]  # fields of an escalation


def test_levels_are_counted_from_one_and_the_running_wait_has_a_beginning() -> None:
    fresh = escalation_view(Escalation("p", LEVELS, started_at=START, next_at=START + 1))
    assert (fresh.level, fresh.levels, fresh.previous_at) == (0, 2, "2026-11-21T10:11:05.000Z")
    stepped = Escalation("p", LEVELS, level=0, started_at=START, stepped_at=START + MINUTE)
    assert escalation_view(stepped).previous_at == "2026-11-21T10:12:05.000Z"


def test_money_is_counted_in_whole_cents_and_never_rounded_up() -> None:
    view = money_view(
        incident(revenue_per_hour=Decimal(100), currency="EUR", down_since=START), START + 71_999
    )
    assert view is not None
    assert (view.lost, view.per_hour, view.currency) == ("1.99", "100", "EUR")
    assert money_view(incident(), START) is None


@pytest.mark.parametrize(
    ("changes", "after", "met"),
    [
        ({}, 0, None),
        ({"recovery_due": START + 10, "down_since": START}, 10, None),
        ({"recovery_due": START + 10, "down_since": START}, 11, False),
        ({"recovery_due": START + 10, "down_until": START + 10}, 99, True),
        ({"recovery_due": START + 10, "down_until": START + 11}, 99, False),
        ({"recovery_due": START + 10, "state": IncidentState.RESOLVED, "resolved_at": START + 5},
         99, True),
        ({"recovery_due": START + 10, "state": IncidentState.RESOLVED, "resolved_at": START + 50},
         99, False),
    ],
)  # fmt: skip
def test_whether_the_service_was_back_in_time(
    changes: dict[str, object], after: int, met: bool | None
) -> None:
    assert recovery_met(incident(**changes), START + after) is met


@pytest.mark.parametrize(
    ("changes", "after", "breached"),
    [
        ({}, 5 * MINUTE, (False, False)),
        ({}, 5 * MINUTE + 1, (True, False)),
        ({"acknowledged_at": START + MINUTE}, HOUR, (False, True)),
        ({"acknowledged_at": START + HOUR}, HOUR, (True, True)),
        ({"acknowledged_at": START, "resolved_at": START + MINUTE}, HOUR, (False, False)),
        ({"resolved_at": START + MINUTE}, HOUR, (False, False)),
    ],
)
def test_targets_are_breached_when_late_and_only_then(
    changes: dict[str, object], after: int, breached: tuple[bool, bool]
) -> None:
    view = incident_view(incident(**changes), plan(), START + after)
    assert (view.mtta_breached, view.mttr_breached) == breached


def test_an_incident_outlives_its_service() -> None:
    view = incident_view(incident(), Plan(), START)
    assert (view.service, view.impact, view.rank, view.mtta_due) == ("checkout", None, 0, None)


def test_every_shape_reads_back_as_what_was_written() -> None:
    lab = Lab()
    lab.outage()
    engine = lab.engine
    shapes: list[schema.Shape] = [
        *(views.alert_view(item) for item in engine.alerts.values()),
        *(incident_view(item, engine.plan, lab.time) for item in engine.incidents.values()),
        *(views.check_view(item, engine.checks[name], engine.last.get(name))
          for name, item in engine.plan.checks.items()),
        sla_view(engine.sla("checkout-99", lab.time)),
    ]  # fmt: skip
    for shape in shapes:
        assert msgspec.json.decode(msgspec.json.encode(shape), type=type(shape)) == shape


def test_whom_a_level_tells_in_turn_is_said_to_be_one_of_them() -> None:
    level = replace(LEVELS[0], notify=("person:a", "person:b"), round_robin=True)
    view = escalation_view(Escalation("p", (level,), next_at=START))
    assert (view.next_notify, view.next_in_turn) == (["person:a", "person:b"], True)
    assert not escalation_view(Escalation("p", LEVELS, next_at=START)).next_in_turn
    assert not escalation_view(Escalation("p", (level,), next_at=START), over=True).next_in_turn


def test_an_alert_shows_what_mutes_it_and_what_its_routes_hold_back() -> None:
    silence = Mute(MuteKind.SILENCE, "1", "silenced by ana: works", START)
    hours = Mute(MuteKind.TIME, "nights", "muted in the time interval nights")
    shown = views.alert_view(alert("a", muted=(silence,), held_back=(hours,)))
    assert [(mute.kind, mute.by) for mute in shown.muted] == [("silence", "1"), ("time", "nights")]
