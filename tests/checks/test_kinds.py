"""The registry holds every kind, each complete."""

from __future__ import annotations

import pytest

from checks import KINDS
from checks.conditions import compile_condition


def test_all_kinds_are_there() -> None:
    names = ["http", "tcp", "tls", "dns", "icmp", "postgres", "mysql", "redis", "sqlite", "host"]
    names += ["process", "file", "systemd", "exec", "heartbeat"]
    assert list(KINDS) == names
    assert [name for name, kind in KINDS.items() if kind.passive] == ["heartbeat"]
    assert [name for name, kind in KINDS.items() if not kind.remote] == [
        *("sqlite", "host", "process", "file", "systemd", "exec")
    ]


@pytest.mark.parametrize("name", list(KINDS))
def test_a_kind_is_complete_and_its_spec_explains_itself(name: str) -> None:
    kind = KINDS[name]
    assert (kind.make is None) == kind.passive
    assert (kind.driver is None) == (kind.extra is None)
    assert kind.missing() is None
    assert kind.spec.model_json_schema()["properties"]["kind"]["const"] == name
    for text in kind.expect:
        compile_condition(text, kind.fields, "expect")
    assert kind.spec.__doc__
