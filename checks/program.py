"""Programs run to their end: without a shell, in a process group of their own, bounded.

What a program writes is kept up to a limit and dropped beyond it. When a run is cancelled or
the program has ended, its whole group is ended with it, so that nothing stays behind.
"""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

from checks.errors import ProbeError
from checks.result import Fault
from checks.text import clean_lines

OUTPUT_LIMIT: Final = 64 * 1024
"""How many bytes of each of its outputs are kept; the rest is read and dropped."""
_TERM_S: Final = 0.2
"""How long the group has to end itself before it is killed."""
_DRAIN_S: Final = 0.2
"""How long outputs may stay open (held by a child) after the program's end."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A program that has ended.

    Attributes:
        code: Its exit code; negative for the signal that ended it; None if that is not known.
        out, err: What it wrote, scrubbed.
        cut: Whether it wrote more to its output than was kept.
    """

    code: int | None
    out: str
    err: str
    cut: bool

    @property
    def died(self) -> str:
        """The name of the signal that ended it, or ""."""
        if self.code is not None and self.code >= 0:
            return ""
        return signal.Signals(-self.code).name if self.code else "an unknown cause"


class Heard:
    """What a program writes, as far as it is kept; its maker can read it at any time, also of a
    run that was cancelled.

    Args:
        limit: How many bytes of each output are kept.
        tail: So many of them are kept of its end, the others of its beginning.
        together: Both outputs are one, in the order in which they are written.
    """

    def __init__(self, limit: int = OUTPUT_LIMIT, tail: int = 0, *, together: bool = False) -> None:
        self.cut = False
        self.together = together
        self._limit, self._head, self._tail = limit, limit - tail, tail
        self._begins = {1: bytearray(), 2: bytearray()}
        self._ends = {1: bytearray(), 2: bytearray()}
        self._left_out = {1: 0, 2: 0}

    def take(self, fd: int, data: bytes) -> None:
        """The program wrote this to one of its outputs."""
        begin, end = self._begins[fd], self._ends[fd]
        room = self._head - len(begin)
        begin += data[:room]
        end += data[max(room, 0) :]
        over = len(end) - self._tail
        if over > 0:
            del end[:over]
            self._left_out[fd] += over
            self.cut = self.cut or fd == 1

    def text(self, fd: int) -> str:
        """One of the outputs, scrubbed."""
        begin, end = (kept[fd].decode("utf-8", "replace") for kept in (self._begins, self._ends))
        left_out = self._left_out[fd]
        if left_out and self._tail:
            begin, end = f"{begin}\n… {left_out:,} bytes are left out …\n{end}", ""
        return clean_lines(begin + end, self._limit + 100)


class _Program(asyncio.SubprocessProtocol):
    """Hands on what a program writes, and tells when it has ended."""

    def __init__(self, heard: Heard) -> None:
        loop = asyncio.get_running_loop()
        self.heard = heard
        self.exited: asyncio.Future[None] = loop.create_future()
        self.drained: asyncio.Future[None] = loop.create_future()

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        self.heard.take(fd, data)

    def process_exited(self) -> None:
        if not self.exited.done():
            self.exited.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # the interface gives it
        if not self.drained.done():
            self.drained.set_result(None)


def program_environment(added: Mapping[str, str]) -> dict[str, str]:
    """Our own environment with additions, without what is the daemon's alone."""
    environment = {**os.environ, "LC_NUMERIC": "C", **added}
    environment.pop("NOTIFY_SOCKET", None)  # systemd's channel
    return environment


async def run_program(
    words: Sequence[str],
    environment: Mapping[str, str],
    cwd: Path | None = None,
    given: bytes | None = None,
    heard: Heard | None = None,
) -> Ended:
    """Run a program to its end; cancelling ends its whole group.

    Args:
        given: What stands on its standard input, which it need not read; None for nothing.
        heard: Takes what it writes; else the beginning of each output is kept.

    Raises:
        ProbeError: It could not be run (`Fault.PROGRAM`, unknown).
    """
    program = _Program(heard or Heard())
    stdin = asyncio.subprocess.DEVNULL if given is None else asyncio.subprocess.PIPE
    starting = asyncio.ensure_future(_start(program, words, environment, cwd, stdin))
    try:
        transport = await asyncio.shield(starting)
    except asyncio.CancelledError:
        await _end_started(starting, program)
        raise
    try:
        _give(transport, given)
        await asyncio.wait((program.exited,))  # cancelling the waiting leaves the future as it is
        await asyncio.wait((program.drained,), timeout=_DRAIN_S)
    finally:
        await _end(transport, program)
    out, err = program.heard.text(1), program.heard.text(2)
    return Ended(transport.get_returncode(), out, err, program.heard.cut)


def _give(transport: asyncio.SubprocessTransport, given: bytes | None) -> None:
    """Have it written to its standard input as it reads, and closed after the last byte."""
    if given is None:
        return
    pipe = cast("asyncio.WriteTransport", transport.get_pipe_transport(0))
    if not pipe.is_closing():  # a program that reads nothing may have ended by now
        pipe.write(given)
        pipe.close()


async def _start(
    program: _Program,
    words: Sequence[str],
    environment: Mapping[str, str],
    cwd: Path | None,
    stdin: int,
) -> asyncio.SubprocessTransport:
    loop = asyncio.get_running_loop()
    try:
        transport, _ = await loop.subprocess_exec(
            lambda: program,
            *words,
            stdin=stdin,
            stderr=subprocess.STDOUT if program.heard.together else subprocess.PIPE,
            env=environment,
            cwd=cwd,
            start_new_session=True,
        )
    except (FileNotFoundError, NotADirectoryError):
        raise _not_run(f"{_missing(words[0], cwd)} does not exist") from None
    except PermissionError:
        raise _not_run(f"{words[0]} may not be executed by this user") from None
    except OSError as error:
        if error.errno in {errno.ENOEXEC, errno.E2BIG}:
            raise _not_run(f"{words[0]} cannot be executed: {error.strerror}") from None
        raise
    return transport


def _missing(name: str, cwd: Path | None) -> Path | str:
    """What was not found: event loops name the program even where it is the directory."""
    return cwd if cwd is not None and not cwd.is_dir() else name


def _not_run(words: str) -> ProbeError:
    return ProbeError(Fault.PROGRAM, f"the program could not be run: {words}", unknown=True)


async def _end_started(
    starting: asyncio.Future[asyncio.SubprocessTransport], program: _Program
) -> None:
    """End what is only being started: event loops, cancelled meanwhile, end the program but not
    its group, and wait for whoever holds its pipes."""
    await asyncio.wait((starting,))
    if starting.exception() is None:
        await _end(starting.result(), program)


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
