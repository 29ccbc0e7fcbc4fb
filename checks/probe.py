"""What a kind of check is: its words for the configuration, and the probe that it makes.

This is the one protocol of the package. A kind's module holds its spec (pydantic), its probe
and its `Kind`; `checks.kinds` gathers them; `checks.prepared` runs them.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, Literal, Protocol

import msgspec

from checks.result import Observation
from checks.spec import CheckSpec

FieldType = Literal["bool", "int", "float", "string", "list", "map", "any"]
"""What a condition finds in a field. `list`, `map` and `any` hold what the target sends."""


class Trace:
    """How far a run has come, kept outside of the probe so that a timeout can tell.

    Attributes:
        started: When it began, on the `perf_counter` clock, in seconds.
        phases: Milliseconds of each finished stage, in order; equal names are summed.
        stage: The stage that is under way, or "".
        failed_addresses: What was wrong with the addresses that were tried in vain before one
            of the same name was reached.
    """

    __slots__ = ("_since", "failed_addresses", "phases", "stage", "started")

    def __init__(self) -> None:
        self.started = self._since = perf_counter()
        self.phases: dict[str, float] = {}
        self.stage = ""
        self.failed_addresses: tuple[str, ...] = ()

    def enter(self, stage: str) -> None:
        """End the stage under way, if any, and begin `stage`."""
        at_s = perf_counter()
        if self.stage:
            self.split(at_s, stage)
        else:
            self.stage, self._since = stage, at_s

    def split(self, at_s: float, stage: str) -> None:
        """Say that the stage under way ended at `at_s` (`perf_counter`) and `stage` began."""
        if self.stage:
            spent_ms = (at_s - self._since) * 1000.0
            phases = self.phases
            phases[self.stage] = phases.get(self.stage, 0.0) + spent_ms
        self.stage = stage
        self._since = at_s

    def finish(self) -> float:
        """End the stage under way; the milliseconds since the run began."""
        self.split(perf_counter(), "")
        return (self._since - self.started) * 1000.0


class Probe(Protocol):
    """Something that can look at one target, again and again, never twice at once."""

    async def observe(self, trace: Trace) -> Observation:
        """Look once. Cancelled when the time is over, and must then leave nothing behind.

        Raises:
            ProbeError: The target was not found well.
            OSError: The system said no; `checks.faults` finds the words.
        """
        ...

    async def close(self) -> None:
        """Let go of what is kept between runs."""
        ...


class Order(msgspec.Struct, frozen=True):
    """What a probe is made from.

    Attributes:
        spec: The check's configuration, of its kind's own class.
        wanted: The fields its conditions name; others need not be found out.
        timeout_ms: How long a run may take.
    """

    spec: Any
    wanted: frozenset[str]
    timeout_ms: int


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of check.

    Attributes:
        name: The word for it in the configuration.
        spec: The model of its configuration.
        fields: What its conditions may name, and what they find there.
        make: Makes its probe; raises `SpecError`. None for a passive kind.
        expect: The conditions that hold where a check names none.
        remote: Whether its target is usually on another host (the uplink guard applies).
        driver, extra: The module it needs beyond the base installation, and the extra of
            this package that installs it.
        passive: It is not run; results come from outside.
    """

    name: str
    spec: type[CheckSpec]
    fields: Mapping[str, FieldType] = field(default_factory=dict)
    make: Callable[[Order], Probe] | None = None
    expect: tuple[str, ...] = ()
    remote: bool = True
    driver: str | None = None
    extra: str | None = None
    passive: bool = False

    def missing(self) -> str | None:
        """What to install before this kind can run, in words; None if nothing is missing."""
        if self.driver is None or importlib.util.find_spec(self.driver) is not None:
            return None
        return (
            f"{self.name} checks need the module {self.driver}: pip install 'tocsin[{self.extra}]'"
        )
