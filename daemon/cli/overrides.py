"""`oncall override|swap|export`: others on call for a while, and shifts for other calendars."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from daemon.cli.arguments import Argument, Command, Option
from daemon.cli.ask import answer, ask, say, write, write_new, write_table
from daemon.cli.options import All, Comment, Config, Format, Output, Socket, span_of, time_of
from daemon.cli.stop import Stop
from daemon.cli.table import Cell
from daemon.cli.times import local, now_ms, until

if TYPE_CHECKING:
    from collections.abc import Mapping

    from daemon.api.schema import OverrideView
    from daemon.client import Client

Schedule = Annotated[str, Argument("SCHEDULE", "The schedule, by its name.")]
Schedules = Annotated[str | None, Argument("SCHEDULE", "Only of this one.")]
Person = Annotated[str, Argument("PERSON", "Who is on call instead.")]
One = Annotated[str, Argument("PERSON", "Whose shifts OTHER takes.")]
Other = Annotated[str, Argument("OTHER", "Whose shifts PERSON takes.")]
Id = Annotated[str, Argument("ID", "The override, or a beginning of its id.")]
From = Annotated[str | None, Option(("--from",), "TIME", "From then on; from now without it.")]
To = Annotated[str | None, Option(("--to",), "TIME", "Up to then.")]
For = Annotated[str | None, Option(("--for",), "DURATION", "For so long, instead of --to.")]
Replaces = Annotated[
    str | None, Option(("--replaces",), "PERSON", "In place of this person, not of everybody.")
]
Since = Annotated[str | None, Option(("--from",), "TIME", "Shifts from then on.")]
Out = Annotated[Path | None, Option(("--out",), "FILE", "Write it here; refused if it exists.")]

_COLUMNS = ["ID", "SCHEDULE", "STATE", "FROM", "TO", "ON CALL", "IN PLACE OF", "BY", "WHY"]
_STYLES = {"active": "degraded", "pending": "", "expired": "faint"}


@dataclass(frozen=True, slots=True)
class _When:
    """From when (None for now) to when, in milliseconds since the epoch, or for how long."""

    start: int | None
    end: int | None
    for_ms: int | None


def override(
    name: Schedule,
    person: Person,
    from_: From = None,
    to: To = None,
    for_: For = None,
    replaces: Replaces = None,
    comment: Comment = "",
    socket: Socket = None,
    config: Config = None,
    output: Format = Output.TABLE,
) -> None:
    """Put a person on call for a while, above all layers; pages go to them from then on.

    Example: tocsin oncall override primary ben --from now+2h --to now+6h -m dentist
    """
    when = _when(from_, to, for_)

    async def put(client: Client) -> OverrideView:
        return await client.override(
            name,
            [person],
            start=when.start,
            end=when.end,
            for_ms=when.for_ms,
            replaces=replaces,
            comment=comment,
        )

    _tell(ask(socket, config, put), output)


def swap(
    name: Schedule,
    person: One,
    other: Other,
    from_: From = None,
    to: To = None,
    for_: For = None,
    comment: Comment = "",
    socket: Socket = None,
    config: Config = None,
    output: Format = Output.TABLE,
) -> None:
    """Have two persons take each other's shifts from when to when.

    Example: tocsin oncall swap primary ana ben --from 2026-12-24 --to 2026-12-31
    """
    when = _when(from_, to, for_)

    async def put(client: Client) -> OverrideView:
        return await client.override(
            name,
            [person, other],
            start=when.start,
            end=when.end,
            for_ms=when.for_ms,
            swap=True,
            comment=comment,
        )

    _tell(ask(socket, config, put), output)


def list_(
    name: Schedules = None,
    all_: All = False,
    socket: Socket = None,
    config: Config = None,
    output: Format = Output.TABLE,
) -> None:
    """List the overrides made at run time, of a schedule or of all.

    Example: tocsin oncall override list primary --all
    """
    found = ask(socket, config, lambda client: _found(client, name, all_=all_))
    rows = [_row(one) for one in found]
    answer(output, found, lambda: write_table(_COLUMNS, rows, "no override"))


def end(
    key: Id, socket: Socket = None, config: Config = None, output: Format = Output.TABLE
) -> None:
    """End an override now; one that has not begun is taken back.

    Example: tocsin oncall override end 3f2a
    """

    async def ended(client: Client) -> OverrideView:
        found = [one for one in await _found(client, None, all_=False) if one.id.startswith(key)]
        if len(found) != 1:
            which = ", ".join(one.id for one in found)
            raise Stop(f"{key!r} is the beginning of {which}" if found else f"no override {key!r}")
        return await client.end_override(found[0].schedule, found[0].id)

    done = ask(socket, config, ended)
    answer(output, done, lambda: say("ended:", *_words(done)))


def export(
    name: Schedule,
    from_: Since = None,
    to: To = None,
    out: Out = None,
    socket: Socket = None,
    config: Config = None,
) -> None:
    """Write a schedule's shifts as iCalendar, 90 days of them without --to.

    Example: tocsin oncall export primary --to now+60d --out primary.ics
    """
    start, stop = time_of(from_), time_of(to)
    text = ask(socket, config, lambda client: client.calendar(name, start, stop))
    if out is None:
        write(text)
        return
    write_new(out, text)
    say("written to", str(out))


async def _found(client: Client, name: str | None, *, all_: bool) -> list[OverrideView]:
    names = [name] if name is not None else [one.name for one in await client.schedules()]
    return [one for each in names for one in await client.overrides(each, all=all_)]


def _when(from_: str | None, to: str | None, for_: str | None) -> _When:
    if (to is None) == (for_ is None):
        raise Stop("say until when: with --to or with --for")
    return _When(time_of(from_), time_of(to), span_of(for_))


def _tell(made: OverrideView, output: Output) -> None:
    def told() -> None:
        say(Cell(made.schedule, "bold"), *_words(made))
        say(Cell(f"take it back with: tocsin oncall override end {made.id}", "faint"))

    answer(output, made, told)


def _words(one: OverrideView) -> tuple[Cell | str, ...]:
    names = " and ".join(one.persons)
    place = "swap" if one.swap else f"in place of {one.replaces or 'everybody'}"
    begins = "" if one.state != "pending" else f"from {local(one.start)}"
    if one.state == "expired":
        return (names, place)
    return (names, place, begins, f"until {local(one.end)} ({until(one.end, now_ms())})")


def _row(one: OverrideView) -> list[Cell | str]:
    return [
        Cell(one.id, "bold"),
        one.schedule,
        Cell(one.state, _STYLES[one.state]),
        local(one.start),
        local(one.end),
        " ⇄ ".join(one.persons) if one.swap else ", ".join(one.persons),
        "each other" if one.swap else one.replaces or "everybody",
        one.created_by,
        one.comment,
    ]


MORE: Mapping[str, Command] = {
    "override": override,
    "override list": list_,
    "override end": end,
    "swap": swap,
    "export": export,
}
"""The commands below `oncall`."""
