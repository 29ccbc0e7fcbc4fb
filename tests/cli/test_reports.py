"""Reports that are kept, on the command line: kept by the daemon, read with and without one."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from daemon.cli.app import run
from daemon.config import load
from daemon.core.effects import Append
from daemon.core.events import KeepReport
from daemon.store.store import Store
from tests.api.lab import Lab
from tests.cli.conftest import Desk
from tests.report import past
from tests.service.test_reporter import Nearby


@pytest.fixture
def kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> tuple[Path, str]:
    """A configuration and a database with a report that was kept by a daemon; its id."""
    database = tmp_path / "tocsin.db"
    asyncio.run(past.make(database, past.NOON))
    config = past.configure(tmp_path, database)
    lab = Lab(load(config).plan)
    lab.timezone, lab.time, lab.analysis = "Europe/Berlin", past.NOON, Nearby(database)
    desk = Desk(lab, capsys, tmp_path)
    desk.open()
    try:
        said = desk.tocsin("report", "--period", "2026-11", "--keep", "--format", "json")
    finally:
        desk.close()
    assert said.code == 1, "an SLA was missed"
    made = said.json
    assert said.err == f"kept as {made['id']}; see `tocsin report show {made['id']}`\n"
    (event,) = [one for one in lab.events if isinstance(one, KeepReport)]

    async def keep() -> None:
        store = await Store.open(database)
        await store.submit([Append(event.report)], past.NOON)
        await store.close()

    asyncio.run(keep())
    return config, made["id"]


def test_what_is_kept_is_listed_and_shown_also_from_the_file_alone(
    kept: tuple[Path, str], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    config, key = kept
    with_config = ("--config", str(config))
    assert run(["report", "list", *with_config]) == 0
    header, line = capsys.readouterr().out.splitlines()
    assert header.split() == ["ID", "PERIOD", "OF", "STATE", "MADE", "BY", "DIGEST"]
    assert line.split()[:6] == [key[:8], "2026-11", "all", "services", "so", "far"]
    assert run(["report", "list", "-o", "json", *with_config]) == 0
    (told,) = json.loads(capsys.readouterr().out)
    out = tmp_path / "shown.json"
    assert run(["report", "show", key[:5], "-f", "json", "--out", str(out), *with_config]) == 0
    shown = json.loads(out.read_text())
    assert (shown["id"], shown["digest"]) == (key, told["digest"])
    capsys.readouterr()
    assert run(["report", "show", "zz", *with_config]) == 2
    assert "no report that is kept has an id that begins with 'zz'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--daily"], "--keep and --daily do not go together"),
        (["--period", "2026-11", "--at", "2h ago"], "--keep and --at do not go together"),
    ],
)
def test_what_cannot_be_kept_is_refused_with_the_mend(
    words: list[str], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["report", "--keep", *words]) == 2
    assert why in capsys.readouterr().err


def test_nothing_is_kept_without_a_daemon(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asyncio.run(past.make(tmp_path / "tocsin.db", past.NOON))
    config = past.configure(tmp_path, tmp_path / "tocsin.db")
    words = ["report", "--keep", "--period", "2026-11", "--socket", str(tmp_path / "none.sock")]
    assert run([*words, "--config", str(config)]) == 3
    assert capsys.readouterr().out == ""
