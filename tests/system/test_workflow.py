"""What people do with incidents together is still there after `kill -9`: promise 1."""

from __future__ import annotations

from pathlib import Path

import pytest

from daemon.api.schema import State
from daemon.client import Client
from tests.system.running import Tocsin

CONFIG = """
[defaults]
every = "1s"
retry_every = "200ms"
down_after = 1

[severity.critical]
mtta = "1s"

[[service]]
name = "web"
at_risk = [{ value = 50000, until = "2199-12-01T18:00", what = "the sale ends" }]

[[check]]
name = "web"
service = "web"
kind = "tcp"
host = "127.0.0.1"
port = 9                   # discard: nobody listens

[[check]]
name = "other"
kind = "tcp"
host = "127.0.0.1"
port = 9

[channel.board]
kind = "log"
audience = "stakeholder"

[person.ana]
contact = { high = ["board"] }

[[route]]
channels = ["board"]
"""


@pytest.mark.slow
async def test_merged_staffed_and_opened_incidents_survive_kill_9(tmp_path: Path) -> None:
    async with Tocsin(tmp_path, CONFIG) as tocsin:
        web, other = await tocsin.incident("web"), await tocsin.incident("other")
        async with Client(tocsin.socket) as client:
            await client.merge(other.id, web.id)
            await client.set_role(web.id, "commander", "ana")
            await client.status_update(web.id, "we look", 3_600_000)
            opened = await client.open_incident("The till is stuck", "web")
        tocsin.kill()
        await tocsin.start()
        async with Client(tocsin.socket) as client:
            after = (await client.incident(web.id)).incident
            gone = (await client.incident(other.id)).incident
            by_hand = (await client.incident(opened.id)).incident
            text = await client.postmortem(web.id)
            over = await client.resolve(opened.id)
        assert gone.merged_into == web.id
        assert set(after.firing) == {*web.firing, *other.firing}
        assert after.roles == {"commander": "ana"}
        assert after.status_update is not None
        assert after.next_update_due == after.status_update.next_at
        assert [one.value for one in after.at_risk] == ["50000"]
        assert (by_hand.state, over.state) == ("triggered", "resolved")
        assert "we look" in text


@pytest.mark.slow
async def test_what_nobody_takes_in_time_is_an_incident_of_its_own(tmp_path: Path) -> None:
    async with Tocsin(tmp_path, CONFIG) as tocsin:
        await tocsin.incident("web")
        before = slow(await tocsin.until(lambda state: bool(slow(state))))
        tocsin.kill()
        await tocsin.start()
        after = slow(await tocsin.until(lambda state: bool(slow(state))))
        assert set(before) <= set(after)


def slow(state: State) -> list[tuple[str, str | None]]:
    """The alerts that say so, each with when it fired."""
    found = (one for one in state.alerts if one.name == "TocsinSlowAck")
    return [(one.fingerprint, one.fired_at) for one in found if one.state == "firing"]
