"""Whether a module's own tests notice a change: one forked process a trial.

The parent has imported everything the tests need, so a child has only to forget our own
modules, put the changed one where Python looks for it, and run pytest on these files until
the first failure. A change that makes a loop endless is stopped by the system after some time
on the processor, not on the clock, so that a busy machine does not change the figures.
"""

from __future__ import annotations

import os
import resource
import select
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from math import ceil
from types import CodeType, ModuleType
from typing import Final

import hypothesis
import pytest
import pytest_asyncio.plugin  # noqa: F401  # loaded once here instead of in every trial

from tests.mutation.operators import Mutant

PATIENCE: Final = 4
"""A trial may take so many times the processor time of the one in which nothing is changed."""

UNHURRIED_S: Final = 600
"""Processor time for the trials that measure what is fair."""

MEMORY_BYTES: Final = 4 << 30
"""Address space a trial may take, should a change make something grow without end."""

PYTEST: Final = ("-x", "--assert=plain", "-p", "no:cacheprovider", "-p", "pytest_asyncio.plugin")
"""No explanation of a failure, because nobody reads it, and no plugin but the one needed."""

OURS: Final = frozenset({"daemon", "tests"})
"""Packages that a trial imports anew, because they may hold something of the changed module."""

hypothesis.settings.register_profile(
    "mutants",
    max_examples=40,
    derandomize=True,  # the same figures every time
    database=None,
    deadline=None,
    phases=(hypothesis.Phase.explicit, hypothesis.Phase.generate),  # no failure is looked into
)


class Unfit(Exception):
    """The tests cannot judge: they fail without a change, or pass without the module."""


@dataclass(frozen=True, slots=True)
class Target:
    """A module and the files of its own tests."""

    module: str
    tests: tuple[str, ...]


def outcomes(
    target: Target, mutants: Iterable[Mutant], cpu_s: int, jobs: int
) -> Iterator[tuple[Mutant, bool]]:
    """Each mutant, and whether the tests noticed; as many at once as there are jobs.

    Args:
        cpu_s: Processor time a trial may take; what takes longer was noticed.
    """
    running: dict[int, tuple[int, Mutant]] = {}
    for mutant in mutants:
        if len(running) >= jobs:
            yield _ended(running)
        process = _begin(target, mutant.code, cpu_s)
        running[os.pidfd_open(process)] = process, mutant
    while running:
        yield _ended(running)


def fair_cpu_s(target: Target, source: str, file: str) -> int:
    """How much processor time to give to a trial of this module.

    Raises:
        Unfit: The tests cannot judge it.
    """
    files = " ".join(target.tests)
    _, status, used = os.wait4(_begin(target, compile(source, file, "exec"), UNHURRIED_S), 0)
    if status:
        raise Unfit(f"{files} fails on {target.module} as it is: run it with pytest")
    _, status = os.waitpid(
        _begin(target, compile("raise ImportError", file, "exec"), UNHURRIED_S), 0
    )
    if not status:
        raise Unfit(f"{files} passes without {target.module}: it does not import it")
    return 1 + ceil(PATIENCE * (used.ru_utime + used.ru_stime))


def _ended(running: dict[int, tuple[int, Mutant]]) -> tuple[Mutant, bool]:
    """Wait for one of these trials, which are known by their file descriptors."""
    ready, _, _ = select.select(list(running), [], [])
    process, mutant = running.pop(ready[0])
    os.close(ready[0])
    _, status = os.waitpid(process, 0)
    return mutant, status != 0


def _begin(target: Target, code: CodeType, cpu_s: int) -> int:
    """Start a trial; the id of its process, which ends with 0 if every test passed."""
    sys.stdout.flush()
    process = os.fork()
    if process == 0:
        code_of_exit = 1
        try:
            code_of_exit = _try(target, code, cpu_s)
        finally:
            os._exit(code_of_exit)
    return process


def _try(target: Target, code: CodeType, cpu_s: int) -> int:
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    silence = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(silence, stream)
    for name in [name for name in sys.modules if name.partition(".")[0] in OURS]:
        del sys.modules[name]
    sys.meta_path.insert(0, _Finder(target.module, code))
    hypothesis.settings.load_profile("mutants")
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    return pytest.main([*PYTEST, *target.tests])


class _Finder:
    """Finds the changed module before Python finds the real one."""

    def __init__(self, module: str, code: CodeType) -> None:
        self._module = module
        self._code = code

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, _: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The module's own specification, but with the changed code."""
        spec = PathFinder.find_spec(name, path) if name == self._module else None
        if spec is not None and spec.origin is not None:
            spec.loader = _Loader(name, spec.origin, self._code)
        return spec


class _Loader(SourceFileLoader):
    """Loads a module with other code than its file has."""

    def __init__(self, name: str, path: str, code: CodeType) -> None:
        super().__init__(name, path)
        self._code = code

    def get_code(self, fullname: str) -> CodeType:  # noqa: ARG002  # the protocol's argument
        """The changed code."""
        return self._code
