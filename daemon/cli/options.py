"""The options that commands share, and where they lead: to the daemon's socket."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

from daemon.cli.arguments import Option
from daemon.cli.stop import Stop


class Output(StrEnum):
    """How an answer is written."""

    TABLE = "table"
    JSON = "json"


Socket = Annotated[Path | None, Option(("--socket",), "PATH", "The daemon's socket.")]
Config = Annotated[Path | None, Option(("--config", "-c"), "FILE", "The configuration.")]
Format = Annotated[
    Output, Option(("--output", "-o"), "FORMAT", "table for people, json for programs.")
]
All = Annotated[bool, Option(("--all", "-a"), "", "Also those that are over.")]
Since = Annotated[
    str | None,
    Option(("--since",), "TIME", 'Also those since then: "2h ago", 2026-11-21.'),
]
Comment = Annotated[str, Option(("--message", "-m"), "TEXT", "Why, in words.")]


def socket_of(socket: Path | None, config: Path | None) -> Path:
    """The socket to talk to: the named one, `[daemon] socket`, or the environment's place.

    Raises:
        Stop: The configuration that was named does not exist.
    """
    from daemon.client.paths import find_socket

    return socket if socket is not None else find_socket(configured_socket(config))


def configured_socket(config: Path | None) -> str | None:
    """`[daemon] socket`, where it is set.

    Raises:
        Stop: The configuration that was named does not exist.
    """
    from daemon.config.paths import configured
    from daemon.config.problems import ConfigError

    try:
        return configured("socket", config)
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
