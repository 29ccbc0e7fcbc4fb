"""The postgres kind against a PostgreSQL server."""

from __future__ import annotations

from typing import Any

import pytest

from checks.result import Fault, Status
from tests.checks.conftest import Run
from tests.peers import start_postgres
from tests.peers.process import Server, free_port


def login(server: Server, **keys: Any) -> dict[str, Any]:
    return {
        "host": server.host,
        "port": server.port,
        "user": server.user,
        "password": server.password,
        "database": "postgres",
        **keys,
    }


async def test_a_query_that_answers_is_up(postgres: Server, run: Run) -> None:
    found = await run("postgres", **login(postgres))
    assert found.status is Status.UP, found
    assert found.metrics == {"row_count": 1, "value": 1}
    assert list(found.phases) == ["connect", "login", "query"]


async def test_rows_and_the_first_value_are_for_conditions(postgres: Server, run: Run) -> None:
    found = await run(
        "postgres",
        **login(postgres),
        query="SELECT n AS id, n * 1.5 AS price FROM generate_series(1, 3) n",
        expect=["row_count == 3", "rows[2].price == 4.5", "value == 1", "rows.all(r, r.id > 0)"],
    )
    assert found.status is Status.UP, found


async def test_a_failed_condition_shows_the_value(postgres: Server, run: Run) -> None:
    found = await run(
        "postgres", **login(postgres), query="SELECT 7 AS lag", expect=["rows[0].lag < 5"]
    )
    assert found.status is Status.DOWN
    assert found.message == "rows[0].lag < 5 (rows[0].lag is 7)"
    assert found.fault is Fault.CONDITION


async def test_values_of_all_types_reach_conditions(postgres: Server, run: Run) -> None:
    query = (
        "SELECT 1.25::numeric AS n, DATE '2026-03-01' AS d, '\\xdead'::bytea AS b,"
        " interval '90 s' AS i, ARRAY[1,2] AS a, NULL AS nothing, '{\"k\": 1}'::jsonb AS j"
    )
    found = await run(
        "postgres",
        **login(postgres),
        query=query,
        expect=[
            "rows[0].n == 1.25",
            'rows[0].d == "2026-03-01"',
            'rows[0].b == "dead"',
            "rows[0].i == 90.0",
            "rows[0].a == [1, 2]",
            "rows[0].nothing == null",
            "rows[0].j.contains('k')",
        ],
    )
    assert found.status is Status.UP, found


async def test_rows_are_bounded(postgres: Server, run: Run) -> None:
    found = await run(
        "postgres",
        **login(postgres),
        query="SELECT * FROM generate_series(1, 1000000)",
        expect=["row_count == 100", "more_rows"],
    )
    assert found.status is Status.UP, found


async def test_a_wrong_password_is_an_auth_fault_and_is_not_shown(
    postgres: Server, run: Run
) -> None:
    found = await run("postgres", **login(postgres, password="wrong-secret-x"))
    assert found.fault is Fault.AUTH
    assert found.status is Status.DOWN
    assert "wrong-secret-x" not in found.message
    assert 'password authentication failed for user "monitor"' in found.message


async def test_a_database_that_does_not_exist_is_named(postgres: Server, run: Run) -> None:
    found = await run("postgres", **login(postgres, database="nowhere"))
    assert found.fault is Fault.QUERY
    assert 'database "nowhere" does not exist' in found.message


async def test_a_query_error_is_told_apart(postgres: Server, run: Run) -> None:
    found = await run("postgres", **login(postgres), query="SELECT * FROM missing_table")
    assert found.fault is Fault.QUERY
    assert 'relation "missing_table" does not exist' in found.message


async def test_a_check_cannot_write(postgres: Server, run: Run) -> None:
    found = await run("postgres", **login(postgres), query="CREATE TABLE t (n int)")
    assert found.fault is Fault.QUERY
    assert "read-only transaction" in found.message


async def test_a_slow_query_times_out_within_half_a_second_more(postgres: Server, run: Run) -> None:
    found = await run("postgres", **login(postgres), query="SELECT pg_sleep(30)", timeout_ms=400)
    assert found.fault is Fault.TIMEOUT
    assert found.latency_ms is not None
    assert found.latency_ms < 900


async def test_a_frozen_server_times_out(postgres: Server, run: Run) -> None:
    with start_postgres() as server:
        server.pause()
        found = await run("postgres", **login(server), timeout_ms=300)
        server.resume()
    assert found.fault is Fault.TIMEOUT
    assert found.message == "timed out after 300ms (while waiting for: login)"


async def test_a_stopped_server_is_refused_and_comes_back(run: Run) -> None:
    with start_postgres() as server:
        server.stop()
        found = await run("postgres", **login(server))
        assert found.fault is Fault.REFUSED
        assert f"127.0.0.1:{server.port}" in found.message
        server.start()
        assert (await run("postgres", **login(server))).status is Status.UP


async def test_tls_that_the_server_does_not_speak_is_said(postgres: Server, run: Run) -> None:
    found = await run("postgres", **login(postgres), tls=True)
    assert found.status is Status.DOWN
    assert found.fault is Fault.TLS
    assert found.message.endswith("no TLS is spoken there")


async def test_the_environment_of_libpq_is_not_used(
    postgres: Server, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPASSWORD", postgres.password)
    found = await run("postgres", host=postgres.host, port=postgres.port, user=postgres.user)
    assert found.fault is Fault.AUTH


async def test_a_closed_port_is_refused(run: Run) -> None:
    found = await run("postgres", host="127.0.0.1", port=free_port(), user="x")
    assert found.fault is Fault.REFUSED
