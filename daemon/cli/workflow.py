"""Working on an incident together: `incident open`, `merge split role update postmortem`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from daemon.cli.arguments import Argument, Commands, Option
from daemon.cli.ask import answer, ask, say, write, write_new
from daemon.cli.incidents import Id, act
from daemon.cli.options import Config, Format, Output, Socket, span_of
from daemon.cli.stop import Stop


def open_(
    title: Annotated[list[str], Argument("TITLE...", "What has happened.")],
    service: Annotated[str | None, Option(("--service",), "SERVICE", "Whose it is.")] = None,
    severity: Annotated[str, Option(("--severity",), "SEVERITY", "How grave: high.")] = "high",
    message: Annotated[str, Option(("--message", "-m"), "TEXT", "More, in words.")] = "",
    socket: Socket = None,
    config: Config = None,
    output: Format = Output.TABLE,
) -> None:
    """Open an incident by hand; it takes the routes of its service, and ends by hand.

    Example: tocsin incident open "The till prints nothing" --service checkout --severity P1
    """
    words = " ".join(title)
    act(
        socket, config, output,
        lambda client: client.open_incident(words, service, severity, message), "opened",
    )  # fmt: skip


def merge(
    incident: Id,
    into: Annotated[str, Argument("INTO", "The incident that its alerts go to.")],
    socket: Socket = None,
    config: Config = None,
    output: Format = Output.TABLE,
) -> None:
    """Move the alerts of an incident into another; it ends by that.

    Example: tocsin merge 3f2a 91cc
    """
    act(socket, config, output, lambda client: client.merge(incident, into), "merged into")


def split(
    incident: Id,
    alerts: Annotated[list[str], Argument("FINGERPRINT...", "The alerts that go.")],
    socket: Socket = None,
    config: Config = None,
    output: Format = Output.TABLE,
) -> None:
    """Make some alerts of an incident one of their own, which is shown.

    Example: tocsin split 3f2a 77aa 81b0
    """
    act(socket, config, output, lambda client: client.split(incident, alerts), "split off")


def role(
    incident: Id,
    part: Annotated[str, Argument("ROLE", "commander, scribe, or a word of your own.")],
    person: Annotated[str, Argument("PERSON", 'Who gets it; "" takes it away.')],
    socket: Socket = None,
    config: Config = None,
    output: Format = Output.TABLE,
) -> None:
    """Give a person a role in an incident; they are told so.

    Example: tocsin role 3f2a commander ana
    """
    to = person.strip() or None
    did = f"{part} is {to or 'nobody'} in"
    act(socket, config, output, lambda client: client.set_role(incident, part, to), did)


def update(
    incident: Id,
    message: Annotated[
        str, Option(("--message", "-m"), "TEXT", "How it goes, for stakeholders; required.")
    ] = "",
    next_in: Annotated[
        str | None, Option(("--next",), "DURATION", "The next update comes in: 15m.")
    ] = None,
    socket: Socket = None,
    config: Config = None,
    output: Format = Output.TABLE,
) -> None:
    """Tell stakeholders how it goes.

    Example: tocsin update 3f2a -m "We fail over to the second site" --next 15m
    """
    if not message.strip():
        raise Stop('say how it goes: give -m "..."')
    span_ms = span_of(next_in)
    act(
        socket, config, output,
        lambda client: client.status_update(incident, message, span_ms), "status update on",
    )  # fmt: skip


def postmortem(
    incident: Id,
    out: Annotated[
        Path | None, Option(("--out",), "FILE", "Write it here; refused if it exists.")
    ] = None,
    socket: Socket = None,
    config: Config = None,
    output: Format = Output.TABLE,
) -> None:
    """Write the draft of a post-mortem, in Markdown.

    Example: tocsin postmortem 3f2a --out 2026-11-21-checkout.md
    """
    text = ask(socket, config, lambda client: client.postmortem(incident))
    if out is not None:
        write_new(out, text)
        answer(output, {"out": str(out)}, lambda: say("written to", str(out)))
        return
    answer(output, {"markdown": text}, lambda: write(text))


COMMANDS: Commands = {
    "incident": {"open": open_},
    "merge": merge, "split": split, "role": role, "update": update, "postmortem": postmortem,
}  # fmt: skip
