"""The `mysql` kind, for MySQL and MariaDB: log in afresh, query read-only, close."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from checks.dial import Endpoint, Family
from checks.errors import ProbeError
from checks.faults import read_fault
from checks.mysql_link import open_link
from checks.probe import Kind, Order, Trace
from checks.result import Fault, Observation
from checks.spec import CheckSpec, Secret
from checks.sql import FIELDS, NONSENSE, ROW_LIMIT, nonsense, rows_observation
from checks.tls_client import TlsSpec, client_context

_SORTS: Final[Mapping[int, Fault]] = {
    1040: Fault.REFUSED,  # too many connections
    1203: Fault.REFUSED,  # of this user
    1044: Fault.AUTH,  # no right to this database
    1045: Fault.AUTH,
    1130: Fault.AUTH,  # this host may not connect
    1251: Fault.AUTH,
    1698: Fault.AUTH,
    1129: Fault.REFUSED,  # blocked after many errors
    2006: Fault.RESET,
    2013: Fault.RESET,
    2059: Fault.AUTH,
    2026: Fault.TLS,
    1053: Fault.RESET,  # shutting down
    1317: Fault.TIMEOUT,  # the query was interrupted
    1969: Fault.TIMEOUT,  # max_statement_time
    3024: Fault.TIMEOUT,  # max_execution_time
}
"""Error numbers of MySQL and MariaDB; all others are the query's."""


class MysqlSpec(CheckSpec):
    """A MySQL or MariaDB server, a login and a query.

    Attributes:
        host: A name or an address; `socket` instead for a Unix socket.
        tls: `true`, or a table of options; without it the connection is plain.
        query: One statement, run read-only; `""` only logs in.
        family: As for `http`.
    """

    kind: Literal["mysql"] = "mysql"
    host: Annotated[str, Field(min_length=1, max_length=253)] = "localhost"
    port: Annotated[int, Field(ge=1, le=65535)] = 3306
    socket: str | None = None
    user: Annotated[str, Field(min_length=1)]
    password: Secret | None = None
    database: str | None = None
    tls: bool | TlsSpec = False
    query: str = "SELECT 1"
    family: Family = "any"


class MysqlProbe:
    """Logs in and queries."""

    def __init__(self, order: Order) -> None:
        self._spec: MysqlSpec = order.spec
        spec = self._spec
        self._limit_s = order.timeout_ms / 1000.0
        self._endpoint = Endpoint.of(spec.host, spec.port, spec.family)
        self._words = f"mysql at {spec.socket or f'{spec.host}:{spec.port}'}"
        tls = TlsSpec() if spec.tls is True else spec.tls or None
        self._arguments: dict[str, Any] = {
            "host": (tls.server_name if tls is not None else None) or spec.host,  # TLS is for it
            "port": spec.port,
            "unix_socket": spec.socket,
            "user": spec.user,
            "password": spec.password.get_secret_value() if spec.password else "",
            "db": spec.database,
            "ssl": client_context(tls) if tls is not None else None,
            "charset": "utf8mb4",
            "program_name": "tocsin",
        }

    async def observe(self, trace: Trace) -> Observation:
        """Log in, query, close."""
        import aiomysql

        try:
            return await self._converse(aiomysql, trace)
        except aiomysql.MySQLError as error:
            raise self._refusal(error) from None
        except OSError as error:
            raise read_fault(error, self._words) or error from None
        except NONSENSE as error:
            raise nonsense(self._words, error) from None

    async def _converse(self, driver: Any, trace: Trace) -> Observation:
        connection = await open_link(
            self._arguments, self._endpoint, self._words, trace, self._limit_s
        )
        try:
            if not self._spec.query:
                return rows_observation((), (), trace)
            trace.enter("query")
            cursor = await connection.cursor(driver.SSCursor)
            await cursor.execute(self._spec.query)
            columns = [str(column[0]) for column in cursor.description or ()]
            rows = await cursor.fetchmany(ROW_LIMIT + 1) if columns else []
            return rows_observation(columns, rows, trace)
        finally:
            connection.close()  # at once: an unread rest must not be fetched

    def _refusal(self, error: Exception) -> ProbeError:
        number = error.args[0] if error.args and isinstance(error.args[0], int) else 0
        cause = error.__cause__ or error.__context__
        if number in {2003, 2006, 2013} and isinstance(cause, OSError):
            found = read_fault(cause, self._words)
            if found is not None:
                return found
        words = str(error.args[1]) if len(error.args) > 1 else str(error)
        sort = _SORTS.get(number, Fault.QUERY) if number else Fault.PROTOCOL  # the driver's own
        return ProbeError(sort, f"{self._words}: {words}")

    async def close(self) -> None:
        """Nothing is kept between runs."""


KIND: Final = Kind(
    name="mysql",
    spec=MysqlSpec,
    fields=FIELDS,
    make=MysqlProbe,
    driver="aiomysql",
    extra="mysql",
)
