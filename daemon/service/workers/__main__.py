"""A worker's process: `python -m daemon.service.workers SOCKET PARENT LEVEL NUMBER`.

The daemon starts it with one end of a socket pair; nobody else has a use for it.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys

from daemon.service.log import set_up_logging
from daemon.service.process import call_oneself, end_with, loop_factory
from daemon.service.workers.worker import Worker


def main(descriptor: str, parent: str, level: str, number: str) -> None:
    """Work until the daemon closes its end."""
    for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # The daemon ends its workers when it has no more use for them; what is meant for all
        # processes of a terminal or a unit must not. (A handler, unlike SIG_IGN, is not
        # inherited by the programs that checks start.)
        signal.signal(one, lambda *_: None)
    call_oneself(f"tocsin-worker{number}")
    set_up_logging(level)
    ours = socket.socket(fileno=int(descriptor))
    ours.set_inheritable(False)
    if not end_with(int(parent), signal.SIGKILL):
        return
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(_work(ours))
        # A thread that waits for a dead name service or file system must not keep it here.
        os._exit(0)


async def _work(ours: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    _, worker = await loop.create_unix_connection(Worker, sock=ours)
    await worker.run()


if __name__ == "__main__":
    main(*sys.argv[1:])
