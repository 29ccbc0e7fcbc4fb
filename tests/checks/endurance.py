"""What a run must not cost, whatever the target does: time, memory, tasks, sockets."""

from __future__ import annotations

import asyncio
import gc
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any

import checks
from checks.result import Fault, Result, Status
from tests.checks.conftest import AT, prepared
from tests.checks.hindrance import unhindered

TIMEOUT_MS = 300
SLACK_S = 1.0
"""Half a second is promised; the rest is for a busy machine."""
MEMORY_MB = 48
"""How much a run may need at its peak: databases may send 16 MiB, and it is copied."""


@dataclass(frozen=True, slots=True)
class Case:
    """A hostility and what a check of it must come to.

    Attributes:
        target: The name in `tests.peers.hostile`.
        fault: None where the target is good enough; several where it depends on whose packet
            is faster.
        words: A regular expression that the message must match.
        keys: What the check is configured with besides.
    """

    target: str
    fault: Fault | tuple[Fault, ...] | None
    words: str
    keys: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.target


async def endure(kind: str, case: Case, **keys: Any) -> Result:
    """Run a check and hold it to everything that is promised of a run."""

    def holds(ran: tuple[Result, float]) -> None:
        result, spent_s = ran
        assert spent_s < TIMEOUT_MS / 1000 + SLACK_S
        _judge(result, case)

    return (await unhindered(lambda: _run_once(kind, {**keys, **case.keys}), holds))[0]


async def _run_once(kind: str, keys: dict[str, Any]) -> tuple[Result, float]:
    """The result, and how many seconds it took; what it must not leave or need is held here."""
    check = prepared(kind, timeout_ms=TIMEOUT_MS, **keys)
    gc.collect()
    tasks, sockets = len(asyncio.all_tasks()), _sockets()
    before_mb = _start_memory()
    began_s = perf_counter()
    result = await checks.run(check, AT)
    spent_s = perf_counter() - began_s
    await check.close()
    assert _peak_memory() - before_mb < MEMORY_MB
    await _until(lambda: len(asyncio.all_tasks()) <= tasks and _sockets() <= sockets)
    return result, spent_s


def _judge(result: Result, case: Case) -> None:
    faults = case.fault if isinstance(case.fault, tuple) else (case.fault,)
    assert result.fault in faults, result
    assert result.status is (Status.UP if case.fault is None else Status.DOWN), result
    assert re.search(case.words, result.message), result.message
    assert len(result.message) <= 300
    assert not [letter for letter in result.message if _is_dangerous(letter)], result.message


def _is_dangerous(letter: str) -> bool:
    return unicodedata.category(letter) in {"Cc", "Cf", "Cs", "Zl", "Zp"}


def _sockets() -> int:
    """How many sockets this process has open."""
    links = []
    for entry in Path("/proc/self/fd").iterdir():
        try:
            links.append(str(entry.readlink()))
        except FileNotFoundError:  # the one that listed the directory
            continue
    return sum(link.startswith("socket:") for link in links)


def _start_memory() -> float:
    """Forget the peak so far; what is resident now, in MiB."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    return _status("VmRSS")


def _peak_memory() -> float:
    return _status("VmHWM")


def _status(name: str) -> float:
    text = Path("/proc/self/status").read_text(encoding="ascii")
    found = re.search(rf"^{name}:\s+(\d+) kB", text, re.MULTILINE)
    assert found is not None
    return int(found[1]) / 1024


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110  # what is waited for has no event
            await asyncio.sleep(0.01)
