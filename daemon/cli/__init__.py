"""The command line, `tocsin`: asks the daemon over its socket and shows the answer.

Every command imports what it needs when it runs, so that a shell's prompt or a script
does not wait for what it has no use for. What goes wrong is told in one line each on standard
error:

    exit 0  good                    1  a negative answer: something fires, an SLA is missed
         2  bad input or file       3  no daemon        4  refused
"""

from __future__ import annotations

import io
import os
import sys


def main() -> None:
    """The program `tocsin`."""
    from daemon.cli.app import run

    _open_streams()
    sys.exit(run(sys.argv[1:]))


def _open_streams() -> None:
    """Have somewhere to read from and to write to, whatever the shell closed and whichever
    glyphs it can show."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115, PTH123  # until the end
        elif mode == "w" and isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
