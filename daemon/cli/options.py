"""The options that commands share, and where they lead: to the daemon's socket."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from daemon.cli.stop import Stop


class Output(StrEnum):
    """How an answer is written."""

    TABLE = "table"
    JSON = "json"


Socket = Annotated[
    Path | None, typer.Option("--socket", metavar="PATH", help="The daemon's socket.")
]
Config = Annotated[
    Path | None, typer.Option("--config", "-c", metavar="FILE", help="The configuration.")
]
Format = Annotated[
    Output, typer.Option("--output", "-o", help="For people, or for programs.", show_default=True)
]
All = Annotated[bool, typer.Option("--all", "-a", help="Also those that are over.")]
Since = Annotated[
    str | None,
    typer.Option("--since", metavar="TIME", help='Also those since then: "2h ago", 2026-11-21.'),
]
Comment = Annotated[str, typer.Option("--message", "-m", metavar="TEXT", help="Why, in words.")]


def socket_of(socket: Path | None, config: Path | None) -> Path:
    """The socket to talk to: the named one, `[daemon] socket`, or the environment's place.

    Raises:
        Stop: The configuration that was named does not exist.
    """
    from daemon.client.paths import find_socket
    from daemon.config.paths import configured
    from daemon.config.problems import ConfigError

    if socket is not None:
        return socket
    try:
        return find_socket(configured("socket", config))
    except ConfigError as error:
        raise Stop(*map(str, error.problems)) from None


def time_of(text: str | None) -> int | None:
    """A time option in milliseconds since the epoch.

    Raises:
        Stop: It is no time.
    """
    from daemon.cli.times import now_ms, parse_time

    if text is None:
        return None
    try:
        return parse_time(text, now_ms())
    except ValueError as error:
        raise Stop(str(error)) from None


def span_of(text: str | None) -> int | None:
    """A duration option in milliseconds.

    Raises:
        Stop: It is no duration, or nothing at all.
    """
    from daemon.cli.times import parse_span

    if text is None:
        return None
    try:
        found = parse_span(text)
    except ValueError as error:
        raise Stop(str(error)) from None
    if found <= 0:
        raise Stop(f"{text!r} is no time at all; give it a length")
    return found
