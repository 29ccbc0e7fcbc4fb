"""Whatever bytes answer an HTTP request, and however they are cut: one outcome, and bounded."""

from __future__ import annotations

import asyncio
import itertools
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.errors import ProbeError
from checks.http_exchange import HEAD_LIMIT, Answer
from tests.fuzz.trials import kept, tries

MAX_BODY = 100
PIECES = st.sampled_from(
    [
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.0 301 \r\n",
        b"HTTP/1.1 103 Early\r\n\r\n",
        b"HTTP/1.1 000 \r\n",
        b"Content-Length: 5\r\n",
        b"Content-Length: 0\r\n",
        b"Content-Length: 18446744073709551616\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Connection: close\r\n",
        b"Connection: upgrade\r\nUpgrade: x\r\n",
        b"X: y\r\n",
        b" folded\r\n",
        b"\r\n",
        b"\n",
        b"\r",
        b"hello",
        b"5\r\nhello\r\n",
        b"0\r\n\r\n",
        b"0\r\n",
        b"ffffffffffffffff\r\n",
        b"1;a=b\r\nx\r\n",
        b"\x00",
        b"\xff\xfe",
        b"\x1b]0;x\x07",
        b":",
        b"z" * 120,
    ]
)
ANSWERS = st.one_of(
    st.lists(PIECES, max_size=14).map(b"".join),
    st.lists(PIECES, max_size=6).map(lambda parts: b"HTTP/1.1 200 OK\r\n" + b"".join(parts)),
    st.binary(max_size=200),
)
CUTS = st.lists(st.integers(0, 2000), max_size=8)


def outcome(raw: bytes, cuts: list[int], *, head_only: bool = False) -> tuple[Any, ...]:
    """What an answer comes to that is fed in these pieces, and then ended."""

    async def read() -> tuple[Any, ...]:
        answer = Answer("target:80", MAX_BODY, head_only=head_only, keep=True)
        ends = sorted({cut % (len(raw) + 1) for cut in cuts})
        for start, end in itertools.pairwise([0, *ends, len(raw)]):
            if start < end:
                answer.feed(raw[start:end])
        answer.lost(None)
        assert answer.done.done()
        assert len(answer.body) <= MAX_BODY
        assert sum(len(name) + len(value) for name, value in answer.headers) <= HEAD_LIMIT + len(
            raw
        )
        error = answer.done.exception()
        if error is None:
            return answer.status, bytes(answer.body), answer.cut, tuple(answer.headers)
        assert isinstance(error, ProbeError), error
        return error.fault, error.message

    return asyncio.run(read())


@tries(300)
@given(ANSWERS, CUTS, st.booleans())
def test_an_answer_comes_to_the_same_however_it_is_cut(
    raw: bytes, cuts: list[int], head_only: bool
) -> None:
    assert outcome(raw, cuts, head_only=head_only) == outcome(raw, [], head_only=head_only)


@pytest.mark.parametrize("path", kept("http_answers"), ids=lambda path: path.stem)
def test_an_answer_that_once_showed_something_still_comes_to_the_same(path: Path) -> None:
    raw = path.read_bytes()
    whole = outcome(raw, [])
    assert all(outcome(raw, [cut]) == whole for cut in range(1, len(raw)))
    assert outcome(raw, list(range(len(raw)))) == whole
