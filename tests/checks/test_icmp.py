"""The icmp kind in a network of its own: real packets, both families, both sorts of socket."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import ValidationError

from checks.errors import SpecError
from checks.icmp import IcmpSpec
from checks.icmp_echo import checksum
from tests.checks.conftest import prepared
from tests.checks.echo_lab import (
    NOBODY,
    REFUSED,
    STRANGER_4,
    STRANGER_6,
    V4,
    V6,
    Lab,
    start_lab,
)


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with start_lab() as found:
        yield found


slow = pytest.mark.slow
WAYS = [
    pytest.param({"ping_groups": "0 0", "loop": "asyncio"}, id="ping-asyncio", marks=slow),
    pytest.param({"ping_groups": "0 0", "loop": "uvloop"}, id="ping-uvloop"),
    pytest.param({"ping_groups": "1 0", "loop": "asyncio"}, id="raw-asyncio", marks=slow),
    pytest.param({"ping_groups": "1 0", "loop": "uvloop"}, id="raw-uvloop"),
]
"""By a ping socket and, where no group may have one, by a raw socket; on both loops, of which
asyncio's is tried where the slow tests are run, as with every probe."""

Way = dict[str, str]
ways = pytest.mark.parametrize("way", WAYS)
hosts = pytest.mark.parametrize("host", [V4, V6])


@ways
@hosts
def test_a_host_that_answers_is_up_without_a_thread(lab: Lab, way: Way, host: str) -> None:
    found = lab.run("icmp", keys={"host": host, "interval": "10ms"}, **way)
    assert (found["status"], found["fault"]) == ("up", None), found
    metrics = found["metrics"]
    assert (metrics["sent"], metrics["received"], metrics["loss_percent"]) == (3, 3, 0.0)
    assert 0 < metrics["rtt_min_ms"] <= metrics["rtt_avg_ms"] <= metrics["rtt_max_ms"] < 1000
    assert found["latency_ms"] == metrics["rtt_avg_ms"]
    assert metrics["jitter_ms"] <= metrics["rtt_max_ms"] - metrics["rtt_min_ms"] + 1e-9
    assert found["message"].endswith("ms on average")
    assert list(found["phases"]) == ["echo"]
    assert found["threads"] == 0


@ways
@hosts
def test_a_lost_echo_is_a_measurement_and_no_timeout(lab: Lab, way: Way, host: str) -> None:
    keys = {"host": host, "count": 4, "interval": "10ms"}
    found = lab.run("icmp", keys=keys, timeout_ms=400, script={"drop": [1]}, **way)
    assert (found["status"], found["metrics"].get("loss_percent")) == ("up", 25.0), found
    assert found["message"].startswith("1 of 4 echoes lost, ")
    keys["degraded_if"] = ["loss_percent > 20"]
    found = lab.run("icmp", keys=keys, timeout_ms=400, script={"drop": [3]}, **way)
    assert found["status"] == "degraded", found
    assert found["message"] == "loss_percent > 20 (loss_percent is 25)"


@ways
@hosts
def test_all_lost_is_down(lab: Lab, way: Way, host: str) -> None:
    keys = {"host": host, "interval": "10ms"}
    found = lab.run("icmp", keys=keys, timeout_ms=400, script={"drop": [0, 1, 2]}, **way)
    assert (found["status"], found["fault"]) == ("down", "timeout"), found
    assert found["message"] == f"none of 3 echoes to {host} came back within 400ms"
    assert found["metrics"] == {"sent": 3, "received": 0, "loss_percent": 100.0}
    assert found["latency_ms"] is None
    assert found["phases"]["echo"] < 5000
    keys["count"] = 1
    found = lab.run("icmp", keys=keys, timeout_ms=300, script={"drop": [0]}, **way)
    assert found["message"] == f"the echo to {host} did not come back within 300ms"


@ways
@hosts
def test_answers_of_others_and_forgeries_do_not_count(lab: Lab, way: Way, host: str) -> None:
    keys = {"host": host, "interval": "10ms"}
    script = {"forge": True, "drop": [0, 1, 2]}
    found = lab.run("icmp", keys=keys, timeout_ms=400, script=script, **way)
    assert found["metrics"].get("received") == 0, found
    found = lab.run("icmp", keys=keys, script={"forge": True}, **way)
    assert (found["status"], found["metrics"]["received"]) == ("up", 3), found


def test_a_second_answer_does_not_count(lab: Lab) -> None:
    keys = {"host": V4, "count": 2, "interval": "500ms"}
    found = lab.run("icmp", keys=keys, script={"twice_after_ms": 300})
    assert (found["status"], found["metrics"]["received"]) == ("up", 2), found
    assert found["metrics"]["rtt_max_ms"] < 300


@ways
def test_jitter_is_the_mean_difference_of_successive_round_trips(lab: Lab, way: Way) -> None:
    keys = {"host": V4, "interval": "150ms"}
    found = lab.run("icmp", keys=keys, script={"delay_ms": [0, 80, 0]}, **way)
    metrics = found["metrics"]
    assert metrics["rtt_max_ms"] >= 80
    assert 60 < metrics["jitter_ms"] < 1000
    least_ms, most_ms = metrics["rtt_min_ms"], metrics["rtt_max_ms"]
    assert metrics["jitter_ms"] <= most_ms - least_ms


@ways
@pytest.mark.parametrize("host", [V6])
def test_a_round_trip_ends_when_the_answer_reaches_the_host(lab: Lab, way: Way, host: str) -> None:
    keys = {"host": host, "count": 1}
    found = lab.run("icmp", keys=keys, script={"delay_ms": [50]}, stall_s=0.8, **way)
    assert found["status"] == "up", found
    assert 50 <= found["latency_ms"] < 700


@ways
def test_a_stalled_host_blames_nobody_for_what_it_sent_too_late(lab: Lab, way: Way) -> None:
    keys = {"host": V4, "interval": "100ms"}
    request: dict[str, Any] = {"keys": keys, "timeout_ms": 1000, "stall_s": 0.6}
    found = lab.run("icmp", **request, script={"drop": [2]}, **way)
    assert (found["status"], found["fault"]) == ("unknown", "internal"), found
    assert found["message"].startswith("this host was too busy: an echo was sent 0.")
    assert lab.run("icmp", **request, **way)["status"] == "up"


@ways
@pytest.mark.parametrize(
    ("host", "error", "words"),
    [
        (V4, [3, 1], f"host unreachable, says {STRANGER_4}"),
        (V4, [3, 13], f"administratively filtered, says {STRANGER_4}"),
        (V4, [11, 0], f"time to live exceeded (a routing loop?), says {STRANGER_4}"),
        (V6, [1, 0], f"no route to the host, says {STRANGER_6}"),
        (V6, [3, 0], f"hop limit exceeded (a routing loop?), says {STRANGER_6}"),
    ],
)
def test_an_icmp_error_is_named_with_its_sender_and_not_waited_after(
    lab: Lab, way: Way, host: str, error: list[int], words: str
) -> None:
    keys = {"host": host, "interval": "10ms"}
    found = lab.run("icmp", keys=keys, timeout_ms=5000, script={"error": error, "errors": 3}, **way)
    assert (found["status"], found["fault"]) == ("down", "unreachable"), found
    assert found["message"] == f"{host}: {words}"
    assert found["phases"]["echo"] < 2500


@ways
@pytest.mark.parametrize(("host", "error"), [(V4, [3, 1]), (V6, [1, 3])])
def test_answers_after_an_icmp_error_are_heard_and_the_error_is_told(
    lab: Lab, way: Way, host: str, error: list[int]
) -> None:
    keys = {"host": host, "interval": "20ms", "count": 4}
    found = lab.run("icmp", keys=keys, script={"error": error, "errors": 2}, **way)
    assert (found["status"], found["metrics"]["received"]) == ("up", 2), found
    assert found["message"].startswith("2 of 4 echoes lost (host unreachable, says ")
    assert found["phases"]["echo"] < 1900


@ways
def test_an_address_that_nobody_has_and_a_refused_route_are_named(lab: Lab, way: Way) -> None:
    found = lab.run("icmp", keys={"host": NOBODY, "interval": "10ms"}, **way)
    assert (found["status"], found["fault"]) == ("down", "unreachable"), found
    assert found["message"].startswith(f"{NOBODY}: host unreachable (nobody there answers")
    found = lab.run("icmp", keys={"host": REFUSED}, **way)
    assert (found["status"], found["fault"]) == ("down", "unreachable"), found
    assert found["message"] == f"{REFUSED}: no route to the host"


@ways
@hosts
@pytest.mark.parametrize("size", [8, 1000, 20_000])
def test_echoes_of_any_size_come_back(lab: Lab, way: Way, host: str, size: int) -> None:
    found = lab.run("icmp", keys={"host": host, "count": 1, "size": size}, **way)
    assert (found["status"], found["metrics"]["received"]) == ("up", 1), found
    assert "jitter_ms" not in found["metrics"]


def test_a_name_is_looked_up_as_a_phase(lab: Lab) -> None:
    found = lab.run("icmp", keys={"host": "localhost", "interval": "10ms"})
    assert found["status"] == "up", found
    assert list(found["phases"]) == ["resolve", "echo"]


def test_without_permission_the_verdict_is_unknown_and_says_what_to_set() -> None:
    with start_lab(raw=False) as lab:
        for host in (V4, V6):
            found = lab.run("icmp", keys={"host": host}, ping_groups="1 0")
            assert (found["status"], found["fault"]) == ("unknown", "internal"), found
            assert "sysctl -w net.ipv4.ping_group_range='0 0'" in found["message"]
            assert found["message"].endswith("or give the daemon CAP_NET_RAW")
            assert lab.run("icmp", keys={"host": host})["status"] == "up"


def test_an_interval_that_does_not_fit_the_timeout_is_refused() -> None:
    with pytest.raises(SpecError, match="write 500ms at most here") as caught:
        prepared("icmp", host=V4, interval="1s", timeout_ms=2000)
    assert caught.value.field == "interval"
    prepared("icmp", host=V4, interval="1s", timeout_ms=4000)
    prepared("icmp", host=V4, count=100, timeout_ms=200)


def test_jitter_of_a_single_echo_is_refused() -> None:
    with pytest.raises(SpecError, match="jitter_ms needs two echoes"):
        prepared("icmp", host=V4, count=1, expect=["jitter_ms < 5"])


@pytest.mark.parametrize(
    "keys",
    [
        {"host": ""},
        {"host": "http://x"},
        {"count": 0},
        {"count": 101},
        {"size": 7},
        {"size": 65_508},
        {"interval": "5ms"},
    ],
)
def test_what_cannot_be_sent_is_refused(keys: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        IcmpSpec.model_validate({"name": "x", "host": V4, **keys})


def test_the_checksum_makes_the_sum_of_a_packet_vanish() -> None:
    for data in (b"\x08\x00\x00\x00\x12\x34\x00\x01hello", b"\x08\x00\x00\x00\x12\x34\x00\x01odd"):
        total = checksum(data).to_bytes(2, "big")
        assert checksum(data[:2] + total + data[4:]) == 0
