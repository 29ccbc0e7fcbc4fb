"""The back-test counts what a rule does: what it cries for nothing, and what it finds."""

from __future__ import annotations

import random

import pytest

from bench import backtest


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backtest, "WARM", 400)


def noise(count: int) -> list[float]:
    dice = random.Random(3)  # noqa: S311  # the same each time, no secret
    return [dice.gauss(100, 5) for _ in range(count)]


def test_a_fault_is_one_alert_that_begins_when_it_held_for_five_minutes() -> None:
    series = noise(1_200)
    assert backtest.tried("anomaly('m', '6h') > 6.0", series) == backtest.Tried([], 0)
    series[800:815] = [300.0] * 15
    assert backtest.tried("anomaly('m', '6h') > 6.0", series) == backtest.Tried([804], 11)


def test_a_line_that_rises_is_told_of_before_it_is_there() -> None:
    series = [50 + minute / 40 for minute in range(1_200)]
    (begun,) = backtest.tried("forecast('m', '1h', '6h') > 70.0", series).alerts
    assert 440 <= begun <= 446
    assert backtest.tried("forecast('m', '1h', '6h') > 95.0", series).alerts == []
