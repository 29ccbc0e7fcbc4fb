"""The demo's configuration is one that Tocsin itself finds good."""

from __future__ import annotations

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

from daemon.config import load
from daemon.core.sla.periods import period_at
from daemon.demo.estate import configuration, objective, write
from daemon.demo.shop import HEARTBEAT, Addresses

NOW = datetime(2026, 11, 21, 10, 10, tzinfo=UTC)


def test_on_every_hour_of_a_year_the_months_budget_is_a_minute_or_two() -> None:
    for hour in range(366 * 24):
        now = datetime(2027, 12, 1, tzinfo=UTC) + timedelta(hours=hour)
        zone, target = objective(now)
        start, end = period_at("month", zone, round(now.timestamp() * 1_000))
        budget_s = (end - now.timestamp() * 1_000) / 1_000 * float(1 - target / 100)
        assert start < end
        assert 40 < budget_s < 220, (now, zone, target)


def test_the_configuration_loads_and_names_everything_the_script_touches(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    addresses = Addresses(8081, 5432, tmp_path / "invoices.db")
    write(file, configuration(tmp_path, addresses, 2525, 8080, NOW))
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
