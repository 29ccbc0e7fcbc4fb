"""The storyteller follows a daemon's socket and says what a spectator should know."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest
from aiohttp import web

from daemon.api.schema import DaemonInfo, IncidentView, State
from daemon.demo.sinks import Received
from daemon.demo.storyteller import Storyteller
from tests.demo.test_lines import incident


def state(seq: int, *incidents: IncidentView) -> bytes:
    info = DaemonInfo(
        pid=1,
        version="1",
        started_at="2026-11-21T10:00:00.000Z",
        time="2026-11-21T10:00:00.000Z",
        config="",
    )
    return msgspec.json.encode(
        State(
            seq=seq,
            daemon=info,
            checks=[],
            services=[],
            alerts=[],
            incidents=list(incidents),
            silences=[],
            slas=[],
        )
    )


class Scripted:
    """A daemon's socket with one picture and then one event after another."""

    def __init__(self, *frames: tuple[str, bytes]) -> None:
        self.frames = frames
        self.pictures = [state(1, incident())]
        self.asked: list[str | None] = []

    async def picture(self, _request: web.Request) -> web.Response:
        body = self.pictures.pop(0) if len(self.pictures) > 1 else self.pictures[0]
        return web.Response(body=body, content_type="application/json")

    async def events(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request.query.get("since"))
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        if len(self.asked) == 1:
            for number, (kind, data) in enumerate(self.frames, start=2):
                frame = f"id: {number}\nevent: {kind}\ndata: ".encode() + data + b"\n\n"
                await response.write(frame)
        else:
            await asyncio.sleep(60)
        return response


async def told(daemon: Scripted, socket: Path, count: int) -> list[str]:
    """The first lines of following this daemon."""
    app = web.Application()
    app.router.add_get("/api/v1/state", daemon.picture)
    app.router.add_get("/api/v1/events", daemon.events)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.UnixSite(runner, socket).start()
    heard: asyncio.Queue[str] = asyncio.Queue()
    teller = Storyteller(heard.put_nowait, lambda: 7_000)
    following = asyncio.create_task(teller.follow(socket))
    try:
        async with asyncio.timeout(5):
            return [await heard.get() for _ in range(count)]
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        await runner.cleanup()


async def test_it_tells_the_picture_and_then_what_changes(tmp_path: Path) -> None:
    taken = incident(state="acknowledged", acknowledged_by="eve")
    over = incident(state="resolved")
    daemon = Scripted(
        ("incident", msgspec.json.encode(incident())),
        ("incident", msgspec.json.encode(taken)),
        ("incident", msgspec.json.encode(over)),
    )
    assert await told(daemon, tmp_path / "s", 3) == [
        "  7s INCIDENT firing: CRITICAL orders-db is down",
        "  7s INCIDENT acknowledged by eve: CRITICAL orders-db is down",
        "  7s INCIDENT resolved: CRITICAL orders-db is down",
    ]
    assert daemon.asked[0] == "1"


async def test_a_broken_stream_is_told_and_taken_up_where_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("daemon.demo.storyteller._AGAIN_S", 0.01)
    daemon = Scripted(("incident", msgspec.json.encode(incident(severity="emergency"))))
    lines = await told(daemon, tmp_path / "s", 3)
    assert lines[1] == "  7s INCIDENT now emergency: EMERGENCY orders-db is down"
    assert lines[2].startswith("  7s tocsin ")
    assert daemon.asked[:1] == ["1"]


async def test_a_reset_reads_the_picture_anew(tmp_path: Path) -> None:
    daemon = Scripted(("reset", b'{"seq": 9, "reason": "too old"}'))
    daemon.pictures.append(state(9, incident(), incident(id="b2", title="search is slow")))
    lines = await told(daemon, tmp_path / "s", 2)
    assert lines[1] == "  7s INCIDENT firing: CRITICAL search is slow"


def test_messages_and_script_are_lines_too() -> None:
    said: list[str] = []
    teller = Storyteller(said.append, lambda: 75_000)
    teller.script("The orders database dies.")
    teller.received(Received("mail", "ana@shop.example", "[CRITICAL] Firing"))
    assert said == [
        " 75s SCRIPT   The orders database dies.",
        " 75s mail     to ana@shop.example: [CRITICAL] Firing",
    ]
