"""Channels that test themselves, as `self_test` says: a test message, and what came of it.

A channel that nobody used for months fails when it is needed; so a test message goes over it at
fixed times, as an operator's does, past the engine and the outbox. When it was last tested stands
in the channel's notes: a time that passed while the daemon was off is made up for once, after the
start. One that is not taken is tried again twice, a minute apart; then it is a problem that the
daemon reports of itself, until a test succeeds, an operator's too.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import replace
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec
from cronsim import CronSim

from daemon.core.events import SelfReport
from daemon.core.model import MINUTE, Instant
from daemon.core.oncall.clockwork import local_at, reached
from daemon.core.record import record
from daemon.notify.health import ChannelHealth
from daemon.notify.memory import Memory
from daemon.notify.spec import ChannelSpec
from daemon.notify.trial import Trial

_log = logging.getLogger(__name__)

PROBLEM: Final = "channel_test"
"""What the daemon reports: the alert `TocsinChannelTest`."""
TRIES: Final = 3
_BETWEEN_MS: Final = MINUTE
_NOTE: Final = "self-test"

TryOut = Callable[[str], Awaitable[Trial]]
"""Sends a test message over the channel with this name."""


@record(frozen=True, slots=True)
class Tested:
    """A channel's last test.

    Attributes:
        at: When; or since when the channel is to test itself, if it never did.
        delivered: Whether it was taken; None if it never was tested.
    """

    at: Instant
    delivered: bool | None = None
    detail: str = ""


def next_at(cron: str, after: Instant, zone: ZoneInfo) -> Instant:
    """The first time after this one that the expression names on a clock of the zone."""
    for local in CronSim(cron, local_at(after, zone)):
        at = reached(local, zone)
        if at > after:
            return at
    raise ValueError(f"{cron!r} never comes")


class SelfTests:
    """Has channels tested when their time has come.

    Args:
        memory: Where each channel's last test is noted.
        try_out: Makes a test; what it answers counts.
        report: Takes what the daemon says of itself.
        spawn: Has a test made in its own time.
    """

    def __init__(
        self,
        memory: Memory,
        try_out: TryOut,
        report: Callable[[SelfReport], None],
        spawn: Callable[[Coroutine[Any, Any, None]], None],
    ) -> None:
        self._memory = memory
        self._try_out = try_out
        self._report = report
        self._spawn = spawn
        self._plans: dict[str, tuple[str, ZoneInfo]] = {}
        self._next: dict[str, Instant] = {}
        self._tries: dict[str, int] = {}
        self._under_way: set[str] = set()
        self._said = ""

    def plan(self, specs: Mapping[str, ChannelSpec], zone: ZoneInfo, now: Instant) -> None:
        """From now on test these channels. Called once what is noted has been read."""
        self._plans = {
            name: (spec.self_test, zone) for name, spec in specs.items() if spec.self_test
        }
        self._tries.clear()
        self._next = {name: self._due(name, now) for name in self._plans}
        self._tell()

    def look(self, now: Instant) -> None:
        """Begin the tests that are due."""
        for name, due in self._next.items():
            if due <= now and name not in self._under_way:
                self._under_way.add(name)
                self._spawn(self._test(name, now))

    def learn(self, name: str, trial: Trial, now: Instant) -> None:
        """A test of this channel was made, by whomever."""
        if name not in self._plans:
            return
        self._write(name, Tested(now, trial.delivered, trial.detail))
        self._tries.pop(name, None)
        cron, zone = self._plans[name]
        self._next[name] = next_at(cron, now, zone)
        self._tell()

    def filled(self, health: ChannelHealth) -> ChannelHealth:
        """A channel's figures with those of its tests."""
        if health.name not in self._plans:
            return health
        tested = self._read(health.name)
        known = tested is not None and tested.delivered is not None
        return replace(
            health,
            self_test_at=tested.at if tested is not None and known else None,
            self_test_good=tested.delivered if tested is not None else None,
            self_test_next=self._next[health.name],
        )

    def _due(self, name: str, now: Instant) -> Instant:
        """When it is due next, counted from its last test; one that never was begins now."""
        tested = self._read(name)
        if tested is None:
            tested = Tested(now)
            self._write(name, tested)
        cron, zone = self._plans[name]
        return next_at(cron, min(tested.at, now), zone)

    async def _test(self, name: str, now: Instant) -> None:
        try:
            trial = await self._try_out(name)
        except Exception as error:  # noqa: BLE001  # whatever it is, the channel did not pass
            trial = Trial("", delivered=False, detail=str(error), took_ms=0.0)
        finally:
            self._under_way.discard(name)
        if name not in self._plans:
            return
        tries = self._tries[name] = self._tries.get(name, 0) + 1
        if trial.delivered or tries >= TRIES:
            self.learn(name, trial, now)
        else:
            _log.warning("the self-test of channel %s is tried again: %s", name, trial.detail)
            self._next[name] = now + _BETWEEN_MS

    def _tell(self) -> None:
        """Report which channels failed their last test, where that is news."""
        failed = []
        for name in self._plans:
            tested = self._read(name)
            if tested is not None and tested.delivered is False:
                failed.append(f"{name}: {tested.detail}")
        words = "the self-test was not taken by " + "; ".join(failed) if failed else ""
        if words != self._said:
            self._said = words
            message = words or "every channel has passed its last self-test"
            self._report(SelfReport(PROBLEM, bool(failed), message))

    def _read(self, name: str) -> Tested | None:
        text = self._memory.of(name).get(_NOTE)
        try:
            return None if text is None else msgspec.json.decode(text, type=Tested)
        except msgspec.MsgspecError:
            return None  # a note of another version: as if it never was tested

    def _write(self, name: str, tested: Tested) -> None:
        self._memory.of(name).put(_NOTE, msgspec.json.encode(tested).decode())
