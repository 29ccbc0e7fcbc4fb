"""`sla`: what was promised and kept; `sla exclude|note|exclusions|withdraw`: what operators say of
the past."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from daemon.cli import shown
from daemon.cli.arguments import Argument, Commands, Option
from daemon.cli.ask import answer, ask, say, write_table
from daemon.cli.options import Config, Format, Output, Socket, time_of
from daemon.cli.stop import Exit, Stop
from daemon.cli.table import Cell
from daemon.cli.times import instant, local, span

if TYPE_CHECKING:
    from daemon.api.schema import AmendmentView, SlaView

Sla = Annotated[str, Argument("SLA", "Its name.")]
Start = Annotated[str | None, Option(("--from",), "TIME", "Its start: 2026-11-21T09:50.")]
End = Annotated[str | None, Option(("--to",), "TIME", "Its end, which must be past.")]
DryRun = Annotated[bool, Option(("--dry-run",), "", "Only show what it would change.")]
Why = Annotated[str, Option(("--message", "-m"), "TEXT", "Why, in words; required.")]


def sla(
    name: Annotated[str | None, Argument("[SERVICE]", "Of this service, or this SLA.")] = None,
    socket: Socket = None,
    config: Config = None,
    output: Format = Output.TABLE,
) -> int:
    """Show each SLA so far in its period; exit 1 when one is missed.

    Example: tocsin sla checkout
    """
    found = ask(socket, config, lambda client: client.sla(name))
    answer(output, found, lambda: _tell_slas(found))
    return Exit.NEGATIVE if any(one.met is False for one in found) else Exit.GOOD


def _tell_slas(found: list[SlaView]) -> None:
    """The figures; and, where operators excluded something, those without that."""
    write_table(shown.SLAS, [shown.sla(one) for one in found], "no SLA is configured")
    for one in found:
        if one.unamended_value is not None and one.unamended_value != one.value:
            value = shown.percent(one.unamended_value, one.target)
            say(Cell(f"{one.name}: {value} if nothing had been excluded", "faint"))


def exclude(
    name: Sla,
    start: Start = None,
    end: End = None,
    message: Why = "",
    dry_run: DryRun = False,
    socket: Socket = None,
    config: Config = None,
    output: Format = Output.TABLE,
) -> None:
    """Exclude a stretch of the past from an SLA; the figures without it stay beside them.

    With --dry-run: show the figures before and after, and change nothing.

    Example: tocsin sla exclude checkout --from 2026-11-21T09:50 --to 2026-11-21T10:20 -m "provider"
    """
    if dry_run:
        low, high = _stretch(start, end)
        found = ask(socket, config, lambda client: client.preview_exclusion(name, low, high))
        rows = [shown.standing("now", found.before), shown.standing("excluded", found.after)]
        answer(output, found, lambda: write_table(shown.STANDINGS, rows, ""))
        return
    low, high = _reasoned(start, end, message)
    made = ask(socket, config, lambda client: client.exclude(name, low, high, message))
    answer(output, made, lambda: _tell("excluded", made))


def note(
    name: Sla,
    start: Start = None,
    end: End = None,
    message: Why = "",
    socket: Socket = None,
    config: Config = None,
    output: Format = Output.TABLE,
) -> None:
    """Write a note on a stretch of an SLA's past; it stands with the violations in it.

    Example: tocsin sla note checkout --from 2h --to now -m "a disk was full; it has an alert now"
    """
    low, high = _reasoned(start, end, message)
    made = ask(socket, config, lambda client: client.note_on_sla(name, low, high, message))
    answer(output, made, lambda: _tell("noted", made))


def exclusions(
    name: Sla, socket: Socket = None, config: Config = None, output: Format = Output.TABLE
) -> None:
    """List what was excluded from an SLA and written about it.

    Example: tocsin sla exclusions checkout
    """
    found = ask(socket, config, lambda client: client.exclusions(name))
    rows = [shown.amendment(one) for one in found]
    answer(output, found, lambda: write_table(shown.AMENDMENTS, rows, "nothing is excluded"))


def withdraw(
    name: Sla,
    exclusion: Annotated[str, Argument("ID", "The exclusion or note, or a unique beginning.")],
    socket: Socket = None,
    config: Config = None,
    output: Format = Output.TABLE,
) -> None:
    """Take an exclusion or a note back; the audit log keeps both.

    Example: tocsin sla withdraw checkout 3f2a
    """
    gone = ask(socket, config, lambda client: client.withdraw_exclusion(name, exclusion))
    answer(output, gone, lambda: say(f"withdrew {gone.kind} {gone.id[: shown.ID_LENGTH]}"))


def _stretch(start: str | None, end: str | None) -> tuple[int, int]:
    low, high = time_of(start), time_of(end)
    if low is None or high is None:
        raise Stop("from when to when? give --from TIME and --to TIME")
    return low, high


def _reasoned(start: str | None, end: str | None, message: str) -> tuple[int, int]:
    low, high = _stretch(start, end)
    if not message.strip():
        raise Stop("say why with -m TEXT; it is written down with who did it")
    return low, high


def _tell(done: str, one: AmendmentView) -> None:
    length = span((instant(one.end) or 0) - (instant(one.start) or 0))
    undo = f"tocsin sla withdraw {one.sla} {one.id[: shown.ID_LENGTH]}"
    say(
        f"{done} {one.id[: shown.ID_LENGTH]}:",
        f"{length} from {local(one.start)} of {one.sla}",
        Cell(f"(undo: {undo})", "faint"),
    )


COMMANDS: Commands = {
    "sla": {
        "": sla,
        "exclude": exclude,
        "note": note,
        "exclusions": exclusions,
        "withdraw": withdraw,
    }
}
