"""A daemon that was killed with `kill -9` comes back as it was: promise 1."""

from __future__ import annotations

import asyncio
import sqlite3
from dataclasses import dataclass
from pathlib import Path

import pytest

from daemon.api.schema import IncidentDetail, IncidentView, SlaView
from daemon.client import Client
from tests.system.running import Tocsin

CONFIG = """
[defaults]
every = "1s"
retry_every = "200ms"
down_after = 2

[[check]]
name = "web"
kind = "tcp"
host = "127.0.0.1"
port = 9                   # discard: nobody listens

[[check]]
name = "other"
kind = "tcp"
host = "127.0.0.1"
port = 9

[channel.log]
kind = "log"

[policy.slow]
[[policy.slow.level]]
after = "0s"
notify = ["channel:log"]
[[policy.slow.level]]
after = "1h"
notify = ["channel:log"]

[[route]]
channels = ["log"]
policy = "slow"
"""

SLA = '[[sla]]\nname = "web"\nservice = "web"\ntarget = 99.0\nperiod = "30d"\n'


@dataclass(frozen=True)
class Life:
    """What a daemon knew just before it was killed, or once it was back.

    Attributes:
        acked: The incident of `web`, which somebody acknowledged.
        told: The incident of `other`, which nobody did.
    """

    acked: IncidentView
    told: IncidentView


@dataclass(frozen=True)
class Killed:
    """A daemon's lives before and after, and what the second one tells of the first."""

    before: Life
    after: Life
    detail: IncidentDetail
    sla: SlaView


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Killed:
    """One daemon that was killed with an incident acknowledged and another one escalating."""
    return asyncio.run(_kill(tmp_path_factory.mktemp("killed")))


async def _kill(home: Path) -> Killed:
    async with Tocsin(home, CONFIG + SLA) as tocsin:
        incident = await tocsin.incident("web")
        async with Client(tocsin.socket) as client:
            acked = await client.ack(incident.id, comment="on it", expires_after_ms=3_600_000)
            await client.note(incident.id, "the cable was out")
        before = Life(acked, await tocsin.incident("other"))
        tocsin.kill()
        await tocsin.start()
        after = Life(await tocsin.incident("web", "acknowledged"), await tocsin.incident("other"))
        async with Client(tocsin.socket) as client:
            detail = await client.incident(incident.id)
            (figures,) = await client.sla("web")
    return Killed(before, after, detail, figures)


def test_an_acknowledged_incident_survives_kill_9(killed: Killed) -> None:
    before, after = killed.before.acked, killed.after.acked
    assert after.id == before.id
    assert after.acknowledged_at == before.acknowledged_at
    assert after.acknowledged_by == before.acknowledged_by
    assert after.ack_until == before.ack_until
    assert after.escalation is not None
    assert after.escalation.next_at is None
    assert "the cable was out" in [entry.text for entry in killed.detail.timeline]


def test_a_running_escalation_keeps_its_next_steps_time_over_kill_9(killed: Killed) -> None:
    before, after = killed.before.told, killed.after.told
    assert before.escalation is not None
    assert before.escalation.level == 1
    assert after.escalation == before.escalation
    assert after.fired_at == before.fired_at


def test_the_time_it_was_off_counts_as_unknown(killed: Killed) -> None:
    assert killed.sla.down_ms > 0
    assert killed.sla.unknown_ms > 0
    assert killed.sla.up_ms == 0


async def test_nothing_is_told_twice_and_the_database_is_sound_after_many_kills(
    tmp_path: Path,
) -> None:
    async with Tocsin(tmp_path, CONFIG) as tocsin:
        incident = await tocsin.incident("web")
        for _ in range(4):
            tocsin.kill()
            await tocsin.start()
            await tocsin.incident("web")
        async with Client(tocsin.socket) as client:
            detail = await client.incident(incident.id)
        assert tocsin.end() == 0
    keys = [delivery.id for delivery in detail.deliveries]
    assert len(keys) == len(set(keys)) == 1
    with sqlite3.connect(tocsin.database) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        fired = database.execute("SELECT count(*) FROM timeline WHERE kind = 'fired'").fetchone()
    assert fired == (2,)
