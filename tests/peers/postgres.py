"""A PostgreSQL cluster of its own, with password login (SCRAM) over TCP."""

from __future__ import annotations

import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.peers.process import Server, account, directory, free_port, program, run_once, running

_BIN = "/usr/lib/postgresql"
USER = "monitor"
PASSWORD = "pg-pass-81f3"


def _places() -> list[str]:
    return [str(path) for path in sorted(Path(_BIN).glob("*/bin"), reverse=True)]


def _ready(server: Server) -> bool:
    done = subprocess.run(
        [program("pg_isready", *_places()), "-h", server.host, "-p", str(server.port)],
        capture_output=True,
        check=False,
    )
    return done.returncode == 0


def _tls_options(home: Path, owner: str | None, tls: tuple[bytes, bytes]) -> list[str]:
    """Put a certificate and its key where the server takes them from."""
    places = (home / "tls.pem", home / "tls.key")
    for place, content in zip(places, tls, strict=True):
        place.touch(mode=0o600)
        place.write_bytes(content)
        if owner is not None:
            shutil.chown(place, owner, owner)
    return ["-c", "ssl=on", "-c", f"ssl_cert_file={places[0]}", "-c", f"ssl_key_file={places[1]}"]


@contextmanager
def start_postgres(tls: tuple[bytes, bytes] | None = None) -> Iterator[Server]:
    """A running server; the user may do everything, its database is `postgres`.

    `tls` is a certificate and its key, in PEM: the server then speaks TLS too.
    """
    owner = account("postgres")
    initdb, postgres = program("initdb", *_places()), program("postgres", *_places())
    with directory(owner) as home:
        data = home / "data"
        secret = home / "password"
        secret.write_text(PASSWORD)
        secret.chmod(0o644)
        run_once(
            [
                *(initdb, "-D", str(data), "-U", USER, f"--pwfile={secret}", "-A", "scram-sha-256"),
                *("--no-sync", "-E", "UTF8", "--locale=C"),
            ],
            home,
            owner,
        )
        port = free_port()
        command = [
            *(postgres, "-D", str(data), "-p", str(port), "-c", "listen_addresses=127.0.0.1"),
            *("-c", f"unix_socket_directories={home}", "-c", "fsync=off"),
            *("-c", "max_connections=20", "-c", "shared_buffers=8MB"),
            *(_tls_options(home, owner, tls) if tls is not None else []),
        ]
        server = Server(home, port, command, owner, USER, PASSWORD, _ready, stop_with=signal.SIGINT)
        with running(server):
            yield server
