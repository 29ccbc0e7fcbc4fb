"""Targets that cost little: an nginx, where it is installed.

At thousands of requests a second the bench's own targets would take most of a core, which
the daemon's probes need. nginx takes about a third of that. It only answers; what was asked
is read from the daemon's database.
"""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from bench import procs
from bench.children import NotMeasured

_READY_S: Final = 10.0


def configuration(home: Path, ports: Sequence[int]) -> str:
    """One worker that answers everything with a small body and closes."""
    listens = "\n".join(f"listen 127.0.0.1:{port} backlog=8192;" for port in ports)
    return f"""\
daemon off;
worker_processes 1;
pid {home}/nginx.pid;
error_log {home}/nginx.log crit;
events {{ worker_connections 16384; }}
http {{
    access_log off;
    keepalive_timeout 0;
    client_body_temp_path {home};
    proxy_temp_path {home};
    fastcgi_temp_path {home};
    uwsgi_temp_path {home};
    scgi_temp_path {home};
    server {{
        {listens}
        location / {{ default_type application/json; return 200 '{{"ok": true, "queue": 3}}'; }}
    }}
}}
"""


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on now."""
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports: list[int] = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports


@contextmanager
def serving(home: Path, ports: Sequence[int]) -> Iterator[int]:
    """An nginx that listens on these ports; its pid.

    Raises:
        NotMeasured: It is not installed, or does not start.
    """
    program = procs.installed("nginx")
    if program is None:
        raise NotMeasured("nginx, which serves the targets, is not installed")
    home = home / "nginx"  # it gives what it writes into to the user that it becomes
    home.mkdir()
    file = home / "nginx.conf"
    file.write_text(configuration(home, ports), encoding="utf-8")
    command = [program, "-p", str(home), "-e", str(home / "nginx.log"), "-c", str(file)]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        _wait_for(ports[-1], process)
        yield process.pid
    finally:
        procs.end(process)


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    ends = time.monotonic() + _READY_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            if process.poll() is not None or time.monotonic() > ends:
                raise NotMeasured("nginx, which serves the targets, did not start") from None
            time.sleep(0.02)
        else:
            return
