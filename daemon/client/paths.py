"""Where the daemon's socket is: one order for the daemon that makes it and all who look for it.

The daemon's configuration may name the socket; without that both sides come to the same
place from their environment alone, which is why this stands apart from the configuration
and imports nothing of ours.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

SOCKET_NAME = "tocsin.sock"


def socket_candidates(env: Mapping[str, str], uid: int) -> Iterator[Path]:
    """The places for the socket, the best first.

    `$TOCSIN_SOCKET`, `$RUNTIME_DIRECTORY/tocsin.sock` (systemd; the first of several),
    `$XDG_RUNTIME_DIR/tocsin.sock`, `/tmp/tocsin-UID/tocsin.sock`. A variable that is set
    but empty counts as unset.
    """
    if named := env.get("TOCSIN_SOCKET"):
        yield Path(named).expanduser()
    if runtime := env.get("RUNTIME_DIRECTORY", "").split(":")[0]:
        yield Path(runtime) / SOCKET_NAME
    if session := env.get("XDG_RUNTIME_DIR"):
        yield Path(session) / SOCKET_NAME
    yield Path(f"/tmp/tocsin-{uid}") / SOCKET_NAME  # noqa: S108  # of 0700, and its owner is checked


def find_socket(explicit: Path | str | None = None, env: Mapping[str, str] | None = None) -> Path:
    """The socket to use: the one that was named, else the environment's first place.

    Args:
        explicit: From `--socket` or `[daemon] socket`; wins over everything.
        env: The environment; None for this process's own.
    """
    if explicit:
        return Path(explicit).expanduser()
    return next(socket_candidates(os.environ if env is None else env, os.getuid()))
