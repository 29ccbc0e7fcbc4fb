"""The `exec` kind: run a program, by the conventions of Nagios plugins.

The exit code is the verdict unless `expect` says otherwise: 0 up, 1 degraded, 2 down, 3 and
everything else unknown. A program that could not be run, or died of a signal, says nothing
of the target either: unknown. One that does not end in time is down, as Nagios has it.

How a program is run, bounded and ended stands in `checks.program`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import Field, field_validator

from checks.errors import ProbeError
from checks.perfdata import Perf, parse_perfdata
from checks.probe import FieldType, Kind, Order, Trace
from checks.program import Ended, program_environment, run_program
from checks.result import Fault, Observation, Scalar, changed
from checks.spec import CheckSpec, Secret
from checks.text import one_line

FIELDS: Final[Mapping[str, FieldType]] = {
    "exit_code": "int",
    "output": "string",
    "long_output": "string",
    "perf": "map",
    "latency_ms": "float",
}


class ExecSpec(CheckSpec):
    """A program and how it is run.

    Attributes:
        run: The program and its arguments.
        env: Added to the environment; a value may be a secret.
        cwd: Where it runs; the daemon's own directory unless set.
    """

    kind: Literal["exec"] = "exec"
    run: Annotated[tuple[str, ...], Field(min_length=1, max_length=1000)]
    env: dict[str, str | Secret] = Field(default_factory=dict)
    cwd: Path | None = None

    @field_validator("run")
    @classmethod
    def _run_is_usable(cls, run: tuple[str, ...]) -> tuple[str, ...]:
        if not run[0].strip():
            raise ValueError("the program's name is empty")
        if any("\0" in word for word in run):
            raise ValueError("an argument cannot hold a NUL")
        return run

    @field_validator("env")
    @classmethod
    def _env_is_usable(cls, env: dict[str, str | Secret]) -> dict[str, str | Secret]:
        for name, value in env.items():
            text = value if isinstance(value, str) else value.get_secret_value()
            if not name or "=" in name or "\0" in name + text:
                raise ValueError(f"{one_line(name)!r} is no variable that can be set")
        return env


class ExecProbe:
    """Runs one program."""

    def __init__(self, order: Order) -> None:
        spec: ExecSpec = order.spec
        self._spec = spec
        self._by_exit_code = not spec.expect
        added = {
            name: value if isinstance(value, str) else value.get_secret_value()
            for name, value in spec.env.items()
        }
        self._environment = program_environment(added)

    async def observe(self, trace: Trace) -> Observation:
        """Run it to its end."""
        trace.enter("run")
        spec = self._spec
        return self._observation(await run_program(spec.run, self._environment, spec.cwd), trace)

    def _observation(self, ended: Ended, trace: Trace) -> Observation:
        latency_ms = trace.finish()
        output, long_output, perf = read_output(ended.out)
        if not output:
            output = one_line(ended.err) or f"no output, exit code {ended.code}"
        code = ended.code
        if code is None or ended.died:
            words = f"{self._spec.run[0]} was ended by {ended.died}: {output}"
            raise ProbeError(Fault.PROGRAM, words, unknown=True)
        return self._judged(
            code,
            Observation(
                fields={
                    "exit_code": code,
                    "output": output,
                    "long_output": long_output,
                    "perf": {item.label: _perf_map(item) for item in perf},
                    "latency_ms": latency_ms,
                },
                latency_ms=latency_ms,
                phases=trace.phases,
                metrics=_metrics(code, perf),
                message=output,
            ),
        )

    def _judged(self, code: int, seen: Observation) -> Observation:
        """Hold the exit code against the convention, unless conditions do."""
        if not self._by_exit_code or code == 0:
            return seen
        if code == 1:
            return changed(seen, degraded=True)
        if code == 2:
            return changed(seen, fault=Fault.PROGRAM)
        message = seen.message if code == 3 else f"exit code {code}: {seen.message}"
        return changed(seen, fault=Fault.PROGRAM, unknown=True, message=message)

    async def close(self) -> None:
        """Nothing is kept between runs."""


def read_output(text: str) -> tuple[str, str, tuple[Perf, ...]]:
    """The first line, the long output and the performance data of a plugin's output.

    Performance data stands behind the first `|` of the first line, and behind the first `|`
    of the further lines up to the end.
    """
    first, _, rest = text.strip("\n").partition("\n")
    output, _, data = first.partition("|")
    long_output, _, more = rest.partition("|")
    return one_line(output), long_output.strip("\n"), parse_perfdata(f"{data} {more}")


def _perf_map(item: Perf) -> dict[str, Any]:
    return {
        "value": item.value,
        "uom": item.uom,
        "warn": None if item.warn is None else str(item.warn),
        "crit": None if item.crit is None else str(item.crit),
        "min": item.min,
        "max": item.max,
        "state": item.state,
    }


def _metrics(code: int, perf: tuple[Perf, ...]) -> dict[str, Scalar]:
    metrics: dict[str, Scalar] = {item.label: item.value for item in perf if item.value is not None}
    return {**metrics, "exit_code": code}


KIND: Final = Kind(name="exec", spec=ExecSpec, fields=FIELDS, make=ExecProbe, remote=False)
