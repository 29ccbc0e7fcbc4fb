"""The `postgres` kind: log in afresh, query in a read-only transaction, close.

The driver's own sources of settings (PG* variables, the password file, the service file) are
shut off: a check uses what its configuration says and nothing else.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from pydantic import Field

from checks.errors import ProbeError
from checks.faults import read_fault
from checks.probe import Kind, Order, Trace
from checks.result import Fault, Observation
from checks.spec import CheckSpec, Secret
from checks.sql import FIELDS, ROW_LIMIT, rows_observation
from checks.tls_client import TlsSpec, client_context

if TYPE_CHECKING:
    import asyncpg


class PostgresSpec(CheckSpec):
    """A PostgreSQL server, a login and a query.

    Attributes:
        host: A name, an address, or the directory of a Unix socket.
        database: The user's name unless set.
        tls: `true`, or a table of options; without it the connection is plain.
        query: One statement, run read-only; `""` only logs in.
    """

    kind: Literal["postgres"] = "postgres"
    host: Annotated[str, Field(min_length=1, max_length=253)] = "localhost"
    port: Annotated[int, Field(ge=1, le=65535)] = 5432
    user: Annotated[str, Field(min_length=1)]
    password: Secret | None = None
    database: str | None = None
    tls: bool | TlsSpec = False
    query: str = "SELECT 1"


class PostgresProbe:
    """Logs in and queries."""

    def __init__(self, order: Order) -> None:
        self._spec: PostgresSpec = order.spec
        self._timeout_ms = order.timeout_ms
        spec = self._spec
        self._words = f"postgres at {spec.host}:{spec.port}"
        tls = TlsSpec() if spec.tls is True else spec.tls or None
        self._arguments: dict[str, Any] = {
            "host": spec.host,
            "port": spec.port,
            "user": spec.user,
            "password": spec.password.get_secret_value() if spec.password else "",
            "database": spec.database or spec.user,
            "ssl": client_context(tls) if tls is not None else False,
            "passfile": os.devnull,
            "timeout": order.timeout_ms / 1000.0 + 1.0,  # the run's own timeout comes first
            "statement_cache_size": 0,  # poolers in transaction mode need it so
            "target_session_attrs": "any",
            "server_settings": {"application_name": "tocsin"},
        }

    async def observe(self, trace: Trace) -> Observation:
        """Log in, query, close."""
        import asyncpg

        try:
            return await self._converse(asyncpg, trace)
        except asyncpg.PostgresError as error:
            raise self._refusal(error, trace.stage) from None
        except asyncpg.InterfaceError as error:
            raise ProbeError(Fault.PROTOCOL, f"{self._words}: {error}") from None
        except OSError as error:
            raise _inner(error, self._words) from None

    async def _converse(self, driver: Any, trace: Trace) -> Observation:
        trace.enter("connect_and_login")  # the driver does both in one
        connection: asyncpg.Connection[Any] = await driver.connect(**self._arguments)
        try:
            if not self._spec.query:
                return rows_observation((), (), trace)
            trace.enter("query")
            await connection.execute(
                f"BEGIN READ ONLY; SET LOCAL statement_timeout = {self._timeout_ms}"
            )
            statement = await connection.prepare(self._spec.query)
            columns = [attribute.name for attribute in statement.get_attributes()]
            cursor = await statement.cursor()
            rows = await cursor.fetch(ROW_LIMIT + 1)
            seen = rows_observation(columns, [tuple(row) for row in rows], trace)
        except BaseException:
            connection.terminate()
            raise
        await connection.close(timeout=1.0)
        return seen

    def _refusal(self, error: asyncpg.PostgresError, stage: str) -> ProbeError:
        """The server's refusal, sorted by SQLSTATE class (PostgreSQL manual, appendix A)."""
        code: str = getattr(error, "sqlstate", None) or ""
        words = f"{self._words}: {error}"
        if code.startswith("28"):
            return ProbeError(Fault.AUTH, words)
        if code in {"57P03", "53300", "57P01", "57P02"}:  # starting, full, shutting down, crashed
            return ProbeError(Fault.REFUSED, words)
        if code == "57014":
            return ProbeError(
                Fault.TIMEOUT, f"{self._words}: the query was cancelled, it took too long"
            )
        if code.startswith("08") or (stage == "connect_and_login" and code.startswith("XX")):
            return ProbeError(Fault.PROTOCOL if code == "08P01" else Fault.RESET, words)
        return ProbeError(Fault.QUERY, words)

    async def close(self) -> None:
        """Nothing is kept between runs."""


def _inner(error: OSError, words: str) -> ProbeError:
    """The fault of a failed connection; the driver wraps several attempts into one error."""
    if "rejected SSL" in str(error):
        return ProbeError(Fault.TLS, f"{words}: no TLS is spoken there")
    inner = error
    while inner.errno is None and isinstance(inner.__cause__ or inner.__context__, OSError):
        inner = inner.__cause__ or inner.__context__  # type: ignore[assignment]  # tested above
    found = read_fault(inner, words)
    return found or ProbeError(Fault.UNREACHABLE, f"{words}: {error}")


KIND: Final = Kind(
    name="postgres",
    spec=PostgresSpec,
    fields=FIELDS,
    make=PostgresProbe,
    driver="asyncpg",
    extra="postgres",
)
