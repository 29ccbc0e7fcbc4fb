"""Run inside a namespace whose only resolver never answers: checks of dead and of live names.

Prints a JSON object: seconds until the live ones were done, until all were, and how many
came to which verdict. Started by `test_lookup`.
"""

from __future__ import annotations

import asyncio
import json
import socket
import sys
from collections import Counter
from time import perf_counter

import uvloop

import checks
from tests.checks.conftest import AT, prepared
from tests.peers.http import start_raw

DEAD = 40
LIVE = 10


async def main() -> None:
    silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    silent.bind(("127.0.0.1", 53))
    async with start_raw() as server:
        dead = [
            prepared("tcp", host=f"dead{number}.example.org", port=9, timeout_ms=2000)
            for number in range(DEAD)
        ]
        live = [
            prepared("tcp", host=f"live{number}.example.org", port=server.port, timeout_ms=2000)
            for number in range(LIVE)
        ]
        began_s = perf_counter()
        hung = [asyncio.create_task(checks.run(check, AT)) for check in dead]
        await asyncio.sleep(0)  # the dead ones ask first
        good = await asyncio.gather(*(checks.run(check, AT) for check in live))
        live_s = perf_counter() - began_s
        bad = await asyncio.gather(*hung)
        print(
            json.dumps(
                {
                    "live_s": live_s,
                    "all_s": perf_counter() - began_s,
                    "live": Counter(result.status.word for result in good),
                    "dead": Counter(f"{one.status.word} {one.fault}" for one in bad),
                    "words": sorted({one.message for one in bad}),
                }
            )
        )
    sys.stdout.flush()


if __name__ == "__main__":
    uvloop.run(main())
