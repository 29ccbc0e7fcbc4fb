"""A real daemon calls, texts and runs a program for a real failure, from the page to the end."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.peers.process import free_port
from tests.peers.services import Service, serving
from tests.peers.services.twilio import ACCOUNT, TOKEN, TwilioService
from tests.system.running import PATIENCE_S, Tocsin

ANA, TEAM, US = "+4915112345678", "+4915187654321", "+4930123456"
CONFIGURATION = """
[defaults]
every = "1s"
every_down = "1s"
down_after = 1
timeout = "500ms"

[[service]]
name = "shop"
context = "money"

[context.money]
severity = {{ down = "critical" }}

[[check]]
name = "shop-port"
service = "shop"
kind = "tcp"
host = "127.0.0.1"
port = {port}

[[route]]
channels = ["sms", "program"]
policy = "primary"
group_wait = "0s"
group_interval = "1s"

[policy.primary]
[[policy.primary.level]]
after = "0s"
notify = ["person:ana"]

[person.ana]
contact = {{ high = ["call"] }}
call = "{ana}"

[channel.sms]
kind = "sms"
account = "{account}"
token = "{token}"
sender = "{us}"
to = ["{team}"]
api_url = "{twilio.url}"

[channel.call]
kind = "voice"
account = "{account}"
token = "{token}"
sender = "{us}"
api_url = "{twilio.url}"
call_resolved = true

[channel.program]
kind = "exec"
run = ["/bin/sh", "-c", "cat >> $TOLD; echo >> $TOLD"]
env = {{ TOLD = "{told}" }}
"""


async def until(service: Service, holds: Callable[[], bool], tocsin: Tocsin) -> None:
    """Wait until the service was told so."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            while not holds():
                service.arrived.clear()
                await service.arrived.wait()
    except TimeoutError:
        raise AssertionError(f"it was not told:\n{tocsin.words()}") from None


def texts(twilio: TwilioService) -> list[str]:
    return [form["Body"] for form in twilio.forms if form["To"] == TEAM]


def calls(twilio: TwilioService) -> list[str]:
    return [form["Twiml"] for form in twilio.forms if form["To"] == ANA]


@pytest.mark.slow
async def test_they_are_told_of_the_page_and_the_end(tmp_path: Path) -> None:
    port, told = free_port(), tmp_path / "told"
    async with serving(TwilioService()) as twilio:
        written = CONFIGURATION.format(
            port=port, twilio=twilio, account=ACCOUNT, token=TOKEN, ana=ANA, team=TEAM, us=US,
            told=told,
        )  # fmt: skip
        async with Tocsin(tmp_path, written) as tocsin:
            await until(twilio, lambda: bool(texts(twilio) and calls(twilio)), tocsin)
            server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", port)
            async with server:
                ended = lambda: len(texts(twilio)) > 1 and len(calls(twilio)) > 1  # noqa: E731  # read once
                await until(twilio, ended, tocsin)
        assert texts(twilio)[0].startswith("CRITICAL: shop")
        assert texts(twilio)[-1].startswith("RESOLVED: shop")
        assert "Critical alert. Service shop." in calls(twilio)[0]
        assert "Resolved. Service shop." in calls(twilio)[-1]
        assert twilio.problems == []
    bodies = [json.loads(line) for line in told.read_text().splitlines()]
    assert [body["type"] for body in bodies] == ["incident.firing", "incident.resolved"]
