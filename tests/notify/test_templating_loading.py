"""What renders messages is loaded with the first of them, and not by the loop."""

from __future__ import annotations

import subprocess
import sys

FIRST = """
import asyncio, sys, threading
from daemon.notify.channels.log import LogChannel
from daemon.notify.outlet import Outlet
from daemon.notify.render import Renderer
from daemon.notify.spec import LogSpec
from tests.notify.lab import T0, compose, notice

class Spy:
    threads = []
    def find_spec(self, name, path=None, target=None):
        if name == "jinja2":
            self.threads.append(threading.current_thread())

sys.meta_path.insert(0, Spy())

async def main():
    outlet = Outlet("chat", LogChannel(LogSpec(name="chat"), Renderer()), lambda: T0, compose)
    sent = await asyncio.gather(outlet.attempt(notice("k1")), outlet.attempt(notice("k2")))
    print(*(one.receipt for one in sent), sep=", ")

asyncio.run(main())
print([one is threading.main_thread() for one in Spy.threads])
"""


def test_the_first_messages_load_it_once_and_in_a_thread() -> None:
    done = subprocess.run(
        [sys.executable, "-c", FIRST], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    told = done.stdout.splitlines()
    assert told[-2:] == ["written to standard output, written to standard output", "[False]"]
    assert len(told) == 4
