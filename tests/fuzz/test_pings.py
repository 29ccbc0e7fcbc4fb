"""Pings of anybody: a known token with a meaning is taken in, all else is refused in words."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from daemon.api.routes.ping import KEPT_BYTES
from daemon.core.events import Ping, Signal
from tests.api.lab import TOKEN
from tests.api.test_hostile import harmless
from tests.fuzz.desk import Desk, Request, open_desk
from tests.fuzz.trials import kept, tries

WORDS = {b"": Signal.SUCCESS, b"start": Signal.START, b"fail": Signal.FAIL, b"log": Signal.LOG}


def quoted(text: str) -> bytes:
    return quote(text, safe="", errors="replace").encode()


GOOD = TOKEN.encode()
TOKENS = st.one_of(
    *[st.just(GOOD)] * 4,
    st.sampled_from(
        [GOOD[:-1], GOOD + b"x", GOOD.upper(), b"", b"%00", GOOD + b"%00", b"%ff", b"%ED%A0%80",
         b"..", b"%2e%2e", b"%2f" + GOOD, b"\xff", b"x" * 5_000, b"nightly", b"%73" + GOOD[1:]]
    ),
    st.text(max_size=12).map(quoted),
)  # fmt: skip
SIGNALS = st.one_of(
    st.sampled_from(list(WORDS)),
    st.integers(-5, 300).map(lambda code: b"%d" % code),
    st.sampled_from(
        [b"START", b"start/", b"007", b"0000", b"9" * 5_000, b"1e2", b"%30", b"+1", b"-0", b"0x1",
         b"%D9%A3", b"%C2%B2", b"256", b"255", b"%20", b"1%00", b"start/fail", b"\xff", b"1_0"]
    ),
    st.text(max_size=6).map(quoted),
)  # fmt: skip
METHODS = st.sampled_from([b"GET", b"POST", b"POST", b"HEAD", b"PUT", b"DELETE", b"PATCH", b"BREW"])
BODIES = st.one_of(
    st.binary(max_size=100),
    st.sampled_from(
        [b"", b"\x00", b"\xed\xa0\x80", b"\x1b]0;x\x07", b"\xff" * KEPT_BYTES, b"a" * 70_000,
         "é".encode() * KEPT_BYTES, b"\r\n" * KEPT_BYTES, b"\x1b" * KEPT_BYTES]
    ),
)  # fmt: skip
HEADERS = st.sampled_from(
    [(), (b"Content-Encoding: gzip",), (b"Content-Type: image/png",), (b"Content-Type: \xff",),
     (b"Expect: 100-continue",), (b"If-Match: x",)]
)  # fmt: skip


@pytest.fixture(scope="module")
def desk() -> Iterator[Desk]:
    with open_desk() as opened:
        yield opened


def meaning(signal: bytes) -> tuple[Signal, int | None] | None:
    """What a known token with this behind it says, by the documented words alone."""
    if signal in WORDS and signal:
        return WORDS[signal], None
    if signal.isdigit() and len(signal) <= 3 and int(signal) <= 255:
        return (Signal.FAIL if int(signal) else Signal.SUCCESS), int(signal)
    return None


def hold(desk: Desk, raw: bytes) -> list[Ping]:
    """Send it; what was refused left everything as it was. Returns what was taken in."""
    desk.anew()
    before, seen = desk.lab.engine.snapshot(), len(desk.lab.events)
    answer = desk.send(raw)
    if raw.startswith(b"HEAD"):
        assert answer.body == b"" or answer.status == 400  # what is no HTTP has no method yet
        assert answer.status < 500
    else:
        desk.judge(answer)
    taken = desk.lab.events[seen:]
    assert bool(taken) is (answer.status == 200)
    if not taken:
        assert desk.lab.engine.snapshot() == before
    pings = [event for event in taken if isinstance(event, Ping)]
    assert len(pings) == len(taken) <= 1
    for ping in pings:
        assert ping.check == "nightly"
        assert len(ping.body) <= KEPT_BYTES
        assert harmless(ping.body.replace("\n", "").replace("\t", ""))
    return pings


@tries(350)
@given(METHODS, TOKENS, st.none() | SIGNALS, HEADERS, BODIES)
@example(b"POST", GOOD, b"3", (), b"\xff" * 70_000)
def test_a_ping_means_what_is_documented_or_is_refused(
    desk: Desk,
    method: bytes,
    token: bytes,
    signal: bytes | None,
    headers: tuple[bytes, ...],
    body: bytes,
) -> None:
    target = b"/ping/" + token + (b"" if signal is None else b"/" + signal)
    pings = hold(desk, bytes(Request(method, target, headers, body)))

    if token == GOOD and method in {b"GET", b"POST", b"HEAD"}:
        said = (Signal.SUCCESS, None) if signal is None else meaning(signal)
        if said is not None:
            assert [(ping.signal, ping.exit_code) for ping in pings] == [said]
    if not token.lower().startswith((GOOD, b"%73", b"..", b"%2e%2e")):
        assert not pings


@pytest.mark.parametrize("path", kept("pings"), ids=lambda path: path.stem)
def test_a_ping_that_once_showed_something_is_taken_or_refused(desk: Desk, path: Path) -> None:
    hold(desk, path.read_bytes())
