"""RESP2: replies are read whole or not at all, and bounded."""

from __future__ import annotations

import itertools
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.resp import REPLY_LIMIT, Refused, Reply, ReplyReader, RespViolation, command_bytes


def encoded(reply: Reply) -> bytes:
    """The oracle: a reply as a server writes it."""
    if reply is None:
        return b"$-1\r\n"
    if isinstance(reply, int):
        return b":%d\r\n" % reply
    if isinstance(reply, Refused):
        return b"-%b\r\n" % reply.text.encode()
    if isinstance(reply, str):
        body = reply.encode()
        return b"$%d\r\n%b\r\n" % (len(body), body)
    return b"*%d\r\n%b" % (len(reply), b"".join(encoded(item) for item in reply))


REPLIES: st.SearchStrategy[Reply] = st.recursive(
    st.none() | st.integers(-(2**62), 2**62) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4),
    max_leaves=12,
)


def read_reply(data: bytes, *cuts: int) -> tuple[Reply, int] | None:
    """The reply in these bytes, fed in pieces, and where it ends; None while it is not whole."""
    reader = ReplyReader()
    ends = sorted(cut % (len(data) + 1) for cut in cuts)
    for start, end in itertools.pairwise([0, *ends, len(data)]):
        reader.feed(data[start:end])
    return (reader.reply, len(data) - len(reader.rest)) if reader.whole else None


@given(REPLIES, st.lists(st.integers(0, 500), max_size=5))
def test_every_reply_is_read_back_and_every_cut_of_it_is_incomplete(
    reply: Reply, cuts: list[int]
) -> None:
    data = encoded(reply)
    assert read_reply(data, *cuts) == (reply, len(data))
    assert read_reply(data + b"+next\r\n") == (reply, len(data))
    for cut in range(len(data)):
        assert read_reply(data[:cut]) is None


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reader(data: bytes) -> None:
    try:
        found = read_reply(data)
    except RespViolation:
        return
    assert found is None or found[1] <= len(data)


def test_simple_replies_and_errors() -> None:
    assert read_reply(b"+OK\r\n") == ("OK", 5)
    found = read_reply(b"-NOAUTH Authentication required.\r\n")
    assert found is not None
    assert isinstance(found[0], Refused)
    assert found[0].code == "NOAUTH"


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 400\r\n",
        b"!oops",
        b":x\r\n",
        b"$-2\r\n",
        b"$3\r\nabcdef",
        b"*99999999\r\n",
        b"$%d\r\n" % (REPLY_LIMIT + 1),
        b"*1\r\n" * 50,
        b"x" * (REPLY_LIMIT + 1),
    ],
)
def test_what_is_no_reply_or_beyond_the_limits_is_an_error(data: bytes) -> None:
    with pytest.raises(RespViolation):
        read_reply(data)


def test_a_long_reply_that_comes_byte_by_byte_is_read_once() -> None:
    """200,000 numbers, then 2,000 pieces of one more: reading from the start would take minutes."""
    reader = ReplyReader()
    began_s = perf_counter()
    assert not reader.feed(b"*200001\r\n" + b":1\r\n" * 200_000)
    for byte in b"$1990\r\n" + b"x" * 1990 + b"\r\n":
        whole = reader.feed(bytes([byte]))
    assert whole
    assert perf_counter() - began_s < 10


def test_a_command_is_an_array_of_bulk_strings() -> None:
    assert command_bytes(["GET", "ü\r\n"]) == b"*2\r\n$3\r\nGET\r\n$4\r\n\xc3\xbc\r\n\r\n"
