"""daemon.config.conditions: what a rule may name is what results of a kind really carry."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import checks
from daemon.config.conditions import _METRICS, metrics_of
from tests.peers.http import RawServer, answering, response, start_raw


async def metrics(kind: str, **keys: Any) -> Mapping[str, object]:
    """What one run of a check finds."""
    prepared = checks.prepare(checks.KINDS[kind].spec(name="x", kind=kind, **keys), 5_000)
    try:
        result = await checks.run(prepared, 0)
    finally:
        await prepared.close()
    assert result.status.word == "up", result
    return result.metrics


async def test_every_metric_of_a_host_may_be_named_also_those_of_its_parts() -> None:
    known = metrics_of(["host"])
    assert known is not None
    found = await metrics("host")
    assert len(found) > 30
    assert [name for name in found if name not in known] == []
    assert "disk_used_percent:/var/not here today" in known
    assert "cpu_percnt" not in known


async def test_every_metric_of_a_query_may_be_named(tmp_path: Path) -> None:
    database = sqlite3.connect(tmp_path / "x.db")
    database.execute("CREATE TABLE x (y)")
    database.close()
    found = await metrics("sqlite", path=tmp_path / "x.db", query="SELECT 7")
    assert set(found) == {"row_count", "value"} == _METRICS["sqlite"]


async def test_every_metric_of_a_web_server_and_a_port_may_be_named() -> None:
    server = RawServer()
    async with start_raw(answering(server, response(200, b"ok")), server=server):
        web = await metrics("http", url=server.url)
        tcp = await metrics("tcp", host=server.host, port=server.port)
    assert set(web) - {"status"} <= _METRICS["http"]  # the field of this name hides it
    assert set(tcp) <= _METRICS["tcp"]


@pytest.mark.parametrize("kinds", [[], ["exec"], ["redis"], ["host", "exec"], ["not yet"]])
def test_where_the_target_has_a_say_anything_may_be_named(kinds: list[str]) -> None:
    assert metrics_of(kinds) is None


def test_several_kinds_have_the_metrics_of_each() -> None:
    known = metrics_of(["http", "sqlite"])
    assert known is not None
    assert {"cert_days", "row_count"} <= set(known)
