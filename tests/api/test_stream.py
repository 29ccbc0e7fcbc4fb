"""The event stream over a real socket: resumption, slow readers, shutdown."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from checks.result import Status
from daemon.api import schema
from daemon.api.routes import stream
from daemon.client import Client, Disconnected, StreamEvent
from daemon.core.events import Acknowledge, PutSilence
from daemon.core.model import MINUTE, SECOND, Actor
from tests.api.lab import Lab, connected, matcher, raw_http, serving, until

ANA = Actor("ana", "test")


async def take(client: Client, since: int, until: int) -> list[StreamEvent]:
    """The events after `since`, up to the one numbered `until`."""
    found = []
    async with asyncio.timeout(10), aclosing(client.events(since)) as events:
        async for event in events:
            found.append(event)
            if event.seq >= until:
                break
    return found


async def test_every_change_comes_as_the_object_after_it(tmp_path: Path) -> None:
    lab = Lab()
    async with connected(lab, tmp_path) as client:
        since = (await client.state()).seq
        incident = lab.outage()
        lab.do(Acknowledge(incident.key, ANA))
        lab.do(PutSilence(ANA, (matcher("env", "prod"),), None, lab.time + MINUTE, "x"))
        events = {event.kind: event.data for event in await take(client, since, lab.hub.seq)}
    assert set(events) == {
        "check", "service", "alert", "incident", "delivery", "operator", "silence",
    }  # fmt: skip
    assert isinstance(events["incident"], schema.IncidentView)
    assert events["incident"].state == "acknowledged"
    assert isinstance(events["check"], schema.CheckView)
    assert events["check"].last is not None
    assert events["check"].last.message == "no route"
    assert isinstance(events["operator"], schema.Operator)
    assert events["operator"].by == "ana"
    assert isinstance(events["delivery"], schema.DeliveryView)
    assert events["delivery"].channel == "mail"


async def test_the_first_event_after_a_quiet_time_is_not_delayed(tmp_path: Path) -> None:
    lab = Lab()
    async with connected(lab, tmp_path) as client:
        events = client.events(lab.hub.seq)
        reading = asyncio.ensure_future(anext(events))
        await until(lambda: bool(lab.hub._waiting))
        began = time.perf_counter()
        lab.result("web")
        await reading
        assert time.perf_counter() - began < stream.PACE_S
        await events.aclose()


async def test_resuming_gives_what_was_missed(tmp_path: Path) -> None:
    lab = Lab()
    async with connected(lab, tmp_path) as client:
        lab.result("web", Status.UP)
        seen = (await take(client, (await client.state()).seq - 1, lab.hub.seq))[-1].seq
        lab.outage()
        missed = await take(client, seen, lab.hub.seq)
    assert {event.kind for event in missed} >= {"check", "incident", "alert"}
    assert all(event.seq > seen for event in missed)


async def test_last_event_id_wins_over_the_address(tmp_path: Path) -> None:
    lab = Lab()
    lab.result("web", Status.UP)
    async with serving(lab, tmp_path) as path, raw_http(path) as http:
        async with http.stream(
            "GET", "/api/v1/events?since=0", headers={"Last-Event-ID": f"{lab.hub.seq - 1}"}
        ) as answer:
            text = ""
            async for piece in answer.aiter_text():
                text += piece
                if "event:" in text:
                    break
        assert "event: reset" not in text


@pytest.mark.parametrize("last_id", ["0", "abc", "-1", "9" * 30, "1.5", "\u0663"])
async def test_an_id_that_is_none_of_ours_gets_a_reset_never_silence(
    tmp_path: Path, last_id: str
) -> None:
    lab = Lab()
    async with serving(lab, tmp_path) as path, raw_http(path) as http:
        headers = [(b"Last-Event-ID", last_id.encode())]
        async with http.stream("GET", "/api/v1/events", headers=headers) as answer:
            text = ""
            async for piece in answer.aiter_text():
                text += piece
                if "data:" in text:
                    break
    data = json.loads(text.partition("data: ")[2].strip())
    assert "event: reset" in text
    assert data["seq"] == lab.hub.seq


async def test_a_client_of_a_former_life_is_reset(tmp_path: Path) -> None:
    before = Lab()
    before.outage()
    after = Lab()
    after.hub = type(before.hub)(before.time + 50)
    async with connected(after, tmp_path) as client:
        events = client.events(before.hub.seq)
        assert (await anext(events)).kind == "reset"
        after.result("db")
        assert (await anext(events)).kind != "reset"  # and the stream goes on
        await events.aclose()


async def test_a_since_that_is_no_number_is_refused(tmp_path: Path) -> None:
    async with serving(Lab(), tmp_path) as path, raw_http(path) as http:
        for since in ("x", "-1", "1e9", "9" * 40):
            assert (await http.get(f"/api/v1/events?since={since}")).status_code == 400


async def test_head_does_not_open_a_stream(tmp_path: Path) -> None:
    async with serving(Lab(), tmp_path) as path, raw_http(path) as http:
        assert (await http.head("/api/v1/events")).status_code == 405


async def test_a_heartbeat_comes_when_nothing_else_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "BEAT_S", 0.02)
    async with (
        serving(Lab(), tmp_path) as path,
        raw_http(path) as http,
        http.stream("GET", "/api/v1/events") as answer,
    ):
        text = ""
        async for piece in answer.aiter_text():
            text += piece
            if text.count(": beat\n\n") >= 2:
                break


async def test_a_reader_that_goes_away_is_forgotten_at_once(tmp_path: Path) -> None:
    lab = Lab()
    async with serving(lab, tmp_path) as path, raw_http(path) as http:
        async with http.stream("GET", "/api/v1/events") as answer:
            assert answer.status_code == 200
            assert lab.hub.subscribers == 1
        await until(lambda: lab.hub.subscribers == 0)


async def test_more_subscribers_than_allowed_are_turned_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "MAX_SUBSCRIBERS", 1)
    async with (
        serving(Lab(), tmp_path) as path,
        raw_http(path) as http,
        http.stream("GET", "/api/v1/events"),
    ):
        answer = await http.get("/api/v1/events")
        assert answer.status_code == 503


async def test_a_subscriber_that_never_reads_is_dropped_and_costs_bounded_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "STALL_S", 0.3)
    monkeypatch.setattr(stream, "PACE_S", 0.001)
    lab = Lab()
    lab.hub.max_entries = 100
    async with serving(lab, tmp_path) as path:
        deaf = socket.socket(socket.AF_UNIX)
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.connect(str(path))
        deaf.sendall(b"GET /api/v1/events HTTP/1.1\r\nHost: x\r\n\r\n")
        await until(lambda: lab.hub.subscribers == 1)
        seen = lab.hub.seq
        big = schema.Operator(time="", by="", origin="", action="", subject="", detail="x" * 20_000)
        async with asyncio.timeout(10):
            number = 0
            while lab.hub.subscribers:
                number += 1
                lab.hub.publish("operator", f"{number}", lambda: big)
                await asyncio.sleep(0.001)
        assert lab.hub._bytes <= 100 * 21_000
        deaf.close()
        async with Client(path) as client:
            events = client.events(seen)
            assert (await anext(events)).kind == "reset"
            await events.aclose()


async def test_closing_the_server_ends_every_stream_at_once(tmp_path: Path) -> None:
    lab = Lab()
    endings = []

    async def follow(client: Client) -> None:
        try:
            async for _ in client.events():
                pass
        except Disconnected as error:
            endings.append(str(error))

    async with serving(lab, tmp_path) as path, Client(path) as client:
        followers = [asyncio.create_task(follow(client)) for _ in range(5)]
        await until(lambda: lab.hub.subscribers == 5)
        began = time.perf_counter()
        lab.hub.close()
        await asyncio.wait_for(asyncio.gather(*followers), 2)
        assert time.perf_counter() - began < 1.0
    assert len(endings) == 5


async def test_a_deaf_reader_does_not_hold_up_the_end(tmp_path: Path) -> None:
    lab = Lab()
    deaf = socket.socket(socket.AF_UNIX)
    async with serving(lab, tmp_path) as path:
        deaf.connect(str(path))
        deaf.sendall(b"GET /api/v1/events HTTP/1.1\r\nHost: x\r\n\r\n")
        await until(lambda: lab.hub.subscribers == 1)
        text = "x" * 1_000_000
        big = schema.Operator(time="", by="", origin="", action="", subject="", detail=text)
        lab.hub.publish("operator", "big", lambda: big)
        await asyncio.sleep(0.1)
        began = time.perf_counter()
    assert time.perf_counter() - began < 4.0
    deaf.close()


Mirror = dict[tuple[str, str], Any]


def fold(mirror: Mirror, event: StreamEvent) -> None:
    """What a dashboard does with an event."""
    data = event.data
    match data:
        case schema.CheckView() | schema.ServiceView():
            mirror[event.kind, data.name] = data
        case schema.AlertView():
            mirror[event.kind, data.fingerprint] = data
        case schema.IncidentView():
            # what follows from the time alone is as of when it was said
            data.money = data.recovery_met = None
            data.mtta_breached = data.mttr_breached = False
            mirror[event.kind, data.id] = data


def mirror_of(state: schema.State) -> Mirror:
    mirror: Mirror = {}
    for kind in ("check", "service", "alert", "incident"):
        for item in getattr(state, f"{kind}s"):
            fold(mirror, StreamEvent(0, kind, item))
    return mirror


def still_open(mirror: Mirror) -> Mirror:
    return {key: item for key, item in mirror.items() if getattr(item, "state", "") != "resolved"}


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("result"), st.sampled_from(["web", "db"]), st.sampled_from(Status)),
        st.tuples(st.just("later"), st.integers(1, 400)),
        st.tuples(st.just("ack")),
        st.tuples(st.just("reconnect")),
        st.tuples(st.just("read")),
    ),
    max_size=30,
)


@given(STEPS)
@settings(
    deadline=None,
    max_examples=settings().max_examples // 4,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_a_mirror_kept_by_the_stream_is_the_state_whenever_it_broke(
    tmp_path: Path, steps: list[tuple[Any, ...]]
) -> None:
    """State once, then only events, over connections that break: the picture is the same as
    one asked for in the end."""
    asyncio.run(_mirror_story(tmp_path, steps))


async def _mirror_story(directory: Path, steps: list[tuple[Any, ...]]) -> None:
    lab = Lab()
    async with connected(lab, directory) as client:
        state = await client.state()
        mirror, seq = mirror_of(state), state.seq
        events = client.events(seq)

        async def read_all() -> None:
            nonlocal seq
            while seq < lab.hub.seq:
                event = await asyncio.wait_for(anext(events), 5)
                assert event.kind != "reset"
                assert event.seq > seq
                fold(mirror, event)
                seq = event.seq

        for step in steps:
            match step:
                case ("result", check, status):
                    lab.result(check, status)
                    lab.time += SECOND
                case ("later", seconds):
                    lab.later(seconds * SECOND)
                case ("ack",):
                    for key in list(lab.engine.incidents):  # one may end with another's ack
                        if lab.engine.incidents[key].state == "triggered":
                            lab.do(Acknowledge(key, ANA))
                case ("reconnect",):
                    await events.aclose()
                    events = client.events(seq)
                case ("read",):
                    await read_all()
        await read_all()
        await events.aclose()
        truth = mirror_of(await client.state())
    assert still_open(mirror) == still_open(truth)
