"""The database of three months is one of the store's own, whole and folded."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import months
from bench.lab import QUICK, Lab
from bench.questions import questions
from daemon.core.model import DAY
from daemon.store.connect import open_reader
from daemon.store.reading.incidents import incident_statistics
from daemon.store.reading.latency import measured
from daemon.store.reading.trends import service_trends
from daemon.store.upkeep.care import verify

SMALL = months.Scale(checks=5, days=4, minute_days=1, results=700, incidents=100)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    months.make(tmp_path / "months.db", SMALL)
    return tmp_path / "months.db"


def test_it_is_sound_and_holds_what_was_asked_for(path: Path) -> None:
    assert verify(path) == []
    reader = open_reader(path)
    for table, count in (
        ("result", 700), ("rollup_minute", 5 * 1440), ("rollup_hour", 5 * 96),
        ("rollup_day", 5 * 4), ("incident", 100), ("alert_history", 100),
        ("interval", 205), ("rollup_due", 0), ("service_day_due", 0),
    ):  # fmt: skip
        assert reader.execute(f"SELECT count(*) FROM {table}").fetchone() == (count,), table  # noqa: S608  # names above
    start = months.END - 4 * DAY
    assert incident_statistics(reader, start, months.END).total == 100
    assert measured(reader, ["web-0001"], start, months.END)["web-0001"].runs == 4 * 8_640
    trends = service_trends(reader, start // DAY, 4, months.END)
    assert len(trends) == 5
    assert all(trend.unknown_ms == [0] * 4 for trend in trends.values())
    reader.close()


@pytest.mark.slow
def test_every_figure_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(months, "FEW", SMALL)
    lab = Lab(None, QUICK, tmp_path)  # type: ignore[arg-type]  # no targets are asked
    figures = list(questions(lab))
    assert len(figures) == 21
    assert all(figure.values for figure in figures)
    assert list(tmp_path.iterdir()) == []
