"""Delays are counted from the fault to the first that was heard of it."""

from __future__ import annotations

from bench.faults import decided_s, delays_s, first_heard


def _incident(service: str, state: str) -> dict[str, str]:
    return {"service": service, "state": state}


def test_the_first_incident_after_the_fault_counts() -> None:
    heard = [
        (9.0, _incident("s0000", "triggered")),
        (13.0, _incident("s0000", "triggered")),
        (14.0, _incident("s0000", "triggered")),
        (15.0, _incident("s0001", "resolved")),
        (16.0, _incident("s0002", "triggered")),
    ]
    found = first_heard(heard, "triggered", {"c00000": 10.0, "c00001": 10.0})
    assert found == {"c00000": 13.0}
    assert delays_s({"c00000": 10.0}, found) == [3.0]


def test_the_time_of_a_decision_is_that_of_the_body() -> None:
    assert decided_s({"time": "1970-01-01T00:01:00.250Z"}) == 60.25
