"""`db forget` on a real file: refused while somebody is still known, negative where nobody is."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path

import pytest

from daemon.cli.app import run
from daemon.core.effects import Append
from daemon.store.store import Store
from tests.cli.conftest import Desk
from tests.store.samples import NOW, an_audit


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A configuration with its database, in which Ana did something."""

    async def make() -> None:
        store = await Store.open(tmp_path / "tocsin.db")
        await store.submit([Append(an_audit("ana was here"))], NOW)
        await store.close()

    asyncio.run(make())
    path = tmp_path / "config.toml"
    path.write_text(
        f'[daemon]\ndatabase = "{tmp_path}/tocsin.db"\n'
        '[channel.log]\nkind = "log"\n'
        '[person.ben]\ncontact = { high = ["log"], low = ["log"] }\n'
        '[access]\noperator = ["cleo"]\n'
    )
    return path


def test_a_person_is_forgotten_and_the_second_time_there_is_nobody(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    forget = ["db", "forget", "ana", "--config", str(config)]
    assert run([*forget, "-o", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"pseudonym": "former person 1", "rows": 1}
    assert run(forget) == 1
    assert capsys.readouterr().out == "nothing that is stored names ana\n"


async def test_the_audit_log_tells_who_did_it_and_not_to_whom(config: Path) -> None:
    assert await asyncio.to_thread(run, ["db", "forget", "ana", "--config", str(config)]) == 0
    store = await Store.open(config.parent / "tocsin.db")
    newest, older = await store.history.audit(5)
    await store.close()
    assert (newest.action, newest.subject) == ("forget person", "former person 1")
    assert newest.actor.origin == f"unix uid {os.getuid()}"
    assert older.detail == "former person 1 was here"


@pytest.mark.parametrize("name", ["ben", "cleo"])
def test_who_is_in_the_configuration_is_not_forgotten(
    config: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["db", "forget", name, "--config", str(config)]) == 2
    assert f"{name} is in the configuration" in capsys.readouterr().err


async def test_a_daemon_in_the_way_is_named(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = await Store.open(config.parent / "tocsin.db")
    try:
        code = await asyncio.to_thread(run, ["db", "forget", "ana", "--config", str(config)])
    finally:
        await store.close()
    assert code == 2
    assert f"pid {os.getpid()}" in capsys.readouterr().err


def test_a_daemon_that_runs_forgets_by_itself(desk: Desk) -> None:
    told = desk.tocsin("db", "forget", "marit")
    assert told.code == 0
    assert told.out.splitlines()[0].startswith("former person 1 stands for marit now, in ")
    refused = desk.tocsin("db", "forget", "ana")
    assert refused.code == 2
    assert "reload first" in refused.err
