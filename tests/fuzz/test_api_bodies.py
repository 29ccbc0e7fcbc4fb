"""Whatever is sent to what changes something: an answer in words, and a refusal changes nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from daemon.api.inputs.fields import MAX_NOTE
from daemon.api.routes.table import endpoints
from tests.fuzz.desk import Desk, Request, open_desk
from tests.fuzz.trials import kept, tries

SUBJECTS = {
    "id": "ID",
    "run": "RUN",
    "fingerprint": "ALERT",
    "name": "web",
    "token": "none",
    "signal": "fail",
}
"""What the pieces of a path mean; the first three are put in when the lab has them."""

NAMED = {
    "/channels/": "pager",
    "/maintenance/": "move",
    "/schedules/": "primary",
    "/services/": "checkout",
    "/sla/": "checkout-99",
}
"""What a name means that is not a check's or a response's."""

WRITES = sorted({(row.method, row.path) for row in endpoints() if row.method != "GET"})

NAMES = (
    "matchers", "comment", "for", "for_ms", "startsAt", "endsAt", "id", "text", "path",
    "expires_after_ms", "title", "service", "role", "to", "into", "with", "alerts",
    "name", "value", "isRegex", "isEqual", "response", "dry_run", "stray", "", "__proto__",
    "persons", "replaces", "swap", "from", "start", "end", "reason", "match", "services",
    "severity", "next_in", "recur", "duration", "timezone", "period", "min_score", "limit",
)  # fmt: skip
TOKENS = st.sampled_from(
    [
        "null", "true", "false", "0", "-1", "1", "60000", "1.5", "NaN", "-Infinity", "1e400",
        "-0.0", "9" * 19, "9" * 400, '"' + "9" * 400 + 's"', "01",
        '""', '"a=b"', r'"a=~\"(\""', r'"severity=P9"',
        r'"a=~\"[\\x{10ffff}-\\x{0}]\""', '"1h"', '"999999999999w"', '"-1s"', '"0s"',
        '"2026-11-21T12:00:00Z"', '"0001-01-01T00:00:00+23:59"', '"9999-12-31T23:59:59.9-23:59"',
        '"2026-02-30T00:00:00Z"', r'"\ud800"', r'"\udc00\ud800"', r'"\u0000"', r'"\u001b[2J"',
        r'"\u202e\u2028"', '"\x00"', '"\x7f"', '"ID"', '"SILENCE"', '"/tmp/copy"', '"../copy"',
        '"/taken.db"', json.dumps("é" * (MAX_NOTE + 1)), '"' + "x" * 20_001 + '"', "[" * 300,
        "{", "//", "'a'", "undefined",
    ]
)  # fmt: skip
LEAVES = st.one_of(
    TOKENS,
    st.text(max_size=12).map(json.dumps),
    st.integers().map(str),
    st.floats().map(json.dumps),
)


def as_object(pairs: list[tuple[str, str]]) -> str:
    """JSON of these names and values; a name may stand there twice."""
    return "{" + ",".join(f"{json.dumps(name)}:{value}" for name, value in pairs) + "}"


TEXTS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4).map(lambda items: f"[{','.join(items)}]"),
        st.lists(st.tuples(st.sampled_from(NAMES), inner), max_size=4).map(as_object),
    ),
    max_leaves=8,
)
PAST = ("2026-11-21T09:00:00Z", "2026-11-21T09:30:00Z")
GOOD: dict[str, list[tuple[str, str]]] = {
    "/ack": [("comment", '"mine"'), ("for", '"1h"')],
    "/snooze": [("for", '"1h"'), ("comment", '"later"')],
    "/assign": [("to", '"ana"'), ("comment", '"yours"')],
    "/note": [("text", '"a line"')],
    "/resolve": [("comment", '"over"')],
    "/incidents": [("title", '"stuck"'), ("service", '"checkout"'), ("severity", '"P1"')],
    "/role": [("role", '"scribe"'), ("to", '"ana"')],
    "/update": [("text", '"we look"'), ("next_in", '"15m"')],
    "/respond": [("response", '"web"'), ("dry_run", "false")],
    "/merge": [("into", '"ID"')],
    "/split": [("alerts", '["ALERT"]')],
    "/backup": [("path", '"/copy"')],
    "/silences": [("matchers", '["service=checkout"]'), ("for", '"1h"'), ("comment", '"c"')],
    "/silences/{id}": [
        ("matchers", '[{"name":"check","value":"db","isRegex":false}]'),
        ("endsAt", '"2027-01-01T00:00:00Z"'),
    ],
    "/preview": [("matchers", '["service=checkout"]')],
    "/acknowledge": [("comment", '"mine"'), ("for", '"1h"')],
    "/maintenance": [
        ("name", '"patch"'), ("services", '["checkout"]'), ("for", '"1h"'), ("reason", '"r"'),
    ],
    "/overrides": [("persons", '["ana"]'), ("for", '"1h"'), ("comment", '"dentist"')],
    "/exclusions": [("start", f'"{PAST[0]}"'), ("end", f'"{PAST[1]}"'), ("reason", '"theirs"')],
    "/notes": [("start", f'"{PAST[0]}"'), ("end", f'"{PAST[1]}"'), ("text", '"seen"')],
    "/test-alert": [("severity", '"P3"'), ("for", '"1m"')],
    "/test-storm": [("alerts", "3"), ("services", '["checkout","jobs"]'), ("for", '"1m"')],
    "/correlations": [("service", '"checkout"'), ("min_score", "0.5"), ("limit", "9")],
    "/forget": [("person", '"zoe"')],
    "/reports": [("period", '"2026-10"'), ("service", '"checkout"')],
}  # fmt: skip
GOOD_QUERIES = {"/history/cleanup": "?older_than=400d&dry_run=true"}

REFUSED = {"/unack": 409, "/merge": 422, "/split": 409}
"""What even a good request is refused for: the lab has one incident, of one alert."""


def good_pieces(path: str) -> list[str]:
    """The pieces of this path, with what the lab has in place of those that vary."""
    name = next((name for part, name in NAMED.items() if part in path), SUBJECTS["name"])
    meant = SUBJECTS | {"name": name}
    return [meant.get(piece.strip("{}"), piece) if piece.startswith("{") else piece
            for piece in path.split("/")]  # fmt: skip


def good_body(path: str) -> list[tuple[str, str]]:
    """A body that is done, as names and values."""
    return next((pairs for tail, pairs in GOOD.items() if path.endswith(tail)), [])


def mutated(good: list[tuple[str, str]]) -> st.SearchStrategy[bytes]:
    """A valid body with fields taken away, put in, doubled, or given another value."""

    def change(edits: list[tuple[str, int, str, str]]) -> bytes:
        pairs = list(good)
        for what, where, name, value in edits:
            at = where % (len(pairs) or 1)
            match what:
                case "drop":
                    pairs = pairs[:at] + pairs[at + 1 :]
                case "set" if pairs:
                    pairs[at] = (pairs[at][0], value)
                case "double" if pairs:
                    pairs.append(pairs[at])
                case _:
                    pairs.append((name, value))
        return as_object(pairs).encode()

    edit = st.tuples(
        st.sampled_from(["drop", "set", "set", "set", "double", "add"]),
        st.integers(0, 5),
        st.sampled_from(NAMES),
        TEXTS,
    )
    return st.lists(edit, max_size=2).map(change)


def bodies(path: str) -> st.SearchStrategy[bytes]:
    """Bodies for this path, from good ones to noise."""
    good = good_body(path)
    return st.one_of(
        mutated(good),
        mutated(good),
        mutated(good),
        TEXTS.map(str.encode),
        st.binary(max_size=200),
        st.sampled_from(
            [
                b"", b"\xef\xbb\xbf{}", b"\xef\xbb\xbf", b"{}{}", b"\xff\xfe{\x00}\x00",
                b"[" * 60_000, b'{"comment":' * 5_000, b" " * 66_000, b"x" * 65_536,
                b'{"comment":"' + b"y" * 60_000 + b'"}', b'{"comment":"\xed\xa0\x80"}',
                b'{"matchers":[' + b'"a=b",' * 60 + b'"a=b"],"for":"1h"}',
            ]
        ),
    )  # fmt: skip


HEADERS = st.lists(
    st.sampled_from(
        [
            b"Content-Type: application/json",
            b"Content-Type: application/json; charset=utf-16",
            b"Content-Type: text/html",
            b"Content-Type: multipart/form-data; boundary=",
            b"Content-Type: ;;;",
            b"Content-Type: \xff",
            b"Content-Encoding: gzip",
            b"Content-Encoding: identity",
            b'If-Match: "1"',
            b'If-Match: "999999999999999999"',
            b"If-Match: *",
            b"If-Match: \xff",
            b"Expect: 100-continue",
            b"Expect: x",
            b"Cookie: a=\x22\xff",
            b"Accept: nothing/at-all",
            b"Range: bytes=0-1",
            b"X: " + b"x" * 9_000,
        ]
    ),
    max_size=2,
    unique=True,
).map(tuple)
PARTS = st.one_of(
    st.sampled_from(
        [b"%00", b"%ff", b"%ED%A0%80", b"..", b"%2e%2e%2f", b"%", b"%zz", b"%1b%5b2J", b";a=b",
         b"\xff", b"\xc3\xa9", b"a%20b", b"*", b"x" * 5_000, b""]
    ),
    st.text(max_size=12).map(lambda text: quote(text, safe="", errors="replace").encode()),
)  # fmt: skip
QUERIES = st.sampled_from(
    [
        b"",
        b"",
        b"",
        b"",
        b"?",
        b"?x=1",
        b"?%00",
        b"?a=%ff&a=%ff",
        b"?" + b"a" * 3_000,
        b"#x",
        b"?\xff",
    ]
)


@st.composite
def requests(draw: st.DrawFn) -> Request:
    """A request to one of the endpoints that write, its path mostly a good one."""
    method, path = draw(st.sampled_from(WRITES))
    pieces = [
        draw(st.one_of(*[st.just(good.encode())] * 4, PARTS))
        if piece.startswith("{")
        else piece.encode()
        for piece, good in zip(path.split("/"), good_pieces(path), strict=True)
    ]
    target = b"/".join(pieces) + draw(QUERIES)
    return Request(method.encode(), target, draw(HEADERS), draw(bodies(path)))


@pytest.fixture(scope="module")
def desk() -> Iterator[Desk]:
    with open_desk() as opened:
        yield opened


def named(desk: Desk, raw: bytes) -> bytes:
    """The request with the ids that the lab has; its length is set right again."""
    engine = desk.lab.engine
    silence, alert = next(iter(engine.silences)), next(iter(engine.alerts))
    head, _, body = raw.partition(b"\r\n\r\n")
    kinds = {
        b"/silences": silence,
        b"/overrides": engine.plan.schedules["primary"].made[0].key,
        b"/exclusions": next(iter(engine.amendments)),
    }
    line = head.split(b"\r\n")[0]
    incident = next(iter(engine.incidents))
    known = next((key for part, key in kinds.items() if part in line), incident)
    head = head.replace(b"/ID", b"/" + known.encode()).replace(b"/ALERT", b"/" + alert.encode())
    head = head.replace(b"/RUN", b"/" + next(iter(engine.runs)).encode())
    for word, meant in ((b"ID", known), (b"SILENCE", silence), (b"ALERT", alert)):
        body = body.replace(b'"%s"' % word, f'"{meant}"'.encode())
    lines = [
        b"Content-Length: %d" % len(body) if line.startswith(b"Content-Length:") else line
        for line in head.split(b"\r\n")
    ]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def hold(desk: Desk, raw: bytes) -> int:
    """Send it; the answer is one, and a refusal left everything as it was."""
    desk.anew()
    before, seen = desk.lab.engine.snapshot(), len(desk.lab.history.queued)
    answer = desk.send(named(desk, raw))
    unusable = {503} if b"/db/backup" in raw.split(b"\r\n")[0] else set()
    desk.judge(answer, spare=frozenset(unusable))
    if answer.status >= 400:
        assert desk.lab.engine.snapshot() == before
        assert len(desk.lab.history.queued) == seen
    else:
        assert answer.body == b"OK\n" or json.loads(answer.body) is not None
    return answer.status


@tries(300)
@given(request=requests())
@example(request=Request(b"POST", b"/api/v1/incidents/ID/ack", (), b'{"for":"1h","for_ms":1}'))
@example(request=Request(b"PUT", b"/api/v1/silences/ID", (), b'{"matchers":[{}],"for_ms":1}'))
def test_whatever_is_sent_is_done_or_refused_whole(desk: Desk, request: Request) -> None:
    hold(desk, bytes(request))


@pytest.mark.parametrize(("method", "path"), WRITES)
def test_the_good_request_that_the_others_are_made_of_is_done(
    desk: Desk, method: str, path: str
) -> None:
    if path.startswith("/ping/"):
        pytest.skip("its token is a secret; see test_pings")
    tail = next((query for tail, query in GOOD_QUERIES.items() if path.endswith(tail)), "")
    target = "/".join(good_pieces(path)) + tail
    body = b"" if method == "DELETE" else as_object(good_body(path)).encode()
    first = hold(desk, bytes(Request(method.encode(), target.encode(), (), body)))
    refused = next((code for tail, code in REFUSED.items() if path.endswith(tail)), None)
    assert first < 300 or first == refused, first


@pytest.mark.parametrize("path", kept("api_bodies"), ids=lambda path: path.stem)
def test_a_request_that_once_showed_something_is_done_or_refused(desk: Desk, path: Path) -> None:
    hold(desk, path.read_bytes())
