"""`--at`: the same commands about a moment that is past, from one picture of it.

What is shown says first that it is the past, so that nobody takes it for the present.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

from daemon.cli.arguments import Option
from daemon.cli.ask import answer, ask, say, write_table
from daemon.cli.options import Output, time_of
from daemon.cli.shown import Row
from daemon.cli.stop import Stop
from daemon.cli.table import Cell
from daemon.cli.times import age, instant, local, now_ms

if TYPE_CHECKING:
    from daemon.api import schema

At = Annotated[
    str | None, Option(("--at",), "TIME", 'As it stood then: "2h ago", 2026-11-21T09:50:00Z.')
]

_WORST: Final = ("up", "degraded", "unknown", "down")
_SEVERITIES: Final = ("emergency", "critical", "high", "medium", "low", "info")


def state_at(
    at: str, socket: Path | None, config: Path | None, *, alone: bool = True
) -> schema.State:
    """Everything as it stood at this time.

    Args:
        alone: Nothing else was asked for that only the present can answer.

    Raises:
        Stop: It is no time, it lies ahead or before there is history, or it does not fit.
    """
    if not alone:
        raise Stop("--at shows what was open then; leave --all and --since away")
    moment = time_of(at)
    return ask(socket, config, lambda client: client.state(at=moment))


def moment_of(state: schema.State) -> int:
    """The moment that it shows."""
    at = instant(state.past.at if state.past is not None else state.daemon.time)
    return now_ms() if at is None else at


def say_past(state: schema.State) -> None:
    """That it is the past, and what of it is not known."""
    past = state.past
    if past is None:
        return
    say(Cell(f"◀ PAST  {local(past.at)}, {age(past.at, now_ms())} ago", "high"))
    say(Cell(f"not known of then: {', '.join(past.unknown)}", "faint"))


def answer_past(
    output: Output,
    state: schema.State,
    found: Sequence[Any],
    head: list[str],
    rows: list[Row],
    empty: str,
) -> None:
    """What was found, below the words that it is the past; programs get the list alone."""

    def tell() -> None:
        say_past(state)
        write_table(head, rows, empty)

    answer(output, list(found), tell)


def status_of(state: schema.State) -> schema.StatusView:
    """The short answer about a picture."""
    from daemon.api import schema

    words = [one.status for one in state.services]
    firing = [one for one in state.alerts if one.state == "firing"]
    return schema.StatusView(
        status=max(words, key=_WORST.index, default="unknown"),
        counts=schema.Counts(
            checks=_count((one.status for one in state.checks), _WORST),
            services=_count(words, _WORST),
            incidents=_count((one.severity for one in state.incidents), _SEVERITIES),
            alerts=_count((one.severity for one in firing), _SEVERITIES),
            acknowledged=sum(one.state == "acknowledged" for one in state.incidents),
            muted=sum(bool(one.muted) for one in firing),
        ),
        daemon=state.daemon,
    )


def matching(alerts: Iterable[schema.AlertView], matchers: Sequence[str]) -> list[schema.AlertView]:
    """The alerts that satisfy all matchers.

    Raises:
        Stop: One is no matcher.
    """
    from daemon.core.labels import match_all, parse_matcher, severity_matcher

    try:
        wanted = [severity_matcher(parse_matcher(text)) for text in matchers]
    except ValueError as error:
        raise Stop(str(error)) from None
    return [one for one in alerts if match_all(wanted, {**one.labels, "severity": one.severity})]


def _count(words: Iterable[str], every: Iterable[str]) -> dict[str, int]:
    counts = dict.fromkeys(every, 0)
    for word in words:
        counts[word] += 1
    return counts
