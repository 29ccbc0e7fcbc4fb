"""The redis kind against a Redis server."""

from __future__ import annotations

import asyncio
from typing import Any

from checks.result import Fault, Status
from tests.checks.conftest import Run
from tests.peers import start_redis
from tests.peers.http import start_raw
from tests.peers.process import Server, free_port


def login(server: Server, **keys: Any) -> dict[str, Any]:
    return {"host": server.host, "port": server.port, "password": server.password, **keys}


async def test_a_ping_that_is_answered_is_up(redis: Server, run: Run) -> None:
    found = await run("redis", **login(redis), expect=['reply == "PONG"'])
    assert found.status is Status.UP, found
    assert found.message.startswith("PONG in ")
    assert list(found.phases) == ["connect", "auth", "command"]


async def test_info_is_a_map_with_numbers(redis: Server, run: Run) -> None:
    found = await run(
        "redis",
        **login(redis, user="default"),
        expect=['info.role == "master"', "info.connected_clients >= 1", "info.loading == 0"],
    )
    assert found.status is Status.UP, found
    assert found.metrics["used_memory"] > 0  # type: ignore[operator]  # INFO gives a number


async def test_a_command_with_arguments_and_a_database(redis: Server, run: Run) -> None:
    found = await run(
        "redis", **login(redis), database=3, command=["DBSIZE"], expect=["reply == 0"]
    )
    assert found.status is Status.UP, found
    found = await run("redis", **login(redis), command=["GET", "none"], expect=["reply == null"])
    assert found.status is Status.UP, found


async def test_no_password_and_a_wrong_one_are_auth_faults(redis: Server, run: Run) -> None:
    found = await run("redis", host=redis.host, port=redis.port)
    assert found.fault is Fault.AUTH
    assert "NOAUTH" in found.message
    found = await run("redis", **login(redis, password="wrong-secret-x"))
    assert found.fault is Fault.AUTH
    assert "WRONGPASS" in found.message
    assert "wrong-secret-x" not in found.message


async def test_a_refused_command_is_a_query_fault(redis: Server, run: Run) -> None:
    found = await run("redis", **login(redis), command=["NOSUCH", "x"])
    assert found.fault is Fault.QUERY
    assert "unknown command" in found.message


async def test_a_frozen_server_times_out_and_a_stopped_one_is_refused(run: Run) -> None:
    with start_redis() as server:
        server.pause()
        found = await run("redis", **login(server), timeout_ms=200)
        assert found.fault is Fault.TIMEOUT
        assert found.message == "timed out after 200ms (while waiting for: auth)"
        server.resume()
        server.stop()
        assert (await run("redis", **login(server))).fault is Fault.REFUSED
        server.start()
        assert (await run("redis", **login(server))).status is Status.UP


async def test_a_peer_that_speaks_something_else_is_a_protocol_fault(run: Run) -> None:
    async def web(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()
        await reader.read()

    async with start_raw(web) as server:
        found = await run("redis", host="127.0.0.1", port=server.port)
    assert found.fault is Fault.PROTOCOL
    assert "does not speak the Redis protocol" in found.message


async def test_a_connection_closed_in_the_middle_is_a_reset(run: Run) -> None:
    async def leave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(5)
        writer.write(b"$100\r\nhalf")
        await writer.drain()

    async with start_raw(leave) as server:
        found = await run("redis", host="127.0.0.1", port=server.port)
    assert found.fault is Fault.RESET


async def test_a_closed_port_is_refused(run: Run) -> None:
    found = await run("redis", host="127.0.0.1", port=free_port())
    assert found.fault is Fault.REFUSED
    assert found.status is Status.DOWN
