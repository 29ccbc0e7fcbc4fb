"""Asking the daemon, and writing down what it answers."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from daemon.cli.options import Output, socket_of
from daemon.cli.stop import Stop
from daemon.cli.table import Cell, painted, table, terminal_columns, wants_colour

if TYPE_CHECKING:
    from daemon.client import Client

T = TypeVar("T")

# httpx brings a command line of its own and with it rich and click, half of its loading time;
# it does without where they are not there, and None is how Python says that of a module.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]  # typeshed knows no None here


def ask(socket: Path | None, config: Path | None, question: Callable[[Client], Awaitable[T]]) -> T:
    """Connect, ask, and give the answer.

    Raises:
        Stop: There is no daemon, or it refused; with the lines and the exit code for that.
    """
    from daemon.client import Client, ClientError

    async def asking() -> T:
        async with Client(socket_of(socket, config)) as client:
            return await question(client)

    try:
        return asyncio.run(asking())
    except ClientError as error:
        raise Stop(*words_of(error), code=error.exit_code) from None


def words_of(error: Exception) -> list[str]:
    """A refusal as lines: each of its faults with its place, else the whole."""
    problems = getattr(error, "problems", ())
    lines = [_fault(one) for one in problems]
    return [line for line in lines if line] or [str(error)]


def _fault(problem: Any) -> str:
    """One of several faults, as the daemon described it."""
    if "text" in problem:
        return str(problem["text"])
    place = f"{problem.get('file') or ''}"
    if problem.get("line") is not None:
        place = f"{place}:{problem['line']}" if place else f"line {problem['line']}"
    where = [str(part) for part in (place, problem.get("key") or problem.get("field")) if part]
    what = str(problem.get("message") or problem.get("detail") or "")
    hint = f"; {problem['hint']}" if problem.get("hint") else ""
    return ": ".join([*where, what]) + hint if what else ""


def write(text: str) -> None:
    """Put text on standard output."""
    sys.stdout.write(text)
    sys.stdout.flush()


def say(*cells: Cell | str) -> None:
    """Put one line on standard output, its cells side by side; empty ones take no room."""
    colour = wants_colour(sys.stdout)
    parts = (one if isinstance(one, Cell) else Cell(one) for one in cells)
    line = " ".join(painted(cell, colour=colour) for cell in parts if cell.text)
    write(line.rstrip() + "\n")


def write_new(file: Path, text: str) -> None:
    """Put text into a file that is not there yet.

    Raises:
        Stop: It is there, or cannot be written.
    """
    try:
        with file.open("x", encoding="utf-8", newline="") as opened:
            opened.write(text)
    except FileExistsError:
        raise Stop(f"{file}: exists already; name a new file") from None
    except OSError as error:
        raise Stop(f"{file}: cannot be written: {error.strerror}") from None


def write_json(value: Any) -> None:
    """Put a value of the API on standard output as JSON, for people to read too."""
    import msgspec

    text = msgspec.json.format(msgspec.json.encode(value), indent=2).decode()
    write(text + "\n")


def write_table(header: list[str], rows: list[list[Cell | str]], empty: str) -> None:
    """Put a table on standard output, or `empty` when it has no rows."""
    if not rows:
        say(Cell(empty, "faint"))
        return
    out = sys.stdout
    write(table(header, rows, colour=wants_colour(out), columns=terminal_columns(out)))


def answer(output: Output, value: Any, people: Callable[[], None]) -> None:
    """Write an answer in the form that was asked for."""
    if output is Output.JSON:
        write_json(value)
    else:
        people()
