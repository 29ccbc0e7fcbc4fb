"""What every check's configuration has in common, and the types its fields are made of.

A kind's own spec derives from `CheckSpec` and stands in the kind's file beside its probe.
Specs are pydantic models because they stand at a border: the configuration file.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

from checks.durations import parse_duration

Duration = Annotated[
    int,
    BeforeValidator(parse_duration),
    Field(
        ge=0, json_schema_extra={"type": "string", "examples": ["250ms", "30s", "5m", "2h", "7d"]}
    ),
]
"""A span in milliseconds, written as text. (Defaults in code are milliseconds as int.)"""


def _read_secret(value: object) -> object:
    """Replace `{ env = }`, `{ file = }` or `{ credential = }` by the secret it names."""
    if not isinstance(value, dict):
        return value
    if len(value) != 1 or next(iter(value)) not in {"env", "file", "credential"}:
        raise ValueError(
            'a secret is { env = "NAME" }, { file = "/path" } or { credential = "name" }'
        )
    ((source, name),) = value.items()
    if not isinstance(name, str) or not name:
        raise ValueError(f"the secret's {source} must be a text that is not empty")
    if source == "env":
        found = os.environ.get(name)
        if found is None:
            raise ValueError(f"the environment variable {name} is not set")
        return found
    if source == "credential":
        directory = os.environ.get("CREDENTIALS_DIRECTORY")
        if directory is None:
            raise ValueError(
                f"the credential {name!r} cannot be read: systemd gave no CREDENTIALS_DIRECTORY"
                f" (add LoadCredential={name}:/path to the unit)"
            )
        path = Path(directory) / name
    else:
        path = Path(name).expanduser()
    try:
        return path.read_text(encoding="utf-8").rstrip("\r\n")
    except OSError as error:
        raise ValueError(f"the secret's file {path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ValueError(f"the secret's file {path} is not UTF-8 text") from None


Secret = Annotated[SecretStr, BeforeValidator(_read_secret)]
"""A secret: a text, or where to read it; never shown, dumped or logged."""

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:/-]{0,99}$")]
"""The name of a configured thing: letters, digits and `_ . : / -`, 100 at most."""


class Strict(BaseModel):
    """A frozen model that refuses keys it does not know."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        defer_build=True,  # a daemon needs few of its many models: each is built when used
    )


class CheckSpec(Strict):
    """What every kind of check is configured with. Spans are milliseconds.

    `None` for a span or a count means: as `[defaults]` says.
    """

    name: Name
    kind: str
    service: Name | None = None
    enabled: bool = True
    every: Duration | None = None
    timeout: Duration | None = None
    retry_every: Duration | None = None
    every_down: Duration | None = None
    down_after: Annotated[int, Field(ge=1, le=100)] | None = None
    up_after: Annotated[int, Field(ge=1, le=100)] | None = None
    expect: tuple[str, ...] = ()
    degraded_if: tuple[str, ...] = ()
    depends_on: tuple[str | tuple[str, ...], ...] = ()
    labels: dict[str, str] = Field(  # a default that is no factory is copied for each check
        default_factory=dict, json_schema_extra={"default": {}}
    )
