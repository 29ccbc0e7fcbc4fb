"""The nearest known name, and that its lack never breaks a refusal."""

from __future__ import annotations

import contextlib
import os
import resource
import sys

import pytest

from daemon.core.nearest import did_you_mean, nearest


def test_a_slip_finds_the_name_that_was_meant_as_it_is_written() -> None:
    assert nearest("postgrse", ["Postgres", "redis"]) == "Postgres"
    assert did_you_mean("ANN", ["Anna", "ben"]) == "; did you mean Anna?"


def test_what_is_like_nothing_has_no_hint() -> None:
    assert nearest("x", ["Postgres"]) is None
    assert did_you_mean("x", []) == ""


def test_a_long_name_is_not_compared_whole() -> None:
    assert nearest("a" * 1_000_000, ["a" * 100]) == "a" * 100


def test_a_slip_while_no_file_can_be_opened_is_refused_without_a_hint(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What else were raised would end the daemon: it comes in the middle of a turn."""
    monkeypatch.delitem(sys.modules, "difflib", raising=False)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    kept: list[int] = []
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
    try:
        with contextlib.suppress(OSError):
            while True:
                kept.append(os.open(os.devnull, os.O_RDONLY))
        hint = did_you_mean("ann", ["anna"])
    finally:
        for number in kept:
            os.close(number)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert hint == ""
    assert did_you_mean("ann", ["anna"]) == "; did you mean anna?"
