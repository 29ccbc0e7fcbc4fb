"""`test alert` and `test storm`: marked alerts that go the real way, and a storm in a sandbox."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Any, Final

from daemon.cli.arguments import Argument, Option
from daemon.cli.ask import answer, ask, say, write_table
from daemon.cli.options import Config, Format, Output, Socket, span_of
from daemon.cli.stop import Stop
from daemon.cli.table import Cell
from daemon.cli.times import local, now_ms, span

if TYPE_CHECKING:
    from pathlib import Path

    from daemon.api.schema import AlertTest, IncidentView
    from daemon.client import Client
    from daemon.core.plan import Plan
    from daemon.core.trying.storm import Storm

Service = Annotated[str, Argument("SERVICE", "Whose first check is said to be down.")]
For = Annotated[str | None, Option(("--for",), "DURATION", "How long it fires; 2m without it.")]
Lasting = Annotated[
    str | None, Option(("--for",), "DURATION", "How long they fire; 10m without it.")
]
Grade = Annotated[
    str | None, Option(("--severity",), "SEVERITY", "Instead of the one it would have.")
]
Alerts = Annotated[str, Option(("--alerts",), "N", "How many alerts fire; 500 without it.")]
Services = Annotated[
    str | None, Option(("--services",), "N", "The first N services; all without it.")
]
Live = Annotated[bool, Option(("--live",), "", "Through the daemon: people are paged for real.")]
Yes = Annotated[bool, Option(("--yes",), "", "Page people for real without asking again.")]

_STORM_MS: Final = 10 * 60_000
"""How long the alerts of a storm fire where nothing else is said."""
_OVER_MS: Final = 30_000
"""In a sandbox they begin one after the other, over this time."""
_PATIENCE_S: Final = 10.0
_SHOWN: Final = 20


def alert(
    service: Service,
    severity: Grade = None,
    for_: For = None,
    socket: Socket = None,
    config: Config = None,
    output: Format = Output.TABLE,
) -> None:
    """Fire a marked test alert the real way: routes, policy, channels. People are paged.

    Example: tocsin test alert checkout --severity high --for 5m
    """
    lasts = span_of(for_)
    found = ask(
        socket,
        config,
        lambda client: client.test_alert(service, severity=severity, for_ms=lasts),
    )
    answer(output, found, lambda: _tell_alert(found))


def storm(
    alerts: Alerts = "500",
    services: Services = None,
    severity: Grade = None,
    for_: Lasting = None,
    live: Live = False,
    yes: Yes = False,
    socket: Socket = None,
    config: Config = None,
    output: Format = Output.TABLE,
) -> None:
    """Show what grouping makes of many alerts at once; with --live fire them, marked.

    Example: tocsin test storm --alerts 500 --services 20
    """
    many, lasts = _number(alerts, "--alerts"), span_of(for_) or _STORM_MS
    plan = _plan(config)
    names = list(plan.services)
    if services is not None:
        names = names[: _number(services, "--services")]
    if not names:
        raise Stop("the configuration has no service that a storm could be about")
    if live:
        if not yes:
            raise Stop(f"this pages people for {many} alerts; say --yes if you want that")
        _storm_live(socket, config, (names, many, severity, lasts), output)
        return
    found = _played(plan, names, many, severity, lasts)
    answer(output, _told(found), lambda: _tell_storm(found))


def _number(text: str, option: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) == 0:
        raise Stop(f"{option} {text!r} is not a number of at least 1")
    return int(text)


def _plan(config: Path | None) -> Plan:
    from daemon.config import ConfigError, find_config, load

    try:
        return load(find_config(config)).plan
    except ConfigError as error:
        raise Stop(*map(str, error.problems)) from None


def _tell_alert(found: AlertTest) -> None:
    where = ", ".join(found.incidents) or "no incident"
    say(Cell("✓", "up"), "test", Cell(found.id, "bold"), "fires: incident", Cell(where, "bold"))
    first = found.incidents[0] if found.incidents else "ID"
    say(f"  it resolves by itself at {local(found.resolves_at)}, or: tocsin resolve {first}")
    say(f"  who was told: tocsin show {first}")


# -- in a sandbox ------------------------------------------------------------------------


def _played(plan: Plan, names: list[str], many: int, severity: str | None, lasts: int) -> Storm:
    from daemon.core.errors import Refusal
    from daemon.core.events import FireTest
    from daemon.core.model import Actor
    from daemon.core.severity import parse_severity
    from daemon.core.trying.storm import storm as play

    try:
        grade = None if severity is None else parse_severity(severity)
        event = FireTest(Actor("you", "a sandbox"), tuple(names), lasts, grade, many)
        return play(plan, event, now_ms(), _OVER_MS)
    except (ValueError, Refusal) as error:
        raise Stop(str(error)) from None


def _told(found: Storm) -> dict[str, Any]:
    return {
        "alerts": found.alerts,
        "incidents": [
            {
                "title": one.title,
                "severity": one.severity,
                "alerts": one.alerts,
                "messages": one.messages,
                "muted": one.muted,
            }
            for one in found.incidents
        ],
        "messages": dict(found.messages.most_common()),
        "pages": dict(found.pages.most_common()),
        "told": found.told,
        "told_without_grouping": found.alone,
        "reduction_percent": found.reduction,
    }


def _tell_storm(found: Storm) -> None:
    many = "incident" if len(found.incidents) == 1 else "incidents"
    say(f"{found.alerts} alerts become", Cell(f"{len(found.incidents)} {many}", "bold"))
    rows: list[list[Cell | str]] = [
        [one.title, one.severity, str(one.alerts), "muted" if one.muted else str(one.messages)]
        for one in found.incidents[:_SHOWN]
    ]
    write_table(["INCIDENT", "SEVERITY", "ALERTS", "MESSAGES"], rows, "no incident")
    if len(found.incidents) > _SHOWN:
        say(f"and {len(found.incidents) - _SHOWN} more")
    _tell_counts("CHANNEL", found.messages, "no channel is told")
    _tell_counts("PERSON", found.pages, "no person is paged")
    words = f"{found.told} messages instead of {found.alone}"
    say(Cell(f"{found.reduction} %", "bold"), f"less is told than without grouping: {words}")


def _tell_counts(head: str, counts: Any, empty: str) -> None:
    rows: list[list[Cell | str]] = [[name, str(count)] for name, count in counts.most_common()]
    write_table([head, "MESSAGES"], rows, empty)


# -- through the daemon ------------------------------------------------------------------


def _storm_live(
    socket: Path | None,
    config: Path | None,
    asked: tuple[list[str], int, str | None, int],
    output: Output,
) -> None:
    names, many, severity, lasts = asked

    async def fire(client: Client) -> tuple[AlertTest, list[IncidentView]]:
        begun = await client.test_storm(names, many, severity=severity, for_ms=lasts)
        return begun, await _gathered(client, begun)

    begun, incidents = ask(socket, config, fire)
    told = {"test": begun, "incidents": incidents}
    answer(output, told, lambda: _tell_live(begun, incidents, lasts))


async def _gathered(client: Client, begun: AlertTest) -> list[IncidentView]:
    """The incidents of the test, once all its alerts are in them."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + _PATIENCE_S
    while True:
        found = [one for one in await client.incidents() if one.test]
        ours = [one for one in found if await _is_of(client, one, begun.id)]
        if sum(len(one.alerts) for one in ours) >= begun.alerts or loop.time() > deadline:
            return ours
        await asyncio.sleep(0.2)


async def _is_of(client: Client, incident: IncidentView, key: str) -> bool:
    detail = await client.incident(incident.id)
    marks = (alert.labels.get("test_id", "") for alert in detail.alerts[:1])
    return any(mark.partition(".")[0] == key for mark in marks)


def _tell_live(begun: AlertTest, incidents: list[IncidentView], lasts: int) -> None:
    say(Cell("✓", "up"), f"{begun.alerts} test alerts fire:", Cell(begun.id, "bold"))
    rows: list[list[Cell | str]] = [
        [one.id, one.title, one.severity, str(len(one.alerts))]
        for one in sorted(incidents, key=lambda one: -len(one.alerts))[:_SHOWN]
    ]
    write_table(["INCIDENT", "TITLE", "SEVERITY", "ALERTS"], rows, "no incident yet")
    say(f"they resolve by themselves in {span(lasts)}")
