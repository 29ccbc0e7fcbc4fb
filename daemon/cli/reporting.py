"""What the commands about reports have in common: in which form, and where to."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from daemon.cli.arguments import Option
from daemon.cli.stop import Stop


class Written(StrEnum):
    """How a report is written."""

    MD = "md"
    HTML = "html"
    CSV = "csv"
    JSON = "json"


Form = Annotated[
    Written, Option(("--format", "-f"), "FORMAT", "md, html, csv or json; md without it.")
]
Out = Annotated[Path | None, Option(("--out",), "FILE", "Where to; else to standard output.")]


def put(out: Path, text: str) -> None:
    """Write the file, whole or not at all.

    Raises:
        Stop: It cannot be written.
    """
    from daemon.report.files import put as put_whole

    try:
        put_whole(out, text)
    except OSError as error:
        raise Stop(f"{out}: cannot be written: {error.strerror or error}") from None
    sys.stdout.flush()
