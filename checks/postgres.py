"""The `postgres` kind: log in afresh, query in a read-only transaction, close.

The driver's own sources of settings (PG* variables, the password file, the service file) are
shut off: a check uses what its configuration says and nothing else.
"""

from __future__ import annotations

import logging
import os
from time import perf_counter
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from pydantic import Field

from checks.dial import Endpoint, Family
from checks.errors import ProbeError
from checks.faults import read_fault
from checks.gate import DialLoop, Meter
from checks.probe import Kind, Order, Trace
from checks.result import Fault, Observation
from checks.spec import CheckSpec, Secret
from checks.sql import FIELDS, NONSENSE, ROW_LIMIT, nonsense, rows_observation
from checks.tls_client import TlsSpec, client_context

if TYPE_CHECKING:
    import asyncpg

_LOG: Final = logging.getLogger("tocsin.checks")
_PART_S: Final = 1.0
"""How long the server may take to end a connection, in seconds."""


class PostgresSpec(CheckSpec):
    """A PostgreSQL server, a login and a query.

    Attributes:
        host: A name, an address, or the directory of a Unix socket.
        database: The user's name unless set.
        tls: `true`, or a table of options; without it the connection is plain.
        query: One statement, run read-only; `""` only logs in.
        family: As for `http`.
    """

    kind: Literal["postgres"] = "postgres"
    host: Annotated[str, Field(min_length=1, max_length=253)] = "localhost"
    port: Annotated[int, Field(ge=1, le=65535)] = 5432
    user: Annotated[str, Field(min_length=1)]
    password: Secret | None = None
    database: str | None = None
    tls: bool | TlsSpec = False
    query: str = "SELECT 1"
    family: Family = "any"


class PostgresProbe:
    """Logs in and queries."""

    def __init__(self, order: Order) -> None:
        self._spec: PostgresSpec = order.spec
        self._timeout_ms = order.timeout_ms
        spec = self._spec
        self._limit_s = order.timeout_ms / 1000.0
        self._endpoint = Endpoint.of(spec.host, spec.port, spec.family)
        self._words = f"postgres at {spec.host}:{spec.port}"
        self._limit_s = order.timeout_ms / 1000.0
        self._endpoint = Endpoint.of(spec.host, spec.port, spec.family)
        tls = TlsSpec() if spec.tls is True else spec.tls or None
        self._server_name = tls.server_name if tls is not None else None
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

        meter = Meter(self._words)
        try:
            return await self._converse(asyncpg, trace, meter)
        except Exception as error:  # noqa: BLE001  # what is none of the known goes on its way
            if meter.fault is not None:  # whatever the driver made of it
                raise meter.fault from None
            raise self._fault(asyncpg, error, trace.stage) or error from None

    async def _converse(self, driver: Any, trace: Trace, meter: Meter) -> Observation:
        loop = DialLoop(
            self._endpoint,
            trace,
            self._limit_s,
            meter,
            secure=bool(self._spec.tls),
            server_name=self._server_name,
        )
        connection: asyncpg.Connection[Any] = await driver.connect(**self._arguments, loop=loop)
        try:
            seen = await self._queried(connection, trace)
        except BaseException:
            connection.terminate()
            raise
        await self._part(connection, trace)
        return seen

    async def _queried(self, connection: asyncpg.Connection[Any], trace: Trace) -> Observation:
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
        return rows_observation(columns, [tuple(row) for row in rows], trace)

    async def _part(self, connection: asyncpg.Connection[Any], trace: Trace) -> None:
        """Say goodbye, so that the server logs nothing; one that does not part is left."""
        left_s = self._limit_s - (perf_counter() - trace.started)
        try:
            await connection.close(timeout=min(_PART_S, left_s / 2))
        except Exception as error:  # noqa: BLE001  # the answer is there; the driver has let go
            _LOG.debug("%s did not part: %r", self._words, error)

    def _fault(self, driver: Any, error: Exception, stage: str) -> ProbeError | None:
        """What the driver's error means; None if it is none of the known."""
        if isinstance(error, ProbeError):
            return error
        if isinstance(error, driver.PostgresError):
            return self._refusal(error, stage)
        if isinstance(error, driver.InterfaceError):
            return ProbeError(Fault.PROTOCOL, f"{self._words}: {error}")
        if isinstance(error, OSError):
            return _inner(error, self._words)
        if isinstance(error, (driver.InternalClientError, *NONSENSE)):
            return nonsense(self._words, error)
        return None

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
        if code.startswith("08") or (stage == "login" and code.startswith("XX")):
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
