"""A Redis server of its own, with a password."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tests.peers.process import Server, accepts, directory, free_port, program, running

PASSWORD = "redis-pass-90ab"


@contextmanager
def start_redis() -> Iterator[Server]:
    """A running server that asks for a password (its `user` is the default one)."""
    redis = program("redis-server")
    with directory(None) as home:
        port = free_port()
        command = [
            *(redis, "--port", str(port), "--bind", "127.0.0.1", "--dir", str(home)),
            *("--requirepass", PASSWORD, "--save", "", "--appendonly", "no"),
        ]
        server = Server(home, port, command, None, "default", PASSWORD, accepts)
        with running(server):
            yield server
