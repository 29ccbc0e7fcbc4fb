"""The event hub: order, resumption, merging, and bounded memory."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.api.hub import EventHub
from daemon.api.schema import DaemonInfo, Operator, Shape

START = 1_795_255_865_000


def thing(text: str) -> Operator:
    return Operator(time="", by="", origin="", action=text, subject="", detail="")


def put(hub: EventHub, key: str, text: str) -> None:
    shape = thing(text)
    hub.publish("operator", key, lambda: shape)


def read(data: bytes) -> list[tuple[int, str, dict[str, Any]]]:
    """The frames of a batch as (id, event, data)."""
    frames = []
    for block in data.decode().split("\n\n"):
        if block:
            fields = dict(line.split(": ", 1) for line in block.split("\n"))
            frames.append((int(fields["id"]), fields["event"], json.loads(fields["data"])))
    return frames


def take_all(hub: EventHub, since: int) -> tuple[list[tuple[int, str, dict[str, Any]]], int]:
    """Everything a reader gets without waiting, and where it then stands."""
    frames: list[tuple[int, str, dict[str, Any]]] = []
    while (batch := hub.take(since)).data:
        frames += read(batch.data)
        since = batch.seq
    return frames, since


def test_events_come_in_order_with_growing_numbers() -> None:
    hub = EventHub(START)
    begin = hub.seq
    for key in "abc":
        put(hub, key, key.upper())
    frames, upto = take_all(hub, begin)
    assert [(seq - begin, data["action"]) for seq, _, data in frames] == [
        (1, "A"), (2, "B"), (3, "C"),
    ]  # fmt: skip
    assert upto == hub.seq


def test_a_reader_that_has_everything_gets_nothing() -> None:
    hub = EventHub(START)
    put(hub, "a", "x")
    assert hub.take(hub.seq).data == b""


def test_a_newer_event_replaces_an_older_one_of_the_same_object() -> None:
    hub = EventHub(START)
    begin = hub.seq
    for text in ("old", "older", "new"):
        put(hub, "a", text)
    frames, _ = take_all(hub, begin)
    assert [data["action"] for _, _, data in frames] == ["new"]


def test_objects_of_different_kinds_do_not_replace_each_other() -> None:
    hub = EventHub(START)
    begin = hub.seq
    put(hub, "x", "operator")
    info = DaemonInfo(pid=1, version="1", started_at="", time="", config="")
    hub.publish("daemon", "x", lambda: info)
    frames, _ = take_all(hub, begin)
    assert [event for _, event, _ in frames] == ["operator", "daemon"]


def test_an_event_is_made_once_for_all_readers_and_not_before_one_reads() -> None:
    hub = EventHub(START)
    begin, made = hub.seq, []

    def make() -> Shape:
        made.append(1)
        return thing("x")

    hub.publish("operator", "a", make)
    assert made == []
    hub.take(begin)
    hub.take(begin)
    assert made == [1]


def test_an_event_that_was_replaced_before_anybody_read_it_is_never_made() -> None:
    hub = EventHub(START)
    begin = hub.seq

    def never() -> Shape:
        raise AssertionError("this was replaced")

    hub.publish("operator", "a", never)
    put(hub, "a", "new")
    assert len(take_all(hub, begin)[0]) == 1


def test_a_number_of_a_former_life_gets_a_reset() -> None:
    former = EventHub(START)
    for index in range(1_000):
        put(former, f"{index}", "x")
    later = EventHub(START + 2)  # 2 ms later: as soon as a daemon could possibly start again
    [(seq, event, data)] = read(later.take(former.seq).data)
    assert event == "reset"
    assert seq == later.seq == data["seq"]


@pytest.mark.parametrize("since", [-1, 0, 1, START * 1000 - 1, START * 1000 + 1, 10**18])
def test_a_number_that_was_never_given_gets_a_reset(since: int) -> None:
    hub = EventHub(START)
    assert read(hub.take(since).data)[0][1] == "reset"


def test_after_a_reset_the_stream_goes_on() -> None:
    hub = EventHub(START)
    put(hub, "a", "before")
    batch = hub.take(0)
    put(hub, "b", "after")
    frames, _ = take_all(hub, batch.seq)
    assert [data["action"] for _, _, data in frames] == ["after"]


def test_a_reset_of_all_reaches_every_reader_once_with_its_reason() -> None:
    hub = EventHub(START)
    put(hub, "a", "x")
    upto = hub.seq
    hub.reset("the configuration changed")
    frames, upto = take_all(hub, upto)
    assert [(event, data["reason"]) for _, event, data in frames] == [
        ("reset", "the configuration changed")
    ]
    assert hub.take(upto).data == b""


def test_more_objects_than_are_remembered_reset_only_who_is_behind() -> None:
    hub = EventHub(START, max_entries=3)
    begin = hub.seq
    put(hub, "a", "1")
    after_a = hub.seq
    for key in "bcd":
        put(hub, key, "1")
    assert read(hub.take(begin).data)[0][1] == "reset"
    assert len(take_all(hub, after_a)[0]) == 3


def test_encoded_events_are_bounded_in_bytes() -> None:
    hub = EventHub(START, max_bytes=100_000)
    since = hub.seq
    for index in range(200):
        put(hub, f"{index}", "x" * 10_000)
        since = hub.take(since).seq
        assert hub._bytes <= 100_000 + 11_000
    assert read(hub.take(hub.floor - 1).data)[0][1] == "reset"


def test_a_long_catching_up_comes_in_pieces_of_bounded_size() -> None:
    hub = EventHub(START)
    since = begin = hub.seq
    for index in range(300):
        put(hub, f"{index}", "x" * 10_000)
    first = hub.take(begin)
    assert first.more
    assert len(first.data) < 300_000
    frames, _ = take_all(hub, since)
    assert len(frames) == 300


async def test_waiting_ends_when_something_is_published() -> None:
    hub = EventHub(START)
    waiting = asyncio.create_task(hub.wait(hub.seq, 60))
    await asyncio.sleep(0)
    put(hub, "a", "x")
    assert await asyncio.wait_for(waiting, 1) is True


async def test_waiting_ends_when_the_hub_closes() -> None:
    hub = EventHub(START)
    waiting = asyncio.create_task(hub.wait(hub.seq, 60))
    await asyncio.sleep(0)
    hub.close()
    assert await asyncio.wait_for(waiting, 1) is True
    assert await hub.wait(hub.seq, 60) is True


async def test_waiting_in_vain_ends_after_its_time_and_leaves_nothing_behind() -> None:
    hub = EventHub(START)
    assert await hub.wait(hub.seq, 0.01) is False
    assert hub._waiting == []


Op = tuple[str, int]
OPERATIONS = st.lists(
    st.one_of(
        st.tuples(st.just("publish"), st.integers(0, 8)),
        st.tuples(st.just("read"), st.integers(0, 2)),
        st.tuples(st.just("reset"), st.just(0)),
    ),
    max_size=80,
)


@given(OPERATIONS, st.integers(1, 9))
@settings(deadline=None, max_examples=3 * settings().max_examples)
def test_whoever_reads_and_resumes_whenever_ends_with_the_true_picture(
    operations: list[Op], max_entries: int
) -> None:
    """Three readers read at arbitrary times; each keeps a mirror from the events, and reads
    the truth anew on a reset. In the end every mirror is the truth."""
    hub = EventHub(START, max_entries=max_entries)
    truth: dict[str, str] = {}
    mirrors: list[dict[str, str]] = [{}, {}, {}]
    upto = [hub.seq] * 3
    numbers: list[list[int]] = [[], [], []]

    def catch_up(reader: int) -> None:
        frames, upto[reader] = take_all(hub, upto[reader])
        for seq, event, data in frames:
            numbers[reader].append(seq)
            if event == "reset":
                mirrors[reader] = dict(truth)
            else:
                mirrors[reader][data["subject"]] = data["action"]

    for count, (what, which) in enumerate(operations):
        if what == "publish":
            truth[f"{which}"] = f"{count}"
            shape = Operator(
                time="", by="", origin="", action=f"{count}", subject=f"{which}", detail=""
            )
            hub.publish("operator", f"{which}", lambda shape=shape: shape)  # type: ignore[misc]  # bound now
        elif what == "read":
            catch_up(which)
        else:
            hub.reset("all changed")
    for reader in range(3):
        catch_up(reader)
        assert mirrors[reader] == truth
        assert numbers[reader] == sorted(set(numbers[reader]))
    assert len(hub._log) <= max_entries


async def test_a_measurement_wakes_nobody_at_once_but_before_long() -> None:
    hub = EventHub(START)
    begin = hub.seq
    hub.publish("check", "web", lambda: thing("up"), patient=True)
    waiting = asyncio.create_task(hub.wait(begin, 30))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not waiting.done()
    async with asyncio.timeout(10):
        assert await waiting
    assert [data["action"] for _, _, data in take_all(hub, begin)[0]] == ["up"]


async def test_a_decision_wakes_readers_at_once_and_takes_the_measurements_along() -> None:
    hub = EventHub(START)
    begin = hub.seq
    waiting = asyncio.create_task(hub.wait(begin, 30))
    await asyncio.sleep(0)
    hub.publish("check", "web", lambda: thing("down"), patient=True)
    await asyncio.sleep(0)
    assert not waiting.done()
    put(hub, "i1", "triggered")
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert waiting.done()
    assert [data["action"] for _, _, data in take_all(hub, begin)[0]] == ["down", "triggered"]


async def test_a_reader_that_comes_late_does_not_wait_for_what_was_worth_waking_for() -> None:
    hub = EventHub(START)
    begin = hub.seq
    put(hub, "i1", "triggered")
    hub.publish("check", "web", lambda: thing("up"), patient=True)
    async with asyncio.timeout(10):
        assert await hub.wait(begin, 30)
        assert await hub.wait(hub.seq + 1, 30)  # a number of another life: a reset is due
