"""The estates that are measured are configurations that Tocsin accepts."""

from __future__ import annotations

from pathlib import Path

import pytest
import trustme

from bench.estate import CheckKind, Estate, webhook
from daemon.config import Config, load


def _load(estate: Estate, home: Path) -> Config:
    path = home / "config.toml"
    path.write_text(estate.configuration(home))
    return load(path)


@pytest.mark.parametrize("kind", ["http", "tcp"])
def test_an_estate_is_a_good_configuration(kind: CheckKind, tmp_path: Path) -> None:
    plan = _load(Estate(25, [1024, 1025], kind), tmp_path).plan
    assert len(plan.checks) == 25
    assert {check.kind for check in plan.checks.values()} == {kind}
    assert len(plan.services) == 3
    assert list(plan.slas) == ["a0000"]
    assert list(plan.rules) == ["slow"]


def test_https_targets_are_verified_against_the_authority_of_the_run(tmp_path: Path) -> None:
    ca = tmp_path / "ca.pem"
    trustme.CA().cert_pem.write_to_path(ca)
    config = _load(Estate(3, [1024], "https", ca=ca), tmp_path)
    assert [check.kind for check in config.plan.checks.values()] == ["http"] * 3
    text = config.path.read_text()
    assert text.count("https://127.0.0.1:1024/") == text.count(f'ca = "{ca}"') == 3


def test_a_fault_each_is_a_service_each_and_a_webhook_is_told(tmp_path: Path) -> None:
    defaults = {"down_after": "1", "every_down": '"1s"', "flap_start": "0.0"}
    estate = Estate(4, [1024], every_ms=2_000, a_service=1, channel=webhook(99), defaults=defaults)
    plan = _load(estate, tmp_path).plan
    assert [check.service for check in plan.checks.values()] == ["s0000", "s0001", "s0002", "s0003"]
    assert {(check.down_after, check.every_down) for check in plan.checks.values()} == {(1, 1_000)}


def test_names_may_be_chosen_and_a_timeout_is_never_longer_than_the_interval(
    tmp_path: Path,
) -> None:
    config = _load(Estate(2, [1], "tcp", 500, chosen=["left", "right"]), tmp_path)
    assert list(config.plan.checks) == ["left", "right"]
    assert 'timeout = "500ms"' in config.path.read_text()
