"""Calendars are fetched, kept, bounded; a bad one leaves the last good copy in force."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import web

from daemon.config import Config, load
from daemon.core.events import CalendarRead
from daemon.core.oncall.duty import with_calendars
from daemon.core.oncall.schedules import on_call
from daemon.core.plan import Plan
from daemon.service import calendars
from daemon.service.calendars import Calendars, kept, sources

NOW = 1_795_000_000_000
TEXT = """
[channel.log]
kind = "log"
[channel.hook]
kind = "exec"
run = ["true"]
[person.ana]
contact = {{ high = ["log"] }}
[person.ben]
contact = {{ high = ["log"] }}
[schedule.primary]
timezone = "UTC"
ical = "{place}"
[[schedule.primary.layer]]
rotation = "weekly"
start = "2026-01-05T09:00"
people = ["ana"]
"""


def at(offset_s: int) -> str:
    return f"{datetime.fromtimestamp(NOW / 1000 + offset_s, UTC):%Y%m%dT%H%M%SZ}"


def calendar(summary: str) -> str:
    lines = [
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x", "BEGIN:VEVENT", "UID:1",
        f"SUMMARY:{summary}", f"DTSTART:{at(-600)}", f"DTEND:{at(600)}",
        "END:VEVENT", "END:VCALENDAR", "",
    ]  # fmt: skip
    return "\r\n".join(lines)


class Host:
    """A web server that has a calendar, or an answer like it."""

    def __init__(self) -> None:
        self.status, self.text = 200, calendar("ben")

    async def serve(self, _: web.Request) -> web.Response:
        return web.Response(status=self.status, text=self.text)


@pytest.fixture
async def host() -> AsyncIterator[tuple[Host, str]]:
    made = Host()
    app = web.Application()
    app.router.add_get("/a.ics", made.serve)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    yield made, f"http://127.0.0.1:{port}/a.ics"
    await runner.cleanup()


def config(tmp_path: Path, place: str) -> Config:
    path = tmp_path / "config.toml"
    path.write_text(TEXT.format(place=place))
    return load(path)


class Desk:
    """Calendars, and what they told the engine."""

    def __init__(self, tmp_path: Path, place: str) -> None:
        self.config = config(tmp_path, place)
        self.read: list[CalendarRead] = []
        self.calendars = Calendars(tmp_path / "tocsin.db", lambda: NOW, self.read.append)
        self.calendars._persons = self.config.plan.persons

    async def refresh(self) -> None:
        for source in sources(self.config):
            await self.calendars.refresh(source)

    def plan(self) -> Plan:
        found = {one.schedule: one.pieces for one in self.read}
        return with_calendars(self.config.plan, found)


async def test_a_calendar_of_the_web_puts_its_persons_above_the_layers(
    tmp_path: Path, host: tuple[Host, str]
) -> None:
    desk = Desk(tmp_path, host[1])
    await desk.refresh()
    schedule = desk.plan().schedules["primary"]
    assert on_call(schedule, NOW) == ("ben",)
    assert on_call(schedule, NOW + 600_000) == ("ana",)
    assert desk.calendars.problem is None


async def test_one_that_fails_leaves_the_last_good_copy_for_a_restart_too(
    tmp_path: Path, host: tuple[Host, str]
) -> None:
    desk = Desk(tmp_path, host[1])
    await desk.refresh()
    host[0].status = 500
    await desk.refresh()
    said = desk.calendars.problem or ""
    assert "the calendar of primary cannot be used: the server says 500" in said
    host[0].status, host[0].text = 200, "<html>"
    await desk.refresh()
    assert desk.calendars.problem is not None
    assert len(desk.read) == 1
    again = await kept(desk.config, tmp_path / "tocsin.db", NOW)
    assert again == {"primary": desk.read[0].pieces}
    host[0].text = calendar("ana")
    await desk.refresh()
    assert desk.calendars.problem is None
    assert len(desk.read) == 2


async def test_one_that_is_too_large_or_takes_too_long_is_refused(
    tmp_path: Path, host: tuple[Host, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(tmp_path, host[1])
    monkeypatch.setattr(calendars, "MOST_BYTES", 50)
    await desk.refresh()
    assert "larger than 50 bytes" in (desk.calendars.problem or "")
    monkeypatch.setattr(calendars, "MOST_BYTES", 10_000)
    monkeypatch.setattr(calendars, "_READ_S", 0.0)
    await desk.refresh()
    assert "to work out" in (desk.calendars.problem or "")
    assert desk.read == []


async def test_a_fault_while_one_is_read_is_a_problem_and_not_the_end_of_all_reading(
    tmp_path: Path, host: tuple[Host, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(tmp_path, host[1])

    def fault(_: object) -> None:
        raise ValueError("unforeseen")

    with monkeypatch.context() as patch:
        patch.setattr(calendars, "flattened", fault)
        await desk.refresh()
    assert "a fault of Tocsin's own (ValueError)" in (desk.calendars.problem or "")
    await desk.refresh()
    assert desk.calendars.problem is None


async def test_a_file_beside_the_configuration_will_do(tmp_path: Path) -> None:
    (tmp_path / "duty.ics").write_text(calendar("On call: Ana, BEN (all day)"), newline="")
    desk = Desk(tmp_path, "duty.ics")
    await desk.refresh()
    assert on_call(desk.plan().schedules["primary"], NOW) == ("ana", "ben")
    (tmp_path / "duty.ics").unlink()
    await desk.refresh()
    assert "No such file" in (desk.calendars.problem or "")


async def test_events_that_name_nobody_known_put_nobody_on_call(tmp_path: Path) -> None:
    (tmp_path / "duty.ics").write_text(calendar("team lunch"), newline="")
    desk = Desk(tmp_path, "duty.ics")
    await desk.refresh()
    assert desk.read[0].pieces == ()


async def test_a_reload_waits_for_a_calendar_that_is_new_and_says_which_it_cannot_have(
    tmp_path: Path, host: tuple[Host, str]
) -> None:
    desk = Desk(tmp_path, host[1])
    found = await desk.calendars.read_new(desk.config)
    assert [piece.persons for piece in found["primary"]] == [("ben",)]
    host[0].status = 404
    assert await desk.calendars.read_new(desk.config) == {}
    await desk.refresh()
    assert "the server says 404; its layers count until it can" in (desk.calendars.problem or "")
    host[0].status = 200
    await desk.refresh()
    host[0].status = 404
    await desk.refresh()
    assert "the last good copy counts" in (desk.calendars.problem or "")
    desk.calendars.follow(desk.config)
    assert await desk.calendars.read_new(desk.config) == {}, "it is no new one"
    await desk.calendars.close()


async def test_a_first_start_waits_for_a_calendar_but_not_for_one_that_fails(
    tmp_path: Path, host: tuple[Host, str]
) -> None:
    desk = Desk(tmp_path, host[1])
    found = await kept(desk.config, tmp_path / "tocsin.db", NOW)
    assert [piece.persons for piece in found["primary"]] == [("ben",)]
    host[0].status = 404
    assert await kept(desk.config, tmp_path / "tocsin.db", NOW) == {}
