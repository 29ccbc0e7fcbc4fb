"""What the daemon and its workers say to each other arrives as it was meant, or is refused."""

from __future__ import annotations

import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from checks.http import HttpSpec
from checks.result import Fault, Result, Status
from daemon.config import Config
from daemon.service.workers import frames
from daemon.service.workers.frames import FrameError, FrameReader, Job, Orders, Sort
from tests.config import conftest

full = conftest.full

GOOD = Result(
    "web", 1_800_000_000_123, Status.UP, 12.5, "200 in 12 ms", None, {"connect": 1.5}, {"n": 3}
)


def with_metric(value: Any) -> Result:
    return Result("odd", 7, Status.UP, metrics={"value": value})


@given(st.lists(st.binary(max_size=300), max_size=8), st.lists(st.integers(1, 200), max_size=40))
def test_frames_are_found_however_the_socket_cuts_them(
    payloads: list[bytes], cuts: list[int]
) -> None:
    stream = b"".join(frames.frame(Sort.RESULTS, payload) for payload in payloads)
    reader, found = FrameReader(), []
    for cut in cuts:
        piece, stream = stream[:cut], stream[cut:]
        found += [payload for _, payload in reader.feed(piece)]
    found += [payload for _, payload in reader.feed(stream)]
    assert found == payloads


@pytest.mark.parametrize("data", [struct.pack(">IB", 1 << 31, 5), struct.pack(">IB", 0, 99)])
def test_what_is_no_frame_is_refused_before_it_is_read(data: bytes) -> None:
    with pytest.raises(FrameError):
        list(FrameReader().feed(data))


def test_results_arrive_with_their_runs() -> None:
    bad = Result("db", 1, Status.DOWN, None, "refused", Fault.REFUSED)
    ((sort, payload),) = FrameReader().feed(frames.results([(4, GOOD), (9, bad)]))
    assert sort is Sort.RESULTS
    assert frames.read_results(payload) == [(4, GOOD), (9, bad)]


@pytest.mark.parametrize("value", [1 << 70, "\ud800", None, b"raw", object()])
def test_a_result_that_cannot_cross_is_unknown_and_its_neighbours_arrive(value: Any) -> None:
    ended = [(1, GOOD), (2, with_metric(value)), (3, GOOD)]
    ((_, payload),) = FrameReader().feed(frames.results(ended))
    first, (run, odd), last = frames.read_results(payload)
    assert (first, last) == ((1, GOOD), (3, GOOD))
    assert (run, odd.check, odd.at) == (2, "odd", 7)
    assert (odd.status, odd.fault) == (Status.UNKNOWN, Fault.INTERNAL)


def test_a_payload_that_is_no_list_of_results_is_refused() -> None:
    with pytest.raises(FrameError):
        frames.read_results(b"\xc1")
    with pytest.raises(FrameError):
        frames.read_orders(b"\x01")


def test_orders_and_jobs_arrive_whole_with_their_secrets() -> None:
    orders = Orders(1_800_000_000_000, 77, 5, [3, 1, 2])
    ((sort, payload),) = FrameReader().feed(frames.orders(orders))
    assert (sort, frames.read_orders(payload)) == (Sort.ORDERS, orders)
    spec = HttpSpec(name="web", url="http://localhost/", bearer=SecretStr("hunter22"))
    ((sort, payload),) = FrameReader().feed(frames.assign([Job(3, spec, 5_000)]))
    (job,) = frames.read_assign(payload)
    assert (sort, job) == (Sort.ASSIGN, Job(3, spec, 5_000))
    assert job.spec.bearer.get_secret_value() == "hunter22"  # type: ignore[attr-defined]  # an HttpSpec


def test_every_kind_of_check_can_be_handed_to_a_worker(full: Config) -> None:
    jobs = [Job(number, spec, 1_000) for number, spec in enumerate(full.specs.values())]
    ((_, payload),) = FrameReader().feed(frames.assign(jobs))
    assert frames.read_assign(payload) == jobs
