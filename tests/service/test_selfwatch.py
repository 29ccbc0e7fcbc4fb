"""A problem of Tocsin's own is reported once when it begins and once when it ends."""

from __future__ import annotations

from dataclasses import replace

from daemon.core.events import SelfReport
from daemon.core.model import MINUTE
from daemon.service.selfwatch import SelfWatch, Vitals

WELL = Vitals(database_problem=None, outbox_oldest=None, clock_ahead_ms=0, waiting=0)
NOW = 1_800_000_000_000


class Watch:
    """A watch whose monotonic clock is moved by hand."""

    def __init__(self) -> None:
        self.at = 0.0
        self.watch = SelfWatch(lambda: self.at)

    def look(self, vitals: Vitals, after_s: float = 1.0) -> list[SelfReport]:
        self.at += after_s
        return list(self.watch.look(vitals, NOW))


def test_while_all_is_well_nothing_is_reported() -> None:
    assert Watch().look(WELL) == []


def test_a_database_that_cannot_be_written_is_reported_once() -> None:
    watch = Watch()
    full = replace(WELL, database_problem="the disk is full")
    (report,) = watch.look(full)
    assert report == SelfReport(
        "database", True, "the database cannot be written: the disk is full"
    )
    assert watch.look(full) == []
    assert watch.watch.problems == {"database": report.message}


def test_a_problem_is_over_only_after_it_stayed_away_for_a_while() -> None:
    watch = Watch()
    watch.look(replace(WELL, waiting=3))
    assert watch.look(WELL, 10.0) == []
    assert watch.look(replace(WELL, waiting=1), 10.0) == []
    assert watch.look(WELL, 25.0) == []
    (report,) = watch.look(WELL, 10.0)
    assert (report.problem, report.holds) == ("descriptors", False)


def test_a_slow_loop_late_probes_and_an_old_notice_are_told_apart() -> None:
    watch = Watch()
    watch.watch.lagged(2_500.0)
    watch.watch.started(9_000.0)
    reports = watch.look(replace(WELL, outbox_oldest=NOW - 6 * MINUTE))
    assert {report.problem for report in reports} == {"loop", "schedule", "outbox"}
    assert "6 min" in watch.watch.problems["outbox"]


def test_the_figures_of_the_process_are_its_own() -> None:
    watch = SelfWatch()
    assert watch.rss_bytes() > 1_000_000
    assert watch.cpu_percent() >= 0.0
