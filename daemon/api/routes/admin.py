"""The daemon's own affairs: is it alive, read the configuration again, care for the database."""

from __future__ import annotations

from pathlib import Path

from aiohttp import web

from daemon.api.call import Call, answer
from daemon.api.inputs import BackupBody, ForgetBody, NoBody
from daemon.api.problems import Busy, Unprocessable


async def healthy(call: Call) -> web.Response:
    """The loop turns and requests are answered."""
    del call
    return web.Response(text="OK\n")


async def ready(call: Call) -> web.Response:
    """The daemon is not starting and not stopping; it says what keeps it from its best.

    It stays ready then: it alerts from memory, and whoever restarted it for that would
    lose what is not on disk yet.
    """
    if call.backend.hub.closed:
        raise Busy("the daemon is stopping")
    problems = "; ".join(call.backend.info().problems)
    return web.Response(text=f"degraded: {problems}\n" if problems else "OK\n")


async def reload(call: Call) -> web.Response:
    """Read the configuration again; a bad one changes nothing and is reported."""
    await call.body(NoBody)
    return answer(await call.backend.reload())


async def backup(call: Call) -> web.Response:
    """Write a copy of the database to a new file on the daemon's host."""
    path = Path((await call.body(BackupBody)).path)
    if not path.is_absolute() or not str(path).isprintable():
        raise Unprocessable("the path of a backup must be absolute and printable")
    return answer(await call.backend.backup(path))


async def verify(call: Call) -> web.Response:
    """Check the database; takes its time with a large one."""
    await call.body(NoBody)
    return answer(await call.backend.verify())


async def prune(call: Call) -> web.Response:
    """Remove what is older than the retention allows."""
    await call.body(NoBody)
    return answer(await call.backend.prune())


async def forget(call: Call) -> web.Response:
    """Put a pseudonym in the place of a person's name, everywhere; figures stay. No way back."""
    body = await call.body(ForgetBody)
    return answer(await call.backend.forget(body.person, call.peer.actor))
