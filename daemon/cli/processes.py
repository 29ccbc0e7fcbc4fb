"""Commands that become, or start, a process of their own: `run`, `up`, `demo`, `tui`."""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path
from typing import Annotated

from daemon import __version__
from daemon.cli.arguments import Commands, Option
from daemon.cli.options import Config, Format, Output, Socket, configured_socket, socket_of
from daemon.cli.stop import Stop

StatusLines = Annotated[
    bool, Option(("--status-lines",), "", "Print what happens on standard output.")
]

Notify = Annotated[
    str | None,
    Option(
        ("--notify",),
        "off|bell|osc9|osc777",
        "How a new page is announced outside of the dashboard; else $TOCSIN_NOTIFY, or bell.",
    ),
]


def run(config: Config = None, socket: Socket = None, status_lines: StatusLines = False) -> int:
    """Run the daemon in the foreground, until SIGINT or SIGTERM.

    Example: tocsin run --config /etc/tocsin/config.toml
    """
    gc.disable()  # until `settle_memory`: what a start imports and makes, it keeps, nearly
    from daemon.service.app import serve
    from daemon.service.process import settle_imports

    settle_imports()
    _listen_on(socket, config)
    return serve(config, status_lines=status_lines)


def up(config: Config = None, socket: Socket = None) -> int:
    """Start the daemon if none runs, then the dashboard.

    Without a terminal: the daemon, with status lines on standard output.

    Example: tocsin up
    """
    from daemon.service.up import up as start

    _listen_on(socket, config)
    return start(config)


def _listen_on(socket: Path | None, config: Path | None) -> None:
    """Make the socket that was named the one this daemon, and what it starts, comes to.

    Raises:
        Stop: The configuration says another, where its other readers would look for it.
    """
    if socket is None:
        return
    written = configured_socket(config)
    if written and Path(written).expanduser() != socket.absolute():
        raise Stop(f"the configuration has [daemon] socket = {written!r}; leave out --socket")
    os.environ["TOCSIN_SOCKET"] = str(socket.absolute())


def demo() -> int:
    """Watch a small shop fail by a script: real targets, real mails, nothing to set up.

    Example: tocsin demo
    """
    from daemon.demo import main

    return main()


def tui(socket: Socket = None, config: Config = None, notify: Notify = None) -> None:
    """Open the dashboard of the running daemon.

    Example: tocsin tui
    """
    dashboard = [sys.executable, "-P", "-m", "tui", "--socket", str(socket_of(socket, config))]
    dashboard += ["--notify", notify] if notify is not None else []
    home = str(Path(__file__).parents[2])
    paths = [home, *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    try:
        os.execve(sys.executable, dashboard, environment)  # noqa: S606  # our own interpreter, no shell
    except OSError as error:
        raise Stop(f"the dashboard cannot be started: {error.strerror}") from None


def version(output: Format = Output.TABLE) -> None:
    """Show which version this is.

    Example: tocsin version -o json
    """
    if output is Output.JSON:
        sys.stdout.write(f'{{"version": "{__version__}"}}\n')
    else:
        sys.stdout.write(f"tocsin {__version__}\n")


COMMANDS: Commands = {"run": run, "up": up, "demo": demo, "tui": tui, "version": version}
