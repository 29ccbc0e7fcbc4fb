"""The tcp and redis kinds, and TLS below them and http, against targets that mean it harm."""

from __future__ import annotations

import pytest

from checks.result import Fault
from tests.checks.endurance import Case, endure
from tests.peers.hostile import Hostile

pytestmark = pytest.mark.asyncio(loop_factories=["uvloop"])

TIMED_OUT = r"^timed out after 300ms \(while waiting for: "
MISMATCH = "which does not match"
NO_REDIS = "does not speak the Redis protocol|answers PING with"

TCP = [
    Case("silent", Fault.TIMEOUT, TIMED_OUT + "answer"),
    Case("never_accepted", Fault.TIMEOUT, TIMED_OUT + "answer"),
    Case("resets", Fault.RESET, "the connection was reset"),
    Case("closes", Fault.PROTOCOL, "said nothing, which does not match"),
    Case("resets_when_asked", Fault.RESET, "the connection was reset", {"send": "hello"}),
    Case("garbage", Fault.PROTOCOL, MISMATCH),
    Case("zeros", Fault.PROTOCOL, MISMATCH),
    Case("line_without_end", Fault.PROTOCOL, MISMATCH),
    Case("drips", Fault.TIMEOUT, TIMED_OUT + "answer"),
    Case("controls", Fault.PROTOCOL, MISMATCH),
    Case("speaks_out_of_turn", Fault.PROTOCOL, 'said "220 hello", which does not match'),
]
REDIS = [
    Case("silent", Fault.TIMEOUT, TIMED_OUT + "command"),
    Case("never_accepted", Fault.TIMEOUT, TIMED_OUT + "command"),
    Case("resets", Fault.RESET, "the connection was reset|closed the connection"),
    Case("closes", Fault.RESET, "closed the connection"),
    Case("resets_when_asked", Fault.RESET, "the connection was reset"),
    Case("echoes", Fault.PROTOCOL, "answers PING with"),
    Case("garbage", Fault.PROTOCOL, NO_REDIS),
    Case("zeros", Fault.PROTOCOL, NO_REDIS),
    Case("line_without_end", Fault.PROTOCOL, NO_REDIS),
    Case("drips", Fault.PROTOCOL, NO_REDIS),
    Case("controls", Fault.PROTOCOL, NO_REDIS),
    Case("speaks_out_of_turn", Fault.PROTOCOL, NO_REDIS),
    Case("redis_bulk_of_10_gb", Fault.PROTOCOL, "a reply of 10737418240 bytes is beyond"),
    Case("redis_bulk_that_never_ends", Fault.TIMEOUT, TIMED_OUT + "command"),
    Case("redis_negative_bulk", Fault.PROTOCOL, "a reply of -7 bytes"),
    Case("redis_bulk_of_words", Fault.PROTOCOL, "is no number"),
    Case("redis_array_of_millions", Fault.PROTOCOL, "a reply of 99999999 items is beyond"),
    Case("redis_array_in_array", Fault.PROTOCOL, "nested too deep"),
    Case("redis_array_that_drips", Fault.TIMEOUT, TIMED_OUT + "command"),
    Case("redis_line_without_end", Fault.PROTOCOL, "longer than 1048576 bytes"),
    Case("redis_error_with_controls", Fault.QUERY, "ERR red"),
    Case("redis_controls", Fault.PROTOCOL, "answers PING with red"),
    Case("redis_number_too_long", Fault.PROTOCOL, "is no number"),
    Case("redis_stops_in_reply", Fault.TIMEOUT, TIMED_OUT + "command"),
    Case("redis_closes_in_reply", Fault.RESET, "closed the connection in the middle"),
    Case("redis_resets_in_reply", Fault.RESET, "the connection was reset"),
]
CUT = "the connection was (closed|reset)"
NO_TLS = "no TLS is spoken there|the connection was closed"
TLS = [
    Case("silent", Fault.TIMEOUT, TIMED_OUT + "tls"),
    Case("never_accepted", Fault.TIMEOUT, TIMED_OUT + "tls"),
    Case("resets", (Fault.TLS, Fault.RESET), "connection was (closed|reset)|closed the connection"),
    Case("closes", Fault.TLS, CUT),
    Case("resets_when_asked", Fault.TLS, CUT),
    Case("echoes", Fault.TLS, "^TLS with "),
    Case("garbage", Fault.TLS, NO_TLS),
    Case("zeros", Fault.TLS, NO_TLS),
    Case("line_without_end", Fault.TLS, NO_TLS),
    Case("tls_stalls", Fault.TIMEOUT, TIMED_OUT + "tls"),
    Case("tls_reads_slowly", Fault.TIMEOUT, TIMED_OUT + "tls"),
    Case("tls_drips", Fault.TIMEOUT, TIMED_OUT + "tls"),
    Case("tls_closes", Fault.TLS, CUT),
    Case("tls_resets", Fault.TLS, CUT),
    Case("tls_enormous_record", Fault.TLS, "no TLS is spoken there"),
    Case("tls_alert", Fault.TLS, "the handshake was refused"),
    Case("tls_answered_in_plain", Fault.TLS, "no TLS is spoken there"),
    Case("tls_expired", Fault.TLS, "the certificate (has expired|was signed by)"),
    Case("tls_untrusted", Fault.TLS, "an authority that is not trusted"),
    Case("tls_wrong_name", Fault.TLS, "the certificate (is for another|was signed by)"),
    Case("tls_self_signed", Fault.TLS, "the certificate is self-signed"),
]


@pytest.mark.parametrize("case", TCP, ids=str)
async def test_a_hostile_port_costs_a_check_no_more_than_it_may(
    hostile: Hostile, case: Case
) -> None:
    port = hostile.ports[case.target]
    await endure("tcp", case, host=hostile.host, port=port, receive="OK.*done")


@pytest.mark.parametrize("case", REDIS, ids=str)
async def test_a_hostile_redis_costs_a_check_no_more_than_it_may(
    hostile: Hostile, case: Case
) -> None:
    await endure("redis", case, host=hostile.host, port=hostile.ports[case.target])


@pytest.mark.parametrize("kind", ["http", "tcp", "redis"])
@pytest.mark.parametrize("case", TLS, ids=str)
async def test_hostile_tls_costs_a_check_no_more_than_it_may(
    hostile: Hostile, case: Case, kind: str
) -> None:
    port = hostile.ports[case.target]
    if kind == "http":
        await endure(kind, case, url=f"https://{hostile.host}:{port}/")
    else:
        await endure(kind, case, host=hostile.host, port=port, tls=True)
