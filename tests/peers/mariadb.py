"""A MariaDB server of its own, with password login over TCP."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tests.peers.process import (
    Server,
    accepts,
    account,
    directory,
    free_port,
    program,
    run_once,
    running,
)

USER = "monitor"
PASSWORD = "maria-pass-52c9"
DATABASE = "shop"


@contextmanager
def start_mariadb() -> Iterator[Server]:
    """A running server; the user may read and write the database `shop` only."""
    owner = account("mysql")
    install, mariadbd = program("mariadb-install-db"), program("mariadbd")
    with directory(owner) as home:
        data = home / "data"
        run_once(
            [
                *(install, "--no-defaults", f"--datadir={data}", "--skip-test-db"),
                f"--tmpdir={home}",
                *(
                    "--auth-root-authentication-method=normal",
                    *([f"--user={owner}"] if owner else []),
                ),
            ],
            home,
            None,
        )
        init = home / "init.sql"
        init.write_text(
            f"CREATE DATABASE IF NOT EXISTS {DATABASE};\n"
            f"CREATE USER IF NOT EXISTS '{USER}'@'%' IDENTIFIED BY '{PASSWORD}';\n"
            f"GRANT ALL ON {DATABASE}.* TO '{USER}'@'%';\n"
        )
        init.chmod(0o644)
        port = free_port()
        command = [
            *(mariadbd, "--no-defaults", f"--datadir={data}", f"--port={port}"),
            *("--bind-address=127.0.0.1", f"--socket={home}/sock", f"--init-file={init}"),
            f"--tmpdir={home}",
            *(f"--pid-file={home}/pid", "--innodb-flush-log-at-trx-commit=0"),
            *("--innodb-buffer-pool-size=8M", "--innodb-log-file-size=4M", "--skip-name-resolve"),
        ]
        with running(Server(home, port, command, owner, USER, PASSWORD, accepts)) as server:
            yield server
