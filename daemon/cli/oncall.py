"""`oncall`: who is on call now, at some time, or from when to when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from daemon.cli.arguments import ITSELF, Argument, Commands, Option
from daemon.cli.ask import answer, ask, write_table
from daemon.cli.options import Config, Format, Output, Socket, time_of
from daemon.cli.overrides import MORE
from daemon.cli.stop import Exit, Stop
from daemon.cli.table import Cell
from daemon.cli.times import instant, local, now_ms, span, until

if TYPE_CHECKING:
    from daemon.api.schema import ScheduleDetail, ScheduleView, ShiftView
    from daemon.client import Client

Name = Annotated[str | None, Argument("SCHEDULE", "Only this one.")]
At = Annotated[str | None, Option(("--at",), "TIME", "Who is on call at that time.")]
From = Annotated[str | None, Option(("--from",), "TIME", "List shifts from then on.")]
To = Annotated[str | None, Option(("--to",), "TIME", "List shifts up to then.")]

_NOW = ["SCHEDULE", "ON CALL", "UNTIL", "THEN"]
_SHIFTS = ["SCHEDULE", "FROM", "TO", "FOR", "ON CALL", ""]
_NONE = "no schedule is configured"


@dataclass(frozen=True, slots=True)
class _Range:
    """From when to when, in milliseconds since the epoch; None for the daemon's default."""

    start: int | None
    end: int | None


def oncall(
    name: Name = None,
    at: At = None,
    from_: From = None,
    to: To = None,
    socket: Socket = None,
    config: Config = None,
    output: Format = Output.TABLE,
) -> int:
    """Show who is on call; exit 1 where nobody is. With --from or --to: the shifts between.

    Example: tocsin oncall primary --from now --to now+30d
    """
    if at is not None and (from_ is not None or to is not None):
        raise Stop("--at asks for one time, --from and --to for many; choose")
    if from_ is not None or to is not None:
        return _list(name, _Range(time_of(from_), time_of(to)), socket, config, output)
    if at is not None:
        moment = time_of(at)
        start = now_ms() if moment is None else moment
        return _at(name, start, socket, config, output)
    found = ask(socket, config, lambda client: _schedules(client, name))
    rows = [_row(one) for one in found]
    answer(output, found, lambda: write_table(_NOW, rows, _NONE))
    return Exit.GOOD if all(one.on_call for one in found) else Exit.NEGATIVE


async def _schedules(client: Client, name: str | None) -> list[ScheduleView]:
    return await client.schedules() if name is None else [(await client.schedule(name)).schedule]


async def _details(client: Client, name: str | None, when: _Range) -> list[ScheduleDetail]:
    names = [name] if name is not None else [one.name for one in await client.schedules()]
    return [await client.schedule(one, when.start, when.end) for one in names]


def _list(name: str | None, when: _Range, socket: Socket, config: Config, output: Output) -> int:
    found = ask(socket, config, lambda client: _details(client, name, when))
    rows = [_shift(one.schedule.name, shift) for one in found for shift in one.shifts]
    answer(output, found, lambda: write_table(_SHIFTS, rows, _NONE))
    return Exit.GOOD


def _at(name: str | None, at: int, socket: Socket, config: Config, output: Output) -> int:
    found = ask(socket, config, lambda client: _details(client, name, _Range(at, at + 1)))
    shifts = {one.schedule.name: one.shifts[0] for one in found}
    told = [
        {"schedule": schedule, "time": shift.start, "on_call": shift.persons}
        for schedule, shift in shifts.items()
    ]
    rows: list[list[Cell | str]] = [
        [Cell(schedule, "bold"), _persons(shift.persons)] for schedule, shift in shifts.items()
    ]
    answer(output, told, lambda: write_table(_NOW[:2], rows, _NONE))
    return Exit.GOOD if all(shift.persons for shift in shifts.values()) else Exit.NEGATIVE


def _row(one: ScheduleView) -> list[Cell | str]:
    if one.until is None:
        return [Cell(one.name, "bold"), _persons(one.on_call), "–", "–"]
    ends = f"{local(one.until)} ({until(one.until, now_ms())})"
    return [Cell(one.name, "bold"), _persons(one.on_call), ends, _persons(one.next)]


def _shift(name: str, one: ShiftView) -> list[Cell | str]:
    lasts = (instant(one.end) or 0) - (instant(one.start) or 0)
    return [
        Cell(name, "bold"),
        local(one.start),
        local(one.end),
        span(lasts),
        _persons(one.persons),
        Cell(f"override {', '.join(one.overrides)}" if one.overrides else "", "faint"),
    ]


def _persons(names: list[str]) -> Cell:
    return Cell(", ".join(names)) if names else Cell("nobody", "down")


COMMANDS: Commands = {"oncall": {ITSELF: oncall, **MORE}}
