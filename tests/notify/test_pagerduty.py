"""PagerDuty over HTTP to a server that holds events against the Events API's documentation."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any, cast

import pytest
from aiohttp.test_utils import unused_port
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from daemon.core.chronicle import Notice, NoticeType
from daemon.core.model import SECOND
from daemon.core.severity import Severity
from daemon.notify.channels import open_channel
from daemon.notify.channels.pagerduty import BODY_BYTES, PagerDutyChannel, dedup_key
from daemon.notify.errors import DeliveryError, Permanent, Transient
from daemon.notify.spec import PagerDutySpec
from tests.notify.desk import delivering
from tests.notify.lab import alert, compose, incident, notice, over
from tests.peers.services import Fault, Reply, serving
from tests.peers.services.pagerduty import EVENT, LARGEST, PagerDutyService
from tests.peers.services.schema import problems

KEY = "R0123456789abcdefghijklmnopqrstu"


@pytest.fixture
async def service() -> AsyncIterator[PagerDutyService]:
    async with serving(PagerDutyService(KEY)) as one:
        yield one


def made(url: str = "http://localhost:1/v2/enqueue", **changes: Any) -> PagerDutyChannel:
    facts: dict[str, Any] = {"name": "ops", "routing_key": KEY, "api_url": url} | changes
    channel = open_channel(PagerDutySpec(**facts), external_url="https://ops.example.org/tocsin")
    return cast("PagerDutyChannel", channel)


async def told(service: PagerDutyService, *notices: Notice) -> list[str]:
    channel = made(service.endpoint)
    try:
        return [await channel.send(compose(one)) for one in notices]
    finally:
        await channel.close()


async def failure(service: PagerDutyService, *answers: Reply | Fault) -> DeliveryError:
    service.next(*answers)
    with pytest.raises(DeliveryError) as caught:
        await told(service, notice())
    return caught.value


def acknowledged() -> Notice:
    return notice("k5", type=NoticeType.ACKNOWLEDGED)


async def test_a_page_is_an_event_with_all_that_the_documentation_names(
    service: PagerDutyService,
) -> None:
    assert await told(service, notice()) == ["202 Accepted"]
    assert service.problems == []
    (event,) = service.events
    payload = event["payload"]
    assert (event["event_action"], event["dedup_key"]) == ("trigger", "tocsin/inc-1")
    assert (event["client"], event["client_url"]) == ("Tocsin", "https://ops.example.org/tocsin")
    assert [link["text"] for link in event["links"]] == ["Runbook", "Tocsin"]
    assert payload["summary"] == (
        "[CRITICAL] Firing: checkout is down - checkout-http: status == 200 (status is 502)"
    )
    assert (payload["severity"], payload["source"]) == ("critical", "checkout")
    assert (payload["component"], payload["group"]) == ("checkout-http", "checkout")
    assert payload["timestamp"] == "2026-11-21T10:10:00.000Z"
    details = payload["custom_details"]
    assert (details["impact"], details["owner"]) == ("Customers cannot pay", "payments")
    assert (details["alerts_in_all"], details["alerts_firing"]) == (1, 1)
    assert details["alerts"][0]["labels"]["check"] == "checkout-http"
    assert "alerts_left_out" not in details


async def test_an_incident_is_triggered_acknowledged_and_resolved_under_one_key(
    service: PagerDutyService,
) -> None:
    pages = [notice(), notice("k2", type=NoticeType.ESCALATED, level=1)]
    pages += [notice("k3", type=NoticeType.REPEATED), notice("k4", type=NoticeType.UPDATED)]
    await told(service, *pages)
    assert service.alerts == {"tocsin/inc-1": "triggered"}
    await told(service, acknowledged())
    assert service.alerts == {"tocsin/inc-1": "acknowledged"}
    await told(service, over())
    assert service.alerts == {"tocsin/inc-1": "resolved"}
    assert (service.problems, service.dropped, len(service.events)) == ([], [], 6)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (Severity.EMERGENCY, "critical"),
        (Severity.CRITICAL, "critical"),
        (Severity.HIGH, "error"),
        (Severity.MEDIUM, "warning"),
        (Severity.LOW, "info"),
        (Severity.INFO, "info"),
    ],
)
def test_each_of_our_severities_is_one_of_theirs(ours: Severity, theirs: str) -> None:
    event = made().event(compose(notice(incident=incident(severity=ours))))
    assert f'"severity":"{theirs}"'.encode() in event


async def test_a_bad_moment_is_retried_until_the_event_is_taken(service: PagerDutyService) -> None:
    service.next(Reply(503, "try later"), Fault.CUT, Reply(429), Reply(500))
    async with delivering(ops=made(service.endpoint)) as desk:
        end, waited_ms = await desk.tell(notice())
    assert (end.delivered, end.attempts) == (True, 5)
    assert waited_ms >= 0.8 * (5 + 10 + 20 + 40) * SECOND
    assert service.alerts == {"tocsin/inc-1": "triggered"}
    assert len({received.body for received in service.received}) == 1


async def test_retry_after_is_honoured_where_it_comes(service: PagerDutyService) -> None:
    service.next(Reply(429, headers={"Retry-After": "120"}))
    async with delivering(ops=made(service.endpoint)) as desk:
        end, waited_ms = await desk.tell(notice())
    assert end.delivered
    assert waited_ms >= 120 * SECOND


async def test_a_refused_event_is_not_sent_again(service: PagerDutyService) -> None:
    service.routing_key = "x" * 32
    async with delivering(ops=made(service.endpoint)) as desk:
        end, _ = await desk.tell(notice())
    assert (end.delivered, end.attempts) == (False, 1)
    assert "answers 400 Bad Request" in end.detail
    assert "Invalid routing key" in end.detail


async def test_nobody_listening_is_transient() -> None:
    channel = made(f"http://127.0.0.1:{unused_port()}/v2/enqueue")
    with pytest.raises(Transient, match="no connection: connection refused"):
        await channel.send(compose(notice()))
    await channel.close()


async def test_an_answer_of_somebody_else_is_no_success(service: PagerDutyService) -> None:
    error = await failure(service, Reply(200, "<h1>Please log in to the guest network</h1>"))
    assert isinstance(error, Permanent)
    assert "200 OK: PagerDuty would say 202" in str(error)


async def test_the_routing_key_is_in_no_error(service: PagerDutyService) -> None:
    for status in (400, 500):
        error = await failure(service, Reply(status, f"no such key {KEY}"))
        assert KEY not in str(error)
        assert "no such key ***" in str(error)


async def test_a_hanging_service_can_be_given_up(service: PagerDutyService) -> None:
    service.next(Fault.HANG)
    sending = asyncio.create_task(told(service, notice()))
    await service.arrived.wait()
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending


async def test_a_huge_incident_is_cut_to_what_an_event_may_have(service: PagerDutyService) -> None:
    labels = {f"label{n}": "ä" * 9_000 for n in range(5)}
    many = tuple(alert(key=f"{n:016x}", name=f"a{n}", labels=labels) for n in range(100))
    huge = incident(
        alerts=tuple(f"{n:016x}" for n in range(2_000)),
        title="t" * 9_000,
        summary="😀" * 20_000,
        context="c" * 9_000,
    )
    await told(service, notice(incident=huge, alerts=many))
    assert service.problems == []
    (received,) = service.received
    assert BODY_BYTES * 0.7 < len(received.body) <= LARGEST
    details = received.json()["payload"]["custom_details"]
    shown = [one["name"] for one in details["alerts"]]
    assert shown == [f"a{n}" for n in range(len(shown))]
    assert len(shown) + details["alerts_left_out"] == 100
    assert details["alerts_in_all"] == 2_000
    assert len(details["title"]) == len(details["summary"]) == 2_000


async def test_texts_from_outside_are_harmless(service: PagerDutyService) -> None:
    bad = "\x1b]0;owned\x07\x1b[2Jgone\u202e password=hunter2\r\nX: y"
    worst = alert(name=bad, labels={"instance": bad}, annotations={"message": bad})
    await told(service, notice(incident=incident(title=bad, summary=bad), alerts=(worst,)))
    assert service.problems == []
    sent = service.received[0].body.decode()
    assert "\\u001b" not in sent
    assert "\u202e" not in sent
    assert "hunter2" not in sent
    assert service.events[0]["payload"]["source"].startswith("gone password=***")


@settings(max_examples=40, deadline=None)
@given(
    title=st.text(max_size=3_000),
    summary=st.text(max_size=3_000),
    name=st.text(max_size=300),
    labels=st.dictionaries(st.text(max_size=20), st.text(max_size=300), max_size=5),
    kind=st.sampled_from(NoticeType),
)
def test_whatever_it_is_about_an_event_keeps_the_schema(
    title: str, summary: str, name: str, labels: dict[str, str], kind: NoticeType
) -> None:
    one = incident(title=title, summary=summary, service=None)
    message = compose(notice(type=kind, incident=one, alerts=(alert(name=name, labels=labels),)))
    event = made().event(message)
    assert problems(EVENT, json.loads(event)) == []


def test_the_key_of_a_long_id_is_short_and_its_own() -> None:
    ids = ["i" * 300, "i" * 300 + "j", "i" * 249, "short"]
    keys = [dedup_key(one) for one in ids]
    assert len(set(keys)) == len(ids)
    assert max(map(len, keys)) <= 255
    assert keys[-1] == "tocsin/short"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"routing_key": "short"}, "this has 5 characters"),
        ({"routing_key": "hunter2!" * 4}, "32 letters and digits"),
        ({"api_url": "events.pagerduty.com"}, "must look like"),
        ({"api_url": "https://u:hunter2@events.example.org/"}, "holds no user"),
        ({"api_url": "https://events.example.org/?key=hunter2"}, "no query"),
        ({"url": "https://events.example.org/"}, "Extra inputs"),
        ({"ca": "/nowhere.pem"}, "cannot be read"),
    ],
)
def test_a_bad_configuration_is_refused_in_words(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError) as caught:
        PagerDutySpec(**({"name": "ops", "routing_key": KEY} | changes))
    assert words in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_a_routing_key_is_required() -> None:
    with pytest.raises(ValidationError, match="routing_key"):
        PagerDutySpec.model_validate({"name": "ops"})


def test_by_default_events_go_to_pagerduty_and_resolves_too() -> None:
    spec = PagerDutySpec(name="ops", routing_key=KEY)
    assert spec.api_url == "https://events.pagerduty.com/v2/enqueue"
    assert (spec.send_resolved, spec.takes_address, spec.needs_address) == (True, False, False)
    assert KEY not in repr(spec)
