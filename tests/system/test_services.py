"""A real daemon tells Slack and PagerDuty of a real failure, from the first page to the end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from daemon.client import Client
from tests.peers.process import free_port
from tests.peers.services import Service, serving
from tests.peers.services.pagerduty import PagerDutyService
from tests.peers.services.slack import TOKEN, SlackService
from tests.system.running import PATIENCE_S, Tocsin

KEY = "0123456789abcdef0123456789abcdef"
CONFIGURATION = """
[defaults]
every = "1s"
every_down = "1s"
down_after = 1
timeout = "500ms"

[[service]]
name = "shop"
context = "money"
impact = "Nobody can pay"
runbook = "https://wiki.example.org/shop"
dashboard = "https://graphs.example.org/shop"

[context.money]
severity = {{ down = "critical" }}

[[check]]
name = "shop-port"
service = "shop"
kind = "tcp"
host = "127.0.0.1"
port = {port}

[[route]]
channels = ["hook", "bot", "pager"]
group_wait = "0s"
group_interval = "1s"

[channel.hook]
kind = "slack"
url = "{slack.hook_url}"

[channel.bot]
kind = "slack"
token = "{token}"
channel = "#ops"
api_url = "{slack.api_url}"

[channel.pager]
kind = "pagerduty"
routing_key = "{key}"
api_url = "{pager.endpoint}"
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


async def test_they_are_told_of_the_page_the_acknowledgement_and_the_end(tmp_path: Path) -> None:
    port = free_port()
    async with serving(SlackService()) as slack, serving(PagerDutyService(KEY)) as pager:
        written = CONFIGURATION.format(port=port, slack=slack, pager=pager, token=TOKEN, key=KEY)
        async with Tocsin(tmp_path, written) as tocsin:
            await until(slack, lambda: bool(slack.hooked and slack.mains), tocsin)
            await until(pager, lambda: bool(pager.alerts), tocsin)
            (key,) = pager.alerts
            assert pager.alerts[key] == "triggered"
            assert "🔴 [CRITICAL] Firing" in slack.mains[0].header

            async with Client(tocsin.socket) as client:
                (incident,) = await client.incidents()
                await client.ack(incident.id, comment="on it")
            await until(pager, lambda: pager.alerts[key] == "acknowledged", tocsin)
            await until(slack, lambda: "👀" in slack.mains[0].header, tocsin)

            shop = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", port)
            async with shop:
                await until(pager, lambda: pager.alerts[key] == "resolved", tocsin)
                await until(slack, lambda: "✅" in slack.mains[0].header, tocsin)
                await until(slack, lambda: len(slack.hooked) == 3, tocsin)
            assert key == f"tocsin/{incident.id}"
            assert not any(secret in tocsin.words() for secret in (TOKEN, KEY))
        assert (slack.problems, pager.problems, pager.dropped) == ([], [], [])
        assert len(slack.mains) == 1
        links = {link["text"] for link in pager.events[0]["links"]}
        assert links == {"Runbook", "Dashboard"}
