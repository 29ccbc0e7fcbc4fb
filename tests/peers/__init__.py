"""Real servers that tests start, stop and start again on the same port.

Each `start_...()` is a context manager that gives a running server with `host`, `port`,
`user`, `password`, `stop()` and `start()`. A program that is not installed skips the test
with a reason, unless TOCSIN_REQUIRE_PEERS=1 makes that a failure.
"""

from __future__ import annotations

from tests.peers.dnsmasq import start_dnsmasq
from tests.peers.mariadb import start_mariadb
from tests.peers.postgres import start_postgres
from tests.peers.redis import start_redis

__all__ = ["start_dnsmasq", "start_mariadb", "start_postgres", "start_redis"]
