"""How much Hypothesis tries: in the ordinary suite little, with `HYPOTHESIS_PROFILE` more.

Run in the background of a shell, the suite hears interrupts all the same: its programs must. What
it compiles is kept even where Python is told to keep nothing (as in many containers): to rewrite
the assertions of all tests anew would take each worker a quarter of a minute. What collecting
made lives to the end, and the garbage collector is told so: else it would look at thousands of
tests again and again while they run.

`suite` is what every `make test` does, `thorough` what CI does with the engine and the fuzz tests
besides: both try the same each time, so that a change is judged by what it changed. `long` goes
looking for what nobody knows of yet, with other trials each time. A test that needs another count
says so itself. Nothing has a deadline: how long a trial takes is the machine's affair.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Generator

import pytest
from hypothesis import settings

settings.register_profile("suite", max_examples=40, derandomize=True, deadline=None)
settings.register_profile("thorough", max_examples=100, derandomize=True, deadline=None)
settings.register_profile("long", max_examples=10_000, deadline=None)
if settings.get_current_profile_name() != "mutants":  # the mutants' trials have their own
    settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "suite"))
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if sys.dont_write_bytecode:
    sys.dont_write_bytecode = False
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # nor do the programs that the tests start


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Nothing is garbage while tests are collected, nor will be what they are."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.collect()
        gc.freeze()
        gc.enable()
