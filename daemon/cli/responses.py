"""`response list|runs|show|run|approve|refuse|reset`: what is done about incidents by itself."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

from daemon.cli import shown
from daemon.cli.arguments import Argument, Commands, Option
from daemon.cli.ask import answer, ask, say, write_table
from daemon.cli.options import Comment, Config, Format, Output, Socket
from daemon.cli.table import Cell, scrub
from daemon.cli.times import age, local, now_ms, until

if TYPE_CHECKING:
    from daemon.api.schema import ResponseView, RunDetail, RunView

Name = Annotated[str, Argument("NAME", "The response.")]
Run = Annotated[str, Argument("RUN", "The run, or a unique beginning of its id.")]

_RESPONSES = ["NAME", "WHEN", "STATE", "RUNS", "FAILED", "LAST", "ACTION"]
_RUNS = ["RUN", "AGE", "STATE", "RESPONSE", "INCIDENT", "WHY", "BY", "DETAIL"]


def list_(socket: Socket = None, config: Config = None, output: Format = Output.TABLE) -> None:
    """List the responses, and how each has done.

    Example: tocsin response list
    """
    found = ask(socket, config, lambda client: client.responses())
    rows = [_response(one, now_ms()) for one in found]
    nothing = "the configuration has no responses"
    answer(output, found, lambda: write_table(_RESPONSES, rows, nothing))


def runs(
    incident: Annotated[str | None, Argument("[INCIDENT]", "Only for this incident.")] = None,
    response: Annotated[str | None, Option(("--response",), "NAME", "Only of this one.")] = None,
    socket: Socket = None,
    config: Config = None,
    output: Format = Output.TABLE,
) -> None:
    """List the runs of responses, the newest first.

    Example: tocsin response runs 3f2a
    """
    found = ask(socket, config, lambda client: client.response_runs(incident, response))
    rows = [_run(one, now_ms()) for one in found]
    empty = f"no run of {response!r} is known" if response else "no response has run"
    answer(output, found, lambda: write_table(_RUNS, rows, empty))


def show(
    run_: Run, socket: Socket = None, config: Config = None, output: Format = Output.TABLE
) -> None:
    """Show a run and what it wrote.

    Example: tocsin response show 81c0
    """
    found = ask(socket, config, lambda client: client.response_run(run_))
    answer(output, found, lambda: _tell_detail(found))


def run(
    name: Name,
    incident: Annotated[str, Argument("INCIDENT", "Its incident, or a unique beginning.")],
    dry_run: Annotated[bool, Option(("--dry-run",), "", "Only say what would be done.")] = False,
    socket: Socket = None,
    config: Config = None,
    output: Format = Output.TABLE,
) -> None:
    """Run a response for an incident now; its outcome comes into the timeline.

    Example: tocsin response run restart-shop 3f2a --dry-run
    """
    found = ask(socket, config, lambda client: client.respond(incident, name, dry_run=dry_run))
    answer(output, found, lambda: _tell(found))


def approve(
    run_: Run, socket: Socket = None, config: Config = None, output: Format = Output.TABLE
) -> None:
    """Let a run begin that waits for approval.

    Example: tocsin response approve 81c0
    """
    found = ask(socket, config, lambda client: client.approve_run(run_))
    answer(output, found, lambda: _tell(found))


def refuse(
    run_: Run,
    message: Comment = "",
    socket: Socket = None,
    config: Config = None,
    output: Format = Output.TABLE,
) -> None:
    """Have a run that waits for approval not begin.

    Example: tocsin response refuse 81c0 -m "the disk is full, a restart will not help"
    """
    found = ask(socket, config, lambda client: client.refuse_run(run_, message))
    answer(output, found, lambda: _tell(found))


def reset(
    name: Name, socket: Socket = None, config: Config = None, output: Format = Output.TABLE
) -> None:
    """Set a response going again: its breaker, limit and cooldown begin anew.

    Example: tocsin response reset restart-shop
    """
    found = ask(socket, config, lambda client: client.reset_response(name))
    answer(output, found, lambda: say(f"reset {found.name}:", found.action))


def _response(one: ResponseView, now: int) -> list[Cell | str]:
    when = f"level {one.level}" if one.level is not None else one.when
    last = f"{age(one.last_at, now)} ago" if one.last_at else "never"
    failed = Cell(str(one.failed), "down" if one.failed else "faint")
    return [Cell(one.name, "bold"), when, _standing(one), str(one.runs), failed, last, one.action]


def _standing(one: ResponseView) -> Cell:
    """What is the matter with it, most of all."""
    if one.stopped_at:
        return Cell(f"stopped: {one.stopped_why}", "down")
    if one.waiting:
        return Cell("waits for approval", "degraded")
    if one.under_way:
        return Cell("under way", "low")
    return Cell("dry run" if one.dry_run else "ready", "faint")


def _run(one: RunView, now: int) -> list[Cell | str]:
    return [
        one.id[: shown.ID_LENGTH],
        age(one.decided_at, now),
        shown.run_state(one.state),
        one.response,
        one.incident[: shown.ID_LENGTH],
        one.trigger,
        one.by,
        _detail(one, now),
    ]


def _detail(one: RunView, now: int) -> str:
    if one.state == "waiting":
        return f"expires {until(one.expires_at, now)}: {one.action}"
    return one.detail or one.action


def _tell(one: RunView) -> None:
    say(
        shown.run_state(one.state),
        f"{one.id[: shown.ID_LENGTH]}:",
        one.detail or f"{one.response}: {one.action}",
        Cell(f"(tocsin response show {one.id[: shown.ID_LENGTH]})", "faint"),
    )


def _tell_detail(found: RunDetail) -> None:
    one = found.run
    where = f"for {one.incident}, {one.trigger}, by {one.by}"
    say(shown.run_state(one.state), Cell(one.response, "bold"), where)
    say(Cell("action ", "faint"), one.action)
    for word, time in (
        ("decided", one.decided_at), ("expires", one.expires_at), ("began", one.started_at),
        ("ended", one.ended_at),
    ):  # fmt: skip
        if time:
            say(Cell(f"{word:7}", "faint"), local(time))
    if one.approved_by:
        say(Cell("asked  ", "faint"), one.approved_by)
    if one.detail:
        say(Cell("outcome", "faint"), one.detail)
    for line in found.output.splitlines():
        sys.stdout.write(f"  {scrub(line)}\n")


COMMANDS: Commands = {
    "response": {
        "list": list_,
        "runs": runs,
        "show": show,
        "run": run,
        "approve": approve,
        "refuse": refuse,
        "reset": reset,
    }
}
