"""`check list|run|show` and `service list|show`: what is looked at, and how it is."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

from daemon.cli import shown
from daemon.cli.arguments import Argument, Commands
from daemon.cli.ask import answer, ask, say, write_table
from daemon.cli.detail import tell_check, tell_service
from daemon.cli.options import Config, Format, Output, Socket
from daemon.cli.stop import Exit, Stop
from daemon.cli.table import Cell
from daemon.cli.times import now_ms

if TYPE_CHECKING:
    from daemon.api.schema import CheckView
    from daemon.client import Client

Name = Annotated[str, Argument("NAME")]
_POLL_S = 0.1
_PATIENCE_S = 60.0


def list_checks(
    socket: Socket = None, config: Config = None, output: Format = Output.TABLE
) -> None:
    """List all checks with their newest results.

    Example: tocsin check list
    """
    found = ask(socket, config, lambda client: client.checks())
    rows = [shown.check(one, now_ms()) for one in found]
    answer(output, found, lambda: write_table(shown.CHECKS, rows, "no check is configured"))


def show_check(
    name: Name, socket: Socket = None, config: Config = None, output: Format = Output.TABLE
) -> None:
    """Show a check with its metrics and recent results.

    Example: tocsin check show checkout-http
    """
    found = ask(socket, config, lambda client: client.check(name))
    answer(output, found, lambda: tell_check(found))


def run(
    name: Name, socket: Socket = None, config: Config = None, output: Format = Output.TABLE
) -> int:
    """Have the daemon run a check now, and show what it found; exit 1 unless it is up.

    Example: tocsin check run checkout-http
    """
    found = ask(socket, config, lambda client: _run(client, name))
    last = found.last
    message = last.message if last is not None else ""
    note = "" if found.hard else f"(not yet confirmed, {found.attempts}/{found.down_after})"
    row: list[Cell | str] = [Cell(found.name, "bold")]
    row += shown.result(last)[1:] if last is not None else [message]
    answer(output, found, lambda: say(*row, Cell(note, "faint")))
    return Exit.GOOD if last is not None and last.status == "up" else Exit.NEGATIVE


async def _run(client: Client, name: str) -> CheckView:
    """Run it, and wait for a newer result than there was."""
    before = await client.check_run(name)
    seen = before.last.time if before.last is not None else ""
    try:
        async with asyncio.timeout(_PATIENCE_S):
            while True:
                now = (await client.check(name, limit=1)).check
                if now.last is not None and now.last.time > seen:
                    return now
                await asyncio.sleep(_POLL_S)
    except TimeoutError:
        raise Stop(f"the check {name} has not ended after {_PATIENCE_S:.0f} s", code=1) from None


def list_services(
    socket: Socket = None, config: Config = None, output: Format = Output.TABLE
) -> None:
    """List all services.

    Example: tocsin service list
    """
    found = ask(socket, config, lambda client: client.services())
    rows = [shown.service(one, now_ms()) for one in found]
    answer(output, found, lambda: write_table(shown.SERVICES, rows, "no service is configured"))


def show_service(
    name: Name, socket: Socket = None, config: Config = None, output: Format = Output.TABLE
) -> None:
    """Show a service with its checks, open incidents and SLAs.

    Example: tocsin service show checkout
    """
    found = ask(socket, config, lambda client: client.service(name))
    answer(output, found, lambda: tell_service(found, now_ms()))


COMMANDS: Commands = {
    "check": {"list": list_checks, "run": run, "show": show_check},
    "service": {"list": list_services, "show": show_service},
}
