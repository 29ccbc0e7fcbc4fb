"""Requests that nobody well-meaning would send: every one gets problem details or is cut off,
and the next honest request is answered."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
import logging
import socket
import unicodedata
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from daemon.api import call, wire
from daemon.api.routes import ping
from tests.api.lab import TOKEN, Lab, raw_http, serving

SILENCES = "/api/v1/silences"


async def exchange(path: Path, raw: bytes, *, wait_s: float = 5.0) -> bytes:
    """Send bytes as they are; read until the other side closes or says nothing more."""
    reader, writer = await asyncio.open_unix_connection(str(path))
    try:
        writer.write(raw)
        await writer.drain()
        return await asyncio.wait_for(reader.read(200_000), wait_s)
    except ConnectionError:
        return b""
    finally:
        writer.close()


async def pour(writer: asyncio.StreamWriter, piece: bytes, pause_s: float) -> None:
    """Send the same again and again until the other side has had enough."""
    with contextlib.suppress(ConnectionError):
        while not writer.is_closing():
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(pause_s)
    writer.close()


def harmless(text: str) -> bool:
    """Whether a terminal would only print this."""
    return not any(unicodedata.category(character) in {"Cc", "Cs"} for character in text)


def problem_of(raw: bytes) -> tuple[int, dict[str, Any]]:
    """The status and the problem details of a raw answer."""
    head, _, body = raw.partition(b"\r\n\r\n")
    assert b"application/problem+json" in head, raw[:300]
    return int(head.split(b" ")[1]), json.loads(body)


async def is_well(http: httpx.AsyncClient) -> bool:
    """Whether an honest request is answered."""
    return (await http.get("/api/v1/status")).status_code == 200


@pytest.mark.parametrize(
    "raw",
    [
        b"hello\r\n\r\n",
        b"GET\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 64 + b"\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"G@T / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nX: " + b"a" * 20_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 500 + b"\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nBad Name: y\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: a\x00b\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx",
    ],
)  # fmt: skip
async def test_what_is_no_http_is_a_400_with_problem_details(tmp_path: Path, raw: bytes) -> None:
    async with serving(Lab(), tmp_path) as path, raw_http(path) as http:
        answer = await exchange(path, raw)
        status, problem = problem_of(answer)
        assert status == 400
        assert b"Server: tocsin\r\n" in answer
        assert b"aiohttp" not in answer
        assert harmless(problem["detail"])
        assert len(problem["detail"]) < 500
        assert await is_well(http)


@pytest.mark.parametrize("size", [65 * 1024, 5_000_000])
async def test_a_body_beyond_the_bound_is_a_413_and_is_not_read_to_its_end(
    tmp_path: Path, size: int
) -> None:
    async with serving(Lab(), tmp_path) as path, raw_http(path) as http:
        answer = await http.post(SILENCES, content=b"[" * size)
        assert answer.status_code == 413
        assert "64 KiB" in answer.json()["detail"]
        assert await is_well(http)


async def test_an_endless_chunked_body_is_cut_off(tmp_path: Path) -> None:
    head = f"POST {SILENCES} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    async with serving(Lab(), tmp_path) as path, raw_http(path) as http:
        _, writer = await asyncio.open_unix_connection(str(path))
        writer.write(head.encode())
        async with asyncio.timeout(5):
            await pour(writer, b"10000\r\n" + b"x" * 65_536 + b"\r\n", pause_s=0)
        assert await is_well(http)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400), (b"\xff\xfe", 400), (b"[" * 30_000, 400), (b'{"a":' * 5_000, 400),
        (b'{"matchers": ["a=b"], "for": NaN}', 422), (b"null", 422), (b"[]", 422), (b"7", 422),
        (b'"text"', 422), (b'{"matchers": null}', 422), (b"true", 422), (b"\x00", 400),
        (b'{"matchers":["a=b"],"for":"1h","comment":"\xed\xa0\x80"}', 400),
        (b'{"matchers":["a=b"],"for":"1h","comment":"\\ud800"}', 400),
        (b'{"matchers":["a=b"],"for_ms":1e400}', 422),
        (b'{"matchers":["a=b"],"for_ms":' + b"9" * 50 + b"}", 422),
        (b'{"matchers":["a=b"],"for_ms":' + b"9" * 60_000 + b"}", 400),
        (b'{"matchers":["a=b"],"for_ms":"60000"}', 422),
        (b'{"matchers":["a=b"],"for":"99999999w"}', 422),
        (b'{"matchers":["a=b"],"for_ms":true}', 422),
        (b'{"matchers":["a=b"],"for":"1h","id":"../../x"}', 404),
    ],
)  # fmt: skip
async def test_a_body_of_nonsense_is_refused_in_words(
    tmp_path: Path, body: bytes, status: int
) -> None:
    lab = Lab()
    async with serving(lab, tmp_path) as path, raw_http(path) as http:
        answer = await http.post(SILENCES, content=body)
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        assert harmless(answer.json()["detail"])
        assert not lab.engine.silences


async def test_unknown_fields_are_named_with_the_known_ones(tmp_path: Path) -> None:
    async with serving(Lab(), tmp_path) as path, raw_http(path) as http:
        answer = await http.post(SILENCES, json={"matchers": ["a=b"], "fro": "1h", "\x1b": 1})
        problem = answer.json()
        assert answer.status_code == 422
        assert "fro: unknown field; known: id, matchers, startsAt" in problem["detail"]
        assert {fault["field"] for fault in problem["problems"]} == {"fro", ""}


async def test_what_is_wrong_with_a_field_is_said_in_plain_words(tmp_path: Path) -> None:
    async with serving(Lab(), tmp_path) as path, raw_http(path) as http:
        body = {"alerts": 9_999, "severity": "high"}
        storm = (await http.post("/api/v1/test-storm", json=body)).json()
        assert storm["detail"] == "alerts: it must be at most 2000; services: it is required"
        text = (await http.post("/api/v1/incidents", json={"title": 1})).json()
        assert text["detail"] == "title: it must be a text"


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("colour=red", "colour: unknown parameter; known: all, since, state"),
        ("limit=0", "limit"), ("limit=10001", "limit"), ("limit=x", "limit"), ("all=maybe", "all"),
        ("since=yesterday", "is no time"), ("severity=awful", "is no severity"),
        ("state=gone", "state"), ("match=x", "is no matcher"), ('match=a=~"("', "regular"),
        ("all=1&all=0", "more than once"), ("match=a=b&" * 51, "match"),
        ("service=" + "x" * 300, "service"),
        ("%1b[2J=1", "unknown parameter"),
    ],
)  # fmt: skip
async def test_a_query_of_nonsense_is_refused_and_the_parameter_named(
    tmp_path: Path, query: str, words: str
) -> None:
    async with serving(Lab(), tmp_path) as path, raw_http(path) as http:
        answer = await http.get(f"/api/v1/incidents?{query.rstrip('&')}")
        assert answer.status_code == 400
        assert words in answer.json()["detail"]
        assert harmless(answer.json()["detail"])


@pytest.mark.parametrize("path", ["/api/v1/status", "/-/healthy", "/metrics", f"/ping/{TOKEN}"])
async def test_a_parameter_where_none_is_known_is_refused(tmp_path: Path, path: str) -> None:
    async with serving(Lab(), tmp_path) as socket_path, raw_http(socket_path) as http:
        answer = await http.get(f"{path}?x=1")
        assert answer.status_code == 400
        assert "known: none" in answer.json()["detail"]


async def test_an_expensive_regular_expression_costs_nothing_much(tmp_path: Path) -> None:
    lab = Lab()
    lab.outage()
    async with serving(lab, tmp_path) as path, raw_http(path) as http:
        answer = await asyncio.wait_for(
            http.get("/api/v1/alerts", params={"match": 'service=~"(a+)+(b+)+(c|c)*$"'}), 2
        )
        assert answer.json() == []


@pytest.mark.parametrize("tag", ["x", '"1', "1; DROP", "-1", '"1", "2"', "9" * 30])
async def test_an_if_match_that_is_no_version_is_refused(tmp_path: Path, tag: str) -> None:
    lab = Lab()
    key = lab.outage().key
    async with serving(lab, tmp_path) as path, raw_http(path) as http:
        answer = await http.post(f"/api/v1/incidents/{key}/ack", headers={"If-Match": tag})
        assert answer.status_code == 400
        assert lab.engine.incidents[key].acknowledged_by is None


async def test_a_packed_body_is_not_unpacked(tmp_path: Path) -> None:
    async with serving(Lab(), tmp_path) as path, raw_http(path) as http:
        bomb = gzip.compress(b" " * 20_000_000)
        answer = await http.post(SILENCES, content=bomb, headers={"Content-Encoding": "gzip"})
        assert answer.status_code == 415


@pytest.mark.parametrize("kind", ["text/html", "multipart/form-data; boundary=x", "image/png"])
async def test_a_body_that_is_declared_to_be_no_json_is_a_415(tmp_path: Path, kind: str) -> None:
    async with serving(Lab(), tmp_path) as path, raw_http(path) as http:
        answer = await http.post(SILENCES, content=b"{}", headers={"Content-Type": kind})
        assert answer.status_code == 415


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"])
async def test_an_odd_method_is_a_405_that_says_what_goes(tmp_path: Path, method: str) -> None:
    async with serving(Lab(), tmp_path) as path, raw_http(path) as http:
        answer = await http.request(method, "/api/v1/state")
        assert answer.status_code == 405
        assert answer.headers["allow"] == "GET,HEAD"
        assert answer.headers["content-type"] == "application/problem+json"


async def test_connect_is_refused(tmp_path: Path) -> None:
    async with serving(Lab(), tmp_path) as path:
        raw = await exchange(path, b"CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n")
        assert problem_of(raw)[0] in {400, 404, 405}


async def test_a_websocket_upgrade_leads_nowhere(tmp_path: Path) -> None:
    async with serving(Lab(), tmp_path) as path, raw_http(path) as http:
        answer = await http.get(
            "/api/v1/state", headers={"Connection": "Upgrade", "Upgrade": "websocket"}
        )
        assert answer.status_code == 200
        assert await is_well(http)


async def test_headers_that_drip_are_cut_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(wire._BOUNDS, "keepalive_timeout", 0.3)
    async with serving(Lab(), tmp_path) as path:
        _, writer = await asyncio.open_unix_connection(str(path))
        writer.write(b"GET / HTTP/1.1\r\n")
        async with asyncio.timeout(5):
            await pour(writer, b"X: y\r\n", pause_s=0.02)


async def test_a_body_that_drips_is_a_408(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(call, "BODY_TIMEOUT_S", 0.2)
    monkeypatch.setitem(wire._BOUNDS, "lingering_time", 0.1)
    async with serving(Lab(), tmp_path) as path:
        head = b"POST /api/v1/silences HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"
        status, _ = problem_of(await exchange(path, head))
        assert status == 408


async def test_a_pings_body_that_drips_is_kept_as_far_as_it_came(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ping, "BODY_S", 0.2)
    monkeypatch.setitem(wire._BOUNDS, "lingering_time", 0.1)
    lab = Lab()
    async with serving(lab, tmp_path) as path:
        head = f"POST /ping/{TOKEN}/log HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf"
        assert b"200 OK" in await exchange(path, head.encode())
    assert lab.events[-1].body == "half (the rest did not come in time)"  # type: ignore[union-attr]  # it is a ping


async def test_one_user_cannot_take_all_connections(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(wire, "MAX_CONNECTIONS_A_USER", 10)
    async with serving(Lab(), tmp_path) as path:
        opened = []
        for _ in range(30):
            one = socket.socket(socket.AF_UNIX)
            one.connect(str(path))
            opened.append(one)
        await asyncio.sleep(0.1)
        refused = 0
        for one in opened:
            one.setblocking(False)
            with contextlib.suppress(BlockingIOError):  # then it is still open
                refused += one.recv(1) == b""
            one.close()
        assert refused == 20
        assert "too many connections" in caplog.text
        await asyncio.sleep(0.1)
        async with raw_http(path) as http:
            assert await is_well(http)


async def test_a_fault_inside_is_logged_and_told_without_a_word_of_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    lab = Lab()
    key = lab.outage().key
    lab.fails = RuntimeError("the secret is hunter2")
    async with serving(lab, tmp_path) as path, raw_http(path) as http:
        with caplog.at_level(logging.ERROR):
            answer = await http.post(f"/api/v1/incidents/{key}/ack")
        assert answer.status_code == 500
        assert "hunter2" not in answer.text
        assert "Traceback" not in answer.text
        assert "hunter2" in caplog.text
        assert await is_well(http)


async def test_a_client_that_leaves_in_the_middle_does_not_stop_the_write(tmp_path: Path) -> None:
    lab = Lab()
    key = lab.outage().key
    async with serving(lab, tmp_path) as path, raw_http(path) as http:
        _, writer = await asyncio.open_unix_connection(str(path))
        writer.write(f"POST /api/v1/incidents/{key}/ack HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        await writer.drain()
        writer.close()
        async with asyncio.timeout(2):
            while lab.engine.incidents[key].acknowledged_by is None:  # noqa: ASYNC110  # it is inside the server
                await asyncio.sleep(0.005)
        assert await is_well(http)


PATHS = st.sampled_from([
    "/api/v1/state", "/api/v1/incidents", "/api/v1/silences", "/ping", "/api/v1/checks",
    "/api/v1/incidents/x/ack", "/metrics", "/api/v1/sla",
])  # fmt: skip
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.floats(), st.integers(), st.text(max_size=10)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["matchers", "comment", "for", "id", "text", "x"]), inner, max_size=4
        ),
    ),
)
REQUESTS = st.tuples(
    st.sampled_from(["GET", "POST", "PUT", "DELETE", "HEAD"]),
    PATHS,
    st.text(max_size=30),
    st.dictionaries(st.text(max_size=8), st.text(max_size=8), max_size=2),
    st.one_of(st.binary(max_size=200), VALUES.map(lambda value: json.dumps(value).encode())),
)


@given(st.lists(REQUESTS, min_size=1, max_size=10))
@settings(
    deadline=None,
    max_examples=settings().max_examples // 2,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_whatever_is_asked_the_answer_is_never_a_500(
    tmp_path: Path, requests: list[tuple[str, str, str, dict[str, str], bytes]]
) -> None:
    async def ask_all() -> None:
        async with serving(Lab(), tmp_path) as path, raw_http(path) as http:
            for method, base, tail, query, body in requests:
                more = "".join(f"%{byte:02x}" for byte in tail.encode(errors="replace"))
                url = f"http://x{base}/{more}" if more else f"http://x{base}"
                answer = await http.request(
                    method,
                    url,
                    params=query or None,
                    content=body if method in {"POST", "PUT"} else None,
                )
                assert answer.status_code < 500, answer.text
                if answer.status_code >= 400 and method != "HEAD":
                    assert answer.headers["content-type"] == "application/problem+json"
                    assert harmless(answer.json()["detail"])

    asyncio.run(ask_all())
