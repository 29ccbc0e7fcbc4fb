"""The postgres and mysql kinds against servers that mean them harm."""

from __future__ import annotations

import pytest

from checks.result import Fault
from tests.checks.endurance import Case, endure
from tests.peers.hostile import Hostile

pytestmark = pytest.mark.asyncio(loop_factories=["uvloop"])

TIMED_OUT = r"^timed out after 300ms \(while waiting for: "
CLOSED = "the connection was reset|connection was closed|closed the connection|Lost connection"
SECURE = {"tls": True}

POSTGRES = [
    Case("silent", Fault.TIMEOUT, TIMED_OUT + "login"),
    Case("never_accepted", Fault.TIMEOUT, TIMED_OUT + "login"),
    Case("resets", Fault.RESET, CLOSED),
    Case("closes", Fault.RESET, CLOSED),
    Case("resets_when_asked", Fault.RESET, CLOSED),
    Case("echoes", Fault.PROTOCOL, "does not speak its protocol"),
    Case("garbage", Fault.PROTOCOL, "does not speak its protocol"),
    Case("zeros", Fault.PROTOCOL, "does not speak its protocol"),
    Case("line_without_end", Fault.PROTOCOL, "does not speak its protocol"),
    Case("drips", Fault.PROTOCOL, "does not speak its protocol"),
    Case("controls", Fault.PROTOCOL, "does not speak its protocol"),
    Case("speaks_out_of_turn", Fault.PROTOCOL, "sent a message of 842014824 bytes"),
    Case("pg_enormous", Fault.PROTOCOL, "sent a message of 2147483647 bytes"),
    Case("pg_negative", Fault.PROTOCOL, "sent a message of -5 bytes"),
    Case("pg_unknown_message", Fault.PROTOCOL, "does not speak its protocol"),
    Case("pg_unknown_login", Fault.PROTOCOL, "unsupported authentication method"),
    Case("pg_short_message", Fault.PROTOCOL, "does not keep to its protocol"),
    Case("pg_broken_error", Fault.TIMEOUT, TIMED_OUT + "login"),
    Case("pg_refuses_with_controls", Fault.AUTH, "postgres at .*: red"),
    Case("pg_broken_scram", Fault.PROTOCOL, "does not keep to its protocol"),
    Case("pg_stops_in_login", Fault.TIMEOUT, TIMED_OUT + "login"),
    Case("pg_drips_login", Fault.TIMEOUT, TIMED_OUT + "login"),
    Case("pg_notices", Fault.PROTOCOL, "sent more than 10000 messages"),
    Case("pg_stops_in_query", Fault.TIMEOUT, TIMED_OUT + "query"),
    Case("pg_closes_in_query", Fault.RESET, CLOSED),
    Case("pg_resets_in_query", Fault.RESET, CLOSED),
    Case("pg_garbage_in_query", Fault.PROTOCOL, "does not speak its protocol"),
    Case("pg_enormous_row", Fault.PROTOCOL, "sent a message of 2147483647 bytes"),
    Case("pg_floods_query", Fault.PROTOCOL, "sent more than 10000 messages"),
    Case("pg_tls_stalls", Fault.TIMEOUT, TIMED_OUT + "login", SECURE),
    Case("pg_tls_in_plain", Fault.TLS, "no TLS is spoken there", SECURE),
    Case("pg_tls_refused", Fault.TLS, "no TLS is spoken there", SECURE),
    Case("pg_tls_error", Fault.RESET, CLOSED, SECURE),
    Case("tls_closes", Fault.TLS, "no TLS is spoken there", SECURE),
]
OUT_OF_STEP = "Packet sequence number wrong|does not keep to its protocol"
MYSQL = [
    Case("silent", Fault.TIMEOUT, TIMED_OUT + "login"),
    Case("never_accepted", Fault.TIMEOUT, TIMED_OUT + "login"),
    Case("resets", Fault.RESET, CLOSED),
    Case("closes", Fault.RESET, CLOSED),
    Case("echoes", Fault.TIMEOUT, TIMED_OUT + "login"),
    Case("garbage", Fault.PROTOCOL, OUT_OF_STEP),
    Case("zeros", Fault.PROTOCOL, OUT_OF_STEP),
    Case("line_without_end", Fault.PROTOCOL, OUT_OF_STEP),
    Case("drips", Fault.PROTOCOL, OUT_OF_STEP),
    Case("controls", Fault.PROTOCOL, OUT_OF_STEP),
    Case("speaks_out_of_turn", Fault.PROTOCOL, OUT_OF_STEP),
    Case("my_stops_in_greeting", Fault.TIMEOUT, TIMED_OUT + "login"),
    Case("my_empty_packet", Fault.PROTOCOL, OUT_OF_STEP),
    Case("my_short_greeting", Fault.PROTOCOL, OUT_OF_STEP),
    Case("my_no_version", Fault.PROTOCOL, OUT_OF_STEP),
    Case("my_unknown_plugin", Fault.PROTOCOL, OUT_OF_STEP),
    Case("my_wrong_sequence", Fault.PROTOCOL, OUT_OF_STEP),
    Case("my_enormous", Fault.PROTOCOL, "sent more than 16 MiB"),
    Case("my_refuses_with_controls", Fault.AUTH, "mysql at .*: red"),
    Case("my_broken_error", Fault.PROTOCOL, OUT_OF_STEP),
    Case("my_wants_clear_text", Fault.AUTH, "asks for the password in clear text"),
    Case("my_switches_to_clear_text", Fault.AUTH, "asks for the password in clear text"),
    Case("my_switches_to_nonsense", Fault.AUTH, "not configured"),
    Case("my_stops_in_login", Fault.TIMEOUT, TIMED_OUT + "login"),
    Case("my_resets_in_login", Fault.RESET, CLOSED),
    Case("my_stops_in_query", Fault.TIMEOUT, TIMED_OUT + "query"),
    Case("my_resets_in_query", Fault.RESET, CLOSED),
    Case("my_garbage_in_query", Fault.PROTOCOL, OUT_OF_STEP),
    Case("my_wants_a_file", Fault.PROTOCOL, "does not keep to its protocol"),
    Case("my_columns_without_number", Fault.TIMEOUT, TIMED_OUT + "query"),
    Case("my_rows_without_end", None, "^more than 100 rows in "),
    Case("my_stops_in_login", Fault.TLS, "no TLS is spoken there", SECURE),
    Case("my_tls_stalls", Fault.TIMEOUT, TIMED_OUT + "login", SECURE),
    Case("my_tls_garbage", Fault.TLS, "no TLS is spoken there", SECURE),
]


@pytest.mark.parametrize("case", POSTGRES, ids=str)
async def test_a_hostile_postgres_costs_a_check_no_more_than_it_may(
    hostile: Hostile, case: Case
) -> None:
    port = hostile.ports[case.target]
    await endure("postgres", case, host=hostile.host, port=port, user="u", password="pass-word")


@pytest.mark.parametrize("case", MYSQL, ids=str)
async def test_a_hostile_mysql_costs_a_check_no_more_than_it_may(
    hostile: Hostile, case: Case
) -> None:
    port = hostile.ports[case.target]
    found = await endure(
        "mysql", case, host=hostile.host, port=port, user="u", password="pass-word"
    )
    assert "pass-word" not in found.message
