"""Commands that become, or start, a process of their own: `run`, `up`, `demo`, `tui`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from daemon import __version__
from daemon.cli.options import Config, Format, Output, Socket, socket_of
from daemon.cli.stop import Stop

StatusLines = Annotated[
    bool, typer.Option("--status-lines", help="Print what happens on standard output.")
]


def register(app: typer.Typer) -> None:
    """Add these commands."""
    for command in (run, up, demo, tui, version):
        app.command()(command)


def run(config: Config = None, status_lines: StatusLines = False) -> int:
    """Run the daemon in the foreground, until SIGINT or SIGTERM.

    \b
    Example: tocsin run --config /etc/tocsin/config.toml
    """
    from daemon.service.app import serve

    return serve(config, status_lines=status_lines)


def up(config: Config = None) -> int:
    """Start the daemon if none runs, then the dashboard.

    Without a terminal: the daemon, with status lines on standard output.

    \b
    Example: tocsin up
    """
    from daemon.service.up import up as start

    return start(config)


def demo() -> int:
    """Watch a small shop fail by a script: real targets, real mails, nothing to set up.

    \b
    Example: tocsin demo
    """
    from daemon.demo import main

    return main()


def tui(socket: Socket = None, config: Config = None) -> None:
    """Open the dashboard of the running daemon.

    \b
    Example: tocsin tui
    """
    dashboard = [sys.executable, "-P", "-m", "tui", "--socket", str(socket_of(socket, config))]
    home = str(Path(__file__).parents[2])
    paths = [home, *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    try:
        os.execve(sys.executable, dashboard, environment)  # noqa: S606  # our own interpreter, no shell
    except OSError as error:
        raise Stop(f"the dashboard cannot be started: {error.strerror}") from None


def version(output: Format = Output.TABLE) -> None:
    """Show which version this is.

    \b
    Example: tocsin version -o json
    """
    if output is Output.JSON:
        sys.stdout.write(f'{{"version": "{__version__}"}}\n')
    else:
        sys.stdout.write(f"tocsin {__version__}\n")
