"""What was: `history` and `stats`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

from daemon.cli import past_shown
from daemon.cli.arguments import Argument, Commands, Option
from daemon.cli.ask import answer, ask, write_table
from daemon.cli.options import Config, Format, Output, Socket, time_of
from daemon.cli.stop import Stop

if TYPE_CHECKING:
    from daemon.api import schema
    from daemon.client import Client

Matchers = Annotated[list[str] | None, Argument("[MATCHER]...", "Like 'severity=~\"high|low\"'.")]
From = Annotated[
    str | None, Option(("--since",), "TIME", 'From then on: 7d, "2h ago", 2026-11-21.')
]
Until = Annotated[str | None, Option(("--until",), "TIME", "Up to then; now.")]
Service = Annotated[str | None, Option(("--service",), "NAME", "Only of this service.")]

_PAGE: Final = 500


def history(
    matchers: Matchers = None,
    since: From = None,
    until: Until = None,
    service: Service = None,
    severity: Annotated[
        str | None, Option(("--severity",), "WORDS", "Any of these: high,critical.")
    ] = None,
    state: Annotated[
        str | None, Option(("--state",), "WORDS", "Any of triggered,acknowledged,resolved.")
    ] = None,
    text: Annotated[
        str | None, Option(("--text",), "WORDS", "In the title or the summary.")
    ] = None,
    limit: Annotated[str, Option(("--limit",), "N", "At most so many; 50.")] = "50",
    socket: Socket = None,
    config: Config = None,
    output: Format = Output.TABLE,
) -> None:
    """List incidents of the past, the newest first, open ones too.

    Example: tocsin history 'env="prod"' --since 30d --severity critical,emergency
    """
    most = _number(limit)
    start, end = time_of(since), time_of(until)

    async def asking(client: Client) -> list[schema.IncidentView]:
        found: list[schema.IncidentView] = []
        cursor: str | None = None
        while len(found) < most:
            page = await client.history(
                matchers or (),
                since=start,
                until=end,
                service=service,
                severity=_words(severity),
                state=_words(state),
                text=text,
                cursor=cursor,
                limit=min(_PAGE, most - len(found)),
            )
            found += page.incidents
            cursor = page.next
            if cursor is None:
                break
        return found

    found = ask(socket, config, asking)
    rows = [past_shown.incident(one) for one in found]
    answer(output, found, lambda: write_table(past_shown.INCIDENTS, rows, "no incident was so"))


def stats(
    since: From = "7d",
    until: Until = None,
    service: Service = None,
    noise: Annotated[
        bool, Option(("--noise",), "", "What disturbs more than it says, and what to change.")
    ] = False,
    escalations: Annotated[
        bool, Option(("--escalations",), "", "Which policies and services escalate, and when.")
    ] = False,
    socket: Socket = None,
    config: Config = None,
    output: Format = Output.TABLE,
) -> None:
    """Count incidents: of what, when in the week, how fast they were taken and ended.

    Example: tocsin stats --since 30d --service checkout
    """
    start, end, zone = time_of(since), time_of(until), zone_here()
    if noise and escalations:
        raise Stop("give --noise or --escalations, not both")
    if noise:
        disturbing = ask(
            socket, config, lambda client: client.noise(start, end, service=service, limit=50)
        )
        answer(output, disturbing, lambda: past_shown.tell_noise(disturbing))
        return
    if escalations:
        risen = ask(
            socket,
            config,
            lambda client: client.escalations(start, end, service=service, timezone=zone),
        )
        answer(output, risen, lambda: past_shown.tell_escalations(risen))
        return

    async def asking(client: Client) -> dict[str, object]:
        return {
            "statistics": await client.statistics(start, end, service=service, timezone=zone),
            "top_alerts": await client.top_alerts(start, end, service=service, limit=10),
        }

    found = ask(socket, config, asking)
    answer(output, found, lambda: past_shown.tell_statistics(**found))  # type: ignore[arg-type]  # by its two names


def zone_here() -> str:
    """The name of this host's time zone; UTC where it has none."""
    named = os.environ.get("TZ", "").lstrip(":")
    if named and not named.startswith("/"):
        return named if _is_zone(named) else "UTC"
    _, found, name = str(Path("/etc/localtime").resolve()).rpartition("/zoneinfo/")
    return name if found and _is_zone(name) else "UTC"


def _is_zone(name: str) -> bool:
    from zoneinfo import available_timezones

    return name in available_timezones()


def _words(text: str | None) -> list[str]:
    return [one.strip() for one in (text or "").split(",") if one.strip()]


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 0 < int(text) <= 100_000:
        raise Stop(f"--limit is a number from 1 to 100000, not {text!r}")
    return int(text)


COMMANDS: Commands = {"history": history, "stats": stats}
