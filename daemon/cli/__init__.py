"""The command line, `tocsin`: asks the daemon over its socket and shows the answer.

Every command imports what it needs when it runs, so that a shell's prompt or a script
does not wait for what it has no use for. What goes wrong is told in one line each on standard
error:

    exit 0  good                    1  a negative answer: something fires, an SLA is missed
         2  bad input or file       3  no daemon        4  refused
"""

from __future__ import annotations

import sys


def main() -> None:
    """The program `tocsin`."""
    import io

    from daemon.cli.app import run

    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # None where the shell closed it
            stream.reconfigure(errors="replace")  # a terminal without our glyphs shows "?"
    sys.exit(run(sys.argv[1:]))
