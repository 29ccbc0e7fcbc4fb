"""The real API on a socket, and requests that are sent to it byte by byte.

One server serves all inputs of a module; `anew` gives it an engine that knows of nothing
but one incident, with a run that waits, and one each of what operators make: a silence, an
override, planned work, an exclusion. So an input shows the same alone as among others.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from daemon.core.events import Amend, BeginMaintenance, Event, PutOverride, PutSilence
from daemon.core.model import HOUR, Actor, AmendmentKind, Instant
from daemon.core.plan import Contact, PersonPlan, Plan, ResponsePlan, When
from daemon.store.reading.analysis import Analysis
from daemon.store.store import Store
from tests.api.lab import Lab, matcher, plan, serving
from tests.api.test_hostile import harmless
from tests.api.test_schedules import on_duty

LONGEST_S = 10.0
RESPONSES = {
    "asks": ResponsePlan(
        "asks", (matcher("service", "checkout"),), When.FIRING, "run asks", confirm=True
    ),
    "web": ResponsePlan("web", (matcher("service", "checkout"),), When.MANUAL, "run web"),
}
"""One that waits for approval, and one that is the operators'."""
PERSONS = {
    name: PersonPlan(name, (Contact("mail", f"{name}@example.org"),), ()) for name in ("ana", "ben")
}
ANA = Actor("ana", "unix uid 1000")


def planned() -> Plan:
    """The lab's plan, with those responses and a schedule."""
    return plan(responses=RESPONSES, persons=PERSONS, schedules=on_duty().schedules)


def made(now: Instant) -> list[Event]:
    """What an operator did before the first request."""
    text = "a comment"
    work = BeginMaintenance(ANA, "move", ("jobs",), (), now + HOUR, now + 2 * HOUR, text)
    return [
        PutSilence(ANA, (matcher("check", "db"),), None, now + HOUR, text),
        PutOverride("primary", ANA, ("ana",), now + HOUR, now + 2 * HOUR),
        work,
        Amend("checkout-99", ANA, AmendmentKind.EXCLUSION, now - 2 * HOUR, now - HOUR, text),
    ]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    kind: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Request:
    """A request; every piece goes out as it stands here."""

    method: bytes
    target: bytes
    headers: tuple[bytes, ...] = ()
    body: bytes = b""

    def __bytes__(self) -> bytes:
        lines = [
            self.method + b" " + self.target + b" HTTP/1.1",
            b"Host: x",
            b"Connection: close",
            b"Content-Length: %d" % len(self.body),
            *self.headers,
        ]
        return b"\r\n".join([*lines, b"", self.body])


class Desk:
    """A server that is asked from the same thread."""

    def __init__(self, lab: Lab, path: Path, runner: asyncio.Runner) -> None:
        self.lab = lab
        self.runner = runner
        self.stray: list[dict[str, Any]] = []
        self.path = path
        runner.get_loop().set_exception_handler(lambda _, context: self.stray.append(context))

    def anew(self) -> None:
        """Forget what was done."""
        fresh = Lab(planned())
        fresh.outage()
        for event in made(fresh.time):
            fresh.do(event)
        self.lab.engine, self.lab.history = fresh.engine, fresh.history
        self.lab.time, self.lab.events = fresh.time, fresh.events

    def send(self, raw: bytes) -> Answer:
        """Send this and read the answer to its end."""
        return self.runner.run(self._exchange(raw))

    async def _exchange(self, raw: bytes) -> Answer:
        async with asyncio.timeout(LONGEST_S):
            reader, writer = await asyncio.open_unix_connection(str(self.path))
            try:
                writer.write(raw)
                head = b"HTTP/1.1 100 "
                while head.startswith(b"HTTP/1.1 100 "):  # then the answer itself is to come
                    head = await reader.readuntil(b"\r\n\r\n")
                body = await reader.read()
            finally:
                writer.close()
        first, *lines = head.decode("latin-1").lower().split("\r\n")
        kinds = [line.partition(":")[2].strip() for line in lines if line.startswith("content-t")]
        return Answer(int(first.split()[1]), kinds[0] if kinds else "", body)

    def judge(self, answer: Answer, *, spare: frozenset[int] = frozenset()) -> None:
        """Hold an answer against what every one must be.

        Args:
            spare: Statuses of 500 and above that mean something here.
        """
        assert answer.status < 500 or answer.status in spare, answer
        assert b"Traceback" not in answer.body
        assert not self.stray
        if answer.status >= 400:
            assert answer.kind == "application/problem+json", answer
            problem = json.loads(answer.body)
            assert problem["status"] == answer.status
            assert problem["detail"] or answer.status == 405
            assert harmless(problem["detail"]), problem
            for one in problem["problems"]:
                assert all(harmless(str(value)) for value in one.values()), problem


async def _database(folder: Path) -> Path:
    """An empty one."""
    store = await Store.open(folder / "tocsin.db")
    await store.close()
    return folder / "tocsin.db"


@contextmanager
def open_desk() -> Iterator[Desk]:
    """A desk for one module."""
    with tempfile.TemporaryDirectory(prefix="tocsin-desk-") as name, asyncio.Runner() as runner:
        lab, stack = Lab(), AsyncExitStack()
        lab.analysis = Analysis(runner.run(_database(Path(name))))
        path = runner.run(stack.enter_async_context(serving(lab, Path(name))))
        try:
            yield Desk(lab, path, runner)
        finally:
            runner.run(stack.aclose())
            runner.run(lab.analysis.close())
