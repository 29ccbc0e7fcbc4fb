"""`python -m tui --socket PATH`: start the dashboard, or draw a picture of it.

`tocsin tui` starts this in a process of its own, so that the commands never import Textual.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from pathlib import Path

from daemon.client import find_socket
from tui.ringing import Ringing, parse_ringing


def _size(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"(\d{2,3})x(\d{1,3})", text)
    if found is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no size; write it as 120x40")
    return int(found[1]), int(found[2])


def _ringing(text: str) -> Ringing:
    try:
        return parse_ringing(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def arguments() -> argparse.ArgumentParser:
    """What the command understands."""
    parser = argparse.ArgumentParser(prog="tocsin tui", description="The dashboard.")
    parser.add_argument("--socket", type=Path, help="the daemon's socket")
    parser.add_argument("--picture", type=Path, metavar="FILE.svg", help="draw once and end")
    parser.add_argument("--size", type=_size, default=(120, 40), help="of the picture: 120x40")
    parser.add_argument(
        "--screen",
        choices=(
            "opening",
            "overview",
            "incidents",
            "incident",
            "checks",
            "silences",
            "sla",
            "oncall",
            "channels",
            "analysis",
        ),
        default="opening",
        help="which screen to draw",
    )
    parser.add_argument(
        "--notify",
        type=_ringing,
        metavar="off|bell|osc9|osc777",
        default=os.environ.get("TOCSIN_NOTIFY") or Ringing.BELL,
        help="how a new page is announced outside of the dashboard",
    )
    parser.add_argument("--light", action="store_true", help="with the light theme")
    return parser


def main() -> int:
    """Run; the exit code is 0, or 2 when the arguments or the terminal do not allow it."""
    given = arguments().parse_args()
    socket = find_socket(given.socket)
    if given.picture is not None:
        from tui.picture import draw

        return draw(socket, given.picture, given.size, given.screen, light=given.light)
    # Textual reads from stdin and draws on stderr.
    if not all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)):
        sys.stderr.write("tocsin tui: this is no terminal; try `tocsin status` or `watch`\n")
        return 2
    from tui.app import Dashboard
    from tui.drawing.theme import LIGHT

    app = Dashboard(socket, colour="NO_COLOR" not in os.environ, ringing=given.notify)
    if given.light:
        app.theme = LIGHT.name
    app.run()
    return app.return_code or 0


if __name__ == "__main__":
    sys.exit(main())
