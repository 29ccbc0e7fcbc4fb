"""`maintenance list`: planned work, which mutes alerts and is not counted by SLAs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daemon.cli.arguments import Commands
from daemon.cli.ask import answer, ask, write_table
from daemon.cli.options import All, Config, Format, Output, Socket
from daemon.cli.table import Cell
from daemon.cli.times import age, local, now_ms, until

if TYPE_CHECKING:
    from daemon.api.schema import MaintenanceView

_WINDOWS = ["NAME", "STATE", "FROM", "TO", "", "SERVICES", "REASON"]
_STYLES = {"active": "degraded", "pending": "", "expired": "faint"}


def list_(
    all_: All = False,
    socket: Socket = None,
    config: Config = None,
    output: Format = Output.TABLE,
) -> None:
    """List the windows of planned work: the active ones and those that come next.

    Example: tocsin maintenance list --all
    """
    found = ask(socket, config, lambda client: client.maintenance(all=all_))
    rows = [_row(one, now_ms()) for one in found]
    answer(output, found, lambda: write_table(_WINDOWS, rows, "no maintenance is planned"))


def _row(one: MaintenanceView, now: int) -> list[Cell | str]:
    return [
        Cell(one.name, "bold"),
        Cell(one.state, _STYLES[one.state]),
        local(one.start),
        local(one.end),
        _when(one, now),
        " ".join(one.match) or ", ".join(one.services),
        one.reason,
    ]


def _when(one: MaintenanceView, now: int) -> str:
    if one.state == "pending":
        return f"begins {until(one.start, now)}"
    if one.state == "expired":
        return f"ended {age(one.end, now)} ago"
    return "no end in sight" if one.end is None else f"ends {until(one.end, now)}"


COMMANDS: Commands = {"maintenance": {"list": list_}}
