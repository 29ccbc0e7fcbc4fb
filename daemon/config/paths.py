"""Where the configuration, the socket and the database are, from arguments and environment.

Used by the daemon, and by every command that only wants to find the daemon; so it reads of
the configuration no more than two keys, and imports nothing dear.
"""

from __future__ import annotations

import errno
import glob
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import tomli

from daemon.config.problems import ConfigError, Problem

if TYPE_CHECKING:
    from daemon.config.loading import Config

_HEADER: Final = re.compile(r"\s*\[+\s*([^\]]*?)\s*\]")
_INCLUDE_LINES: Final = 50
"""A list of included files is no longer than this."""


def config_candidates() -> Iterator[Path]:
    """The places for the configuration when none is named, the best first."""
    yield Path("config.toml")
    home = os.environ.get("XDG_CONFIG_HOME")
    yield Path(home or os.path.expanduser("~/.config")) / "tocsin" / "config.toml"  # noqa: PTH111  # leaves ~ where there is no home
    yield Path("/etc/tocsin/config.toml")


def find_config(explicit: Path | None = None) -> Path:
    """The configuration to use: the named one, `$TOCSIN_CONFIG`, or the first there is.

    Raises:
        ConfigError: The named one does not exist, or there is none in any place.
    """
    named = explicit or _from_environment()
    if named is not None:
        if _is_file(named):
            return named
        where = "--config" if explicit else "$TOCSIN_CONFIG"
        hint = f"check the path given with {where}"
        raise ConfigError([Problem(named, None, "", _why_not(named), hint)])
    candidates = list(config_candidates())
    for path in candidates:
        if _is_file(path):
            return path
    looked = ", ".join(str(path) for path in candidates[1:])
    hint = f"looked also in {looked}; `tocsin config init` writes one"
    raise ConfigError([Problem(candidates[0], None, "", "there is no configuration", hint)])


def _is_file(path: Path) -> bool:
    """Whether there is a regular file that this user can come to."""
    return os.path.isfile(path)  # noqa: PTH113  # Path.is_file raises where a directory is closed


def _why_not(path: Path) -> str:
    try:
        path.stat()
    except PermissionError as error:
        return f"cannot be read: {error.strerror}"
    except (OSError, ValueError):
        return "there is no such file"
    return "is a directory, not a file" if path.is_dir() else "is no regular file"


def _from_environment() -> Path | None:
    named = os.environ.get("TOCSIN_CONFIG")
    return Path(os.path.expanduser(named)) if named else None  # noqa: PTH111  # leaves ~ where there is no home


def socket_path(config: Config | None = None) -> Path:
    """The daemon's socket: `[daemon] socket`, or the environment's first place."""
    from daemon.client.paths import find_socket  # dear: its package loads the whole client

    return find_socket(config.daemon.socket if config is not None else None)


def database_path(config: Config | None = None) -> Path:
    """The daemon's database: `[daemon] database`, `$STATE_DIRECTORY`, `$XDG_STATE_HOME`."""
    return database_at(config.daemon.database if config is not None else None)


def database_at(explicit: Path | str | None) -> Path:
    """The named database, or the environment's place for it.

    Raises:
        FileNotFoundError: It would be below a home directory, and there is none.
    """
    if explicit:
        return Path(explicit).expanduser()
    if state := os.environ.get("STATE_DIRECTORY", "").split(":")[0]:
        return Path(state) / "tocsin.db"
    home = os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")  # noqa: PTH111  # likewise
    if home.startswith("~"):
        words = "there is no home directory; set [daemon] database"
        raise FileNotFoundError(errno.ENOENT, words, "the database")
    return Path(home) / "tocsin" / "tocsin.db"


def configured(key: str, explicit: Path | None = None) -> str | None:
    """`[daemon] KEY` without validating anything: for commands that only look for a daemon.

    None when it is not set. Finding the daemon must also work beside a configuration that is
    being edited, so of a file that is no TOML the lines of `[daemon]` are looked through.

    Raises:
        ConfigError: The configuration that was named does not exist, or cannot be read.
    """
    try:
        path = find_config(explicit)
    except ConfigError:
        if explicit is not None:
            raise
        return None
    try:
        raw = path.read_bytes()
    except OSError as error:
        if explicit is None and _from_environment() is None:
            return None  # the system's own, not for this user; the environment knows a place
        hint = "whose user may read it? Or name the socket with --socket"
        words = f"cannot be read: {error.strerror}"
        raise ConfigError([Problem(path, None, "", words, hint)]) from None
    return _look_up(path, raw, key, set())


def _look_up(path: Path, raw: bytes, key: str, seen: set[Path]) -> str | None:
    seen.add(path.resolve())
    # Parsing a large file takes long; most have neither key nor another file to look in.
    if key.encode() not in raw and b"include" not in raw:
        return None
    text = raw.decode("utf-8", errors="replace")
    try:
        data = tomli.loads(text)
    except (ValueError, RecursionError):
        data = _readable(text, key)
    found = _text(data.get("daemon"), key)
    for included in _included(path, data.get("include")):
        found = found or _look_into(included, key, seen)
    return found


def _look_into(path: Path, key: str, seen: set[Path]) -> str | None:
    """As `_look_up` for an included file, which may be missing."""
    try:
        return None if path.resolve() in seen else _look_up(path, path.read_bytes(), key, seen)
    except OSError:
        return None


def _readable(text: str, key: str) -> dict[str, Any]:
    """`include` and `[daemon] KEY` of a text that is no TOML as a whole: whichever of their
    lines, or of the lines that an include spans, are TOML by themselves."""
    found: dict[str, Any] = {}
    table = ""
    lines = text.splitlines()
    for number, line in enumerate(lines):
        if header := _HEADER.match(line):
            table = header[1]
        elif table == "" and line.lstrip().startswith("include"):
            found |= _first_toml(lines[number : number + _INCLUDE_LINES])
        elif table == "daemon" and line.lstrip().startswith(key):
            found["daemon"] = found.get("daemon", {}) | _first_toml([line])
    return found


def _first_toml(lines: list[str]) -> dict[str, Any]:
    """What the fewest of these lines say that are TOML; empty if none are."""
    for end in range(1, len(lines) + 1):
        try:
            return tomli.loads("\n".join(lines[:end]))
        except (ValueError, RecursionError):
            continue
    return {}


def _text(table: Any, key: str) -> str | None:
    value = table.get(key) if isinstance(table, dict) else None
    return value if isinstance(value, str) else None


def _included(path: Path, patterns: Any) -> Iterator[Path]:
    for pattern in patterns if isinstance(patterns, list) else []:
        if isinstance(pattern, str) and "\0" not in pattern:
            base = str(path.parent / Path(pattern).expanduser())
            found = glob.glob(base, recursive=True)  # noqa: PTH207  # Path.glob takes no absolute pattern
            yield from map(Path, sorted(found))
