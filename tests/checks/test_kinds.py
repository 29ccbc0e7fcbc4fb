"""The registry holds every kind, each complete."""

from __future__ import annotations

import subprocess
import sys

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


def test_what_is_no_kind_is_none() -> None:
    assert "ftp" not in KINDS
    assert KINDS.get("ftp") is None


def test_a_kind_is_loaded_when_it_is_first_used() -> None:
    code = """
import sys
from checks import KINDS
assert "dns" in KINDS and len(list(KINDS)) == len(KINDS)
assert KINDS["tcp"].name == "tcp"
print(sorted(name for name in sys.modules if name in {"checks.dns", "checks.tcp"}))
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout == "['checks.tcp']\n"
