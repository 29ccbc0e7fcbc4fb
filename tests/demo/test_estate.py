"""The demo's configuration is one that Tocsin itself finds good."""

from __future__ import annotations

import stat
from pathlib import Path

from daemon.config import load
from daemon.demo.estate import configuration, write
from daemon.demo.shop import HEARTBEAT, Shop


def test_the_configuration_loads_and_names_everything_the_script_touches(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    write(file, configuration(tmp_path, Shop(tmp_path).addresses, 2525, 8080))
    config = load(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert {check.kind for check in config.plan.checks.values()} == {
        "tcp",
        "http",
        "sqlite",
        "heartbeat",
        "host",
    }
    assert HEARTBEAT in config.plan.checks
    assert config.plan.services["checkout"].parents == (("orders-db",),)
    assert config.plan.policies["on-call"].levels[1].after == 10_000
    assert {sla.service for sla in config.plan.slas.values()} == {
        "orders-db",
        "checkout",
        "search",
    }
