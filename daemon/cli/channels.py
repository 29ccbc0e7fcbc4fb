"""`channel list`: how the channels do; `test channel`: a test message over one, sent or shown."""

from __future__ import annotations

import getpass
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from daemon.cli import shown
from daemon.cli.arguments import Argument, Commands, Option
from daemon.cli.ask import answer, ask, say, write_table
from daemon.cli.options import Config, Format, Output, Socket
from daemon.cli.stop import Exit, Stop
from daemon.cli.table import Cell
from daemon.cli.times import age, now_ms, until

if TYPE_CHECKING:
    from daemon.api.schema import ChannelTest, ChannelView

Name = Annotated[str, Argument("NAME", "The channel.")]
DryRun = Annotated[
    bool, Option(("--dry-run",), "", "Only show what would be sent; no daemon is asked.")
]
To = Annotated[
    str | None, Option(("--to",), "ADDRESS", "Tell this address instead of the channel's own.")
]


_HEADER = ["CHANNEL", "KIND", "BREAKER", "SUCCESS", "P50", "P99", "LAST GOOD", "WAITING", "FAILURE"]


def list_channels(
    socket: Socket = None, config: Config = None, output: Format = Output.TABLE
) -> None:
    """List all channels and how each does since the daemon started.

    Example: tocsin channel list
    """
    found = ask(socket, config, lambda client: client.channels())
    rows = [_row(one, now_ms()) for one in found]
    answer(output, found, lambda: write_table(_HEADER, rows, "no channel is configured"))


def _row(one: ChannelView, now: int) -> list[Cell | str]:
    closed = one.breaker == "closed"
    waiting = str(one.waiting)
    if one.waits_for is not None and one.waits_until is not None:
        waiting += f" ({one.waits_for}, {until(one.waits_until, now)})"
    failure = f"{age(one.last_failure, now)} ago: {one.failure}" if one.failure else ""
    return [
        Cell(one.name, "bold"),
        one.kind or "gone",
        Cell(one.breaker.replace("_", "-"), "faint" if closed else "down"),
        "–" if one.success_rate is None else shown.percent(one.success_rate * 100),
        shown.latency(one.latency_p50_ms),
        shown.latency(one.latency_p99_ms),
        age(one.last_success, now),
        Cell(waiting, "degraded" if one.waiting else "faint"),
        failure,
    ]


def channel(
    name: Name,
    dry_run: DryRun = False,
    to: To = None,
    socket: Socket = None,
    config: Config = None,
    output: Format = Output.TABLE,
) -> int:
    """Send a test message over a channel, or show it; exit 1 when it was not taken.

    Example: tocsin test channel mail --to ana@example.org
    """
    if dry_run:
        told = _would_send(name, to, config)
        answer(output, told, lambda: _show(told))
        return Exit.GOOD
    found = ask(socket, config, lambda client: client.test_channel(name, to))
    answer(output, found, lambda: _tell(found))
    return Exit.GOOD if found.delivered else Exit.NEGATIVE


def _tell(found: ChannelTest) -> None:
    took = f"{found.took_ms:.0f} ms"
    if found.delivered:
        say(Cell("✓", "up"), Cell(found.channel, "bold"), f"took it in {took}: {found.detail}")
    else:
        say(Cell("✕", "down"), Cell(found.channel, "bold"), f"failed in {took}: {found.detail}")


def _would_send(name: str, to: str | None, config: Path | None) -> dict[str, Any]:
    """What the configuration makes of a test message.

    Raises:
        Stop: The configuration is bad, has no such channel, or that cannot tell the address.
    """
    from zoneinfo import ZoneInfo

    from daemon.config import ConfigError, find_config, load
    from daemon.core.errors import Refusal
    from daemon.notify.message import Composer
    from daemon.notify.preview import preview
    from daemon.notify.render import Renderer
    from daemon.notify.trial import spec_of, trial_notice

    try:
        found = load(find_config(config))
    except ConfigError as error:
        raise Stop(*map(str, error.problems)) from None
    try:
        spec = spec_of(found.channels, name)
        notice = trial_notice(spec, to, _user(), now_ms())
    except Refusal as error:
        raise Stop(str(error)) from None
    zone, url = ZoneInfo(found.daemon.timezone), found.daemon.external_url
    renderer = Renderer(spec.audience, zone, url, spec.templates)
    message = Composer(lambda: found.plan)(notice)
    return {"channel": name, "kind": spec.kind, "to": to, **preview(spec, renderer, message)}


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


def _show(told: dict[str, Any]) -> None:
    to = f"to {told['to']}" if told["to"] else ""
    say(Cell(told["channel"], "bold"), told["kind"], to, Cell("not sent", "faint"))
    for name in ("subject", "line", "text", "body"):
        if name in told:
            say(Cell(name, "faint"))
            for line in _lines(told[name]):
                say(line)


def _lines(part: Any) -> list[str]:
    if isinstance(part, str):
        return part.rstrip().splitlines()
    import msgspec

    return msgspec.json.format(msgspec.json.encode(part), indent=2).decode().splitlines()


COMMANDS: Commands = {"channel": {"list": list_channels}}
