"""The configurations that Tocsin brings along are good, and need nothing from outside."""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path

import pytest

from daemon.config import ConfigError, dump, load

TOUR = Path(__file__).parents[2] / "config.toml"


def test_the_tour_loads_and_uses_every_section_that_needs_no_outside() -> None:
    config = load(TOUR)

    assert {"host", "clock"} <= set(config.plan.checks)
    assert {"cpu-busy", "memory-short", "disk-filling"} <= set(config.plan.rules)
    assert all(rule.clear_when for rule in config.plan.rules.values())
    assert config.plan.policies["on-duty"].levels[0].after == 0
    assert config.plan.route.routes[0].policy == "on-duty"
    assert config.plan.slas["this-host-availability"].service == "this-host"
    assert "********" not in dump(config)


def test_what_is_commented_out_in_the_tour_is_good_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORDERS_DB_PASSWORD", "x")
    rows = TOUR.read_text(encoding="utf-8").splitlines()
    checks_from = next(n for n, row in enumerate(rows) if row.startswith("# Others")) + 2
    checks_to = next(n for n, row in enumerate(rows) if "What is an alert" in row)
    shown = [row.removeprefix("# ").removeprefix("#") for row in rows[checks_from:checks_to]]
    path = tmp_path / "config.toml"
    path.write_text("\n".join(shown), encoding="utf-8")

    assert list(load(path).plan.checks) == ["website", "orders-db", "nightly-backup"]


def test_every_commented_key_of_the_tour_exists_and_lacks_only_what_is_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORDERS_DB_PASSWORD", "x")
    text = re.sub(r"^# (?=\[|[a-z_]+ = )", "", TOUR.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert all(f"\n[{name}]" in text for name in ("uplink", "access", "ack", "channel.mail"))
    path = tmp_path / "config.toml"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(ConfigError) as caught:
        load(path)
    keys = {one.key.partition("[")[0] for one in caught.value.problems}
    assert keys == {"service", "uplink.checks", "channel.mail.password"}
    for one in caught.value.problems:
        assert "there is no" in one.message or "cannot be read" in one.message


def test_the_starter_is_in_the_package_and_loads(tmp_path: Path) -> None:
    text = resources.files("daemon.config").joinpath("starter.toml").read_text("utf-8")
    path = tmp_path / "config.toml"
    path.write_text(text, encoding="utf-8")

    config = load(path)

    assert list(config.plan.checks) == ["host"]
    assert config.plan.slas["host-availability"].period == "month"
