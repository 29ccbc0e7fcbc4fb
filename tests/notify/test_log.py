"""The log channel: a line a notice."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from daemon.core.severity import Severity
from daemon.notify.channels import open_channel, open_channels
from daemon.notify.channels.log import LogChannel
from daemon.notify.errors import Transient
from daemon.notify.render import Renderer
from daemon.notify.spec import ChannelSpec, EmailSpec, LogSpec, WebhookSpec
from tests.notify.lab import compose, incident, notice, over


async def test_a_notice_is_one_line_on_standard_output(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("JOURNAL_STREAM", raising=False)
    channel = LogChannel(LogSpec(name="log"), Renderer())
    await channel.send(compose(notice(incident=incident(title="down\n\x1b[2Jnow"))))
    out = capsys.readouterr().out
    assert out.startswith("2026-11-21T10:10:00.000Z CRITICAL firing: down now - ")
    assert out.count("\n") == 1
    assert "service checkout, level 1" in out


async def test_in_the_journal_a_line_carries_its_priority(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JOURNAL_STREAM", "8:1")
    channel = LogChannel(LogSpec(name="log"), Renderer())
    await channel.send(compose(notice()))
    await channel.send(compose(notice(incident=incident(severity=Severity.INFO))))
    lines = capsys.readouterr().out.splitlines()
    assert [line[:3] for line in lines] == ["<2>", "<6>"]


async def test_a_file_gets_the_same_body_as_a_webhook(tmp_path: Path) -> None:
    file = tmp_path / "pages.jsonl"
    channel = LogChannel(LogSpec(name="log", file=file, format="json"), Renderer())
    assert str(file) in await channel.send(compose(notice()))
    await channel.send(compose(over()))
    await channel.close()
    bodies = [json.loads(line) for line in file.read_text().splitlines()]
    assert [body["type"] for body in bodies] == ["incident.firing", "incident.resolved"]


async def test_lines_that_come_together_are_whole_and_in_order(tmp_path: Path) -> None:
    file = tmp_path / "pages.jsonl"
    channel = LogChannel(LogSpec(name="log", file=file, format="json"), Renderer())
    messages = [compose(notice(key=f"k{number}")) for number in range(50)]
    await asyncio.gather(*(channel.send(message) for message in messages))
    ids = [json.loads(line)["id"] for line in file.read_text().splitlines()]
    assert ids == [f"k{number}" for number in range(50)]


async def test_a_file_that_cannot_be_written_is_worth_another_attempt(tmp_path: Path) -> None:
    channel = LogChannel(LogSpec(name="log", file=tmp_path / "no" / "pages"), Renderer())
    with pytest.raises(Transient, match="No such file or directory"):
        await channel.send(compose(notice()))


def test_each_kind_of_spec_makes_its_channel() -> None:
    specs: dict[str, ChannelSpec] = {
        "w": WebhookSpec(name="w", url="https://x.org/"),
        "m": EmailSpec(name="m", host="x.org", sender="a@x.org"),
        "l": LogSpec(name="l"),
    }
    channels = open_channels(specs)
    assert {name: channel.spec for name, channel in channels.items()} == specs
    with pytest.raises(TypeError, match="no channel is made from"):
        open_channel(ChannelSpec(name="x", kind="x"))
