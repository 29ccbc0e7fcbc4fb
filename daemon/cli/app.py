"""From arguments to one command, and the one place where a failure becomes lines and a code."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from daemon import __version__
from daemon.cli.catalog import COMMANDS, Entry, help_text
from daemon.cli.stop import Exit, Stop
from daemon.cli.table import scrub, shortened

if TYPE_CHECKING:
    from daemon.cli.arguments import Commands

_INTERRUPTED = 130
"""The shell's code for a program that SIGINT ended."""

_ITSELF: Final = ""
"""See `daemon.cli.arguments`, which is loaded only with a command."""

_LONGEST_LINE = 2_000
"""How much of a complaint is shown; it may repeat what was written."""

_SHARED: Final = ("--socket", "--config", "-c", "--output", "-o")
"""The options that may stand before the command as well; each takes a value."""


def run(arguments: Sequence[str]) -> int:
    """Run one command; the exit code. Nothing ends in a traceback."""
    try:
        code = _run(list(arguments))
        sys.stdout.flush()
    except Stop as stop:
        return _told(stop.lines, stop.code)
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:
        _write_nowhere()
        return Exit.GOOD  # whoever read our output (`head`) has enough; that is no failure
    except OSError as error:
        _write_nowhere()
        where = shortened(str(error.filename or "standard output"), 200)
        return _told([f"{where}: {error.strerror or error}"], Exit.BAD_INPUT)
    except Exception as error:  # noqa: BLE001  # the last resort: a fault of ours, in one line
        return _fault_of_ours(error)
    return code


def _run(arguments: list[str]) -> int:
    before, words = _leading(arguments)
    match words:
        case []:
            if before:
                raise Stop("which command? see `tocsin --help`")
            sys.stdout.write(help_text())
        case ["help" | "-h" | "--help", *_]:
            sys.stdout.write(help_text())
        case ["--version", *_]:
            sys.stdout.write(f"tocsin {__version__}\n")
        case [name, *rest] if name in COMMANDS:
            return _command(COMMANDS[name], before, rest)
        case [name, *_]:
            raise Stop(_unknown(name, list(COMMANDS)))
    return Exit.GOOD


def _leading(words: list[str]) -> tuple[list[str], list[str]]:
    """The shared options that the words begin with, and the rest.

    Raises:
        Stop: The last of them lacks its value.
    """
    end = 0
    while end < len(words):
        word = words[end]
        if word in _SHARED:
            if end + 1 == len(words):
                raise Stop(f"the option {word} needs a value; see `tocsin --help`")
            end += 2
        elif word.startswith(tuple(f"{one}=" if one[1] == "-" else one for one in _SHARED)):
            end += 1  # --socket=PATH, -ojson
        else:
            break
    return words[:end], words[end:]


def _command(entry: Entry, before: list[str], words: list[str]) -> int:
    """Load the module that has the command, and run it."""
    import importlib

    from daemon.cli.arguments import call, group_help

    commands: Commands = importlib.import_module(f"daemon.cli.{entry.module}").COMMANDS
    found, path = commands[entry.name], f"tocsin {entry.name}"
    if isinstance(found, Mapping):
        more, words = _leading(words)
        before += more
        match words:
            case ["-h" | "--help", *_]:
                sys.stdout.write(group_help(entry.name, entry.text, found))
                return Exit.GOOD
            case [] if _ITSELF not in found:
                raise Stop(f"which of {', '.join(found)}? see `{path} --help`")
        name, words = _named(found, words)
        if name not in found:
            raise Stop(_unknown(name, list(found), path))
        found, path = found[name], f"{path} {name}".rstrip()
    return call(found, path, [*before, *words])


def _named(group: Mapping[str, object], words: list[str]) -> tuple[str, list[str]]:
    """The command of a group that the words begin with, of two words or of one, or itself."""
    for length in (2, 1):
        if len(words) >= length and " ".join(words[:length]) in group:
            return " ".join(words[:length]), words[length:]
    return (_ITSELF, words) if _ITSELF in group else (words[0], words[1:])


def _unknown(name: str, known: list[str], path: str = "tocsin") -> str:
    import difflib

    near = difflib.get_close_matches(name, known, n=1)
    mend = f"did you mean `{path} {near[0]}`?" if near else f"see `{path} --help`"
    what = "option" if name.startswith("-") else "command"
    return f"there is no {what} {name!r}; {mend}"


def _told(lines: Sequence[str], code: int) -> int:
    for line in lines:
        sys.stderr.write(f"tocsin: {shortened(scrub(line), _LONGEST_LINE)}\n")
    return code


def _fault_of_ours(error: Exception) -> int:
    """Say that this is a bug, and how to see where. Raised on when `TOCSIN_DEBUG` is set."""
    if os.environ.get("TOCSIN_DEBUG"):
        raise error
    what = f"{type(error).__name__}: {error}"
    line = f"this is a fault of tocsin itself: {what}; with TOCSIN_DEBUG=1 it says where"
    return _told([line], Exit.NEGATIVE)


def _write_nowhere() -> None:
    """Drop what is still to be written, lest Python tries once more at its end."""
    with contextlib.suppress(OSError, ValueError):  # no descriptor: a test's stream
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
