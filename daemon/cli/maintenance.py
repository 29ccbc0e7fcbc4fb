"""`maintenance list|add|end`: planned work, which mutes alerts and is not counted by SLAs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from daemon.cli.arguments import Argument, Commands, Option
from daemon.cli.ask import answer, ask, say, write_table
from daemon.cli.options import All, Comment, Config, Format, Output, Socket, span_of, time_of
from daemon.cli.stop import Stop
from daemon.cli.table import Cell
from daemon.cli.times import age, local, now_ms, until

if TYPE_CHECKING:
    from daemon.api.schema import MaintenanceView

New = Annotated[str, Argument("NAME", "What the work is to be called.")]
Name = Annotated[str, Argument("NAME", "What the work is called, or its id.")]
Services = Annotated[
    list[str] | None, Option(("--service", "-s"), "SERVICE", "Whose alerts; may be repeated.")
]
Match = Annotated[
    list[str] | None,
    Option(("--match",), "MATCHER", "Or which alerts: those that match all; may be repeated."),
]
For = Annotated[str | None, Option(("--for",), "DURATION", "How long: 2h.")]
Until = Annotated[str | None, Option(("--until",), "TIME", "Its end instead.")]
Start = Annotated[str | None, Option(("--start",), "TIME", "Its start, now if not said.")]

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


def add(
    name: New,
    services: Services = None,
    match: Match = None,
    for_: For = None,
    until_: Until = None,
    start: Start = None,
    message: Comment = "",
    socket: Socket = None,
    config: Config = None,
    output: Format = Output.TABLE,
) -> None:
    """Announce planned work: its alerts are muted, and its time counts in no SLA.

    Example: tocsin maintenance add new-disks --service orders-db --for 2h -m "swapping disks"
    """
    if bool(services) == bool(match):
        raise Stop("say what is worked on: --service NAME, or --match MATCHER")
    if for_ is not None and until_ is not None:
        raise Stop("give either --for or --until, not both")
    if for_ is None and until_ is None:
        raise Stop("a maintenance needs an end: give --for 2h or --until TIME")
    span_ms, end, starts_at = span_of(for_), time_of(until_), time_of(start)
    made = ask(
        socket,
        config,
        lambda client: client.begin_maintenance(
            name,
            services=services or (),
            match=match or (),
            for_ms=span_ms,
            end=end,
            start=starts_at,
            reason=message,
        ),
    )
    answer(output, made, lambda: _tell(made))


def end(
    name: Name, socket: Socket = None, config: Config = None, output: Format = Output.TABLE
) -> None:
    """End planned work now; a window of the configuration comes again next time.

    Example: tocsin maintenance end new-disks
    """
    ended = ask(socket, config, lambda client: client.end_maintenance(name))
    words = "ended" if ended.state == "expired" else "taken back"
    answer(output, ended, lambda: say(f"{words}: {ended.name}"))


def _tell(one: MaintenanceView) -> None:
    about = " ".join(one.match) or ", ".join(one.services)
    when = f"from {local(one.start)} to" if one.state == "pending" else "until"
    counted = "counted by SLAs"
    if one.excludes:
        counted = f"not counted by the SLAs of {', '.join(one.excludes)}"
    say(
        f"{one.state} {one.name}: {about} {when} {local(one.end)}",
        Cell(f"({counted}; undo: tocsin maintenance end {one.name})", "faint"),
    )


def _row(one: MaintenanceView, now: int) -> list[Cell | str]:
    by_hand = f"by {one.created_by}" if one.created_by else ""
    return [
        Cell(one.name, "bold"),
        Cell(one.state, _STYLES[one.state]),
        local(one.start),
        local(one.end),
        _when(one, now),
        " ".join(one.match) or ", ".join(one.services),
        ", ".join(part for part in (one.reason, by_hand) if part),
    ]


def _when(one: MaintenanceView, now: int) -> str:
    if one.state == "pending":
        return f"begins {until(one.start, now)}"
    if one.state == "expired":
        return f"ended {age(one.end, now)} ago"
    return "no end in sight" if one.end is None else f"ends {until(one.end, now)}"


COMMANDS: Commands = {"maintenance": {"list": list_, "add": add, "end": end}}
