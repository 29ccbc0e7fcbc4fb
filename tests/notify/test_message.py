"""Messages: the API's shapes, frozen at the decision, without secrets."""

from __future__ import annotations

import json

from daemon.core.plan import Plan
from daemon.notify.message import Composer
from tests.notify.lab import T0, alert, compose, incident, notice


def test_the_body_is_the_same_on_every_attempt() -> None:
    assert compose(notice()) == compose(notice())
    assert compose(notice()).body["incident"]["money"]["as_of"] == "2026-11-21T10:10:00.000Z"


def test_the_money_is_that_of_the_decisions_time() -> None:
    later = notice(at=T0 + 3_600_000)
    assert compose(later).body["incident"]["money"]["lost"] == "12000.00"


def test_an_incident_whose_service_left_the_plan_is_still_told() -> None:
    body = Composer(Plan)(notice()).body
    assert body["incident"]["service"] == "checkout"
    assert body["incident"]["impact"] is None


def test_secrets_in_texts_from_outside_do_not_go_out() -> None:
    leaky = incident(summary="postgres://shop:s3cr3t@db/x: password=s3cr3t refused")
    body = compose(
        notice(incident=leaky, alerts=(alert(annotations={"message": "Bearer s3cr3ts3cr3t"}),))
    ).body
    assert "s3cr3t" not in json.dumps(body)
