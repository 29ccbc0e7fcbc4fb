"""`silence add|list|edit|expire`: what an operator wants to hear nothing of, and until when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from daemon.cli import shown
from daemon.cli.arguments import Argument, Commands, Option
from daemon.cli.ask import answer, ask, say, write_table
from daemon.cli.options import All, Comment, Config, Format, Output, Socket, span_of, time_of
from daemon.cli.stop import Stop
from daemon.cli.table import Cell
from daemon.cli.times import instant, local, now_ms, span

if TYPE_CHECKING:
    from daemon.api.schema import SilencePreview, SilenceView
    from daemon.client import Client

Id = Annotated[str, Argument("ID", "The silence, or a unique beginning.")]
For = Annotated[str | None, Option(("--for",), "DURATION", "How long: 2h.")]
Until = Annotated[str | None, Option(("--until",), "TIME", "Its end instead.")]
Recur = Annotated[
    str | None, Option(("--recur",), "CRON", 'Begins again and again: "0 3 * * SUN".')
]
Duration = Annotated[str | None, Option(("--duration",), "DURATION", "For so long each time.")]
Timezone = Annotated[str | None, Option(("--timezone",), "ZONE", "By this clock; UTC without it.")]
DryRun = Annotated[bool, Option(("--dry-run",), "", "Only show what it would mute now.")]
Start = Annotated[str | None, Option(("--start",), "TIME", "Its start, now if not said.")]


def add(
    matchers: Annotated[list[str], Argument("MATCHER...", "Like 'service=\"checkout\"'.")],
    for_: For = None,
    until: Until = None,
    start: Start = None,
    message: Comment = "",
    recur: Recur = None,
    duration: Duration = None,
    timezone: Timezone = None,
    dry_run: DryRun = False,
    socket: Socket = None,
    config: Config = None,
    output: Format = Output.TABLE,
) -> None:
    """Mute all alerts that satisfy every matcher, for a time.

    With --dry-run: show what it would mute now, and change nothing.

    Example: tocsin silence add 'service="checkout"' --for 2h -m "deploying"
    """
    if dry_run:
        found = ask(socket, config, lambda client: client.preview_silence(matchers))
        answer(output, found, lambda: _preview(found))
        return
    span_ms, ends_at = _end(for_, until)
    lasts = span_of(duration)
    if (recur is None) != (lasts is None):
        raise Stop("a silence that recurs needs both --recur CRON and --duration 1h")
    if span_ms is None and ends_at is None and recur is None:
        raise Stop("a silence needs an end: give --for 2h or --until TIME")
    starts_at = time_of(start)
    made = ask(
        socket,
        config,
        lambda client: client.put_silence(
            matchers,
            comment=message,
            for_ms=span_ms,
            ends_at=ends_at,
            starts_at=starts_at,
            recur=recur,
            duration_ms=lasts,
            timezone=timezone,
        ),
    )
    answer(output, made, lambda: _tell(made))


def list_(
    all_: All = False,
    socket: Socket = None,
    config: Config = None,
    output: Format = Output.TABLE,
) -> None:
    """List the active and pending silences.

    Example: tocsin silence list --all
    """
    found = ask(socket, config, lambda client: client.silences(all=all_))
    rows = [shown.silence(one, now_ms()) for one in found]
    answer(output, found, lambda: write_table(shown.SILENCES, rows, "nothing is silenced"))


def edit(
    silence: Id,
    matchers: Annotated[list[str] | None, Argument("[MATCHER]...", "Others than before.")] = None,
    for_: For = None,
    until: Until = None,
    message: Annotated[str | None, Option(("--message", "-m"), "TEXT", "Another comment.")] = None,
    socket: Socket = None,
    config: Config = None,
    output: Format = Output.TABLE,
) -> None:
    """Change a silence's end (--for counts from now), comment or matchers.

    With other matchers a new silence takes its place.

    Example: tocsin silence edit 3f2a --for 4h
    """
    span_ms, ends_at = _end(for_, until)
    if span_ms is not None:
        ends_at = now_ms() + span_ms

    async def change(client: Client) -> tuple[str, SilenceView]:
        old = _meant(silence, await client.silences(all=True))
        if old.recur is not None and ends_at is not None:
            raise Stop("this silence recurs; expire it, or add another")
        once = {"ends_at": ends_at if ends_at is not None else instant(old.endsAt)}
        again = {"recur": old.recur, "duration_ms": old.duration_ms, "timezone": old.timezone}
        made = await client.put_silence(
            matchers or [shown.matcher(one) for one in old.matchers],
            comment=old.comment if message is None else message,
            starts_at=instant(old.startsAt),
            silence=old.id,
            **(once if old.recur is None else again),
        )
        return old.id, made

    before, made = ask(socket, config, change)
    answer(output, made, lambda: _tell(made, before))


def expire(
    silence: Id, socket: Socket = None, config: Config = None, output: Format = Output.TABLE
) -> None:
    """End a silence now.

    Example: tocsin silence expire 3f2a
    """
    ended = ask(socket, config, lambda client: client.expire_silence(silence))
    answer(output, ended, lambda: say(f"expired {ended.id[: shown.ID_LENGTH]}"))


def _end(for_: str | None, until: str | None) -> tuple[int | None, int | None]:
    if for_ is not None and until is not None:
        raise Stop("give either --for or --until, not both")
    return span_of(for_), time_of(until)


def _meant(beginning: str, silences: list[SilenceView]) -> SilenceView:
    """The one silence whose id begins so."""
    found = [one for one in silences if one.id.startswith(beginning)]
    if len(found) != 1:
        many = "several silences begin" if found else "no silence begins"
        raise Stop(f"{many} with {beginning!r}; see `tocsin silence list --all`")
    return found[0]


def _preview(found: SilencePreview) -> None:
    """What a silence would mute, the gravest first."""
    rows: list[list[Cell | str]] = [
        [Cell(one.severity, one.severity), one.name, one.labels.get("service", ""), one.fingerprint]
        for one in found.alerts
    ]
    head = ["SEVERITY", "ALERT", "SERVICE", "FINGERPRINT"]
    write_table(head, rows, "no alert that fires matches")
    whole = ""
    if found.incidents:
        many = len(found.incidents)
        whole = f", and with them {many} whole incident{'' if many == 1 else 's'}"
    say(f"it would mute {found.matched} of {found.firing} alerts that fire{whole}")


def _tell(one: SilenceView, before: str | None = None) -> None:
    mutes = f"mutes {one.matched} firing now" if one.matched else "mutes nothing now"
    when = f"until {local(one.endsAt)}"
    if one.status.state == "pending":
        mutes = f"would mute {one.matched} firing now" if one.matched else "mutes nothing yet"
        when = f"from {local(one.startsAt)} to {local(one.endsAt)}"
    say(
        f"{one.status.state} {one.id[: shown.ID_LENGTH]}:",
        " ".join(map(shown.matcher, one.matchers)),
        when,
        Cell(f"({mutes}; undo: tocsin silence expire {one.id[: shown.ID_LENGTH]})", "faint"),
    )
    if one.recur is not None:
        lasts = span(one.duration_ms or 0)
        say(f"again at {one.recur} ({one.timezone}) for {lasts}, until it is expired")
    if before is not None:
        kept = f"the id is {one.id[: shown.ID_LENGTH]} as before"
        new = f"{before[: shown.ID_LENGTH]} has ended; {one.id[: shown.ID_LENGTH]} is in its place"
        say(Cell(kept if before == one.id else new, "faint"))


COMMANDS: Commands = {"silence": {"add": add, "list": list_, "edit": edit, "expire": expire}}
