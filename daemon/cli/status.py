"""`status`: is all well?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from daemon.cli import shown
from daemon.cli.arguments import Commands
from daemon.cli.ask import answer, ask, say
from daemon.cli.options import Config, Format, Output, Socket
from daemon.cli.stop import Exit
from daemon.cli.table import Cell, word
from daemon.cli.then import At, say_past, state_at, status_of
from daemon.cli.times import age, now_ms

if TYPE_CHECKING:
    from daemon.api import schema

_SEVERITIES = ("emergency", "critical", "high", "medium", "low", "info")
_STATUSES = ("down", "degraded", "unknown", "up")


def status(
    at: At = None, socket: Socket = None, config: Config = None, output: Format = Output.TABLE
) -> int:
    """Say whether all is well, or was; exit 1 while something fires or is not up.

    Example: tocsin status --at "2h ago"
    """
    if at is not None:
        from msgspec.structs import asdict

        state = state_at(at, socket, config)
        then = status_of(state)
        marked = {**asdict(then), "past": state.past}
        answer(output, marked, lambda: _tell_past(state, then))
        return _code(then)
    view = ask(socket, config, lambda client: client.status())
    answer(output, view, lambda: _tell(view))
    return _code(view)


def _code(view: schema.StatusView) -> int:
    well = view.status not in {"down", "degraded"} and not _total(view.counts.incidents)
    return Exit.GOOD if well and not _total(view.counts.alerts) else Exit.NEGATIVE


def _tell_past(state: schema.State, view: schema.StatusView) -> None:
    say_past(state)
    _tell_counts(view)
    for schedule in state.daemon.on_call:
        say(f"on call   {schedule.name}: {', '.join(schedule.on_call) or 'nobody'}")


def _tell_counts(view: schema.StatusView) -> None:
    counts = view.counts
    say(word(view.status))
    say("services ", *_listed(counts.services, _STATUSES))
    say("checks   ", *_listed(counts.checks, _STATUSES))
    aside = [f"{counts.acknowledged} acknowledged"] if counts.acknowledged else []
    aside += [f"{counts.muted} muted"] if counts.muted else []
    note = f"({', '.join(aside)})" if aside else ""
    say("incidents", *_listed(counts.incidents, _SEVERITIES), Cell(note, "faint"))
    say("alerts   ", *_listed(counts.alerts, _SEVERITIES))


def _tell(view: schema.StatusView) -> None:
    daemon = view.daemon
    _tell_counts(view)
    say(
        f"daemon    pid {daemon.pid}, version {daemon.version},"
        f" up {age(daemon.started_at, now_ms())}, {shown.size(daemon.rss_bytes)},"
        f" CPU {daemon.cpu_percent:.1f} %, database {shown.size(daemon.database_bytes)}"
    )
    if daemon.workers:
        lack = daemon.workers_alive < daemon.workers
        words = f"workers   {daemon.workers_alive} of {daemon.workers} at work"
        restarted = f", {daemon.worker_restarts} restarted" if daemon.worker_restarts else ""
        say(Cell(words + restarted, "medium" if lack else ""))
    if daemon.outbox:
        say(Cell(f"{daemon.outbox} notifications are not delivered yet", "medium"))
    if daemon.reload_error:
        say(Cell(f"the last reload was refused: {daemon.reload_error}", "high"))
    for problem in daemon.problems:
        say(Cell(problem, "high"))


def _listed(counts: dict[str, int], order: tuple[str, ...]) -> list[Cell | str]:
    """Numbers with their words, the worst first; `none` for none."""
    cells: list[Cell | str] = []
    for name in order:
        if counts.get(name):
            cell = word(name)
            cells.append(Cell(f"{cell.text} {counts[name]}", cell.style))
    return cells or [Cell("none", "faint")]


def _total(counts: dict[str, int]) -> int:
    return sum(counts.values())


COMMANDS: Commands = {"status": status}
