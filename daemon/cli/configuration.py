"""`config check|show|init|schema` and `reload`."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from daemon.cli.arguments import Argument, Commands, Option
from daemon.cli.ask import answer, ask, say, write, write_json
from daemon.cli.options import Config, Format, Output, Socket
from daemon.cli.stop import Exit, Stop
from daemon.cli.table import Cell, scrub

if TYPE_CHECKING:
    from daemon.config import Config as Loaded
    from daemon.config import Problem

File = Annotated[Path | None, Argument("[FILE]", "Instead of the one in use.")]


def _load(file: Path | None) -> Loaded:
    from daemon.config import find_config, load

    return load(find_config(file))


def check(file: File = None, config: Config = None, output: Format = Output.TABLE) -> int:
    """Read the configuration and tell everything that is wrong with it; exit 2 if anything is.
    A warning (a route that no alert reaches) is told too, and leaves it good.

    Example: tocsin config check ./config.toml
    """
    from daemon.config import ConfigError

    try:
        loaded = _load(file or config)
    except ConfigError as error:
        if output is Output.JSON:
            write_json({"good": False, "problems": _as_json(error.problems), "warnings": []})
        raise Stop(*map(str, error.problems)) from None
    plan = loaded.plan
    counts = {
        "checks": len(plan.checks),
        "services": len(plan.services),
        "rules": len(plan.rules),
        "channels": len(plan.channels),
        "slas": len(plan.slas),
    }
    listed = ", ".join(_counted(count, name) for name, count in counts.items())
    files = ", ".join(map(str, loaded.files))
    warnings = _as_json(loaded.warnings)
    result = {
        "good": True,
        "problems": [],
        "warnings": warnings,
        "files": list(map(str, loaded.files)),
        **counts,
    }

    def show_it() -> None:
        for one in loaded.warnings:
            say(Cell("! warning", "degraded"), str(one))
        say(Cell("✓ good", "up"), f"{files}: {listed}")

    answer(output, result, show_it)
    return Exit.GOOD


def _counted(count: int, names: str) -> str:
    """`1 check`, `2 checks`, `1 SLA`."""
    words = names.replace("sla", "SLA")
    return f"{count} {words.removesuffix('s') if count == 1 else words}"


def _as_json(problems: Iterable[Problem]) -> list[dict[str, Any]]:
    return [
        {
            "file": str(one.file),
            "line": one.line,
            "key": one.key,
            "message": one.message,
            "hint": one.hint,
        }
        for one in problems
    ]


def show(file: File = None, config: Config = None, output: Format = Output.TABLE) -> None:
    """Print the effective configuration: all files, defaults filled in, secrets hidden.

    Example: tocsin config show
    """
    from daemon.config import ConfigError

    try:
        loaded = _load(file or config)
    except ConfigError as error:
        raise Stop(*map(str, error.problems)) from None
    from daemon.config.dumping import as_tables, dump

    if output is Output.JSON:
        write_json(_floats(as_tables(loaded)))
    else:
        write(dump(loaded))


def _floats(value: Any) -> Any:
    """The same with numbers JSON has."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, dict):
        return {key: _floats(one) for key, one in value.items()}
    return [_floats(one) for one in value] if isinstance(value, list) else value


def init(
    file: Annotated[Path, Argument("[FILE]")] = Path("config.toml"),
    force: Annotated[bool, Option(("--force",), "", "Replace what is there.")] = False,
    output: Format = Output.TABLE,
) -> None:
    """Write a configuration to begin with; it monitors this machine.

    Example: tocsin config init && tocsin up
    """
    from importlib import resources

    text = resources.files("daemon.config").joinpath("starter.toml").read_text("utf-8")
    try:
        with file.open("w" if force else "x", encoding="utf-8") as target:
            target.write(text)
    except FileExistsError:
        raise Stop(f"{file} exists already; --force replaces it") from None
    except OSError as error:
        raise Stop(f"{file} cannot be written: {error.strerror}") from None
    words = f"wrote {file}; check it with `tocsin config check {file}`"
    answer(output, {"path": str(file.absolute())}, lambda: say(words))


def schema(output: Format = Output.JSON) -> None:
    """Print the JSON Schema of the configuration, for editors; it is JSON in any case.

    Example: tocsin config schema > tocsin.schema.json
    """
    from daemon.config import schema as make

    del output  # accepted, as everywhere
    write_json(make())


def reload(socket: Socket = None, config: Config = None, output: Format = Output.TABLE) -> None:
    """Have the daemon read its configuration again; a bad one changes nothing, exit 2.

    Example: tocsin reload
    """
    done = ask(socket, config, lambda client: client.reload())
    answer(output, done, lambda: say("reloaded:", str(done.get("summary", "done"))))
    for one in done.get("incidents") or []:
        words = scrub(f"incident {one['incident']}: {one['text']}")
        sys.stderr.write(f"tocsin: {words}\n")
    restart = done.get("restart") or []
    if restart:
        late = scrub(", ".join(map(str, restart)))
        sys.stderr.write(f"tocsin: takes effect after a restart: {late}\n")


COMMANDS: Commands = {
    "config": {"check": check, "show": show, "init": init, "schema": schema},
    "reload": reload,
}
