"""What the configuration says of a program that is told."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, ClassVar, Final, Literal

from pydantic import Field, SecretStr, ValidationInfo, field_validator

from checks.spec import Secret
from daemon.notify.spec.base import CONTROLS, ChannelSpec

_HANDED_ON: Final = ("HOME", "LANG")


class ExecSpec(ChannelSpec):
    """`kind = "exec"`: a program gets the incident as JSON on its standard input.

    Attributes:
        env: Added to its environment, which else is `PATH`, `HOME` and `LANG`.
        run: The program, by its whole path or its name in `PATH`, and its arguments.
    """

    digests: ClassVar[bool] = False

    kind: Literal["exec"] = "exec"
    env: dict[str, Secret] = Field(default_factory=dict)
    run: Annotated[tuple[str, ...], Field(min_length=1, max_length=100)]

    @field_validator("env")
    @classmethod
    def _env_is_usable(cls, env: dict[str, SecretStr]) -> dict[str, SecretStr]:
        return usable_env(env)

    @field_validator("run")
    @classmethod
    def _run_is_usable(cls, run: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        return usable_run(run, info.data.get("env", {}))


def usable_env(env: dict[str, SecretStr]) -> dict[str, SecretStr]:
    """The variables, if a program can be given them.

    Raises:
        ValueError: It cannot; the message repeats no value.
    """
    for name, value in env.items():
        if not name or "=" in name or CONTROLS.search(name):
            raise ValueError("a variable's name is not empty and holds no = or control")
        if "\0" in value.get_secret_value():
            raise ValueError(f"the value of the variable {name} holds a NUL character")
    return env


def usable_run(run: tuple[str, ...], env: Mapping[str, SecretStr]) -> tuple[str, ...]:
    """The program and its arguments, if it can be run with these variables.

    Raises:
        ValueError: It cannot; the message shows the mend.
    """
    if any("\0" in word for word in run):
        raise ValueError("an argument cannot hold a NUL character")
    path = env["PATH"].get_secret_value() if "PATH" in env else None
    if problem := _program_problem(run[0], path or search_path()):
        raise ValueError(problem)
    return run


def small_environment(added: Mapping[str, SecretStr]) -> dict[str, str]:
    """What a program sees of our own environment, nothing that holds secrets, and what is added."""
    ours = {name: os.environ[name] for name in _HANDED_ON if name in os.environ}
    return {"PATH": search_path(), **ours} | {n: v.get_secret_value() for n, v in added.items()}


def search_path() -> str:
    """Where programs are looked for: our own `PATH`, or the system's usual places."""
    return os.environ.get("PATH") or os.defpath


def _program_problem(program: str, path: str) -> str | None:
    """Why this program cannot be run, and the mend; None if it can."""
    if CONTROLS.search(program) or not program.strip():
        return 'the program has no name; write it like ["/usr/local/bin/page", "--now"]'
    if "/" not in program:
        found = shutil.which(program, path=path)
        mend = "write its whole path, or install it"
        return None if found else f'there is no program "{program}" in PATH; {mend}'
    if not Path(program).is_absolute():
        return f'"{program}" is relative to nothing; write its whole path'
    if not Path(program).is_file():
        return f"there is no program {program}; check the path"
    if not os.access(program, os.X_OK):
        return f"{program} may not be executed by this user; chmod +x it"
    return None
