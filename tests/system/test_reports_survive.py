"""Reports of a real daemon over kills, pruning and a backup: mailed once, and always the same."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email import message_from_bytes
from pathlib import Path

import pytest
from aiohttp.test_utils import unused_port
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from checks.result import Result, Status
from daemon.client import Client
from daemon.core.chronicle import Interval
from daemon.core.effects import Append, Effect, Observed, Save
from daemon.core.model import (
    DAY,
    HOUR,
    MINUTE,
    Actor,
    Amendment,
    AmendmentKind,
    CheckState,
    Instant,
    ServiceState,
)
from daemon.store.store import Store
from tests.report.shop import WEB
from tests.system.running import PATIENCE_S, Tocsin

pytestmark = pytest.mark.slow

SHOP = f"""
timezone = "UTC"
[[service]]
name = "checkout"
organization = "Größe & Söhne"
{WEB}
[[sla]]
name = "checkout"
service = "checkout"
target = 99.9
period = "month"
"""
SHORT = """
[retention]
raw = "1h"
minutes = "1h"
"""
DAILY = """
[channel.mail]
kind = "email"
host = "127.0.0.1"
port = {port}
tls = "none"
sender = "tocsin@example.org"
to = ["ops@example.org"]
[[report]]
name = "daily"
every = "day"
timezone = "UTC"
to = ["channel:mail"]
folder = "{folder}"
"""
ANA = Actor("ana", "unix uid 1000")


async def lived(path: Path) -> tuple[str, str]:
    """Write a database of the last week, with an outage and an exclusion on each day; the whole
    days that it knows, as a period."""
    now = int(datetime.now(UTC).timestamp() * 1_000)
    today = now - now % DAY
    store = await Store.open(path)
    begin = today - 7 * DAY
    written: list[Effect] = []
    for day in range(begin, today, DAY):
        written += _pieces(day, day + 13 * HOUR + 7, Status.UP)
        written += _pieces(day + 13 * HOUR + 7, day + 13 * HOUR + 20 * MINUTE, Status.DOWN)
        written += _pieces(day + 13 * HOUR + 20 * MINUTE, day + DAY, Status.UP)
        start = day + 13 * HOUR + 5 * MINUTE
        said = ("checkout", start, start + MINUTE, "the provider's", ANA, now)
        written.append(Save(Amendment(f"a{day}", AmendmentKind.EXCLUSION, *said)))
    written += [
        Observed(Result("web", at, Status.UP, 3.0)) for at in range(begin, now, 10 * MINUTE)
    ]
    written += [
        Save(CheckState("web", Status.UP, since=today, hard=True, measured=True)),
        Save(ServiceState("checkout", Status.UP, since=today)),
        Observed(Result("web", now, Status.UP, 3.0)),
    ]
    await store.submit(written, now)
    await store.close()
    return _date(begin + DAY), _date(today - DAY)


def _pieces(start: Instant, end: Instant, status: Status) -> list[Effect]:
    kinds = (("check", "web"), ("service", "checkout"))
    return [Append(Interval(entity, name, start, end, status)) for entity, name in kinds]


def _date(at: Instant) -> str:
    return datetime.fromtimestamp(at / 1_000, UTC).date().isoformat()


def tocsin(config: Path, *words: str, **environment: str) -> str:
    """What a command says, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "daemon", *words, "--config", str(config)],
        env={**os.environ, "XDG_RUNTIME_DIR": str(config.parent), **environment},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode in {0, 1}, done.stderr
    return done.stdout


async def test_a_report_has_one_digest_wherever_and_whenever_it_is_made(tmp_path: Path) -> None:
    """After a kill, after pruning, from a backup on another machine, in another place and tongue,
    with another seed of Python's hashes; and the one that was kept says the same."""
    home, elsewhere = tmp_path / "home", tmp_path / "elsewhere"
    home.mkdir()
    elsewhere.mkdir()
    first, last = await lived(home / "tocsin.db")
    asked = ("report", "--period", f"{first}..{last}", "--format", "json")
    daemon = Tocsin(home, SHOP)
    digests: list[str] = []

    async def report(config: Path, *words: str, **environment: str) -> None:
        text = await asyncio.to_thread(tocsin, config, *(words or asked), **environment)
        told = json.loads(text)
        assert told["final"]
        assert told["objectives"][0]["sla"]["down_ms"] > 0
        digests.append(told["digest"])

    async with daemon:
        await report(daemon.config)
        kept = json.loads(await asyncio.to_thread(tocsin, daemon.config, *asked, "--keep"))
        daemon.kill()
        await daemon.start()
        await report(daemon.config)
        async with Client(daemon.socket) as client:
            daemon.write(SHOP + SHORT)
            await client.reload()
            assert (await client.prune())["removed"] > 500
            await report(daemon.config, PYTHONHASHSEED="7")
            await client.backup(elsewhere / "tocsin.db")
    copy = elsewhere / "config.toml"
    copy.write_text(f'[daemon]\ndatabase = "{elsewhere}/tocsin.db"' + SHOP)
    await report(copy, PYTHONHASHSEED="1", TZ="Asia/Kathmandu", LC_ALL="C")
    await report(copy, PYTHONHASHSEED="2", TZ="America/St_Johns", LC_ALL="tr_TR.UTF-8")
    await report(copy, "report", "show", kept["id"], "--format", "json")
    assert digests == [kept["digest"]] * 6


class Gate:
    """A mail server that takes mails, and says so only when it may.

    Attributes:
        ids: The Message-ID of each mail that came.
    """

    def __init__(self) -> None:
        self.ids: list[str] = []
        self.answers = threading.Event()

    async def handle_DATA(  # noqa: N802  # aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        assert isinstance(envelope.content, bytes)
        self.ids.append(message_from_bytes(envelope.content)["Message-ID"])
        await asyncio.to_thread(self.answers.wait, PATIENCE_S)
        return "250 taken"


@contextmanager
def mailing(port: int) -> Iterator[Gate]:
    gate = Gate()
    server = Controller(gate, hostname="127.0.0.1", port=port)
    server.start()
    try:
        yield gate
    finally:
        gate.answers.set()
        server.stop()


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not await holds():  # noqa: ASYNC110  # it happens in other processes
            await asyncio.sleep(0.02)


async def test_a_report_is_lost_by_no_kill_and_mailed_twice_only_in_flight(
    tmp_path: Path,
) -> None:
    """Killed while it is decided and cannot be sent, while it is in flight, when all is done."""
    await lived(tmp_path / "tocsin.db")
    out, port = tmp_path / "out", unused_port()
    out.mkdir()
    daemon = Tocsin(tmp_path, SHOP + DAILY.format(port=port, folder=out))

    async def states() -> list[str]:
        async with Client(daemon.socket) as client:
            found = await client.deliveries()
        return [one.state for one in found if one.type == "report.made"]

    async def is_decided() -> bool:
        return bool(await states())

    async def is_done() -> bool:
        return await states() == ["sent"]

    async with daemon:
        await until(is_decided)
        daemon.kill()
        with mailing(port) as gate:
            await daemon.start()
            await until(_async(lambda: len(gate.ids) == 1))
            daemon.kill()
            gate.answers.set()
            await daemon.start()
            await until(is_done)
            daemon.kill()
            await daemon.start()
            assert await is_done()
            async with Client(daemon.socket) as client:
                (kept,) = await client.reports()
                channels = {one.name: one for one in (await client.state()).daemon.channels}
            assert kept.name == "daily"
            assert channels["mail"].waiting == 0
        assert len(gate.ids) == 2
        assert len(set(gate.ids)) == 1, "what was in flight is the same mail again"
    assert len([*out.iterdir()]) == 1


def _async(holds: Callable[[], bool]) -> Callable[[], Awaitable[bool]]:
    async def holding() -> bool:
        return holds()

    return holding
