"""The client against a real server, and against everything that is none."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from pathlib import Path

import pytest

from checks.result import Status
from daemon.api import schema
from daemon.client import (
    BadRequest,
    Client,
    Conflict,
    DaemonFault,
    Disconnected,
    NoDaemon,
    NotFound,
    Refused,
)
from daemon.core.model import HOUR, MINUTE
from tests.api.lab import START, TOKEN, Lab, connected, open_directory, until


async def test_every_method_gives_its_shape(tmp_path: Path) -> None:
    lab = Lab()
    incident = lab.outage()
    key = incident.key
    async with connected(lab, tmp_path) as client:
        assert (await client.state()).incidents[0].id == key
        assert (await client.status()).counts.incidents["critical"] == 1
        assert [item.id for item in await client.incidents()] == [key]
        assert await client.incidents(severity="low", all=True, since=START, limit=5) == []
        assert [item.id for item in await client.incidents(match=['check="web"'])] == [key]
        assert (await client.incident(key[:5])).incident.id == key
        assert [item.incident for item in await client.alerts(['check="web"'])] == [key]
        assert len(await client.alerts(all=True, since=START - HOUR, limit=9)) == 1
        acked = await client.ack(key, "mine", HOUR, version=lab.engine.incidents[key].version)
        assert (acked.state, acked.ack_comment) == ("acknowledged", "mine")
        assert acked.ack_until is not None
        assert (await client.unack(key, acked.version)).state == "triggered"
        assert (await client.ack_alert(incident.alerts[0])).state == "acknowledged"
        assert (await client.unack(key)).state == "triggered"
        snoozed = await client.snooze(key, HOUR, "later")
        assert (snoozed.state, snoozed.ack_comment) == ("acknowledged", "later")
        assert (await client.unack(key)).state == "triggered"
        (person,) = await client.persons()
        assert (await client.assign(key, person.name, "yours")).assigned_to == "ana"
        assert (await client.assign(key, None)).assigned_to is None
        assert (await client.note(key, "a line")).id == key
        escalated = (await client.escalate(key)).escalation
        assert escalated is not None
        assert escalated.level == 2
        assert {item.channel for item in await client.deliveries(key, 10)} == {"mail", "pager"}
        assert (await client.resolve(key, "over")).state == "resolved"
        assert [item.name for item in await client.checks()] == ["web", "db", "nightly"]
        assert (await client.check("web", 5)).results[-1].status == "down"
        assert (await client.check_run("web")).name == "web"
        assert len(await client.services()) == 3
        assert (await client.service("checkout")).service.slas == ["checkout-99"]
        assert [item.name for item in await client.sla()] == ["checkout-99"]
        assert [item.name for item in await client.sla("checkout")] == ["checkout-99"]
        assert await client.reload() == {"changed": False}
        assert (await client.backup(tmp_path / "copy"))["path"] == str(tmp_path / "copy")
        assert await client.db_verify() == {"problems": []}
        assert await client.prune() == {"removed": 0}
        assert (await client.forget("marit"))["pseudonym"] == "former person 1"


async def test_a_silence_is_made_edited_and_expired(tmp_path: Path) -> None:
    lab = Lab()
    async with connected(lab, tmp_path) as client:
        made = await client.put_silence(['env="prod"'], comment="x", for_ms=HOUR)
        assert made.endsAt == "2026-11-21T11:11:05.000Z"
        edited = await client.put_silence(
            ['env="prod"'], comment="y", starts_at=START, ends_at=START + MINUTE, silence=made.id
        )
        assert (edited.id, edited.comment) == (made.id, "y")
        assert [item.id for item in await client.silences()] == [made.id]
        assert (await client.expire_silence(made.id)).status.state == "expired"
        assert await client.silences() == []
        assert len(await client.silences(all=True)) == 1


async def test_each_refusal_is_its_own_error_in_the_daemons_words(tmp_path: Path) -> None:
    lab = Lab()
    key = lab.outage().key
    async with connected(lab, tmp_path) as client:
        attempts: list[tuple[type[Exception], str, Callable[[], Awaitable[object]]]] = [
            (NotFound, "there is no incident 'zz'", lambda: client.incident("zz")),
            (NotFound, "there is no check", lambda: client.check("../..")),
            (NotFound, "there is no check", lambda: client.check("..")),
            (Conflict, "changed|version", lambda: client.ack(key, version=999)),
            (BadRequest, "is no matcher", lambda: client.alerts(["x"])),
            (BadRequest, "text", lambda: client.note(key, " ")),
            (BadRequest, "give one", lambda: client.put_silence(["a=b"], comment="")),
        ]
        for kind, words, attempt in attempts:
            with pytest.raises(kind, match=words) as caught:
                await attempt()
            assert type(caught.value) is kind
        await client.resolve(key)
        with pytest.raises(Refused, match="resolved"):
            await client.ack(key)
        lab.bad_config = True
        with pytest.raises(BadRequest, match="1 fault and was not loaded") as bad:
            await client.reload()
        assert bad.value.problems[0]["line"] == 7
        lab.fails = RuntimeError("inside")
        with pytest.raises(DaemonFault, match="its log says more"):
            await client.check_run("web")


async def test_a_missing_socket_is_no_daemon_and_says_what_to_do(tmp_path: Path) -> None:
    async with Client(tmp_path / "none.sock") as client:
        for attempt in (client.state, lambda: anext(client.events())):
            with pytest.raises(NoDaemon, match="does not exist; start one with `tocsin up`"):
                await attempt()


async def test_a_socket_left_behind_is_no_daemon(tmp_path: Path) -> None:
    path = tmp_path / "dead.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    async with Client(path) as client:
        with pytest.raises(NoDaemon, match=r"nobody listens .*left over"):
            await client.state()


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody else")
async def test_a_socket_that_is_not_for_us_is_forbidden() -> None:
    lab = Lab()
    with open_directory() as directory:
        async with connected(lab, directory):
            program = (
                "import asyncio, os, sys; from pathlib import Path\n"
                "from daemon.client import Client, Forbidden\n"
                "async def ask():\n"
                "    async with Client(Path(sys.argv[1])) as client:\n"
                "        return (await client.state()).me\n"
                "print(asyncio.run(ask()))\n"  # imports what somebody else may not read
                "os.setgroups([]); os.setgid(54321); os.setuid(54321)\n"
                "try: asyncio.run(ask())\n"
                "except Forbidden as error: print(error)\n"
            )
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-c", program, str(directory / "tocsin.sock"),
                stdout=asyncio.subprocess.PIPE,
            )  # fmt: skip
            out, _ = await asyncio.wait_for(process.communicate(), 20)
            me, refusal = out.decode().splitlines()
            assert me == "root"
            assert "no permission to connect" in refusal


Reply = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def impostor(path: Path, reply: bytes, *, then_wait: bool = False) -> asyncio.Server:
    """Something else that listens there."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(reply)
        await writer.drain()
        if then_wait:
            await reader.read()
        writer.close()

    return await asyncio.start_unix_server(handle, str(path))


def ok(body: bytes, kind: bytes = b"application/json") -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s" % (
        kind, len(body), body,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("reply", "kind", "words"),
    [
        (ok(b'{"seq": "x"}'), DaemonFault, "not the agreed shape"),
        (ok(b"<html>"), DaemonFault, "not the agreed shape"),
        (b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n", DaemonFault, "is this a Tocsin"),
        (
            b"HTTP/1.1 302 Found\r\nLocation: http://x/\r\nContent-Length: 0\r\n\r\n",
            DaemonFault,
            "302",
        ),
        (b"SSH-2.0-OpenSSH_9.2\r\n", Disconnected, "broke"),
        (b"", Disconnected, "broke"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", Disconnected, "broke"),
    ],
)
async def test_what_is_no_tocsin_is_told_from_a_refusal(
    tmp_path: Path, reply: bytes, kind: type[Exception], words: str
) -> None:
    server = await impostor(tmp_path / "x.sock", reply)
    async with server, Client(tmp_path / "x.sock") as client:
        with pytest.raises(kind, match=words):
            await client.state()


async def test_a_daemon_that_does_not_answer_is_given_up(tmp_path: Path) -> None:
    server = await impostor(tmp_path / "x.sock", b"", then_wait=True)
    async with server, Client(tmp_path / "x.sock", timeout_s=0.1) as client:
        with pytest.raises(Disconnected, match=r"did not answer within 0.1 s"):
            await client.status()


async def test_a_stream_that_breaks_is_a_disconnection(tmp_path: Path) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
    frame = b'id: 5\nevent: reset\ndata: {"seq":5,"reason":""}\n\n'
    server = await impostor(tmp_path / "x.sock", head + frame + b"id: 6\nevent: ch")
    async with server, Client(tmp_path / "x.sock") as client:
        events = client.events(1)
        assert (await anext(events)).seq == 5
        with pytest.raises(Disconnected):
            await anext(events)


async def test_an_event_of_an_unknown_kind_is_passed_over_and_a_broken_one_is_not(
    tmp_path: Path,
) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
    frames = b"id: 5\nevent: weather\ndata: {}\n\nid: 6\nevent: check\ndata: {}\n\n"
    server = await impostor(tmp_path / "x.sock", head + frames)
    async with server, Client(tmp_path / "x.sock") as client:
        with pytest.raises(DaemonFault, match="'check' has not the agreed shape"):
            await anext(client.events(1))


async def test_two_thousand_events_a_second_are_read_with_ease(tmp_path: Path) -> None:
    lab = Lab()
    count = 4_000
    async with connected(lab, tmp_path) as client, aclosing(client.events()) as events:
        first = asyncio.ensure_future(anext(events))
        await until(lambda: lab.hub.subscribers == 1)
        shape = (await client.checks())[0]
        lab.hub.max_entries = 2 * count
        began = time.process_time()
        for number in range(count):
            lab.hub.publish("check", f"{number}", lambda: shape)
        seen = [await first]
        while len(seen) < count:
            seen.append(await asyncio.wait_for(anext(events), 5))
        assert time.process_time() - began < 2.0
    assert all(isinstance(event.data, schema.CheckView) for event in seen)
    assert [event.seq for event in seen] == sorted(event.seq for event in seen)


async def test_the_token_of_a_ping_is_no_business_of_the_client(tmp_path: Path) -> None:
    lab = Lab()
    lab.result("web", Status.UP)
    async with connected(lab, tmp_path) as client:
        state = await client.state()
    assert TOKEN not in str(state)


async def test_a_client_of_a_unix_socket_reads_no_certificate_authorities(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def reads(*_: object, **__: object) -> None:
        raise AssertionError("it read every authority of the host")

    monkeypatch.setattr(ssl, "create_default_context", reads)
    lab = Lab()
    lab.result("web", Status.UP)
    async with connected(lab, tmp_path) as client:
        assert (await client.status()).counts.checks
