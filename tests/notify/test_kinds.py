"""What every kind over HTTP does with its service's answers, in one table.

Each is a real channel under a real dispatcher in virtual time, against a server on the loopback
that holds what it gets against the service's documentation. (Mail, programs and the log have
answers of other kinds; see their own tests.)
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import pytest

from daemon.core.model import SECOND
from daemon.notify.breaker import BreakerState
from daemon.notify.channel import Channel
from daemon.notify.channels import open_channel
from daemon.notify.channels.twilio import TelephoneChannel
from daemon.notify.spec import CHANNEL_KINDS
from tests.notify.desk import delivering
from tests.notify.lab import incident, notice, over
from tests.peers.services import Fault, Reply, Service, serving
from tests.peers.services.alertmanager import AlertmanagerReceiver
from tests.peers.services.base import Received
from tests.peers.services.pagerduty import PagerDutyService
from tests.peers.services.slack import TOKEN as SLACK_TOKEN
from tests.peers.services.slack import SlackService
from tests.peers.services.twilio import ACCOUNT, TOKEN, TwilioService

KEY = "R0123456789abcdefghijklmnopqrstu"


class Ntfy(Service):
    """Takes whatever is JSON with a topic."""

    def answer(self, received: Received) -> Reply:
        if received.json().get("topic") != "ops":
            self.problems.append("has no topic")
        return Reply.of({"id": "x"})


def twilio(service: Any) -> dict[str, Any]:
    return {
        "account": ACCOUNT, "token": TOKEN, "sender": "+4930123456", "to": ["+4915112345678"],
        "api_url": service.url,
    }  # fmt: skip


@dataclass(frozen=True)
class Kind:
    """A kind: its word, its service, and what a channel of it is configured with.

    Attributes:
        asks: Whether its service can ask for a pause, and is heard.
    """

    kind: str
    service: Callable[[], Service]
    facts: Callable[[Any], dict[str, Any]]
    asks: bool = True

    def channel(self, service: Service, **changes: Any) -> Channel:
        facts = {"name": "ops", "kind": self.kind, **self.facts(service), **changes}
        channel = open_channel(CHANNEL_KINDS[self.kind].model_validate(facts))
        if isinstance(channel, TelephoneChannel):
            channel.twilio.pauses_s = (0.001,)
        return channel


KINDS = {
    "webhook": Kind(
        "webhook", AlertmanagerReceiver, lambda s: {"url": s.url, "body": "alertmanager"}
    ),
    "slack webhook": Kind("slack", SlackService, lambda s: {"url": s.hook_url}),
    "slack bot": Kind(
        "slack",
        SlackService,
        lambda s: {"token": SLACK_TOKEN, "channel": "#ops", "api_url": s.api_url},
    ),
    "pagerduty": Kind(
        "pagerduty",
        lambda: PagerDutyService(KEY),
        lambda s: {"routing_key": KEY, "api_url": s.endpoint},
    ),
    "sms": Kind("sms", TwilioService, twilio),
    "voice": Kind("voice", TwilioService, twilio),
    "apprise": Kind(
        "apprise",
        Ntfy,
        lambda s: {"urls": [s.url.replace("http://", "ntfy://") + "/ops"]},
        asks=False,
    ),
}


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> Kind:
    return KINDS[request.param]


@pytest.fixture
async def service(kind: Kind) -> AsyncIterator[Service]:
    async with serving(kind.service()) as one:
        yield one


async def test_a_page_and_its_end_are_delivered_as_documented(kind: Kind, service: Service) -> None:
    changes = {"call_resolved": True} if kind.kind == "voice" else {}
    async with delivering(ops=kind.channel(service, **changes)) as desk:
        for one in (notice(), over()):
            end, _ = await desk.tell(one)
            assert (end.delivered, end.attempts) == (True, 1), end.detail
    assert service.problems == []
    assert len(service.received) >= 2


async def test_what_may_pass_is_tried_again_after_growing_waits(
    kind: Kind, service: Service
) -> None:
    service.next(Reply(503, "busy"), Fault.CUT)
    async with delivering(ops=kind.channel(service)) as desk:
        end, took_ms = await desk.tell(notice())
        assert desk.outbox.rows["k1"].states == [*["sending", "queued"] * 2, "sending", "sent"]
    assert (end.delivered, end.attempts) == (True, 3), end.detail
    assert took_ms >= 12 * SECOND


@pytest.mark.parametrize("status", [400, 404])
async def test_a_refusal_is_final(kind: Kind, service: Service, status: int) -> None:
    service.next(Reply(status, "no"))
    async with delivering(ops=kind.channel(service)) as desk:
        end, _ = await desk.tell(notice())
    assert (end.delivered, end.attempts, end.refused) == (False, 1, True)
    assert str(status) in end.detail


async def test_a_pause_that_is_asked_for_is_kept(kind: Kind, service: Service) -> None:
    service.next(Reply(429, "slowly", {"Retry-After": "120"}))
    async with delivering(ops=kind.channel(service)) as desk:
        end, took_ms = await desk.tell(notice())
    assert (end.delivered, end.attempts) == (True, 2)
    assert took_ms >= (120 if kind.asks else 4) * SECOND


async def test_the_breaker_opens_turns_to_the_fallback_and_closes_when_the_receiver_is_back(
    kind: Kind, service: Service
) -> None:
    service.next(*[Reply(503, "busy")] * 20)
    pages = [notice(f"k{n}", incident=incident(key=f"inc-{n}")) for n in range(4)]
    async with delivering(ops=kind.channel(service, fallback="mail")) as desk:
        desk.dispatcher.offer(pages[:2])
        ends = await desk.reports.count(2)
        assert [(one.delivered, one.refused) for one in ends] == [(False, False)] * 2
        assert desk.dispatcher.health()["ops"].breaker is BreakerState.OPEN
        tried = len(service.received)
        end, _ = await desk.tell(pages[2])
        assert not end.delivered
        assert "the breaker is open" in end.detail
        assert len(service.received) == tried
        service.recover()
        desk.time.now += 31 * SECOND
        end, _ = await desk.tell(pages[3])
        assert end.delivered
        assert desk.dispatcher.health()["ops"].breaker is BreakerState.CLOSED
    assert service.problems == []
