"""The command line, `tocsin`: asks the daemon over its socket and shows the answer.

Every command imports what it needs when it runs, so that `tocsin --help` and a shell's
prompt cost nothing but typer. What goes wrong is told in one line each on standard error:

    exit 0  good                    1  a negative answer: something fires, an SLA is missed
         2  bad input or file       3  no daemon        4  refused
"""

from __future__ import annotations

import sys


def main() -> None:
    """The program `tocsin`."""
    from daemon.cli.app import run

    sys.exit(run(sys.argv[1:]))
