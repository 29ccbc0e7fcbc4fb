"""What the configuration says of a log."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from daemon.notify.spec.base import ChannelSpec


class LogSpec(ChannelSpec):
    """`kind = "log"`: a line a notice on the daemon's standard output (the journal).

    Attributes:
        file: Append the lines to this file instead.
        format: `text` for people, `json` for the same body as a webhook's.
    """

    kind: Literal["log"] = "log"
    file: Path | None = None
    format: Literal["text", "json"] = "text"
