"""Running one check the way the daemon does, and the servers that the tests share."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import pytest
import uvloop

import checks
from checks.result import Result
from tests.checks.authority import Authority, make_authority
from tests.peers import start_mariadb, start_postgres, start_redis
from tests.peers.hostile import Hostile, start_hostile
from tests.peers.process import Server

Run = Callable[..., Awaitable[Result]]


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """The daemon runs on uvloop, a host without it on asyncio: probes are held to both."""
    return {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What is held to asyncio's loop too is so where the slow tests are run."""
    for item in items:
        params = item.callspec.params if hasattr(item, "callspec") else {}
        if params.get("_asyncio_loop_factory") is asyncio.new_event_loop:
            item.add_marker(pytest.mark.slow)


AT = 1_790_000_000_000


def prepared(kind: str, *, timeout_ms: int = 3000, **keys: Any) -> checks.Prepared:
    """A check of `kind` with these keys, ready to run."""
    return checks.prepare(checks.KINDS[kind].spec(name="probe", kind=kind, **keys), timeout_ms)


@pytest.fixture
async def run() -> AsyncIterator[Run]:
    """Run a check of a kind once, or as many times as `times` says; the last result."""
    ready: list[checks.Prepared] = []

    async def once(kind: str, *, times: int = 1, **keys: Any) -> Result:
        check = prepared(kind, **keys)
        ready.append(check)
        for _ in range(times):
            result = await checks.run(check, AT)
        assert result.check == "probe"
        assert result.at == AT
        return result

    yield once
    for check in ready:
        await check.close()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    with start_postgres() as server:
        yield server


@pytest.fixture(scope="session")
def mariadb() -> Iterator[Server]:
    with start_mariadb() as server:
        yield server


@pytest.fixture(scope="session")
def redis() -> Iterator[Server]:
    with start_redis() as server:
        yield server


@pytest.fixture(scope="session")
def hostile() -> Iterator[Hostile]:
    with start_hostile() as target:
        yield target


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("authority"))
