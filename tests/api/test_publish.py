"""From effects to the stream."""

from __future__ import annotations

from dataclasses import replace

from checks.result import Result, Status
from daemon.api.hub import EventHub
from daemon.api.publish import (
    publish_daemon,
    publish_delivery,
    publish_effects,
    publish_settled,
    publish_sla,
)
from daemon.core.effects import Drop, Effect, Observed, Save, StartProbe
from daemon.core.events import PlanChanged, Settled
from daemon.core.model import Alert, CheckState
from tests.api.lab import START, Lab
from tests.api.test_hub import take_all


def kinds(hub: EventHub, since: int) -> list[str]:
    return [kind for _, kind, _ in take_all(hub, since)[0]]


def test_a_result_becomes_one_check_event_with_its_newest_state() -> None:
    lab = Lab()
    since = lab.hub.seq
    lab.result("web", Status.UP, "200 in 12 ms")
    checks = [data for _, kind, data in take_all(lab.hub, since)[0] if kind == "check"]
    assert [(item["status"], item["last"]["message"]) for item in checks] == [
        ("up", "200 in 12 ms")
    ]


def test_a_check_that_changes_with_a_result_is_one_event_that_holds_both() -> None:
    lab = Lab()
    lab.result("web", Status.UP, "200 in 12 ms")
    since = lab.hub.seq
    lab.result("web", Status.DOWN, "no answer")
    checks = [data for _, kind, data in take_all(lab.hub, since)[0] if kind == "check"]
    assert [(item["status"], item["last"]["message"]) for item in checks] == [("down", "no answer")]
    assert lab.hub.seq - since == len(take_all(lab.hub, since)[0])
    assert lab.hub.trails.of("web")[-1] is None


def test_a_probe_that_starts_is_no_event() -> None:
    lab = Lab()
    since = lab.hub.seq
    publish_effects([StartProbe("web", START)], lab.engine, START, lab.hub)
    assert lab.hub.seq == since


def test_a_result_of_a_check_that_left_meanwhile_is_passed_over() -> None:
    lab = Lab()
    since = lab.hub.seq
    effects: list[Effect] = [Observed(Result("gone", START, Status.UP)), Save(CheckState("gone"))]
    publish_effects(effects, lab.engine, START, lab.hub)
    assert lab.hub.seq == since


def test_what_leaves_the_configuration_resets_the_stream() -> None:
    lab = Lab()
    since = lab.hub.seq
    smaller = dict(lab.engine.plan.checks)
    del smaller["db"]
    services = {
        name: service for name, service in lab.engine.plan.services.items() if name != "orders-db"
    }
    lab.do(PlanChanged(replace(lab.engine.plan, checks=smaller, services=services)))
    assert kinds(lab.hub, since) == ["reset"]


def test_an_old_alert_that_is_forgotten_is_no_event() -> None:
    lab = Lab()
    since = lab.hub.seq
    publish_effects([Drop(Alert, "f")], lab.engine, START, lab.hub)
    assert kinds(lab.hub, since) == []


def test_an_event_shows_the_record_of_its_effect_not_of_a_later_time() -> None:
    lab = Lab()
    since = lab.hub.seq
    lab.result("web", Status.DOWN)
    seen = [data for _, kind, data in take_all(lab.hub, since)[0] if kind == "check"]
    assert seen[0]["status"] == "down"
    middle = lab.hub.seq
    state = replace(lab.engine.checks["web"], status=Status.DEGRADED)
    publish_effects([Save(state)], lab.engine, START, lab.hub)
    assert take_all(lab.hub, middle)[0][0][2]["status"] == "degraded"


def test_figures_deliveries_and_the_daemon_have_events_of_their_own() -> None:
    lab = Lab()
    lab.outage()
    since = lab.hub.seq
    lab.hub.subscribers = 1
    publish_sla("checkout-99", lab.engine, lab.time, lab.hub)
    publish_daemon(lab.info(), lab.hub)
    [queued] = lab.history.queued
    publish_delivery(queued, lab.hub)
    assert kinds(lab.hub, since) == ["sla", "daemon", "delivery"]


def test_an_slas_figures_are_not_worked_out_for_nobody() -> None:
    lab = Lab()
    since = lab.hub.seq
    publish_sla("checkout-99", lab.engine, lab.time, lab.hub)
    assert lab.hub.seq == since


def test_curves_of_checks_that_left_are_forgotten() -> None:
    lab = Lab()
    lab.result("db", Status.UP)
    assert lab.hub.trails.of("db")
    lab.do(PlanChanged(replace(lab.engine.plan, checks={}, services={}, slas={})))
    assert lab.hub.trails.of("db") == []


def test_a_delivery_is_followed_from_the_queue_to_its_end() -> None:
    lab = Lab()
    since = lab.hub.seq
    lab.outage()
    [queued] = lab.history.queued
    lab.time += 1_500
    settled = Settled(queued.id, queued.incident, "mail", "", True, 2, "250 OK")
    publish_settled(settled, lab.time, lab.hub)
    [view] = [data for _, kind, data in take_all(lab.hub, since)[0] if kind == "delivery"]
    assert (view["state"], view["attempts"], view["detail"]) == ("sent", 2, "250 OK")
    assert view["created_at"] == queued.created_at
    assert view["sent_at"] == "2026-11-21T10:11:07.500Z"


def test_a_delivery_that_failed_was_not_sent() -> None:
    lab = Lab()
    since = lab.hub.seq
    publish_settled(Settled("n", "i", "mail", "", False, 9, "550 no"), lab.time, lab.hub)
    [view] = [data for _, _, data in take_all(lab.hub, since)[0]]
    assert (view["state"], view["sent_at"]) == ("failed", None)
