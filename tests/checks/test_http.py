"""The http kind against a raw server that answers as it is told."""

from __future__ import annotations

import asyncio
import base64
import socket
from typing import Any

import pytest
from pydantic import ValidationError

import checks
from checks.http import HttpSpec
from checks.result import Fault, Status
from tests.checks.conftest import AT, Run, prepared
from tests.peers.http import RawServer, answering, response, start_raw
from tests.peers.process import free_port


async def answered(run: Run, *answers: bytes, **keys: Any) -> Any:
    """The result of a check of a server that gives these answers."""
    server = RawServer()
    async with start_raw(answering(server, *answers), server=server):
        path = keys.pop("path", "/")
        return await run("http", url=server.url + path, **keys)


@pytest.mark.parametrize("status", [200, 204, 301, 399])
async def test_statuses_below_400_are_up_where_nothing_else_is_expected(
    run: Run, status: int
) -> None:
    body = b"" if status == 204 else b"x"
    answer = response(status, body) if body else b"HTTP/1.1 204 No Content\r\n\r\n"
    found = await answered(run, answer)
    assert found.status is Status.UP, found
    assert found.metrics["status"] == status
    assert found.message.startswith(f"{status} in ")
    assert list(found.phases) == ["connect", "first_byte", "transfer"]


async def test_a_failed_condition_is_shown_resolved(run: Run) -> None:
    found = await answered(run, response(502), expect=["status == 200"])
    assert (found.status, found.fault) == (Status.DOWN, Fault.CONDITION)
    assert found.message == "status == 200 (status is 502)"


async def test_a_condition_that_degrades_is_shown_too(run: Run) -> None:
    found = await answered(run, response(), degraded_if=["latency_ms >= 0", "status == 201"])
    assert found.status is Status.DEGRADED
    assert found.message.startswith("latency_ms >= 0 (latency_ms is ")
    assert found.fault is None


async def test_json_headers_and_body_reach_conditions(run: Run) -> None:
    found = await answered(
        run,
        response(200, b'{"ok": true, "n": [1, 2.5]}', {"X-Build": "7", "x-build": "8"}),
        expect=[
            "json.ok == true",
            "json.n[1] == 2.5",
            'headers["x-build"] == "7, 8"',
            'body.startsWith("{")',
            'http_version == "1.1"',
            "redirects == 0",
            "body_bytes == 27",
        ],
    )
    assert found.status is Status.UP, found


async def test_a_missing_key_is_named(run: Run) -> None:
    found = await answered(run, response(200, b"{}"), expect=["json.ok == true"])
    assert found.status is Status.DOWN
    assert found.message == 'json.ok == true (json has no key "ok")'


async def test_a_body_that_is_no_json_leaves_other_conditions_their_say(run: Run) -> None:
    found = await answered(
        run, response(502, b"<html>"), expect=["status == 200", "json.ok == true"]
    )
    assert found.status is Status.DOWN
    assert found.message.startswith(
        "status == 200 (status is 502); json.ok == true (the body is no JSON: "
    )


async def test_json_that_is_nested_too_deep_is_no_json(run: Run) -> None:
    found = await answered(run, response(200, b"[" * 50_000), expect=["json.ok == true"])
    assert found.status is Status.DOWN
    assert "the body is no JSON" in found.message


async def test_chunks_are_joined_and_trailers_ignored(run: Run) -> None:
    answer = (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nX-Trailer: 1\r\n\r\n"
    )
    found = await answered(run, answer, expect=['body == "abcde"', "!('x-trailer' in headers)"])
    assert found.status is Status.UP, found


async def test_a_body_without_length_ends_with_the_connection(run: Run) -> None:
    found = await answered(run, b"HTTP/1.0 200 OK\r\n\r\nold", expect=['body == "old"'])
    assert found.status is Status.UP, found


async def test_a_body_shorter_than_its_length_is_a_reset(run: Run) -> None:
    found = await answered(run, response(200, b"1234", length=10))
    assert found.fault is Fault.RESET
    assert "after 4 bytes of the body" in found.message


async def test_the_body_is_read_no_further_than_max_body(run: Run) -> None:
    endless = RawServer()

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"x" * 65536)
            await writer.drain()

    async with start_raw(script, server=endless):
        found = await run("http", url=endless.url, max_body=1000, expect=["size(body) == 1000"])
        assert found.status is Status.UP, found
        found = await run("http", url=endless.url, max_body=1000, expect=["json == null"])
        assert found.message == "json == null (the body is longer than max_body, 1000 bytes)"


async def test_endless_headers_are_a_protocol_fault(run: Run) -> None:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n")
        while True:
            writer.write(b"X-Filler: " + b"y" * 1000 + b"\r\n")
            await writer.drain()

    async with start_raw(script) as server:
        found = await run("http", url=server.url)
    assert found.fault is Fault.PROTOCOL
    assert "headers of over 64 KiB" in found.message


async def test_framing_without_content_is_a_protocol_fault(run: Run) -> None:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            writer.write(b"1;" + b"z" * 1000 + b"\r\nx\r\n")
            await writer.drain()

    async with start_raw(script) as server:
        found = await run("http", url=server.url)
    assert found.fault is Fault.PROTOCOL


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 2x0 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
)
async def test_what_is_no_http_is_a_protocol_fault(run: Run, answer: bytes) -> None:
    found = await answered(run, answer)
    assert (found.status, found.fault) == (Status.DOWN, Fault.PROTOCOL), found
    assert "does not answer in HTTP" in found.message


async def test_escape_sequences_of_a_target_never_reach_a_message(run: Run) -> None:
    body = b"\x1b]0;owned\x07\x1b[31mred\x1b[0m\r\n\xe2\x80\xaeevil"
    found = await answered(run, response(200, body), expect=['body == "fine"'])
    assert found.message == 'body == "fine" (body is "red evil")'


async def test_interim_responses_are_passed_over(run: Run) -> None:
    answer = b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + response(200, b"ok")
    found = await answered(run, answer, expect=["status == 200", "!('link' in headers)"])
    assert found.status is Status.UP, found


async def test_a_drip_of_bytes_times_out_and_says_where(run: Run) -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for byte in response(200, b"x" * 1000):
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0.02)

    async with start_raw(drip) as server:
        found = await run("http", url=server.url, timeout_ms=200)
    assert found.fault is Fault.TIMEOUT
    assert found.message == "timed out after 200ms (while waiting for: transfer)"
    assert found.latency_ms < 700
    assert found.phases["first_byte"] < found.phases["transfer"]


async def test_silence_times_out_waiting_for_the_first_byte(run: Run) -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with start_raw(silent) as server:
        found = await run("http", url=server.url, timeout_ms=150)
    assert found.message == "timed out after 150ms (while waiting for: first byte)"


async def test_a_reset_in_the_middle_is_told(run: Run) -> None:
    async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc")
        await writer.drain()
        raw = writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        writer.transport.abort()

    async with start_raw(reset) as server:
        found = await run("http", url=server.url)
    assert found.fault is Fault.RESET
    assert found.status is Status.DOWN


async def test_a_connection_closed_without_a_word_is_a_reset(run: Run) -> None:
    async def leave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")

    async with start_raw(leave) as server:
        found = await run("http", url=server.url)
        assert found.message == f"127.0.0.1:{server.port} closed the connection without an answer"
    assert found.fault is Fault.RESET


async def test_a_closed_port_is_refused_and_named(run: Run) -> None:
    port = free_port()
    found = await run("http", url=f"http://127.0.0.1:{port}/")
    assert (found.status, found.fault) == (Status.DOWN, Fault.REFUSED)
    assert found.message == f"connection refused by 127.0.0.1:{port}"


async def test_the_request_is_what_was_configured(run: Run) -> None:
    server = RawServer()
    async with start_raw(answering(server, response()), server=server):
        await run(
            "http",
            url=f"{server.url}/a b/ü?q=ü".replace(" ", "%20"),
            method="POST",
            headers={"X-One": "1", "user-agent": "mine"},
            body="päyload",
            user="ana",
            password="s:cret",
        )
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert lines[0] == "POST /a%20b/%C3%BC?q=%C3%BC HTTP/1.1"
    assert f"Host: 127.0.0.1:{server.port}" in lines
    assert "user-agent: mine" in lines
    assert "X-One: 1" in lines
    assert "Content-Length: 8" in lines
    assert "Accept-Encoding: identity" in lines
    assert "Connection: close" in lines
    assert f"Authorization: Basic {base64.b64encode(b'ana:s:cret').decode()}" in lines
    assert body == "päyload".encode()
    assert not any(line.startswith("User-Agent: tocsin") for line in lines)


async def test_a_head_request_waits_for_no_body(run: Run) -> None:
    found = await answered(run, response(200, b"", length=5000), method="HEAD")
    assert found.status is Status.UP, found


async def test_a_secret_that_the_target_sends_back_is_masked(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("API_TOKEN", "tok-4711-secret")
    found = await answered(
        run,
        response(401, b"bad token tok-4711-secret"),
        bearer={"env": "API_TOKEN"},
        expect=['body == "fine"'],
    )
    assert found.message == 'body == "fine" (body is "bad token ***")'


async def test_redirects_are_followed_and_counted(run: Run) -> None:
    found = await answered(
        run,
        response(302, headers={"Location": "/next"}),
        response(301, headers={"Location": "last?x=1"}),
        response(200, b"there"),
        expect=['body == "there"', "redirects == 2", 'url.endsWith("/last?x=1")'],
    )
    assert found.status is Status.UP, found


async def test_a_redirect_loop_ends_at_the_bound(run: Run) -> None:
    found = await answered(run, response(302, headers={"Location": "/again"}), redirects=3)
    assert found.fault is Fault.PROTOCOL
    assert found.message.startswith("more than 3 redirects, the last to http://127.0.0.1")


async def test_without_redirects_the_first_answer_counts(run: Run) -> None:
    found = await answered(
        run, response(302, headers={"Location": "/x"}), redirects=0, expect=["status == 302"]
    )
    assert found.status is Status.UP, found


async def test_a_post_becomes_a_get_after_303_but_not_after_307(run: Run) -> None:
    for status, method in ((303, b"GET"), (302, b"GET"), (307, b"POST")):
        server = RawServer()
        answers = response(status, headers={"Location": "/x"}), response()
        async with start_raw(answering(server, *answers), server=server):
            await run("http", url=server.url, method="POST", body="data")
        assert server.requests[1].startswith(method + b" /x ")
        assert (b"data" in server.requests[1]) == (method == b"POST")


async def test_credentials_and_own_headers_are_never_given_to_another_host(run: Run) -> None:
    other, first = RawServer(), RawServer()
    async with start_raw(answering(other, response()), server=other):
        hop = response(302, headers={"Location": f"{other.url}/there"})
        async with start_raw(answering(first, hop), server=first):
            found = await run(
                "http", url=first.url, bearer="tok-secret", headers={"X-Api-Key": "key-secret"}
            )
    assert found.status is Status.UP, found
    assert b"tok-secret" in first.requests[0]
    assert b"secret" not in other.requests[0]
    assert b"X-Api-Key" not in other.requests[0]


async def test_a_body_is_never_given_to_another_host(run: Run) -> None:
    other = RawServer()
    async with start_raw(answering(other, response()), server=other):
        hop = response(307, headers={"Location": other.url})
        found = await answered(run, hop, method="POST", body="private")
    assert found.fault is Fault.PROTOCOL
    assert other.requests == []


@pytest.mark.parametrize(
    "location", ["ftp://x/", "http://a b/", "http://u:p@127.0.0.1/", "http://[::1/", "http://h:x/"]
)
async def test_an_unusable_redirect_is_a_protocol_fault(run: Run, location: str) -> None:
    found = await answered(run, response(302, headers={"Location": location}))
    assert found.fault is Fault.PROTOCOL, found
    assert "is unusable" in found.message


async def test_a_kept_connection_is_used_again_and_replaced_when_it_died(run: Run) -> None:
    server = RawServer()

    async def twice(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(2):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(response(200, b"ok"))
            await writer.drain()

    async with start_raw(twice, server=server):
        found = await run("http", url=server.url, reuse=True, times=5)
    assert found.status is Status.UP, found
    assert server.connections == 3


async def test_without_reuse_each_run_connects_anew(run: Run) -> None:
    server = RawServer()
    async with start_raw(answering(server, response()), server=server):
        await run("http", url=server.url, times=3)
    assert server.connections == 3


async def test_a_second_answer_nobody_asked_for_spoils_the_connection(run: Run) -> None:
    server = RawServer()
    answer = response(200, b"one") + response(500, b"two")

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer)
            await writer.drain()

    async with start_raw(script, server=server):
        found = await run("http", url=server.url, reuse=True, times=2, expect=['body == "one"'])
    assert found.status is Status.UP, found
    assert server.connections == 2


async def test_an_address_family_the_target_lacks_is_told(run: Run) -> None:
    server = RawServer()
    async with start_raw(answering(server, response()), server=server):
        url = f"http://localhost:{server.port}/"
        assert (await run("http", url=url, family="ipv4")).status is Status.UP
        assert (await run("http", url=url, family="any")).status is Status.UP
        found = await run("http", url=url, family="ipv6")
    assert found.status in {Status.DOWN, Status.UNKNOWN}
    assert found.fault in {Fault.REFUSED, Fault.RESOLVE, Fault.UNREACHABLE, Fault.INTERNAL}


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"url": "ftp://x/"}, "http:// or https://"),
        ({"url": "http://a\r\nb/"}, "line breaks"),
        ({"url": "http:///x"}, "names no host"),
        ({"url": "http://u:p@x/"}, "user or password"),
        ({"url": "http://x:99999/"}, "no URL"),
        ({"url": "http://x/", "headers": {"A": "b\r\nC: d"}}, "line break"),
        ({"url": "http://x/", "headers": {"A b": "c"}}, "no header name"),
        ({"url": "http://x/", "headers": {"content-length": "3"}}, "set by the probe"),
        ({"url": "http://x/", "bearer": "a\nb"}, "line break"),
        ({"url": "http://x/", "user": "ana"}, "go together"),
        ({"url": "http://x/", "user": "a:b", "password": "p"}, "no colon"),
        ({"url": "http://x/", "method": "POST", "reuse": True}, "safe to repeat"),
        ({"url": "http://x/", "method": "CONNECT"}, "no method for a check"),
    ],
)
def test_a_request_that_could_be_smuggled_or_cannot_work_is_refused(
    keys: dict[str, Any], words: str
) -> None:
    with pytest.raises(ValidationError, match=words):
        HttpSpec(name="x", **keys)


async def test_a_cancelled_run_leaves_no_connection(run: Run) -> None:
    gone = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await reader.read()
        gone.set()

    async with start_raw(silent) as server:
        check = prepared("http", url=server.url)
        task = asyncio.create_task(checks.run(check, AT))
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        async with asyncio.timeout(2):
            await gone.wait()
        await check.close()
