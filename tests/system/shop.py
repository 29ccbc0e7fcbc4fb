"""A small shop on real servers, one daemon that watches it, and what arrives at its sinks.

Everything runs once for all tests of a module; each test breaks one thing and mends it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.checks.authority import Authority, make_authority
from tests.peers import start_mariadb, start_postgres, start_redis
from tests.peers.process import Server
from tests.system import sinks
from tests.system.running import Tocsin
from tests.system.targets import HEARTBEAT_TOKEN, Job, WebServer

LEVEL_2_AFTER_MS = 2_000


@dataclass
class Shop:
    """All of it, running."""

    tocsin: Tocsin
    arrived: sinks.Arrivals
    web: WebServer
    secure: WebServer
    queue: WebServer
    postgres: Server
    mariadb: Server
    redis: Server
    job: Job
    authority: Authority
    ledger: Path
    plugin: Path

    @property
    def secrets(self) -> tuple[str, ...]:
        """Everything that must never be seen."""
        servers = (self.postgres, self.mariadb, self.redis)
        of_sinks = (sinks.PASSWORD, sinks.TOKEN, sinks.SIGNING_SECRET)
        return (*(server.password for server in servers), *of_sinks, HEARTBEAT_TOKEN)


CONFIG = """
[defaults]
every = "1s"
timeout = "1s"
retry_every = "150ms"
down_after = 2
every_down = "300ms"
flap_start = 99.0           # the tests break and mend faster than any honest outage

[context.revenue_critical]
severity = {{ down = "emergency", degraded = "high", unknown = "medium" }}
rank = 1

[context.internal]
severity = {{ down = "high", degraded = "medium" }}

[[service]]
name = "checkout"
context = "revenue_critical"
owner = "payments"
depends_on = ["orders-db"]
revenue_per_hour = 12000
currency = "GBP"
impact = "Customers cannot pay"
runbook = "https://wiki.example.org/checkout"

[[check]]
name = "checkout-http"
service = "checkout"
kind = "http"
url = "http://127.0.0.1:{web.port}/health"
expect = ["status == 200", "json.ok == true"]

[[check]]
name = "shopfront"
kind = "http"
url = "https://localhost:{secure.port}/"
tls = {{ ca = "{authority.ca}" }}
degraded_if = ["cert_days < 14.0"]

[[check]]
name = "queue"
kind = "tcp"
host = "127.0.0.1"
port = {queue.port}

[[service]]
name = "orders-db"
context = "revenue_critical"

[[check]]
name = "orders-query"
service = "orders-db"
kind = "postgres"
host = "127.0.0.1"
port = {postgres.port}
user = "{postgres.user}"
password = {{ file = "{secret}" }}
database = "postgres"
query = "SELECT 42 AS answer"
expect = ["value == 42"]

[[check]]
name = "stock-db"
kind = "mysql"
host = "127.0.0.1"
port = {mariadb.port}
user = "{mariadb.user}"
password = "{mariadb.password}"
timeout = "2s"
every = "2s"

[[check]]
name = "sessions"
kind = "redis"
host = "127.0.0.1"
port = {redis.port}
password = "{redis.password}"

[[check]]
name = "ledger"
kind = "sqlite"
path = "{ledger}"
query = "SELECT count(*) AS open FROM invoice WHERE NOT paid"
expect = ["value <= 3"]

[[check]]
name = "array"
kind = "exec"
run = ["{plugin}"]

[[check]]
name = "backup"
kind = "heartbeat"
period = "1s"
grace = "1s"
token = "{token}"

[[service]]
name = "this-host"
context = "internal"

[[check]]
name = "host"
service = "this-host"
kind = "host"
every = "5s"

[person.ana]
contact = {{ high = ["mail"] }}
mail = "ana@example.org"

[policy.on-duty]
[[policy.on-duty.level]]
after = "0s"
notify = ["channel:ops"]
[[policy.on-duty.level]]
after = "{level_2}ms"
notify = ["person:ana"]

[[route]]
policy = "on-duty"
group_by = ["service"]
group_wait = "0s"

[[sla]]
name = "orders-availability"
service = "orders-db"
target = 99.9
period = "month"

[[sla]]
name = "stock-availability"
service = "stock-db"
target = 99.0
period = "30d"
"""


def _plugin(path: Path) -> Path:
    path.write_text('#!/bin/sh\necho "RAID OK - 4 disks | failed=0;0;1"\n')
    path.chmod(0o755)
    return path


@contextmanager
def start_shop(home: Path, make_ledger: Callable[[Path], None]) -> Iterator[Shop]:
    """Everything, started side by side; the daemon is not started."""
    with ExitStack() as stack:
        postgres, mariadb, redis = _side_by_side(
            stack, [start_postgres, start_mariadb, start_redis]
        )
        authority = make_authority(home)
        arrived = sinks.Arrivals()
        ends = stack.enter_context(sinks.start_sinks(home, arrived.take))
        web, queue = WebServer(), WebServer()
        secure = WebServer(authority.server("localhost"))
        for server in (web, secure, queue):
            server.start()
            stack.callback(server.stop)
        ledger, plugin = home / "ledger.db", _plugin(home / "check_raid")
        make_ledger(ledger)
        tocsin = Tocsin(home, "")
        job = Job(tocsin.socket)
        shop = Shop(
            tocsin=tocsin,
            arrived=arrived,
            web=web,
            secure=secure,
            queue=queue,
            postgres=postgres,
            mariadb=mariadb,
            redis=redis,
            job=job,
            authority=authority,
            ledger=ledger,
            plugin=plugin,
        )
        tocsin.write(_configuration(shop) + ends.channels())
        job.start()
        stack.callback(job.end)
        yield shop


def _configuration(shop: Shop) -> str:
    """One password stands in a file of its own, the others in the configuration."""
    secret = shop.tocsin.home / "postgres.password"
    secret.write_text(shop.postgres.password + "\n")
    return CONFIG.format(
        **vars(shop), secret=secret, token=HEARTBEAT_TOKEN, level_2=LEVEL_2_AFTER_MS
    )


def _side_by_side(
    stack: ExitStack, makers: Sequence[Callable[[], AbstractContextManager[Server]]]
) -> list[Server]:
    """Enter them all at once: each takes seconds, mostly of waiting."""
    entered = [maker() for maker in makers]
    with ThreadPoolExecutor(len(entered)) as pool:
        started = [pool.submit(each.__enter__) for each in entered]
    for each, future in zip(entered, started, strict=True):
        if future.exception() is None:
            stack.push(each.__exit__)
    return [future.result() for future in started]
