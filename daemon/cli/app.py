"""From arguments to one command, and the one place where a failure becomes lines and a code."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from daemon import __version__
from daemon.cli.catalog import COMMANDS, help_text
from daemon.cli.stop import Exit, Stop
from daemon.cli.table import scrub

_INTERRUPTED = 130
"""The shell's code for a program that SIGINT ended."""


def run(arguments: Sequence[str]) -> int:
    """Run one command; the exit code. Nothing ends in a traceback."""
    try:
        match list(arguments):
            case [] | ["help" | "-h" | "--help", *_]:
                sys.stdout.write(help_text())
            case ["--version"] | ["version"]:
                sys.stdout.write(f"tocsin {__version__}\n")
            case [name, *_] if name in COMMANDS:
                return _command(COMMANDS[name].module, arguments)
            case [name, *_]:
                return _unknown(name)
        sys.stdout.flush()
    except Stop as stop:
        return _told(stop.lines, stop.code)
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:
        return _reader_left()
    except Exception as error:  # noqa: BLE001  # the last resort: a fault of ours, in one line
        return _fault_of_ours(error)
    return Exit.GOOD


def _command(module: str, arguments: Sequence[str]) -> int:
    """Load the module that has the command, and let typer do the rest."""
    import importlib

    import typer

    app = typer.Typer(
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_nothing)  # else typer makes a module's only command the whole program
    importlib.import_module(f"daemon.cli.{module}").register(app)
    try:
        code = typer.main.get_command(app).main(
            list(arguments), prog_name="tocsin", standalone_mode=False
        )
    except typer.Abort:
        return _INTERRUPTED
    except Exception as error:
        if not _is_usage(error):
            raise
        return _told([_usage(error)], Exit.BAD_INPUT)
    return code if isinstance(code, int) else Exit.GOOD


def _nothing() -> None:
    """No options stand before the command."""


def _is_usage(error: Exception) -> bool:
    """Whether typer found fault with the arguments. Which package its errors come from
    depends on its version, so they are known by the base of their base."""
    import typer

    return any(kind.__name__ == "ClickException" for kind in type(error).__mro__) or isinstance(
        error, typer.BadParameter
    )


def _usage(error: Exception) -> str:
    """A fault of the arguments in one line, with where to look it up."""
    message = str(getattr(error, "format_message", lambda: str(error))()).rstrip(".")
    context = getattr(error, "ctx", None)
    path = getattr(context, "command_path", "tocsin")
    where = f"see `{path} --help`"
    return f"{' '.join(message.split())}; {where}" if message else where


def _unknown(name: str) -> int:
    import difflib

    near = difflib.get_close_matches(name, COMMANDS, n=1)
    mend = f"did you mean `tocsin {near[0]}`?" if near else "see `tocsin --help`"
    what = "option" if name.startswith("-") else "command"
    return _told([f"there is no {what} {name!r}; {mend}"], Exit.BAD_INPUT)


def _told(lines: Sequence[str], code: int) -> int:
    for line in lines:
        sys.stderr.write(f"tocsin: {scrub(line)}\n")
    return code


def _fault_of_ours(error: Exception) -> int:
    """Say that this is a bug, and how to see where. Raised on when `TOCSIN_DEBUG` is set."""
    if os.environ.get("TOCSIN_DEBUG"):
        raise error
    what = f"{type(error).__name__}: {error}"
    line = f"this is a fault of tocsin itself: {what}; with TOCSIN_DEBUG=1 it says where"
    return _told([line], Exit.NEGATIVE)


def _reader_left() -> int:
    """Whoever read our output (`head`) has enough; that is no failure."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return Exit.GOOD
