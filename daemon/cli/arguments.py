"""From a command's signature to what may be written after its name, and to its help.

A command is a function whose parameters are annotated with an `Argument` or an `Option`;
what it returns is the exit code, nothing being 0. The words are taken apart by the standard
library's `getopt`: the libraries for this load for longer than a whole command takes.
"""

from __future__ import annotations

import getopt
import inspect
import sys
import textwrap
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, get_args, get_origin, get_type_hints

from daemon.cli.stop import Exit, Stop

Command = Callable[..., int | None]
Commands = Mapping[str, "Command | Mapping[str, Command]"]
"""The commands of a module by name; a group has commands of its own, that without a name for
words that are none of them."""


ITSELF: Final = ""
"""The command of a group that is meant where none of its others is named."""


@dataclass(frozen=True, slots=True)
class Argument:
    """A word that stands for itself: `metavar` as help shows it, and what it means."""

    metavar: str
    help: str = ""


@dataclass(frozen=True, slots=True)
class Option:
    """A word that is announced by one of its flags; without `metavar` it is a yes."""

    flags: tuple[str, ...]
    metavar: str
    help: str


HELP: Final = Option(("-h", "--help"), "", "Show this.")


@dataclass(frozen=True, slots=True)
class _Parameter:
    """One parameter of a command: where it is written, and what is made of it."""

    name: str
    kind: type
    many: bool
    default: Any
    place: Argument | Option

    @property
    def required(self) -> bool:
        return self.default is inspect.Parameter.empty

    @property
    def _written(self) -> str:
        """What help calls it."""
        return self.place.flags[0] if isinstance(self.place, Option) else self.place.metavar

    def made(self, text: str) -> Any:
        """The value that a word stands for.

        Raises:
            Stop: There is no such value.
        """
        if issubclass(self.kind, StrEnum):
            known = [str(one) for one in self.kind]
            if text in known:
                return self.kind(text)
            raise Stop(f"{self._written} cannot be {text!r}; it is {' or '.join(known)}")
        if self.kind is Path and text:
            return Path(text)
        if self.kind is Path:
            raise Stop(f"{self._written} is empty")
        if not _is_text(text):
            raise Stop(f"{text!r} is not UTF-8 text")
        return text


def call(command: Command, path: str, words: Sequence[str]) -> int:
    """Run a command with the words after its name; its exit code.

    Args:
        path: What stands before the words: `tocsin silence add`.

    Raises:
        Stop: The words are none that it takes.
    """
    parameters = list(_parameters(command))
    try:
        values = _values(parameters, words)
    except Stop as stop:
        raise Stop(*(f"{line}; see `{path} --help`" for line in stop.lines)) from None
    if values is None:
        sys.stdout.write(_help(command, parameters, path))
        return Exit.GOOD
    return command(**values) or Exit.GOOD


def group_help(name: str, about: str, commands: Mapping[str, Command]) -> str:
    """The help of a group of commands."""
    rows = [(one, _summary(command)) for one, command in commands.items() if one != ITSELF]
    listed = f"Commands:\n{_rows(rows)}"
    if ITSELF in commands:
        itself = commands[ITSELF]
        return f"{_help(itself, list(_parameters(itself)), f'tocsin {name}')}\n{listed}"
    return f"Usage: tocsin {name} COMMAND [OPTIONS] [ARGS]...\n\n{about}.\n\n{listed}"


def _parameters(command: Command) -> Iterator[_Parameter]:
    hints = get_type_hints(command, include_extras=True)
    for name, parameter in inspect.signature(command).parameters.items():
        written, place = get_args(hints[name])
        kinds = get_args(written) if isinstance(written, types.UnionType) else (written,)
        kind = next(one for one in kinds if one is not types.NoneType)
        many = get_origin(kind) is list
        kind = get_args(kind)[0] if many else kind
        yield _Parameter(name, kind, many, parameter.default, place)


def _values(parameters: list[_Parameter], words: Sequence[str]) -> dict[str, Any] | None:
    """What the command is called with; None if its help was asked for."""
    options = {
        flag: one for one in parameters if isinstance(one.place, Option) for flag in one.place.flags
    }
    found, plain = _taken_apart({flag: one.place for flag, one in options.items()}, words)
    if any(flag in HELP.flags for flag, _ in found):
        return None
    values: dict[str, Any] = {}
    for flag, text in found:
        one = options[flag]
        if one.many:
            values.setdefault(one.name, []).append(one.made(text))
        else:
            values[one.name] = True if one.kind is bool else one.made(text)
    _put_plain([one for one in parameters if isinstance(one.place, Argument)], plain, values)
    return {one.name: values.get(one.name, one.default) for one in parameters}


def _taken_apart(
    options: Mapping[str, Any], words: Sequence[str]
) -> tuple[list[tuple[str, str]], list[str]]:
    """The options with their texts, and the other words."""
    known = {**options, **dict.fromkeys(HELP.flags, HELP)}
    short = "".join(f[1:] + (":" if o.metavar else "") for f, o in known.items() if f[1] != "-")
    long = [f[2:] + ("=" if o.metavar else "") for f, o in known.items() if f[1] == "-"]
    try:
        return getopt.gnu_getopt(list(words), short, long)
    except getopt.GetoptError as error:
        raise Stop(_usage(error, list(known))) from None


def _usage(error: getopt.GetoptError, known: list[str]) -> str:
    import difflib

    flag = f"--{error.opt}" if len(error.opt) > 1 else f"-{error.opt}"
    if "requires argument" in error.msg:
        return f"the option {flag} needs a value"
    if "must not have" in error.msg:
        return f"the option {flag} takes no value"
    near = difflib.get_close_matches(flag, known, n=1)
    return f"there is no option {flag}" + (f", did you mean {near[0]}?" if near else "")


def _put_plain(arguments: list[_Parameter], words: list[str], values: dict[str, Any]) -> None:
    """Give the words that are no options to the arguments, in order."""
    left = list(words)
    for one in arguments:
        if one.many and left:
            values[one.name] = [one.made(text) for text in left]
            left.clear()
        elif left:
            values[one.name] = one.made(left.pop(0))
        elif one.required:
            raise Stop(f"{one.place.metavar.rstrip('.')} is missing")
    if left:
        raise Stop(f"{left[0]!r} is one word too many")


def _is_text(text: str) -> bool:
    """Whether it was UTF-8; other bytes come as lone surrogates."""
    return not any("\ud800" <= char <= "\udfff" for char in text)


def _summary(command: Command) -> str:
    return (inspect.getdoc(command) or "").partition("\n")[0].rstrip(".")


def _help(command: Command, parameters: list[_Parameter], path: str) -> str:
    options = [one.place for one in parameters if isinstance(one.place, Option)]
    arguments = [one.place for one in parameters if isinstance(one.place, Argument)]
    usage = " ".join(["Usage:", path, *(one.metavar for one in arguments), "[OPTIONS]"])
    blocks = [usage, inspect.getdoc(command) or ""]
    explained = [(one.metavar, one.help) for one in arguments if one.help]
    if explained:
        blocks.append("Arguments:\n" + _rows(explained).rstrip())
    rows = [(f"{', '.join(one.flags)} {one.metavar}".strip(), one.help) for one in [*options, HELP]]
    blocks.append("Options:\n" + _rows(rows).rstrip())
    return "\n\n".join(blocks) + "\n"


def _rows(rows: Sequence[tuple[str, str]]) -> str:
    widest = max(len(left) for left, _ in rows)
    return textwrap.indent("".join(f"{left:<{widest}}  {right}\n" for left, right in rows), "  ")
