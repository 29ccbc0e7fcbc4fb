"""Ways to break the shop, and for each how it must be called.

A cause breaks one thing and returns what mends it.
"""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import subprocess
from collections.abc import Awaitable, Callable
from contextlib import closing
from typing import Any

import aiomysql
import asyncpg

from tests.peers.process import Server
from tests.system.shop import Shop
from tests.system.targets import HEARTBEAT_TOKEN

Mend = Callable[[], Awaitable[Any]]
Cause = Callable[[Shop], Awaitable[Mend]]


async def _postgres(shop: Shop, sql: str, password: str | None = None) -> None:
    server = shop.postgres
    connection = await asyncpg.connect(
        host=server.host,
        port=server.port,
        user=server.user,
        password=password or server.password,
        database="postgres",
    )
    try:
        await connection.execute(sql)
    finally:
        await connection.close()


def _redis(server: Server, *words: str, password: str | None = None) -> str:
    done = subprocess.run(
        ["redis-cli", "-p", str(server.port), "--no-auth-warning", *words],
        env={"REDISCLI_AUTH": password or server.password},
        capture_output=True,
        text=True,
        check=True,
        timeout=10,
    )
    return done.stdout


async def a_changed_password(shop: Shop) -> Mend:
    await _postgres(shop, "ALTER USER monitor PASSWORD 'rotated-pass'")
    return lambda: _postgres(
        shop, f"ALTER USER monitor PASSWORD '{shop.postgres.password}'", "rotated-pass"
    )


async def a_hung_postgres(shop: Shop) -> Mend:
    shop.postgres.pause()
    return lambda: asyncio.to_thread(shop.postgres.resume)


async def a_changed_mysql_password(shop: Shop) -> Mend:
    async def change(before: str, after: str) -> None:
        server = shop.mariadb
        connection = await aiomysql.connect(
            host=server.host, port=server.port, user=server.user, password=before
        )
        async with connection.cursor() as cursor:
            await cursor.execute("SET PASSWORD = PASSWORD(%s)", (after,))
        connection.close()

    await change(shop.mariadb.password, "rotated-pass")
    return lambda: change("rotated-pass", shop.mariadb.password)


async def a_server_error(shop: Shop) -> Mend:
    shop.web.status = 503
    return lambda: asyncio.to_thread(setattr, shop.web, "status", 200)


async def a_bad_answer(shop: Shop) -> Mend:
    shop.web.body = b'{"ok": false}'
    return lambda: asyncio.to_thread(setattr, shop.web, "body", b'{"ok": true}')


async def a_stopped_web_server(shop: Shop) -> Mend:
    shop.web.stop()
    return lambda: asyncio.to_thread(shop.web.start)


def _change_certificate(shop: Shop, days: float) -> None:
    shop.secure.stop()
    shop.secure.tls = shop.authority.server("localhost", days=days)
    shop.secure.start()


async def an_expired_certificate(shop: Shop) -> Mend:
    await asyncio.to_thread(_change_certificate, shop, -2.5)
    return lambda: asyncio.to_thread(_change_certificate, shop, 30)


async def a_certificate_near_its_end(shop: Shop) -> Mend:
    await asyncio.to_thread(_change_certificate, shop, 5.5)
    return lambda: asyncio.to_thread(_change_certificate, shop, 30)


async def a_redis_that_cannot_save(shop: Shop) -> Mend:
    """Its snapshot's place is taken by a directory; it refuses writes then, and PING."""
    server = shop.redis
    place = server.home / "dump.rdb"
    place.mkdir()
    _redis(server, "CONFIG", "SET", "save", "3600 1")
    _redis(server, "BGSAVE")

    def mend() -> None:
        place.rmdir()
        _redis(server, "CONFIG", "SET", "save", "")

    return lambda: asyncio.to_thread(mend)


async def a_changed_redis_password(shop: Shop) -> Mend:
    server = shop.redis
    _redis(server, "CONFIG", "SET", "requirepass", "rotated-pass")
    return lambda: asyncio.to_thread(
        lambda: _redis(
            server, "CONFIG", "SET", "requirepass", server.password, password="rotated-pass"
        )
    )


async def unpaid_invoices(shop: Shop) -> Mend:
    def change(sql: str) -> None:
        with closing(sqlite3.connect(shop.ledger)) as database, database:
            database.execute(sql)

    change("INSERT INTO invoice (paid) VALUES (0), (0), (0), (0), (0)")
    return lambda: asyncio.to_thread(change, "UPDATE invoice SET paid = 1")


async def a_lost_database_file(shop: Shop) -> Mend:
    shop.ledger.rename(shop.ledger.with_suffix(".away"))
    return lambda: asyncio.to_thread(shop.ledger.with_suffix(".away").rename, shop.ledger)


async def a_critical_plugin(shop: Shop) -> Mend:
    good = shop.plugin.read_text()
    bad = shop.plugin.with_suffix(".new")
    bad.write_text('#!/bin/sh\necho "RAID CRITICAL - sdb failed | failed=1;0;1"\nexit 2\n')
    bad.chmod(0o755)
    bad.rename(shop.plugin)

    def mend() -> None:
        bad.write_text(good)
        bad.chmod(0o755)
        bad.rename(shop.plugin)

    return lambda: asyncio.to_thread(mend)


async def a_dead_job(shop: Shop) -> Mend:
    shop.job.die()

    def by_hand() -> None:
        curl = shutil.which("curl")
        assert curl is not None
        done = subprocess.run(
            [
                *(curl, "-sS", "--fail", "--unix-socket", str(shop.tocsin.socket)),
                f"http://localhost/ping/{HEARTBEAT_TOKEN}",
            ],
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout == "OK\n"
        shop.job.revive()

    return lambda: asyncio.to_thread(by_hand)


CAUSES: list[tuple[Cause, str, str, str]] = [
    (a_changed_password, "orders-db", "emergency", "password authentication failed"),
    (
        a_hung_postgres,
        "orders-db",
        "emergency",
        "timed out after 1s (while waiting for: login)",
    ),
    (a_changed_mysql_password, "stock-db", "critical", "Access denied for user 'monitor'"),
    (a_server_error, "checkout", "emergency", "status == 200 (status is 503)"),
    (a_bad_answer, "checkout", "emergency", "json.ok == true (json.ok is false)"),
    (a_stopped_web_server, "checkout", "emergency", "connection refused by 127.0.0.1"),
    (an_expired_certificate, "shopfront", "critical", "certificate has expired"),
    (a_certificate_near_its_end, "shopfront", "medium", "cert_days < 14.0 (cert_days is 5"),
    (a_redis_that_cannot_save, "sessions", "critical", "MISCONF"),
    (a_changed_redis_password, "sessions", "critical", "WRONGPASS"),
    (unpaid_invoices, "ledger", "critical", "value <= 3 (value is 5)"),
    (a_lost_database_file, "ledger", "critical", "ledger.db"),
    (a_critical_plugin, "array", "critical", "RAID CRITICAL - sdb failed"),
    (a_dead_job, "backup", "critical", "no ping"),
]
"""The cause, the service it breaks, the severity that has, and words the message has."""
