"""Incidents and alerts: `alerts incidents show ack unack snooze assign note resolve escalate`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from daemon.cli import shown
from daemon.cli.arguments import Argument, Commands, Option
from daemon.cli.ask import answer, ask, say, write_table
from daemon.cli.detail import tell_incident
from daemon.cli.options import All, Comment, Config, Format, Output, Since, Socket, span_of, time_of
from daemon.cli.stop import Exit, Stop
from daemon.cli.table import Cell
from daemon.cli.then import At, answer_past, matching, moment_of, state_at
from daemon.cli.times import local, now_ms

if TYPE_CHECKING:
    from daemon.api.schema import IncidentView
    from daemon.client import Client

Id = Annotated[str, Argument("ID", "The incident, or a unique beginning.")]
Matchers = Annotated[list[str] | None, Argument("[MATCHER]...", "Like 'severity=~\"high|low\"'.")]


def incidents(
    all_: All = False,
    since: Since = None,
    at: At = None,
    socket: Socket = None,
    config: Config = None,
    output: Format = Output.TABLE,
) -> int:
    """List the open incidents, the worst first; exit 1 when one of those listed is open.

    Example: tocsin incidents --since "2h ago"
    """
    if at is not None:
        state = state_at(at, socket, config, alone=not all_ and since is None)
        rows = [shown.incident(one, moment_of(state)) for one in state.incidents]
        answer_past(output, state, state.incidents, shown.INCIDENTS, rows, "no incident was open")
        return Exit.NEGATIVE if state.incidents else Exit.GOOD
    start = time_of(since)
    found = ask(socket, config, lambda client: client.incidents(all=all_, since=start))
    rows = [shown.incident(one, now_ms()) for one in found]
    answer(output, found, lambda: write_table(shown.INCIDENTS, rows, "no incident is open"))
    is_open = any(one.state != "resolved" for one in found)
    return Exit.NEGATIVE if is_open else Exit.GOOD


def alerts(
    matchers: Matchers = None,
    all_: All = False,
    since: Since = None,
    at: At = None,
    socket: Socket = None,
    config: Config = None,
    output: Format = Output.TABLE,
) -> int:
    """List the pending and firing alerts; exit 1 when one of those listed fires.

    Example: tocsin alerts 'service="checkout"' 'severity=~"emergency|critical"'
    """
    if at is not None:
        state = state_at(at, socket, config, alone=not all_ and since is None)
        then = matching(state.alerts, matchers or ())
        rows = [shown.alert(one, moment_of(state)) for one in then]
        answer_past(output, state, then, shown.ALERTS, rows, "no alert fired")
        return Exit.NEGATIVE if then else Exit.GOOD
    start, wanted = time_of(since), tuple(matchers or ())
    found = ask(socket, config, lambda client: client.alerts(wanted, all=all_, since=start))
    rows = [shown.alert(one, now_ms()) for one in found]
    answer(output, found, lambda: write_table(shown.ALERTS, rows, "no alert fires"))
    return Exit.NEGATIVE if any(one.state == "firing" for one in found) else Exit.GOOD


def show(
    incident: Id, socket: Socket = None, config: Config = None, output: Format = Output.TABLE
) -> None:
    """Show an incident with its alerts, its timeline and who was told.

    Example: tocsin show 3f2a
    """
    found = ask(socket, config, lambda client: client.incident(incident))
    answer(output, found, lambda: tell_incident(found, now_ms()))


def ack(
    incident: Id,
    message: Comment = "",
    for_: Annotated[str | None, Option(("--for",), "DURATION", "Ends after this long.")] = None,
    socket: Socket = None,
    config: Config = None,
    output: Format = Output.TABLE,
) -> None:
    """Acknowledge an incident: stops its escalation and its repeats.

    Example: tocsin ack 3f2a -m "looking into it" --for 1h
    """
    span_ms = span_of(for_)
    act(
        socket, config, output,
        lambda client: client.ack(incident, message, expires_after_ms=span_ms),
    )  # fmt: skip


def unack(
    incident: Id, socket: Socket = None, config: Config = None, output: Format = Output.TABLE
) -> None:
    """Give an incident back: its escalation goes on.

    Example: tocsin unack 3f2a
    """
    act(socket, config, output, lambda client: client.unack(incident))


def snooze(
    incident: Id,
    for_: Annotated[str | None, Option(("--for",), "DURATION", "How long: 1h.")] = None,
    message: Comment = "",
    socket: Socket = None,
    config: Config = None,
    output: Format = Output.TABLE,
) -> None:
    """Acknowledge an incident for a time; then it is triggered again.

    Example: tocsin snooze 3f2a --for 1h -m "after the backup"
    """
    span_ms = span_of(for_)
    if span_ms is None:
        raise Stop("a snooze needs an end: give --for 1h")
    act(socket, config, output, lambda client: client.snooze(incident, span_ms, message), "snoozed")


def assign(
    incident: Id,
    person: Annotated[str, Argument("PERSON", 'Who gets it; "" takes it from whoever has it.')],
    message: Comment = "",
    socket: Socket = None,
    config: Config = None,
    output: Format = Output.TABLE,
) -> None:
    """Give an incident to a person, who is told so; that does not acknowledge it.

    Example: tocsin assign 3f2a ana -m "you know the cache"
    """
    did = f"assigned to {person.strip() or 'nobody'}"
    act(socket, config, output, lambda client: client.assign(incident, person, message), did)


def note(
    incident: Id,
    text: Annotated[list[str], Argument("TEXT...", "What to write down.")],
    socket: Socket = None,
    config: Config = None,
    output: Format = Output.TABLE,
) -> None:
    """Write a line into an incident's timeline.

    Example: tocsin note 3f2a "the switch was replaced"
    """
    act(socket, config, output, lambda client: client.note(incident, " ".join(text)), "noted on")


def resolve(
    incident: Id,
    message: Comment = "",
    socket: Socket = None,
    config: Config = None,
    output: Format = Output.TABLE,
) -> None:
    """End an incident by hand; what still fires opens a new one only when it fires anew.

    Example: tocsin resolve 3f2a -m "known, harmless"
    """
    act(socket, config, output, lambda client: client.resolve(incident, message))


def escalate(
    incident: Id, socket: Socket = None, config: Config = None, output: Format = Output.TABLE
) -> None:
    """Run the next level of an incident's policy now.

    Example: tocsin escalate 3f2a
    """
    act(socket, config, output, lambda client: client.escalate(incident), "escalated")


def act(
    socket: Path | None,
    config: Path | None,
    output: Output,
    deed: Callable[[Client], Awaitable[IncidentView]],
    did: str | None = None,
) -> None:
    """Do it, and say what came of it."""
    found = ask(socket, config, deed)
    words = f"{did or found.state} {found.id[: shown.ID_LENGTH]}:"
    answer(output, found, lambda: say(words, found.title, Cell(_aside(found), "faint")))


def _aside(one: IncidentView) -> str:
    """What happens next, as far as that is known."""
    if one.state == "triggered":
        return f"(next: {shown.next_step(one, now_ms())})"
    return f"(until {local(one.ack_until)})" if one.ack_until else ""


COMMANDS: Commands = {
    "incidents": incidents, "alerts": alerts, "show": show, "ack": ack, "unack": unack,
    "snooze": snooze, "assign": assign, "note": note, "resolve": resolve, "escalate": escalate,
}  # fmt: skip
