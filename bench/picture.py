"""The README's picture: `python -m bench.picture FILE.svg`.

It starts the demo as anybody would, waits until an incident is open whose escalation runs,
has the dashboard draw itself, and ends the demo. So the picture shows what the program shows.
Fonts from elsewhere are taken out of the SVG: a picture in a README loads nothing.
"""

from __future__ import annotations

import asyncio
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

from bench.children import environment
from daemon.client import Client, ClientError

SIZE: Final = "120x40"
PATIENCE_S: Final = 60.0
SCENE_S: Final = 12.0
"""The outage has lasted: gauges have fallen, a first level was told, a second is to come."""

_FONT_FACE: Final = re.compile(r"@font-face\s*\{[^}]*\}\s*")
_FONT: Final = re.compile(r"font-family:\s*[^;]*;")
_STACK: Final = "font-family: ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace;"


def local(svg: str) -> str:
    """The picture without fonts from elsewhere."""
    return _FONT.sub(_STACK, _FONT_FACE.sub("", svg))


def _socket(demo: subprocess.Popen[str]) -> Path:
    """Where the demo's daemon listens; it says so in its greeting."""
    assert demo.stdout is not None
    for line in demo.stdout:
        found = re.search(r"TOCSIN_SOCKET=(\S+)", line)
        if found is not None:
            return Path(found[1])
    raise RuntimeError("the demo ended before it told its socket")


async def _until_escalating(socket: Path) -> None:
    """Wait for a triggered incident with a next step some seconds away.

    Raises:
        TimeoutError: There was none.
    """
    async with asyncio.timeout(PATIENCE_S), Client(socket) as client:
        while True:
            for one in await client.incidents(state="triggered"):
                if one.escalation is not None and one.escalation.next_at is not None:
                    return
            await asyncio.sleep(0.2)


def _draw(socket: Path, file: Path) -> None:
    command = ["-m", "tui", "--socket", str(socket), "--picture", str(file), "--size", SIZE]
    subprocess.run([sys.executable, *command], check=True, env=environment())
    svg = local(file.read_text(encoding="utf-8"))
    for told in (str(socket.parent), str(Path.home()), "http://fonts", "https://fonts", "url(http"):
        if told in svg:
            file.unlink()
            raise RuntimeError(f"the picture holds {told!r}")
    file.write_text(svg, encoding="utf-8")


def make(file: Path) -> None:
    """Write the picture."""
    demo = subprocess.Popen(
        [sys.executable, "-m", "daemon", "demo"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        env=environment(),
    )
    try:
        socket = _socket(demo)
        asyncio.run(_until_escalating(socket))
        time.sleep(SCENE_S)
        _draw(socket, file)
    finally:
        demo.send_signal(signal.SIGINT)
        demo.communicate(timeout=15)


def main(arguments: list[str]) -> int:
    """Make the picture; the exit code."""
    if len(arguments) != 1 or not arguments[0].endswith(".svg"):
        print("usage: python -m bench.picture FILE.svg", file=sys.stderr)
        return 2
    try:
        make(Path(arguments[0]))
    except (ClientError, TimeoutError, RuntimeError, subprocess.SubprocessError, OSError) as error:
        print(f"bench.picture: no picture: {error or type(error).__name__}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
