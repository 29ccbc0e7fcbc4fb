"""The tls kind against targets that mean it harm: in the handshake, and while TLS is asked for."""

from __future__ import annotations

import dataclasses

import pytest

from checks.result import Fault
from tests.checks.endurance import Case, endure
from tests.checks.test_hostile_streams import TLS
from tests.peers.hostile import Hostile

pytestmark = pytest.mark.asyncio(loop_factories=["uvloop"])

RESET = Case("", Fault.RESET, "the connection was reset")
CASES = [
    dataclasses.replace(RESET, target=case.target) if "reset" in case.target else case
    for case in TLS
]
"""As elsewhere, but a reset is called one here."""

TIMED_OUT = r"^timed out after 300ms \(while waiting for: starttls\)"
TOO_LONG = "sent a line longer than 8192 bytes"
CLOSED = "closed the connection in the middle"


def met(protocol: str, target: str, fault: Fault, words: str) -> Case:
    return Case(target, fault, words, {"starttls": protocol})


UPGRADES = [
    met("smtp", "silent", Fault.TIMEOUT, TIMED_OUT),
    met("smtp", "resets", Fault.RESET, "the connection was reset"),
    met("smtp", "closes", Fault.RESET, CLOSED),
    met("smtp", "echoes", Fault.TIMEOUT, TIMED_OUT),
    met("smtp", "garbage", Fault.PROTOCOL, "does not speak SMTP"),
    met("smtp", "zeros", Fault.PROTOCOL, TOO_LONG),
    met("smtp", "line_without_end", Fault.PROTOCOL, TOO_LONG),
    met("smtp", "drips", Fault.TIMEOUT, TIMED_OUT),
    met("smtp", "controls", Fault.PROTOCOL, 'does not speak SMTP: it said "red'),
    met("smtp", "speaks_out_of_turn", Fault.RESET, CLOSED),
    met("imap", "zeros", Fault.PROTOCOL, TOO_LONG),
    met("imap", "controls", Fault.PROTOCOL, "does not speak IMAP"),
    met("imap", "speaks_out_of_turn", Fault.PROTOCOL, 'it said "220 hello"'),
    met("ftp", "garbage", Fault.PROTOCOL, "does not speak FTP"),
    met("ftp", "line_without_end", Fault.PROTOCOL, TOO_LONG),
    met("postgres", "silent", Fault.TIMEOUT, TIMED_OUT),
    met("postgres", "garbage", Fault.PROTOCOL, "does not speak PostgreSQL"),
    met("postgres", "zeros", Fault.PROTOCOL, "does not speak PostgreSQL"),
    met("postgres", "resets_when_asked", Fault.RESET, "the connection was reset"),
    met("mysql", "garbage", Fault.PROTOCOL, "does not speak MySQL"),
    met("mysql", "zeros", Fault.PROTOCOL, "does not speak MySQL"),
    met("mysql", "drips", Fault.PROTOCOL, "does not speak MySQL"),
    met("ldap", "echoes", Fault.PROTOCOL, "does not speak LDAP"),
    met("ldap", "garbage", Fault.PROTOCOL, "does not speak LDAP"),
    met("ldap", "line_without_end", Fault.PROTOCOL, "does not speak LDAP"),
]


@pytest.mark.parametrize("case", CASES, ids=str)
async def test_a_hostile_handshake_costs_a_check_no_more_than_it_may(
    hostile: Hostile, case: Case
) -> None:
    await endure("tls", case, host=hostile.host, port=hostile.ports[case.target])


@pytest.mark.parametrize("case", UPGRADES, ids=lambda case: f"{case.keys['starttls']}-{case}")
async def test_a_hostile_upgrade_costs_a_check_no_more_than_it_may(
    hostile: Hostile, case: Case
) -> None:
    await endure("tls", case, host=hostile.host, port=hostile.ports[case.target])
