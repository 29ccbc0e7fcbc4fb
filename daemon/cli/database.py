"""`db backup|verify|prune|forget`: through the daemon where one runs, else on the file itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from daemon.cli.arguments import Argument, Commands
from daemon.cli.ask import answer, ask, say
from daemon.cli.options import Config, Format, Output, Socket
from daemon.cli.stop import Exit, Stop
from daemon.cli.table import Cell
from daemon.cli.times import now_ms

if TYPE_CHECKING:
    from daemon.client import Client
    from daemon.core.model import Actor

T = TypeVar("T")


def backup(
    file: Annotated[Path, Argument("FILE", "Where to; must not exist yet.")],
    socket: Socket = None,
    config: Config = None,
    output: Format = Output.TABLE,
) -> None:
    """Write a consistent copy of the database to a new file.

    Example: tocsin db backup /var/backups/tocsin.db
    """

    def offline(database: Path) -> dict[str, Any]:
        from daemon.store.upkeep.care import backup as copy

        copy(database, file.absolute())
        return {"path": str(file.absolute())}

    done = _either(socket, config, lambda client: client.backup(file), offline)
    answer(output, done, lambda: say("wrote", str(done.get("path", file))))


def verify(socket: Socket = None, config: Config = None, output: Format = Output.TABLE) -> int:
    """Check the database for damage; exit 1 when there is any.

    Example: tocsin db verify
    """

    def offline(database: Path) -> dict[str, Any]:
        from daemon.store.upkeep.care import verify as look

        return {"problems": list(look(database))}

    done = _either(socket, config, lambda client: client.db_verify(), offline)
    problems = [str(one) for one in done.get("problems", [])]

    def people() -> None:
        for problem in problems:
            say(Cell("✕", "down"), problem)
        if not problems:
            say(Cell("✓ good", "up"))

    answer(output, done, people)
    return Exit.NEGATIVE if problems else Exit.GOOD


def prune(socket: Socket = None, config: Config = None, output: Format = Output.TABLE) -> None:
    """Remove measurements that are older than [retention] allows.

    Example: tocsin db prune
    """

    def offline(database: Path) -> dict[str, Any]:
        from daemon.config import find_config, load
        from daemon.store.upkeep.care import prune as remove

        return {"removed": remove(database, load(find_config(config)).retention_plan, now_ms())}

    done = _either(socket, config, lambda client: client.prune(), offline)
    answer(output, done, lambda: say(f"removed {done.get('removed', 0)} rows"))


def forget(
    name: Annotated[str, Argument("NAME", "Who: as in the configuration until now.")],
    socket: Socket = None,
    config: Config = None,
    output: Format = Output.TABLE,
) -> int:
    """Put a pseudonym in the place of a person's name, in all that is stored; no way back.

    The person must be out of the configuration. Figures stay. Without a daemon the file is made
    anew, so that nothing is left in its free pages either.

    Example: tocsin db forget marit
    """

    def offline(database: Path) -> dict[str, Any]:
        from daemon.config import find_config, load
        from daemon.store.upkeep.forget import forget as erase

        loaded = load(find_config(config))
        allowed = loaded.access.viewer + loaded.access.operator + loaded.access.admin
        if name in loaded.plan.persons or name in allowed:
            raise Stop(f"{name} is in the configuration ({loaded.path}); take them out of it first")
        pseudonym, rows = erase(database, name, _myself(), now_ms())
        return {"pseudonym": pseudonym if rows else None, "rows": rows}

    done = _either(socket, config, lambda client: client.forget(name), offline)

    def people() -> None:
        if done["rows"]:
            say(f"{done['pseudonym']} stands for {name} now, in {done['rows']} rows")
            say("backups made before still hold the name")
        else:
            say(f"nothing that is stored names {name}")

    answer(output, done, people)
    return Exit.GOOD if done["rows"] else Exit.NEGATIVE


def _myself() -> Actor:
    import os
    import pwd

    from daemon.core.model import Actor

    uid = os.getuid()
    try:
        user = pwd.getpwuid(uid).pw_name
    except KeyError:
        user = f"uid {uid}"
    return Actor(user, f"unix uid {uid}")


def _either(
    socket: Path | None,
    config: Path | None,
    online: Callable[[Client], Awaitable[dict[str, Any]]],
    offline: Callable[[Path], dict[str, Any]],
) -> dict[str, Any]:
    """Ask the daemon; without one, work on the database's file."""
    try:
        return ask(socket, config, online)
    except Stop as stop:
        if stop.code != Exit.NO_DAEMON or socket is not None:
            raise
    return on_file(config, offline)


def on_file(config: Path | None, offline: Callable[[Path], T]) -> T:
    """Work on the database's file."""
    from daemon.config import ConfigError
    from daemon.config.paths import configured, database_at
    from daemon.store.errors import StoreError

    try:
        database = database_at(configured("database", config))
        if not database.is_file():
            raise Stop(f"there is no daemon and no database {database}", code=Exit.NO_DAEMON)
        return offline(database)
    except ConfigError as error:
        raise Stop(*map(str, error.problems)) from None
    except StoreError as error:
        raise Stop(str(error)) from None
    except OSError as error:
        raise Stop(f"{error.filename or database}: {error.strerror or error}") from None


COMMANDS: Commands = {"db": {"backup": backup, "verify": verify, "prune": prune, "forget": forget}}
