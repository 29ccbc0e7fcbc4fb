"""A storm is one when nearly all checks fail at the same moment."""

from __future__ import annotations

from bench.storm import SAME_SLOT_MS, began_s, names_of_one_slot
from daemon.core.observing.schedule import phase


def test_chosen_names_run_within_a_wake_up_of_each_other() -> None:
    names = names_of_one_slot(50, 6_000)
    assert len(set(names)) == 50
    assert all(phase(name, 6_000) < SAME_SLOT_MS for name in names)


def test_a_storm_begins_when_most_probes_are_let_go() -> None:
    lines = ["1.0 9900 down", "7.0 9900 up", "9.5 179 down", "13.0 9900 down", "19.0 9900 down"]
    assert began_s(lines, "down") == 13.0
    assert began_s(lines[:2], "up") == 7.0


def test_checks_that_fail_in_several_groups_are_no_storm() -> None:
    assert began_s(["7.0 9900 up", "9.5 4000 down", "13.0 9900 down"], "down") is None
    assert began_s(["7.0 9900 up"], "down") is None
