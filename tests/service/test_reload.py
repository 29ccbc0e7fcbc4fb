"""A reload goes over to the new configuration whole, or leaves everything as it was."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

import checks
from daemon.config import ConfigError, load
from daemon.core.effects import Effect
from daemon.core.engine import Engine
from daemon.core.events import Event, PlanChanged, SelfReport
from daemon.core.oncall.schedules import on_call
from daemon.core.plan import Plan
from daemon.notify.channels.webhook import WebhookChannel
from daemon.notify.spec import ChannelSpec
from daemon.service import parts
from daemon.service.clock import Clock
from daemon.service.daemon import Daemon
from daemon.service.parts import prepare_checks
from daemon.store.store import Store

HOOK = """
[channel.ops]
kind = "webhook"
url = "https://127.0.0.1:9/"
ca = "{ca}"
"""


def check(name: str) -> str:
    return f'[[check]]\nname = "{name}"\nkind = "http"\nurl = "http://127.0.0.1:9/"\n'


@pytest.fixture
def ca(tmp_path: Path) -> Path:
    path = tmp_path / "ca.pem"
    trustme.CA().cert_pem.write_to_path(str(path))
    return path


@pytest.fixture
async def daemon(tmp_path: Path) -> AsyncIterator[Daemon]:
    path = tmp_path / "config.toml"
    path.write_text(check("old"))
    config = load(path)
    store = await Store.open(tmp_path / "tocsin.db")
    daemon = Daemon(config, store, Engine(config.plan), prepare_checks(config), Clock(), 8)
    yield daemon
    await daemon.stop()
    await store.close()


async def test_a_channel_that_cannot_be_opened_leaves_all_as_it_was(
    daemon: Daemon, ca: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is good when it is read and gone when the channel is made."""
    before = (daemon.config, daemon.turns.runner.prepared, daemon.engine.plan)
    daemon.config.path.write_text(check("new") + HOOK.format(ca=ca))
    closed: list[str] = []

    def gone(spec: ChannelSpec, *_: object) -> WebhookChannel:
        assert spec.name == "ops"
        ca.unlink()
        raise FileNotFoundError(2, "No such file or directory", str(ca))

    async def close(one: checks.Prepared) -> None:
        closed.append(one.spec.name)

    monkeypatch.setattr(parts, "open_channel", gone, raising=False)
    monkeypatch.setattr(checks.Prepared, "close", close)
    with pytest.raises(ConfigError) as refused:
        await daemon.reload()
    after = (daemon.config, daemon.turns.runner.prepared, daemon.engine.plan)
    assert all(now is then for now, then in zip(after, before, strict=True))
    assert closed == ["new"]
    words = f'{daemon.config.path}: channel "ops": {ca}: No such file or directory'
    assert [str(problem) for problem in refused.value.problems] == [words]
    assert daemon.info().reload_error == words


async def test_a_fault_in_making_the_parts_leaves_all_as_it_was_and_shows_no_inside(
    daemon: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = daemon.config
    daemon.config.path.write_text(check("new"))

    def broken(*_: object) -> None:
        raise RuntimeError("entrails")

    monkeypatch.setattr(parts, "open_channels", broken)
    with pytest.raises(RuntimeError):
        await daemon.reload()
    assert daemon.config is before
    assert list(daemon.turns.runner.prepared) == ["old"]
    assert daemon.info().reload_error == "a fault of Tocsin's own (RuntimeError); see its log"


async def test_after_a_refused_reload_a_good_one_clears_the_error(daemon: Daemon) -> None:
    daemon.config.path.write_text("nonsense")
    with pytest.raises(ConfigError):
        await daemon.reload()
    assert daemon.info().reload_error is not None
    daemon.config.path.write_text(check("new"))
    assert (await daemon.reload())["changed"] is True
    assert daemon.info().reload_error is None
    assert list(daemon.engine.plan.checks) == ["new"]


async def test_checks_that_run_in_workers_leave_little_behind_and_stay_what_they_are(
    daemon: Daemon,
) -> None:
    config = daemon.config
    (first,) = prepare_checks(config, elsewhere=True).values()
    assert (first.probe, first.expect, first.spec.name) == (None, (), "old")
    again = prepare_checks(config, config, {"old": first}, elsewhere=True)
    assert again["old"] is first


TELLING = """
[channel.log]
kind = "log"
[person.{who}]
contact = {{ high = ["log"] }}
[policy.duty]
[[policy.duty.level]]
after = "0s"
notify = ["person:{who}"]
[[route]]
policy = "duty"
"""


async def test_the_answer_says_of_open_incidents_whose_persons_are_gone(daemon: Daemon) -> None:
    daemon.config.path.write_text(check("old") + TELLING.format(who="ben"))
    assert (await daemon.reload())["incidents"] == []
    await daemon.command(SelfReport("loop", True, "held up"))
    (incident,) = daemon.engine.incidents
    daemon.config.path.write_text(check("old") + TELLING.format(who="ana"))
    (said,) = (await daemon.reload())["incidents"]
    assert said["incident"] == incident
    assert said["text"].startswith("person:ben, named by its policy, is no more: policy duty")


async def test_a_calendar_that_a_reload_brings_is_in_force_before_anybody_is_told(
    daemon: Daemon,
) -> None:
    (daemon.config.path.parent / "duty.ics").write_text(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:1\r\nSUMMARY:ben\r\n"
        f"DTSTART:{stamp(-3600)}\r\nDTEND:{stamp(3600)}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
        newline="",
    )
    daemon.config.path.write_text(check("old") + ON_DUTY)
    planned: list[Plan] = []
    handled = daemon.engine.handle

    def handle(event: Event, now: int) -> list[Effect]:
        if isinstance(event, PlanChanged):
            planned.append(event.plan)
        return handled(event, now)

    daemon.engine.handle = handle  # type: ignore[method-assign]  # a reload's own turn is looked at
    await daemon.reload()
    (plan,) = planned
    assert on_call(plan.schedules["primary"], daemon.now()) == ("ben",)
    assert daemon.engine.plan.schedules["primary"].calendar != ()


ON_DUTY = """
[channel.log]
kind = "log"
[person.ana]
contact = { high = ["log"] }
[person.ben]
contact = { high = ["log"] }
[schedule.primary]
timezone = "UTC"
ical = "duty.ics"
[[schedule.primary.layer]]
rotation = "weekly"
start = "2026-01-05T09:00"
people = ["ana"]
"""


def stamp(seconds: int) -> str:
    """So many seconds from now, as a calendar writes it."""
    return f"{datetime.now(UTC) + timedelta(seconds=seconds):%Y%m%dT%H%M%SZ}"
