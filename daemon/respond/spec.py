"""What the configuration says of an action: one of a program, a webhook, a unit, a Redis command.

Stands apart from what carries actions out, so that reading a configuration loads no transport.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Annotated, Final, Literal, Self
from urllib.parse import SplitResult, unquote, urlsplit

from pydantic import (
    AfterValidator,
    Field,
    SecretStr,
    ValidationInfo,
    field_validator,
    model_validator,
)

from checks.redis import RedisSpec
from checks.spec import Duration, Name, Secret, Strict
from checks.tls_client import TlsSpec
from daemon.notify.scrub import Scrubber
from daemon.notify.spec.base import CONTROLS, SECOND, Authorities, WebUrl
from daemon.notify.spec.exec import usable_env, usable_run
from daemon.notify.spec.webhook import Headers, SigningSecret

_UNIT: Final = re.compile(r"[A-Za-z0-9:_.\\@][A-Za-z0-9:_.\\@-]{0,255}")
_READING: Final = frozenset(
    {
        "BITCOUNT", "DBSIZE", "DUMP", "ECHO", "EXISTS", "EXPIRETIME", "GET", "GETRANGE", "HEXISTS",
        "HGET", "HGETALL", "HKEYS", "HLEN", "HMGET", "HVALS", "INFO", "KEYS", "LASTSAVE",
        "LINDEX", "LLEN", "LRANGE", "MGET", "PING", "PTTL", "RANDOMKEY", "ROLE", "SCAN", "SCARD",
        "SISMEMBER", "SMEMBERS", "STRLEN", "TIME", "TTL", "TYPE", "XLEN", "ZCARD", "ZRANGE",
        "ZSCORE",
    }
)  # fmt: skip
"""Commands of Redis that change nothing; of any other it is taken that they do."""

_LONGEST_WORDS: Final = 200


class WebhookAction(Strict):
    """`webhook`: the incident as JSON to a URL, once."""

    url: WebUrl
    method: Literal["POST", "PUT"] = "POST"
    headers: Headers = Field(default_factory=dict)
    signing_secret: SigningSecret | None = None
    ca: Authorities | None = None
    verify: bool = True


def _redis_url(url: SecretStr) -> SecretStr:
    """Refuse what leads to no Redis server, without repeating it."""
    form = 'the URL must look like "redis://user:password@host:6379/0" (or rediss://)'
    try:
        parts = urlsplit(url.get_secret_value())
        good = parts.scheme in {"redis", "rediss"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good or CONTROLS.search(url.get_secret_value()) or parts.query or parts.fragment:
        raise ValueError(form)
    if parts.path.strip("/") and not parts.path.strip("/").isdecimal():
        raise ValueError(form + "; what follows the host is the number of a database")
    return url


class RedisAction(Strict):
    """`redis`: one command to a Redis server."""

    url: Annotated[Secret, AfterValidator(_redis_url)]
    command: Annotated[tuple[str, ...], Field(min_length=1, max_length=100)]
    ca: Authorities | None = None

    @property
    def writes(self) -> bool:
        """Whether the command may change something there."""
        return self.command[0].upper() not in _READING

    @property
    def place(self) -> SplitResult:
        """The URL, taken apart."""
        return urlsplit(self.url.get_secret_value())

    def as_check(self, name: str) -> RedisSpec:
        """The same as a check would be told, which knows how to talk to such a server."""
        place = self.place
        secret = SecretStr(unquote(place.password)) if place.password else None
        tls: bool | TlsSpec = place.scheme == "rediss"
        return RedisSpec(
            name=name,
            host=place.hostname or "",
            port=place.port or 6379,
            user=unquote(place.username) if place.username else None,
            password=secret,
            tls=TlsSpec(ca=self.ca) if tls and self.ca else tls,
            database=int(place.path.strip("/") or 0),
            command=self.command,
        )


class ActionSpec(Strict):
    """What is done, and for how long at most. Exactly one of `run`, `webhook`, `unit`, `redis`.

    Attributes:
        env: Added to the program's environment, see docs/semantics/responses.md.
        run: The program, by its whole path or its name in `PATH`, and its arguments.
        cwd: Where the program runs; the daemon's own directory unless set.
        unit, do: A unit of systemd, and what systemctl is to do with it.
        timeout: For one run, in milliseconds.
    """

    name: Name
    env: dict[str, Secret] = Field(default_factory=dict)
    run: Annotated[tuple[str, ...], Field(min_length=1, max_length=100)] | None = None
    cwd: Path | None = None
    webhook: WebhookAction | None = None
    unit: str | None = None
    do: Literal["start", "stop", "restart", "reload", "try-restart", "reload-or-restart"] | None = (
        None
    )
    redis: RedisAction | None = None
    timeout: Annotated[Duration, Field(ge=100, le=3_600 * SECOND)] = 60 * SECOND

    @field_validator("env")
    @classmethod
    def _env_is_usable(cls, env: dict[str, SecretStr]) -> dict[str, SecretStr]:
        if ours := [name for name in env if name.startswith("TOCSIN_")]:
            raise ValueError(f"the variable {ours[0]} is set by Tocsin itself")
        return usable_env(env)

    @field_validator("run")
    @classmethod
    def _run_is_usable(
        cls, run: tuple[str, ...] | None, info: ValidationInfo
    ) -> tuple[str, ...] | None:
        return None if run is None else usable_run(run, info.data.get("env", {}))

    @field_validator("cwd")
    @classmethod
    def _cwd_is_there(cls, cwd: Path | None) -> Path | None:
        if cwd is not None and not cwd.is_dir():
            raise ValueError(f"there is no directory {cwd}")
        return cwd

    @field_validator("unit")
    @classmethod
    def _unit_is_one(cls, unit: str | None) -> str | None:
        if unit is not None and not _UNIT.fullmatch(unit):
            raise ValueError('is no name of a unit; write it like "shop.service"')
        return unit

    @model_validator(mode="after")
    def _is_one_action(self) -> Self:
        chosen = [key for key in ("run", "webhook", "unit", "redis") if getattr(self, key)]
        if len(chosen) != 1:
            found = " and ".join(chosen) or "none"
            raise ValueError(f"needs one action: run, webhook, unit or redis; it has {found}")
        if self.run is None and (self.env or self.cwd is not None):
            raise ValueError(f'"env" and "cwd" are for "run"; this one has {chosen[0]}')
        if (self.unit is None) != (self.do is None):
            raise ValueError('"unit" and "do" belong together: unit = "x.service", do = "restart"')
        return self

    @property
    def words(self) -> str:
        """What is done, in one line that holds no secret."""
        return Scrubber(self.secrets()).line(self._words(), _LONGEST_WORDS)

    def _words(self) -> str:
        if self.run is not None:
            return f"run {shlex.join(self.run)}"
        if self.webhook is not None:
            place = urlsplit(self.webhook.url.get_secret_value())
            return f"{self.webhook.method} to {place.hostname}"
        if self.redis is not None:
            return f"{' '.join(self.redis.command)} on redis at {self.redis.place.hostname}"
        return f"{self.do} {self.unit}"

    def secrets(self) -> list[str]:
        """What nothing that is shown may hold."""
        found = [value.get_secret_value() for name, value in self.env.items() if name != "PATH"]
        if self.webhook is not None:
            found += [value.get_secret_value() for value in self.webhook.headers.values()]
            if self.webhook.signing_secret is not None:
                found.append(self.webhook.signing_secret.get_secret_value())
        if self.redis is not None and self.redis.place.password:
            found += [self.redis.place.password, unquote(self.redis.place.password)]
        return found
