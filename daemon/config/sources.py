"""Reading the files: one document out of the configuration and all that it includes.

The first stage of loading. Sections of several files are joined: arrays of tables follow
each other, named tables stand side by side, and a name or key that two files both define is
a problem that names both places. `Document` remembers where each part came from, so that
every later stage can point at a file and a line.
"""

from __future__ import annotations

import glob
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import tomli

from daemon.config.lines import KeyPath, line_of, scan
from daemon.config.problems import ConfigError, Problem, did_you_mean
from daemon.config.registry import SECTIONS, Shape

MAX_FILE_BYTES: Final = 16 * 1024 * 1024
MAX_FILES: Final = 1_000

_EXACT: Final = frozenset({"service", "sla"})
"""Sections whose numbers are kept exact: money and targets."""
_LEAVES: Final = frozenset({str, int, bool})
_SYNTAX_PLACE: Final = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")


@dataclass(frozen=True)
class Source:
    """One file that was read.

    Attributes:
        file: As the operator would name it.
        data: What `tomli` made of it.
        text: What was read.
    """

    file: Path
    data: dict[str, Any]
    text: str = field(repr=False)

    @cached_property
    def lines(self) -> Mapping[KeyPath, int]:
        """Where its keys stand; looked for when the first problem asks."""
        return scan(self.text)

    def place(self, path: KeyPath) -> str:
        """`file:line` of a key path."""
        line = line_of(self.lines, path)
        return f"{self.file}:{line}" if line is not None else f"{self.file}"


@dataclass(slots=True)
class Document:
    """All files as one document, and where each part of it came from."""

    root: Path
    data: dict[str, Any] = field(default_factory=dict)
    files: list[Path] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    unread: bool = False
    """Some file could not be read, so what it may define is not known to be missing."""
    _members: dict[tuple[str, int], tuple[Source, int]] = field(default_factory=dict)
    _owners: dict[tuple[str, str], Source] = field(default_factory=dict)

    def problem(self, path: KeyPath, message: str, hint: str = "") -> None:
        """Note that something is wrong at `path` of the joined document."""
        self.problems.append(self._problem(path, message, hint))

    def warn(self, path: KeyPath, message: str, hint: str = "") -> None:
        """Note that something at `path` can be used, but is hardly what was meant."""
        self.warnings.append(self._problem(path, message, hint))

    def _problem(self, path: KeyPath, message: str, hint: str) -> Problem:
        source, local = self.origin(path)
        if source is None:
            return Problem(self.root, None, self.written(path), message, hint)
        line = line_of(source.lines, local)
        return Problem(source.file, line, self.written(path, local), message, hint)

    def origin(self, path: KeyPath) -> tuple[Source | None, KeyPath]:
        """The file a path came from, and the path within that file."""
        if len(path) >= 2 and isinstance(path[0], str):
            section, second = path[0], path[1]
            if isinstance(second, int) and (section, second) in self._members:
                source, position = self._members[section, second]
                return source, (section, position, *path[2:])
            if isinstance(second, str) and (section, second) in self._owners:
                return self._owners[section, second], path
        return self._owners.get((str(path[0]), "")) if path else None, path

    def place(self, path: KeyPath) -> str:
        """`file:line` of a path, for messages that name a second place."""
        source, local = self.origin(path)
        return source.place(local) if source is not None else str(self.root)

    def written(self, path: KeyPath, local: KeyPath | None = None) -> str:
        """The path as an operator reads it: `check[3] "web".expect[0]`."""
        text = ""
        here: Any = self.data
        for depth, part in enumerate(path):
            shown = local[depth] if local is not None else part
            if isinstance(part, int):
                text += f"[{shown}]"
            else:
                text += f".{_quoted(part)}" if text else _quoted(part)
            here = _member(here, part)
            if isinstance(part, int) and isinstance(here, dict):
                name = here.get("name")
                text += f' "{name}"' if isinstance(name, str) else ""
        return text

    def add(self, source: Source) -> None:
        """Join a file's sections to what there is."""
        self.files.append(source.file)
        for section, value in source.data.items():
            if section == "include":
                continue
            shape = SECTIONS[section].shape if section in SECTIONS else Shape.TABLE
            if isinstance(value, dict) and shape is not Shape.ARRAY:
                self._add_table(source, section, value)
            elif isinstance(value, list) and shape is Shape.ARRAY:
                self._add_array(source, section, value)
            else:
                self._add_misshapen(source, section, value)

    def _add_table(self, source: Source, section: str, table: dict[str, Any]) -> None:
        joined = self.data.setdefault(section, {})
        if not isinstance(joined, dict):
            return
        self._owners.setdefault((section, ""), source)
        for key, value in table.items():
            if key in joined:
                self._double(source, (section, key))
            else:
                joined[key] = value
                self._owners[section, key] = source

    def _add_array(self, source: Source, section: str, members: list[Any]) -> None:
        joined = self.data.setdefault(section, [])
        if not isinstance(joined, list):
            return
        self._owners.setdefault((section, ""), source)
        for position, member in enumerate(members):
            self._members[section, len(joined)] = (source, position)
            joined.append(member)

    def _add_misshapen(self, source: Source, section: str, value: Any) -> None:
        """Keep what has the wrong shape, so that validation finds and names it."""
        self._owners.setdefault((section, ""), source)
        self.data[section] = value

    def _double(self, source: Source, path: KeyPath) -> None:
        line = line_of(source.lines, path)
        first = self.place(path)
        self.problems.append(
            Problem(
                source.file,
                line,
                self.written(path),
                f"is already defined at {first}",
                "keep one of the two",
            )
        )


def read(path: Path) -> Document:
    """Read a file and what it includes. Problems of reading are in `.problems`.

    Raises:
        ConfigError: The first file itself cannot be read or is no TOML.
    """
    document = Document(path)
    for source in _sources(path, document, []):
        document.add(source)
    if not document.files:
        raise ConfigError(document.problems)
    return document


def _sources(path: Path, document: Document, seen: list[Path]) -> Iterator[Source]:
    """The file and, after it, those it includes, depth first."""
    seen.append(path.resolve())
    source = _read_one(path, document)
    if source is None:
        document.unread = True
        return
    yield source
    for included in _includes(source, document):
        if included.resolve() in seen:
            _complain(document, source, "include", f"{included} is included twice", "name it once")
        elif len(seen) >= MAX_FILES:
            _complain(document, source, "include", f"more than {MAX_FILES} files are included")
            return
        else:
            yield from _sources(included, document, seen)


def _complain(document: Document, source: Source, key: str, message: str, hint: str = "") -> None:
    line = source.lines.get((key,))
    document.problems.append(Problem(source.file, line, key, message, hint))


def _includes(source: Source, document: Document) -> list[Path]:
    """The files that `include` names, in order; globs are sorted and may match nothing."""
    patterns = source.data.get("include", [])
    if not isinstance(patterns, list) or not all(isinstance(one, str) for one in patterns):
        _complain(document, source, "include", "must be a list of texts", 'like ["conf.d/*.toml"]')
        return []
    found: list[Path] = []
    for position, pattern in enumerate(patterns):
        if "\0" in pattern:
            _complain(document, source, f"include[{position}]", "holds a NUL character")
            continue
        base = source.file.parent / Path(pattern).expanduser()
        if glob.has_magic(pattern):
            matched = [Path(one) for one in sorted(_matching(base))]
            found.extend(one for one in matched if one.is_file())
        elif base.is_file():
            found.append(base)
        else:
            document.unread = True
            line = source.lines.get(("include", position))
            hint = _near_file(base)
            message = f"there is no file {base}"
            key = f"include[{position}]"
            document.problems.append(Problem(source.file, line, key, message, hint))
    return found


def _matching(pattern: Path) -> list[str]:
    return glob.glob(str(pattern), recursive=True)  # noqa: PTH207  # Path.glob takes no absolute pattern


def _near_file(path: Path) -> str:
    if not path.parent.is_dir():
        return f"there is no directory {path.parent} either"
    return did_you_mean(path.name, (one.name for one in path.parent.glob("*.toml")), what="files")


def _read_one(path: Path, document: Document) -> Source | None:
    """Read and parse one file, or note why it cannot be."""
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_FILE_BYTES + 1)
        text = raw.decode("utf-8")
    except OSError as error:
        document.problems.append(Problem(path, None, "", f"cannot be read: {error.strerror}"))
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        hint = "save the file as UTF-8"
        document.problems.append(Problem(path, line, "", "is not UTF-8 text", hint))
    else:
        if len(raw) <= MAX_FILE_BYTES:
            return _parse(path, text, document)
        message = f"is larger than {MAX_FILE_BYTES // 1024 // 1024} MiB"
        document.problems.append(Problem(path, None, "", message, "split it with include"))
    return None


def _parse(path: Path, text: str, document: Document) -> Source | None:
    try:
        data = tomli.loads(text, parse_float=_decimal)
    except tomli.TOMLDecodeError as error:
        message = str(error)
        place = _SYNTAX_PLACE.search(message)
        at_end = text.rstrip("\n").count("\n") + 1
        line = int(place[1]) if place and place[1] else at_end
        words = _SYNTAX_PLACE.sub("", message)
        words = words[:1].lower() + words[1:]
        hint = _syntax_mend(words, text, line)
        document.problems.append(Problem(path, line, "", f"this is no TOML: {words}", hint))
    except RecursionError:
        document.problems.append(Problem(path, None, "", "is nested too deeply"))
    except ValueError as error:  # a number of absurd length
        document.problems.append(Problem(path, None, "", f"this is no TOML: {error}"))
    else:
        return Source(path, {key: _inexact(key, value) for key, value in data.items()}, text)
    return None


def _syntax_mend(complaint: str, text: str, line: int) -> str:
    """What usually is wrong with a line that is no TOML."""
    rows = text.split("\n")
    row = rows[line - 1].strip() if line <= len(rows) else ""
    if "overwrite" in complaint or "twice" in complaint:
        what = row.partition("=")[0].strip()
        return f"{what} is already defined further up; keep one of the two"
    if complaint.startswith("illegal character '\\n'"):
        return "a text ends with the quote it begins with, on the same line"
    if row.startswith("\ufeff"):
        return "save the file without a byte order mark"
    key, equals, value = row.partition("=")
    value = value.strip()
    if equals and re.fullmatch(r"[A-Za-z_][\w./:%-]*|\d+(?:ms|[smhdw%])", value):
        return f'texts stand in quotes: {key.strip()} = "..."'  # the value may be a secret
    if equals and not value:
        return "the value is missing"
    if not equals and re.match(r"[A-Za-z_][\w-]*\s*:", row):
        return 'TOML writes key = "value", not key: value'
    return "see https://toml.io for the syntax"


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ValueError(f"{text[:40]} is no number") from None


def _inexact(section: str, value: Any) -> Any:
    return value if section in _EXACT else _floats(value)


def _floats(value: Any) -> Any:
    """The same with binary floats for decimals, as every section but a few wants them."""
    kind = type(value)
    if kind is Decimal:
        return float(value)
    if kind is dict:
        _replace_decimals(value, value.items())
    elif kind is list:
        _replace_decimals(value, enumerate(value))
    return value


def _replace_decimals(holder: Any, members: Iterable[tuple[Any, Any]]) -> None:
    """Replace them where they stand; a large configuration hardly has any."""
    for key, member in members:
        if type(member) not in _LEAVES:
            holder[key] = _floats(member)  # no key is added or taken away meanwhile


def _member(value: Any, part: str | int) -> Any:
    if isinstance(value, dict):
        return value.get(part) if isinstance(part, str) else None
    if isinstance(value, list) and isinstance(part, int) and part < len(value):
        return value[part]
    return None


def _quoted(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else f'"{key}"'
