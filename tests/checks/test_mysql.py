"""The mysql kind against a MariaDB server."""

from __future__ import annotations

from typing import Any

from checks.result import Fault, Status
from tests.checks.conftest import Run
from tests.peers import start_mariadb
from tests.peers.process import Server, free_port


def login(server: Server, **keys: Any) -> dict[str, Any]:
    return {
        "host": server.host,
        "port": server.port,
        "user": server.user,
        "password": server.password,
        **keys,
    }


async def test_a_query_that_answers_is_up(mariadb: Server, run: Run) -> None:
    found = await run("mysql", **login(mariadb))
    assert found.status is Status.UP, found
    assert found.metrics == {"row_count": 1, "value": 1}


async def test_an_empty_query_only_logs_in(mariadb: Server, run: Run) -> None:
    found = await run("mysql", **login(mariadb), query="")
    assert found.status is Status.UP
    assert found.message.startswith("connected in ")


async def test_rows_reach_conditions_as_friendly_values(mariadb: Server, run: Run) -> None:
    found = await run(
        "mysql",
        **login(mariadb),
        query="SELECT 1.50 AS price, DATE('2026-03-01') AS day, x'dead' AS raw, NULL AS nothing",
        expect=[
            "value == 1.5",
            'rows[0].day == "2026-03-01"',
            'rows[0].raw == "dead"',
            "rows[0].nothing == null",
        ],
    )
    assert found.status is Status.UP, found


async def test_rows_are_bounded(mariadb: Server, run: Run) -> None:
    found = await run(
        "mysql",
        **login(mariadb),
        query="SELECT seq FROM seq_1_to_100000",
        database="shop",
        expect=["row_count == 100", "more_rows"],
    )
    assert found.status is Status.UP, found


async def test_a_wrong_password_is_an_auth_fault_and_is_not_shown(
    mariadb: Server, run: Run
) -> None:
    found = await run("mysql", **login(mariadb, password="wrong-secret-x"))
    assert found.fault is Fault.AUTH
    assert "Access denied for user 'monitor'" in found.message
    assert "wrong-secret-x" not in found.message


async def test_a_database_that_may_not_be_used_is_named(mariadb: Server, run: Run) -> None:
    found = await run("mysql", **login(mariadb), database="nowhere")
    assert found.fault is Fault.AUTH
    assert "to database 'nowhere'" in found.message


async def test_a_query_error_is_told_apart(mariadb: Server, run: Run) -> None:
    found = await run("mysql", **login(mariadb), database="shop", query="SELECT * FROM missing")
    assert found.fault is Fault.QUERY
    assert "shop.missing" in found.message


async def test_a_check_cannot_write(mariadb: Server, run: Run) -> None:
    found = await run("mysql", **login(mariadb), database="shop", query="CREATE TABLE t (n int)")
    assert found.fault is Fault.QUERY
    assert "READ ONLY" in found.message


async def test_a_slow_query_times_out(mariadb: Server, run: Run) -> None:
    found = await run("mysql", **login(mariadb), query="SELECT SLEEP(30)", timeout_ms=400)
    assert found.fault is Fault.TIMEOUT
    assert found.message == "timed out after 400ms (while waiting for: query)"


async def test_a_frozen_server_times_out_and_a_stopped_one_is_refused(run: Run) -> None:
    with start_mariadb() as server:
        server.pause()
        found = await run("mysql", **login(server), timeout_ms=300)
        assert found.fault is Fault.TIMEOUT
        server.resume()
        assert (await run("mysql", **login(server))).status is Status.UP
        server.stop()
        found = await run("mysql", **login(server))
        assert found.fault is Fault.REFUSED
        server.start()
        assert (await run("mysql", **login(server))).status is Status.UP


async def test_a_closed_port_is_refused(run: Run) -> None:
    found = await run("mysql", host="127.0.0.1", port=free_port(), user="x")
    assert found.fault is Fault.REFUSED
