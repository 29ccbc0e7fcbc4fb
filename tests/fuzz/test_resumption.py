"""Readers of the event stream that come and go: after whatever happened, one that resumes has
the newest state of every object, or was told to start anew."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from daemon.api import hub as hubs
from daemon.api.hub import EventHub
from tests.api.lab import START, Lab
from tests.api.test_hub import read, thing
from tests.fuzz.desk import Desk, Request, open_desk
from tests.fuzz.trials import tries

SOON_S = 5.0
KEYS = st.sampled_from("abcdef")


def tell(hub: EventHub, key: str, text: str, *, patient: bool) -> None:
    shape = thing(f"{key}={text}")
    hub.publish("operator", key, lambda: shape, patient=patient)


@dataclass
class Reader:
    """What one reader knows: how far it has read, and the objects as it was told."""

    since: int
    seen: dict[str, str] = field(default_factory=dict)
    waiting: asyncio.Task[bool] | None = None

    def take(self, hub: EventHub, truth: dict[str, str]) -> bool:
        """Read one batch; a reset is followed by a look at everything. False for none."""
        batch = hub.take(self.since)
        for seq, event, data in read(batch.data):
            assert seq > self.since or event == "reset"
            if event == "reset":
                self.seen = dict(truth)
            else:
                key, _, text = data["action"].partition("=")
                self.seen[key] = text
        assert batch.seq >= self.since or self.since > hub.seq
        self.since = batch.seq
        return bool(batch.data)


class Stream(RuleBasedStateMachine):
    """A small hub, so that its bounds are met, and readers that read when they like."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.hub = EventHub(START, max_entries=3, max_bytes=400)
        self.truth: dict[str, str] = {}
        self.readers: list[Reader] = []
        self.count = 0

    def teardown(self) -> None:
        self.hub.close()
        for reader in self.readers:
            if reader.waiting is not None:
                assert self.runner.run(asyncio.wait_for(reader.waiting, SOON_S))
        self.runner.close()

    @rule(changes=st.lists(st.tuples(KEYS, st.booleans()), min_size=1, max_size=6))
    def publish(self, changes: list[tuple[str, bool]]) -> None:
        async def tell_all() -> None:
            for key, patient in changes:
                self.count += 1
                self.truth[key] = f"{self.count}"
                tell(self.hub, key, self.truth[key], patient=patient)

        self.runner.run(tell_all())

    @rule()
    def reset(self) -> None:
        self.truth.pop(min(self.truth, default=""), None)
        self.hub.reset("a check left")

    @rule()
    @precondition(lambda self: len(self.readers) < 4)
    def connect(self) -> None:
        self.readers.append(Reader(self.hub.seq, dict(self.truth)))

    @rule(which=st.integers(0, 3), since=st.sampled_from([-1, 0, 1, 10**18]))
    @precondition(lambda self: self.readers)
    def come_back_from_elsewhere(self, which: int, since: int) -> None:
        """It resumes after a number that this hub did not give it."""
        reader = self.readers[which % len(self.readers)]
        if reader.waiting is None:
            reader.since, reader.seen = since, {"nonsense": "1"}

    @rule(which=st.integers(0, 3), batches=st.integers(1, 3))
    @precondition(lambda self: self.readers)
    def read_some(self, which: int, batches: int) -> None:
        reader = self.readers[which % len(self.readers)]
        for _ in range(batches):
            reader.take(self.hub, self.truth)

    @rule(which=st.integers(0, 3))
    @precondition(lambda self: self.readers)
    def wait(self, which: int) -> None:
        """It reads everything and then waits for the next."""
        reader = self.readers[which % len(self.readers)]
        self._drain(reader)
        if reader.waiting is None:

            async def begin() -> asyncio.Task[bool]:
                task = asyncio.ensure_future(self.hub.wait(reader.since, 60))
                await asyncio.sleep(0)
                return task

            reader.waiting = self.runner.run(begin())

    @rule(which=st.integers(0, 3))
    @precondition(lambda self: self.readers)
    def leave_while_waiting(self, which: int) -> None:
        reader = self.readers[which % len(self.readers)]
        if reader.waiting is not None:
            reader.waiting.cancel()

            async def gone(task: asyncio.Task[bool]) -> None:
                await asyncio.wait([task])

            self.runner.run(gone(reader.waiting))
            reader.waiting = None

    @rule()
    @precondition(lambda self: any(reader.waiting for reader in self.readers))
    def whoever_waits_is_woken(self) -> None:
        """However patient what is new may be."""
        for reader in self.readers:
            if reader.waiting is not None and reader.since < self.hub.seq:
                assert self.runner.run(asyncio.wait_for(reader.waiting, SOON_S))
                reader.waiting = None

    def _drain(self, reader: Reader) -> None:
        while reader.take(self.hub, self.truth):
            pass
        assert reader.since == self.hub.seq
        assert reader.seen == self.truth

    @rule()
    def let_all_read(self) -> None:
        for reader in self.readers:
            self._drain(reader)

    @invariant()
    def a_reader_that_resumes_now_would_know_everything(self) -> None:
        """Asked of a copy of each, so that the readers themselves stay behind."""
        for reader in self.readers:
            if not self.hub.floor <= reader.since <= self.hub.seq:
                continue
            behind = {key: text for key, text in self.truth.items() if reader.seen.get(key) != text}
            newer = {entry.seq for entry in self.hub._newer(reader.since)}
            assert len(newer) >= len(behind), (behind, newer)


def test_after_any_sequence_a_reader_has_the_newest_of_everything_or_was_told_to_start_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(hubs, "PATIENCE_S", 0.001)
    monkeypatch.setattr(hubs, "BATCH_BYTES", 300)
    run_state_machine_as_test(Stream, settings=tries(60))


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("publish"), KEYS, st.booleans()),
        st.tuples(
            st.sampled_from(["reset", "leave", "come", "turn", "turn"]), st.just(""), st.just(False)
        ),
    ),
    max_size=20,
)


async def follow(path: Path, lab: Lab, reader: Reader, truth: dict[str, str]) -> None:
    """Read over a socket from where the reader stands, until it has read everything."""
    incoming, writer = await asyncio.open_unix_connection(str(path))
    try:
        head = f"GET /api/v1/events HTTP/1.1\r\nHost: x\r\nLast-Event-ID: {reader.since}\r\n\r\n"
        writer.write(head.encode())
        assert b" 200 " in await incoming.readuntil(b"\r\n\r\n")
        while reader.since != lab.hub.seq:
            block = await incoming.readuntil(b"\n\n")
            fields = dict(
                line.split(": ", 1) for line in block.decode().splitlines() if ": " in line
            )
            if "id" not in fields:
                continue
            if fields["event"] == "reset":
                reader.seen = dict(truth)
            else:
                key, _, text = json.loads(fields["data"])["action"].partition("=")
                reader.seen[key] = text
            reader.since = int(fields["id"])
    finally:
        writer.close()


async def over_a_socket(path: Path, lab: Lab, steps: list[tuple[str, str, bool]]) -> None:
    """Do these steps while one reader comes and goes; then it catches up."""
    lab.hub.reset("another run")
    truth: dict[str, str] = {}
    reader = Reader(lab.hub.seq)
    there: asyncio.Task[None] | None = None
    for count, (what, key, patient) in enumerate(steps):
        if what == "publish":
            truth[key] = f"{count}"
            tell(lab.hub, key, truth[key], patient=patient)
        elif what == "reset":
            truth.pop(min(truth, default=""), None)
            lab.hub.reset("a check left")
        elif what == "come" and there is None:
            there = asyncio.create_task(follow(path, lab, reader, truth))
        elif what == "leave" and there is not None:
            there.cancel()
            await asyncio.wait([there])
            there = None
        elif what == "turn":
            await asyncio.sleep(0)  # the server and the reader come a little further
    if there is not None:
        there.cancel()
        await asyncio.wait([there])
    await asyncio.wait_for(follow(path, lab, reader, truth), SOON_S)
    assert reader.seen == truth


@pytest.fixture(scope="module")
def desk() -> Iterator[Desk]:
    with open_desk() as opened:
        yield opened


@tries(50)
@given(STEPS)
def test_a_reader_over_a_socket_that_comes_and_goes_ends_with_the_newest_of_everything(
    desk: Desk, steps: list[tuple[str, str, bool]]
) -> None:
    desk.runner.run(over_a_socket(desk.path, desk.lab, steps))
    assert not desk.stray


POINTS = st.one_of(
    st.integers(-(2**70), 2**70).map(lambda number: b"%d" % number),
    st.binary(max_size=12),
    st.sampled_from(
        [b"", b" ", b"0", b"00000000000000000000000001", b"1e9", b"+1", b"\xd9\xa3", b"1_0", b"NaN",
         b"1, 2", b"9" * 5_000, b"\x00", b"-1"]
    ),
)  # fmt: skip


async def first_of(path: Path, raw: bytes) -> bytes:
    """What a reader gets first: a refusal to its end, or a stream as far as its first event."""
    reader, writer = await asyncio.open_unix_connection(str(path))
    async with asyncio.timeout(SOON_S):
        try:
            writer.write(raw)
            head = await reader.readuntil(b"\r\n\r\n")
            if b" 200 " not in head.split(b"\r\n")[0]:
                return head + await reader.read()
            return head + await reader.readuntil(b"event: ") + await reader.readline()
        finally:
            writer.close()


@tries(120)
@given(point=POINTS, header=st.booleans())
@example(point=b"9" * 30, header=True)
def test_a_point_that_was_never_given_out_is_refused_or_answered_with_a_reset(
    desk: Desk, point: bytes, header: bool
) -> None:
    if header:
        assume(point.strip() and not set(point) & set(b"\r\n\x00"))
        request = Request(b"GET", b"/api/v1/events", (b"Last-Event-ID: " + point,))
    else:
        request = Request(b"GET", b"/api/v1/events?since=" + quote(point).encode())
    with suppress(ValueError):
        assume(not desk.lab.hub.floor <= int(point) <= desk.lab.hub.seq)

    raw = desk.runner.run(first_of(desk.path, bytes(request)))

    status = int(raw.split(b" ", 2)[1])
    if status == 200:
        assert raw.endswith(b"event: reset\n")
    else:
        assert status == 400
        assert b"application/problem+json" in raw
        assert b"Traceback" not in raw
    assert not desk.stray
