"""Serve every hostility, say on which ports, and go on until stdin ends."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import sys

import uvloop

from tests.peers.hostile import databases, names, secured, streams, web
from tests.peers.hostile.script import Script, serve


async def main() -> None:
    scripts: dict[str, Script] = {
        **streams.SCRIPTS,
        **web.SCRIPTS,
        **secured.SCRIPTS,
        **databases.SCRIPTS,
        **names.SCRIPTS,
    }
    ports = {name: await serve(script) for name, script in scripts.items()}
    contexts: dict[str, ssl.SSLContext] = secured.contexts()
    for name, context in contexts.items():
        ports[name] = await serve(web.fine, context)
    deaf = socket.create_server(("127.0.0.1", 0), backlog=64)  # the kernel accepts, nobody else
    ports["never_accepted"] = deaf.getsockname()[1]
    print(json.dumps(ports), flush=True)
    loop = asyncio.get_running_loop()
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    uvloop.run(main())
