"""A problem of Tocsin's own is reported once when it begins and once when it ends."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from dataclasses import replace

import pytest

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


def test_a_process_that_may_hardly_open_more_files_says_so() -> None:
    (report,) = Watch().look(replace(WELL, files_short=True))
    assert report.problem == "descriptors"
    assert "LimitNOFILE" in report.message


def test_the_figures_stay_as_they_were_while_no_file_can_be_opened_to_read_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    watch = SelfWatch()
    before = watch.rss_bytes()

    def refuse(*_: object) -> None:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    monkeypatch.setattr("daemon.service.selfwatch.rss_bytes", refuse)
    monkeypatch.setattr("daemon.service.usage.cpu_s", refuse)
    assert watch.rss_bytes() == before > 0
    assert watch.cpu_percent() == 0.0


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


def test_workers_that_keep_dying_are_reported_and_not_as_a_lack_of_descriptors() -> None:
    watch = Watch()
    (report,) = watch.look(replace(WELL, waiting=9, workers_problem="worker 1 died 3 times"))
    assert (report.problem, report.message) == ("workers", "worker 1 died 3 times")


def test_the_figures_of_worker_processes_are_added_and_a_dead_one_does_no_harm() -> None:
    watch = SelfWatch()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        alone, both = watch.rss_bytes(), watch.rss_bytes([child.pid])
        assert both > alone
        assert watch.cpu_percent([child.pid]) >= 0
        child.communicate(b"\n")
    assert watch.cpu_percent([child.pid]) >= 0
    assert watch.rss_bytes([child.pid]) < both
