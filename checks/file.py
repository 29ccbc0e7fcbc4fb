"""The `file` kind: whether a file is there, how old, how large, whose, and what stands in it.

With a pattern it looks at all that match: `count`, `total_bytes`, `age_s` (of the newest) and
`oldest_age_s` are of all, everything else is of the newest. Where nothing is there, conditions
that need a file fail; that nothing is there can be the good state (`expect = ["!exists"]`).

The system is asked in a thread of this check's own, because a dead network file system may
never answer: the check then says so on every run, and holds nobody else up.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import Field, field_validator

from checks.aside import Aside
from checks.condition_paths import Absent
from checks.errors import ProbeError, SpecError
from checks.file_look import Found, Wish, is_pattern, look
from checks.patterns import Pattern, compile_pattern
from checks.probe import FieldType, Kind, Order, Trace
from checks.result import Fault, Observation, Scalar
from checks.spec import CheckSpec
from checks.text import clean_lines, one_line

_OF_A_FILE: Final[Mapping[str, FieldType]] = {
    "path": "string",
    "type": "string",
    "age_s": "float",
    "oldest_age_s": "float",
    "size_bytes": "int",
    "total_bytes": "int",
    "mode": "string",
    "owner": "string",
    "group": "string",
    "sha256": "string",
    "content": "string",
    "lines": "list",
    "matches": "int",
}
"""What there is only where a file is."""
FIELDS: Final[Mapping[str, FieldType]] = {
    "exists": "bool",
    "count": "int",
    **_OF_A_FILE,
    "latency_ms": "float",
}
CONTENT_LIMIT: Final = 262_144
"""The most of a file's content that can be asked for: a condition sees it on the loop."""
LINE_LIMIT: Final = 2_000
"""How many lines are looked at: the last ones with `from_end`, else the first."""
_CONTENT: Final = frozenset({"content", "lines", "matches"})


class FileSpec(CheckSpec):
    """A file, or a pattern of files.

    Attributes:
        path: An absolute path; `*`, `?` and `[...]` match within one directory's names.
        pattern: An RE2 pattern; `matches` is how many lines of the content it is found in.
        max_content: How many bytes of the content are read.
        from_end: Read the end of the file, not its beginning.
    """

    kind: Literal["file"] = "file"
    path: Annotated[str, Field(min_length=1, max_length=4000)]
    pattern: Pattern | None = None
    max_content: Annotated[int, Field(ge=1, le=CONTENT_LIMIT)] = 65_536
    from_end: bool = False

    @field_validator("path")
    @classmethod
    def _path_is_usable(cls, path: str) -> str:
        if "\0" in path:
            raise ValueError("a path cannot hold a NUL")
        if not path.startswith(("/", "~")):
            raise ValueError("it is not absolute; begin it with / or ~")
        if "**" in path:
            raise ValueError("** is not known here; a * matches within one directory's names")
        return path


@dataclass(frozen=True, slots=True)
class _Reading:
    """What was read, as text. `matches` is None without a pattern."""

    text: str
    lines: list[str]
    matches: int | None


class FileProbe:
    """Looks at one path or pattern."""

    def __init__(self, order: Order) -> None:
        spec: FileSpec = order.spec
        wanted = order.wanted
        if "matches" in wanted and spec.pattern is None:
            raise SpecError("pattern", "a condition names matches; say of what, by a pattern")
        reads = spec.pattern is not None or bool(wanted & _CONTENT)
        self._spec = spec
        self._pattern = None if spec.pattern is None else compile_pattern(spec.pattern)
        self._wish = Wish(
            path=_expanded(spec.path),
            names=bool(wanted & {"owner", "group"}),
            digest="sha256" in wanted,
            content=spec.max_content if reads else 0,
            from_end=spec.from_end,
        )
        self._must_exist = not spec.expect
        self._aside = Aside(f"file {one_line(spec.path, 100)}")

    async def observe(self, trace: Trace) -> Observation:
        """Look once."""
        trace.enter("look")
        if self._aside.busy:
            words = f"{self._spec.path} has not answered since an earlier run"
            raise ProbeError(Fault.TIMEOUT, words)
        stop = threading.Event()
        try:
            found = await self._aside.call(lambda: self._look(stop))
        except asyncio.CancelledError:
            stop.set()
            raise
        return self._nothing(trace) if found is None else self._something(*found, trace)

    def _nothing(self, trace: Trace) -> Observation:
        latency_ms = trace.finish()
        path = self._spec.path
        words = f"nothing matches {path}" if is_pattern(path) else f"{path} does not exist"
        absent = dict.fromkeys(_OF_A_FILE, Absent(words))
        return Observation(
            fields={**absent, "exists": False, "count": 0, "latency_ms": latency_ms},
            latency_ms=latency_ms,
            phases=trace.phases,
            metrics={"exists": False, "count": 0},
            fault=Fault.CONDITION if self._must_exist else None,
            message=words,
        )

    def _something(self, found: Found, reading: _Reading | None, trace: Trace) -> Observation:
        now_s = time.time()
        metrics: dict[str, Scalar] = {
            "exists": True,
            "count": found.count,
            "age_s": now_s - found.newest_s,
            "oldest_age_s": now_s - found.oldest_s,
            "size_bytes": found.size_bytes,
            "total_bytes": found.total_bytes,
        }
        fields: dict[str, Any] = {
            **metrics,
            "path": one_line(found.path, 4000),
            "type": found.sort,
            "mode": found.mode,
        }
        if self._wish.names:
            fields |= {"owner": found.owner, "group": found.group}
        if found.sha256 is not None:
            fields["sha256"] = found.sha256
        if reading is not None:
            fields |= {"content": reading.text, "lines": reading.lines}
            if reading.matches is not None:
                fields["matches"] = metrics["matches"] = reading.matches
        latency_ms = fields["latency_ms"] = trace.finish()
        return Observation(
            fields=fields,
            latency_ms=latency_ms,
            phases=trace.phases,
            metrics=metrics,
            message=_words(found, now_s),
        )

    def _look(self, stop: threading.Event) -> tuple[Found, _Reading | None] | None:
        """In the thread: all that may take time."""
        found = look(self._wish, stop)
        if found is None:
            return None
        return found, None if found.content is None else self._reading(found.content)

    def _reading(self, content: bytes) -> _Reading:
        text = clean_lines(content.decode("utf-8", "replace"), self._spec.max_content)
        whole = text.splitlines()
        lines = whole[-LINE_LIMIT:] if self._spec.from_end else whole[:LINE_LIMIT]
        pattern = self._pattern
        matches = (
            None if pattern is None else sum(pattern.search(line) is not None for line in lines)
        )
        return _Reading(text, lines, matches)

    async def close(self) -> None:
        """Nothing is kept between runs."""


def _expanded(path: str) -> str:
    """The path with the home directory it begins with.

    Raises:
        SpecError: There is no such home.
    """
    try:
        return str(Path(path).expanduser()) if path.startswith("~") else path
    except RuntimeError:
        raise SpecError("path", f"{path}: the home directory is not known") from None


def _words(found: Found, now_s: float) -> str:
    age = f"{_span(now_s - found.newest_s)} old, {found.size_bytes} bytes"
    if found.count == 1:
        return f"{found.path}: {age}"
    return f"{found.count} match; the newest is {found.path}: {age}"


def _span(seconds: float) -> str:
    """A span for a message: `40 s`, `12 min`, `5 h`, `3 d`."""
    for unit, length_s in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * length_s:
            return f"{seconds / length_s:.0f} {unit}"
    return f"{seconds:.0f} s"


KIND: Final = Kind(name="file", spec=FileSpec, fields=FIELDS, make=FileProbe, remote=False)
