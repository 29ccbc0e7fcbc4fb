"""A meter tells quantiles of the last minute."""

from __future__ import annotations

from daemon.service.meters import Meter


def test_a_meter_without_values_reads_zero() -> None:
    assert Meter().quantile(0.0, 0.99) == 0.0


def test_a_quantile_is_a_value_that_was_noted() -> None:
    meter = Meter()
    for value in range(100):
        meter.add(1.0, float(value))
    assert meter.quantile(1.0, 0.5) == 50.0
    assert meter.quantile(1.0, 0.99) == 99.0


def test_values_older_than_a_minute_no_longer_count() -> None:
    meter = Meter()
    meter.add(0.0, 1000.0)
    meter.add(70.0, 1.0)
    assert meter.quantile(70.0, 0.99) == 1.0
