"""The `exec` kind: run a program, by the conventions of Nagios plugins.

The exit code is the verdict unless `expect` says otherwise: 0 up, 1 degraded, 2 down, 3 and
everything else unknown. A program that could not be run, or died of a signal, says nothing
of the target either: unknown. One that does not end in time is down, as Nagios has it.

There is no shell. The program leads a process group of its own, which is ended as a whole.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import Field, field_validator

from checks.errors import ProbeError
from checks.perfdata import Perf, parse_perfdata
from checks.probe import FieldType, Kind, Order, Trace
from checks.result import Fault, Observation, Scalar
from checks.spec import CheckSpec, Secret
from checks.text import clean_lines, one_line

OUTPUT_LIMIT: Final = 64 * 1024
"""How many bytes of each of its outputs are kept; the rest is read and dropped."""
_TERM_S: Final = 0.2
"""How long the group has to end itself before it is killed."""
_DRAIN_S: Final = 0.2
"""How long outputs may stay open (held by a child) after the program's end."""

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


class _Program(asyncio.SubprocessProtocol):
    """Collects what a program writes, and tells when it has ended."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.outputs = {1: bytearray(), 2: bytearray()}
        self.exited: asyncio.Future[None] = loop.create_future()
        self.drained: asyncio.Future[None] = loop.create_future()

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        kept = self.outputs[fd]
        kept += data[: OUTPUT_LIMIT - len(kept)]

    def process_exited(self) -> None:
        if not self.exited.done():
            self.exited.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # the interface gives it
        if not self.drained.done():
            self.drained.set_result(None)


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
        self._env = {**os.environ, "LC_NUMERIC": "C", **added}
        self._env.pop("NOTIFY_SOCKET", None)  # systemd's channel is the daemon's alone

    async def observe(self, trace: Trace) -> Observation:
        """Run it to its end."""
        trace.enter("run")
        program = _Program()
        transport = await self._start(program)
        try:
            await program.exited
            await asyncio.wait((program.drained,), timeout=_DRAIN_S)
        finally:
            await _end(transport, program)
        return self._observation(program, transport.get_returncode(), trace)

    async def _start(self, program: _Program) -> asyncio.SubprocessTransport:
        loop = asyncio.get_running_loop()
        try:
            transport, _ = await loop.subprocess_exec(
                lambda: program,
                *self._spec.run,
                stdin=asyncio.subprocess.DEVNULL,
                env=self._env,
                cwd=self._spec.cwd,
                start_new_session=True,
            )
        except (FileNotFoundError, NotADirectoryError):
            raise _not_run(f"{self._missing()} does not exist") from None
        except PermissionError:
            raise _not_run(f"{self._spec.run[0]} may not be executed by this user") from None
        except OSError as error:
            if error.errno in {8, 7}:  # ENOEXEC, E2BIG
                raise _not_run(
                    f"{self._spec.run[0]} cannot be executed: {error.strerror}"
                ) from None
            raise
        return transport

    def _missing(self) -> Path | str:
        """What was not found: event loops name the program even where it is the directory."""
        cwd = self._spec.cwd
        return cwd if cwd is not None and not cwd.is_dir() else self._spec.run[0]

    def _observation(self, program: _Program, code: int | None, trace: Trace) -> Observation:
        latency_ms = trace.finish()
        output, long_output, perf = read_output(_text(program, 1))
        if not output:
            output = one_line(_text(program, 2)) or f"no output, exit code {code}"
        if code is None or code < 0:
            died = signal.Signals(-code).name if code else "an unknown cause"
            raise ProbeError(
                Fault.PROGRAM, f"{self._spec.run[0]} was ended by {died}: {output}", unknown=True
            )
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
            return replace(seen, degraded=True)
        if code == 2:
            return replace(seen, fault=Fault.PROGRAM)
        message = seen.message if code == 3 else f"exit code {code}: {seen.message}"
        return replace(seen, fault=Fault.PROGRAM, unknown=True, message=message)

    async def close(self) -> None:
        """Nothing is kept between runs."""


def _not_run(words: str) -> ProbeError:
    return ProbeError(Fault.PROGRAM, f"the program could not be run: {words}", unknown=True)


async def _end(transport: asyncio.SubprocessTransport, program: _Program) -> None:
    """Leave nothing running: TERM, a moment, KILL, for the whole group; close the pipes.

    A group whose leader has ended and whose pipes are closed is taken as gone.
    """
    if not program.exited.done() or not program.drained.done():
        group = transport.get_pid()
        _signal(group, signal.SIGTERM)
        await asyncio.wait((program.exited,), timeout=_TERM_S)
        _signal(group, signal.SIGKILL)
        await asyncio.wait((program.exited,), timeout=_TERM_S)
    transport.close()


def _signal(group: int, number: signal.Signals) -> None:
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return  # it has ended by itself
    except PermissionError:
        return  # it runs as another user now (setuid); its own end is all that is left


def _text(program: _Program, fd: int) -> str:
    return clean_lines(program.outputs[fd].decode("utf-8", "replace"), OUTPUT_LIMIT)


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
