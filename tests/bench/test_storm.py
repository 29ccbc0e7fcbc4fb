"""Checks that are to fail at once share a slot."""

from __future__ import annotations

from bench.storm import SAME_SLOT_MS, names_of_one_slot
from daemon.core.schedule import phase


def test_chosen_names_run_within_a_wake_up_of_each_other() -> None:
    names = names_of_one_slot(50, 6_000)
    assert len(set(names)) == 50
    assert all(phase(name, 6_000) < SAME_SLOT_MS for name in names)
