"""Names that nobody answers for cost their own checks, and no other's."""

from __future__ import annotations

import asyncio
import json
import shutil
import socket
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from checks.dial import Endpoint, resolve
from checks.errors import ProbeError
from checks.lookup import SLOW_THREADS, THREADS, lookups_of
from checks.result import Fault, Status
from tests.checks.conftest import Run
from tests.peers.http import start_raw

HOME = Path(__file__).parents[2]


class Resolver:
    """The system's resolver as the threads see it: names that begin with `dead` hang.

    Attributes:
        asked: Every name that was looked up, in order.
    """

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.answers: dict[str, list[str]] = {}
        self.release = threading.Event()

    def __call__(self, host: str, *_: Any) -> list[tuple[Any, ...]]:
        self.asked.append(host)
        if host.startswith("dead"):
            self.release.wait(20.0)
            raise socket.gaierror(socket.EAI_AGAIN, "no answer")
        found = self.answers.get(host, ["127.0.0.1"])
        return [
            (socket.AF_INET6 if ":" in address else socket.AF_INET, 1, 6, "", (address, 0))
            for address in found
        ]


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Resolver]:
    made = Resolver()
    monkeypatch.setattr("checks.lookup.socket.getaddrinfo", made)
    yield made
    made.release.set()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110  # the other side is a thread
            await asyncio.sleep(0.005)


def look_up(name: str) -> asyncio.Task[list[tuple[int, str]]]:
    return asyncio.create_task(resolve(Endpoint.of(name, 80)))


async def hang(resolver: Resolver, count: int, stem: str = "dead") -> list[asyncio.Task[Any]]:
    """As many lookups, all of them hanging in threads."""
    tasks = [look_up(f"{stem}{number}") for number in range(count)]
    await until(lambda: len(resolver.asked) >= count)
    return tasks


async def let_go(resolver: Resolver, tasks: list[asyncio.Task[Any]]) -> None:
    resolver.release.set()
    for found in await asyncio.gather(*tasks, return_exceptions=True):
        assert isinstance(found, (ProbeError, asyncio.CancelledError)), found


async def test_those_who_ask_for_a_name_at_once_share_one_lookup(resolver: Resolver) -> None:
    tasks = [look_up("dead0") for _ in range(20)]
    await until(lambda: bool(resolver.asked))
    tasks[0].cancel()  # one who leaves takes nothing from the others
    await let_go(resolver, tasks)
    assert resolver.asked == ["dead0"]
    assert tasks[0].cancelled()
    error = tasks[1].exception()
    assert isinstance(error, ProbeError)
    assert (error.fault, error.unknown) == (Fault.RESOLVE, True)


async def test_nothing_is_kept_from_one_lookup_to_the_next(resolver: Resolver) -> None:
    assert await look_up("moving") == [(socket.AF_INET, "127.0.0.1")]
    resolver.answers["moving"] = ["::1"]
    assert await look_up("moving") == [(socket.AF_INET6, "::1")]


async def test_many_hung_lookups_leave_a_live_name_its_own(resolver: Resolver) -> None:
    tasks = await hang(resolver, THREADS - 1)
    async with asyncio.timeout(5):
        assert await look_up("live") == [(socket.AF_INET, "127.0.0.1")]
    await let_go(resolver, tasks)


async def test_where_hung_lookups_hold_every_thread_a_check_is_unknown_in_words(
    resolver: Resolver, run: Run
) -> None:
    tasks = await hang(resolver, THREADS)
    found = await run("tcp", host="live", port=80, timeout_ms=200)
    assert (found.status, found.fault) == (Status.UNKNOWN, Fault.INTERNAL)
    assert found.message == "not looked up within 200ms: too many lookups of other names hang"
    assert list(found.phases) == ["lookup_queue"]
    assert "live" not in resolver.asked  # given up before it began
    await let_go(resolver, tasks)
    await look_up("live")


async def test_names_known_as_slow_hold_no_more_than_half_of_the_threads(
    resolver: Resolver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("checks.lookup.SLOW_S", 0.0)
    resolver.release.set()
    names = THREADS + 20
    first = [look_up(f"dead{number}") for number in range(names)]
    await let_go(resolver, first)

    resolver.release.clear()
    resolver.asked.clear()
    tasks = [look_up(f"dead{number}") for number in range(names)]
    await until(lambda: len(resolver.asked) == SLOW_THREADS)
    assert await look_up("live") == [(socket.AF_INET, "127.0.0.1")]
    assert len(resolver.asked) == SLOW_THREADS + 1
    await let_go(resolver, tasks)
    assert len(resolver.asked) == names + 1  # each had its turn


async def test_a_name_that_answers_again_is_slow_no_more(
    resolver: Resolver, monkeypatch: pytest.MonkeyPatch
) -> None:
    lookups = lookups_of(asyncio.get_running_loop())
    with monkeypatch.context() as patch:
        patch.setattr("checks.lookup.SLOW_S", 0.0)
        await look_up("live")
    for slow in (True, False):
        lookup = lookups.join("live", socket.AF_UNSPEC)
        assert lookup.slow is slow
        await lookup.found
        lookups.leave(lookup)


async def test_a_resolver_that_does_not_answer_is_no_fault_of_the_target(
    resolver: Resolver, run: Run
) -> None:
    found = await run("http", url="http://dead0/", timeout_ms=200)
    assert (found.status, found.fault) == (Status.UNKNOWN, Fault.RESOLVE)
    assert found.message == "timed out after 200ms: the resolver does not answer"
    assert found.phases["resolve"] >= 190


async def test_a_host_without_threads_says_so(
    resolver: Resolver, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr("checks.lookup._thread.start_new_thread", refuse)
    found = await run("tcp", host="live", port=80)
    assert (found.status, found.fault) == (Status.UNKNOWN, Fault.INTERNAL)
    assert found.message == "this host is out of threads"


def test_with_a_real_resolver_that_never_answers_live_names_are_found_at_once(
    tmp_path: Path,
) -> None:
    """In a network of its own: 40 names that hang, 10 that stand in the hosts file."""
    hosts, resolv = tmp_path / "hosts", tmp_path / "resolv.conf"
    hosts.write_text("".join(f"127.0.0.1 live{number}.example.org\n" for number in range(10)))
    resolv.write_text("nameserver 127.0.0.1\n")
    unshare = shutil.which("unshare")
    apart = [unshare or "", "--map-root-user", "--net", "--mount"]
    if unshare is None or subprocess.run([*apart, "true"], check=False).returncode != 0:
        pytest.skip("this host gives no namespaces")
    prepare = f"""
        set -e
        ip link set lo up
        mount --bind {hosts} /etc/hosts
        mount --bind {resolv} "$(readlink -f /etc/resolv.conf)"
        exec {sys.executable} -m tests.checks.hung_lookups
    """
    done = subprocess.run(
        [*apart, "sh", "-c", textwrap.dedent(prepare)],
        cwd=HOME,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert seen["live"] == {"up": 10}
    assert seen["live_s"] < 1.5
    assert seen["dead"] == {"unknown resolve": 40}
    assert seen["all_s"] < 4.0
    assert seen["words"] == ["timed out after 2s: the resolver does not answer"]


@pytest.mark.parametrize("kind", ["http", "tcp"])
async def test_a_target_that_is_half_up_is_up_and_says_which_address_is_not(
    resolver: Resolver, run: Run, kind: str
) -> None:
    resolver.answers["both"] = ["::1", "127.0.0.1"]
    async with start_raw(_say_ok) as server:
        keys: dict[str, Any] = (
            {"url": f"http://both:{server.port}/"}
            if kind == "http"
            else {"host": "both", "port": server.port}
        )
        found = await run(kind, **keys)
        worse = await run(kind, degraded_if=["addresses_failed > 0"], **keys)
    assert found.status is Status.UP
    assert found.message.endswith(f" ms; connection refused by both:{server.port} (::1)")
    assert found.metrics["addresses_failed"] == 1
    assert worse.status is Status.DEGRADED
    assert worse.message == (
        "addresses_failed > 0 (addresses_failed is 1); "
        f"connection refused by both:{server.port} (::1)"
    )


async def test_a_target_without_any_live_address_tells_of_the_first(
    resolver: Resolver, run: Run
) -> None:
    resolver.answers["both"] = ["::1", "127.0.0.1"]
    found = await run("tcp", host="both", port=9)
    assert (found.status, found.fault) == (Status.DOWN, Fault.REFUSED)
    assert found.message == "connection refused by both:9 (::1)"


async def _say_ok(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    await writer.drain()
