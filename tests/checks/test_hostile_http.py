"""The http kind against targets that mean it harm."""

from __future__ import annotations

import pytest

from checks.result import Fault
from tests.checks.endurance import Case, endure
from tests.peers.hostile import Hostile

pytestmark = pytest.mark.asyncio(loop_factories=["uvloop"])

RESET = Case("resets", Fault.RESET, "the connection was reset|closed the connection")
NO_HTTP = "does not answer in HTTP|spoke before it was asked"
UNTIL_THE_END = r"^timed out after 300ms \(while waiting for: "

CASES = [
    Case("silent", Fault.TIMEOUT, UNTIL_THE_END + "first byte"),
    Case("never_accepted", Fault.TIMEOUT, UNTIL_THE_END + "first byte"),
    RESET,
    Case("closes", Fault.RESET, "closed the connection without an answer"),
    Case("resets_when_asked", Fault.RESET, "the connection was reset"),
    Case("echoes", Fault.PROTOCOL, NO_HTTP),
    Case("garbage", Fault.PROTOCOL, NO_HTTP),
    Case("zeros", Fault.PROTOCOL, NO_HTTP),
    Case("line_without_end", Fault.PROTOCOL, NO_HTTP),
    Case("drips", Fault.PROTOCOL, NO_HTTP),
    Case("controls", Fault.PROTOCOL, NO_HTTP),
    Case("speaks_out_of_turn", Fault.PROTOCOL, NO_HTTP),
    Case("endless_body", None, "^200 in "),
    Case("endless_chunks", None, "^200 in "),
    Case("endless_small_chunks", None, "^200 in ", {"max_body": 1000}),
    Case("endless_chunk_extension", Fault.PROTOCOL, "far more framing than content"),
    Case("endless_trailers", Fault.PROTOCOL, "far more framing than content"),
    Case("endless_headers", Fault.PROTOCOL, "headers of over 64 KiB"),
    Case("endless_header_line", Fault.PROTOCOL, "headers of over 64 KiB"),
    Case("endless_status_line", Fault.PROTOCOL, "headers of over 64 KiB"),
    Case("endless_interim", Fault.PROTOCOL, "headers of over 64 KiB"),
    Case("drips_head", Fault.TIMEOUT, UNTIL_THE_END + "transfer"),
    Case("drips_body", Fault.TIMEOUT, UNTIL_THE_END + "transfer"),
    Case("drips_chunk", Fault.TIMEOUT, UNTIL_THE_END + "transfer"),
    Case("redirect_loop", Fault.PROTOCOL, "more than 5 redirects"),
    Case("redirects_on_and_on", Fault.PROTOCOL, "more than 5 redirects"),
    Case("redirect_to_nonsense", Fault.PROTOCOL, "the redirect of .* is unusable"),
    Case("redirect_to_a_file", Fault.PROTOCOL, "the redirect of .* is unusable"),
    Case("redirect_with_controls", Fault.PROTOCOL, "does not answer in HTTP"),
    Case("redirect_to_bytes", Fault.PROTOCOL, "more than 5 redirects"),
    Case("redirect_to_a_long_name", Fault.PROTOCOL, "the redirect of .* is unusable"),
    Case("gzip_bomb", None, "^200 in "),
    Case("br_bomb", None, "^200 in "),
    Case(
        "gzip_bomb",
        Fault.CONDITION,
        "the body is gzip-encoded, which was not asked for",
        {"expect": ("json.ok",)},
    ),
    Case("length_too_long", Fault.RESET, "after 5 bytes of the body, before its end"),
    Case("length_too_long_and_held", Fault.TIMEOUT, UNTIL_THE_END + "transfer"),
    Case("length_too_short", None, "^200 in "),
    Case("length_negative", Fault.PROTOCOL, "Content-Length"),
    Case("length_twice", Fault.PROTOCOL, "Content-Length"),
    Case("length_enormous", Fault.PROTOCOL, "Content-Length"),
    Case("length_of_16_exabytes", Fault.TIMEOUT, UNTIL_THE_END + "transfer"),
    Case("length_and_chunks", Fault.PROTOCOL, "Content-Length"),
    Case("chunk_without_number", Fault.PROTOCOL, "chunk size"),
    Case("chunk_too_large", Fault.PROTOCOL, "[Cc]hunk size"),
    Case("chunk_without_end", Fault.PROTOCOL, "chunk data"),
    Case("http09", Fault.PROTOCOL, "does not answer in HTTP"),
    Case("no_status", Fault.PROTOCOL, "does not answer in HTTP"),
    Case("status_of_nothing", Fault.PROTOCOL, "answered with the status 000"),
    Case("status_of_a_million", Fault.PROTOCOL, "does not answer in HTTP"),
    Case("switches_protocols", None, "^101 in "),
    Case("controls_in_status", Fault.PROTOCOL, "does not answer in HTTP"),
    Case("controls_in_header", Fault.PROTOCOL, "does not answer in HTTP"),
    Case("controls_in_body", Fault.CONDITION, r"status is 500"),
    Case(
        "controls_in_body",
        Fault.CONDITION,
        r'body == "x" \(body is "',
        {"expect": ('body == "x"',)},
    ),
    Case("nul_in_header_name", Fault.PROTOCOL, "does not answer in HTTP"),
    Case("answers_twice", None, "^200 in "),
    Case("stops_in_head", Fault.TIMEOUT, UNTIL_THE_END + "transfer"),
    Case("closes_in_head", Fault.RESET, "in the middle of the headers"),
    Case("resets_in_head", Fault.RESET, "the connection was reset"),
    Case("resets_in_body", Fault.RESET, "the connection was reset"),
]


@pytest.mark.parametrize("case", CASES, ids=str)
async def test_a_hostile_web_server_costs_a_check_no_more_than_it_may(
    hostile: Hostile, case: Case
) -> None:
    await endure("http", case, url=f"http://{hostile.host}:{hostile.ports[case.target]}/")


async def test_a_connection_that_is_kept_is_not_trusted_after_a_second_answer(
    hostile: Hostile,
) -> None:
    case = Case("answers_twice", None, "^200 in ", {"reuse": True})
    await endure("http", case, url=f"http://{hostile.host}:{hostile.ports[case.target]}/")
