"""Reading Server-Sent Events however the network cuts them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.api.hub import encode_frame
from daemon.api.schema import Operator, Reset
from daemon.client import sse
from daemon.client.sse import Frame, FrameParser


def frames_of(pieces: list[bytes]) -> list[Frame]:
    parser = FrameParser()
    return [frame for piece in pieces for frame in parser.feed(piece)]


def test_a_frame_has_its_id_its_kind_and_its_data() -> None:
    assert frames_of([b"id: 7\nevent: check\ndata: {}\n\n"]) == [Frame("7", "check", b"{}")]


def test_a_comment_is_no_event() -> None:
    assert frames_of([b": beat\n\n: beat\n\nretry: 1000\n\n"]) == []


def test_several_lines_of_data_are_one() -> None:
    assert frames_of([b"data: a\ndata: b\n\n"]) == [Frame("", "message", b"a\nb")]


def test_an_event_without_an_id_has_the_last_one() -> None:
    assert [frame.id for frame in frames_of([b"id: 1\ndata: a\n\ndata: b\n\n"])] == ["1", "1"]


def test_a_frame_without_end_is_given_up_before_it_eats_the_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sse, "MAX_FRAME_BYTES", 1_000)
    with pytest.raises(ValueError, match="larger than 1000"):
        frames_of([b"data: " + b"x" * 100] * 20)


@given(st.lists(st.text(), max_size=8), st.lists(st.integers(1, 40), max_size=40))
def test_the_daemons_frames_read_back_the_same_however_they_are_cut(
    texts: list[str], cuts: list[int]
) -> None:
    stream = b": hello\n\n"
    for seq, text in enumerate(texts):
        shape = Operator(
            time="", by="", origin="", action=text.encode(errors="replace").decode(), subject="",
            detail="\n\n\r",
        )  # fmt: skip
        stream += encode_frame(seq, "operator", shape)
    stream += encode_frame(99, "reset", Reset(seq=99, reason=""))
    pieces = []
    for cut in cuts:
        pieces.append(stream[:cut])
        stream = stream[cut:]
    found = frames_of([*pieces, stream])
    assert [frame.id for frame in found] == [*(f"{seq}" for seq in range(len(texts))), "99"]
