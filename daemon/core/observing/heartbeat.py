"""Checks that are not probed but report by themselves: the dead man's switch.

A job pings when it has succeeded, and may ping when it starts, fails or has something to
say. What alerts is the ping that does not come: after its *deadline* the check is down, from
the deadline on, however late the engine came to look.

    deadline = the next expected ping + grace,
    and while a start is open, no later than that start + grace

The next expected ping is a period after the last one, or the next time a cron expression
names in its time zone. Wall-clock time is turned into an instant before anything is added
to it, so a day of 23 or 25 hours moves no deadline.

First the meaning of a ping as pure functions, then `Heartbeats`, which the observatory
drives: it keeps the deadlines and changes the records.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from cronsim import CronSim

from checks.result import Fault, Result, Status
from daemon.core.changing import replace
from daemon.core.deadlines import Deadlines
from daemon.core.effects import Observed
from daemon.core.errors import NotFound
from daemon.core.events import Ping, Signal
from daemon.core.model import HOUR, CheckState, Instant, Millis
from daemon.core.observing.estate import Estate
from daemon.core.observing.health import decide, unmeasured
from daemon.core.plan import HeartbeatPlan, Plan
from daemon.core.record import record
from daemon.core.turn import Turn

LONGEST_RUN: Final[Millis] = 72 * HOUR
"""A success this long after its start says nothing of how long the job took."""

DEAF: Final = "Tocsin was not listening when its ping was due"

_BODY_LIMIT: Final = 200


@record(frozen=True, slots=True)
class Heard:
    """What came of a ping.

    Attributes:
        state: The record with the ping's times; its status is not touched.
        verdict: The status this ping decrees, or None if it decrees none.
    """

    state: CheckState
    verdict: Status | None
    result: Result


@lru_cache(maxsize=4096)
def next_expected(plan: HeartbeatPlan, after: Instant) -> Instant:
    """When the ping after the one at `after` should come."""
    if plan.cron is None:
        return after + (plan.period or 0)
    local = datetime.fromtimestamp(after / 1000, UTC).astimezone(ZoneInfo(plan.timezone))
    return round(next(CronSim(plan.cron, local)).timestamp()) * 1000


def deadline(plan: HeartbeatPlan, last_ping: Instant | None, started: Instant | None) -> Instant:
    """When the check is down unless a ping comes before. One of the two times is given."""
    limits = []
    if last_ping is not None:
        limits.append(next_expected(plan, last_ping) + plan.grace)
    if started is not None:
        limits.append(started + plan.grace)
    return min(limits)


def hear(state: CheckState, plan: HeartbeatPlan, ping: Ping, now: Instant) -> Heard:
    """Take in a ping: a success makes the check up, a failure or an exit code other than 0
    makes it down, a start opens a run, a log changes nothing. Each is also a result."""
    signal = Signal.FAIL if ping.exit_code else ping.signal
    match signal:
        case Signal.LOG:
            return Heard(state, None, _result(state, now, state.status, "log", ping))
        case Signal.START:
            return _hear_start(state, plan, ping, now)
        case Signal.FAIL:
            failed = replace(state, last_ping=now, started=None, expires=None)
            words = f"exit code {ping.exit_code}" if ping.exit_code else "the job says it failed"
            result = _result(state, now, Status.DOWN, words, ping, Fault.PROGRAM)
            return Heard(failed, Status.DOWN, result)
        case Signal.SUCCESS:
            expires = deadline(plan, now, None)
            heard = replace(state, last_ping=now, started=None, expires=expires)
            return Heard(heard, Status.UP, _result(state, now, Status.UP, "ping", ping))


def _hear_start(state: CheckState, plan: HeartbeatPlan, ping: Ping, now: Instant) -> Heard:
    """A start ends no outage, but a job that was well must now end within its grace."""
    expires = state.expires
    if expires is not None:
        expires = min(expires, now + plan.grace)
    elif state.last_ping is None:
        expires = now + plan.grace
    begun = replace(state, started=now, expires=expires)
    return Heard(begun, None, _result(state, now, state.status, "started", ping))


def _result(
    state: CheckState,
    now: Instant,
    status: Status,
    words: str,
    ping: Ping,
    fault: Fault | None = None,
) -> Result:
    took = None if state.started is None else now - state.started
    if ping.signal in (Signal.START, Signal.LOG) or (took is not None and took > LONGEST_RUN):
        took = None
    body = " ".join(ping.body.split())[:_BODY_LIMIT]
    return Result(
        check=state.key,
        at=now,
        status=status,
        latency_ms=None if took is None else float(took),
        message=f"{words}: {body}" if body else words,
        fault=fault,
    )


def silent(state: CheckState, at: Instant) -> Result:
    """The result of a ping that did not come until its deadline `at`."""
    if state.started is not None:
        words = f"started at {_clock(state.started)} and did not end in time"
    elif state.last_ping is not None:
        words = f"no ping since {_clock(state.last_ping)}"
    else:
        words = "no ping"
    return Result(state.key, at, Status.DOWN, message=words, fault=Fault.SILENT)


def _clock(at: Instant) -> str:
    return datetime.fromtimestamp(at // 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


class Heartbeats:
    """The deadlines of all heartbeats of a plan, and what their pings and silence mean."""

    __slots__ = ("_deadlines", "_estate")

    def __init__(self, estate: Estate) -> None:
        self._estate = estate
        self._deadlines = Deadlines()

    def next_deadline(self) -> Instant | None:
        """When the next heartbeat is silent for too long."""
        return self._deadlines.next()

    def plan_of(self, name: str) -> HeartbeatPlan | None:
        """The plan of a heartbeat; None for what is none."""
        check = self._estate.plan.checks.get(name)
        return None if check is None else check.heartbeat

    def names(self) -> list[str]:
        """All heartbeats of the plan."""
        return [name for name in self._estate.plan.checks if self.plan_of(name) is not None]

    def ping(self, ping: Ping, turn: Turn) -> None:
        """Take in a ping.

        Raises:
            NotFound: There is no heartbeat of that name.
        """
        plan = self.plan_of(ping.check)
        if plan is None:
            raise NotFound(f"there is no heartbeat {ping.check!r}")
        heard = hear(self._estate.checks[ping.check], plan, ping, turn.now)
        self._observe(heard.result, turn)
        self._keep(heard.state, heard.verdict, turn.now, turn)

    def expire(self, turn: Turn) -> None:
        """Heartbeats that were silent past their deadline are down since then."""
        for name, at in self._deadlines.take_due(turn.now):
            state = self._estate.checks[name]
            self._observe(silent(state, at), turn)
            self._keep(replace(state, expires=None), Status.DOWN, at, turn)

    def rearm(self, old: Plan, turn: Turn) -> None:
        """Another plan: where a heartbeat's own plan changed, its deadline follows from its
        last ping by the new one, but leaves at least a grace from now."""
        for name in self.names():
            plan, before = self.plan_of(name), old.checks.get(name)
            if plan is not None and before is not None and before.heartbeat != plan:
                self._expect_anew(plan, self._estate.checks[name], turn)
            self._arm(name)
        for name in set(self._deadlines.keys()) - set(self.names()):
            self._deadlines.set(name, None)

    def _expect_anew(self, plan: HeartbeatPlan, state: CheckState, turn: Turn) -> None:
        pinged = state.last_ping is not None or state.started is not None
        if state.expires is not None and pinged:
            late = deadline(plan, state.last_ping, state.started)
            expires = max(late, turn.now + plan.grace)
            self._estate.change(replace(state, expires=expires), turn)

    def was_deaf(self, start: Instant | None, turn: Turn) -> None:
        """Nobody listened from `start` until now (None: since when is not known).

        A deadline that passed meanwhile proves nothing; it is told as unknown until the next
        ping, or the deadline after it. A heartbeat that is not due yet is unknown only for
        the gap.
        """
        for name in self.names():
            plan, state = self.plan_of(name), self._estate.checks[name]
            if plan is not None and state.expires is not None and state.expires <= turn.now:
                self._excuse(plan, state, start, turn)
            elif start is not None and start < turn.now and state.measured:
                self._estate.change(unmeasured(state, start, DEAF), turn)
                self._estate.change(decide(state, state.status, turn.now, state.cause), turn)
            self._arm(name)

    def _excuse(
        self, plan: HeartbeatPlan, state: CheckState, start: Instant | None, turn: Turn
    ) -> None:
        expires = next_expected(plan, turn.now) + plan.grace
        missed = turn.now if state.expires is None else state.expires
        since = missed if start is None else min(start, missed)
        if state.unreachable is None:
            since = max(since, state.since or since)
            state = decide(state, Status.UNKNOWN, since, DEAF)
        self._estate.change(replace(state, started=None, expires=expires), turn)

    def _observe(self, result: Result, turn: Turn) -> None:
        self._estate.last[result.check] = result
        turn.effects.append(Observed(result))

    def _keep(self, state: CheckState, verdict: Status | None, since: Instant, turn: Turn) -> None:
        """Put a verdict into force, at once: a ping needs no confirmation."""
        if verdict is not None and state.unreachable is not None:
            state = replace(state, soft_status=verdict)
        elif verdict is not None and not (state.measured and verdict is state.status):
            begun = since if state.since is None else max(since, state.since)
            state = decide(state, verdict, begun)
        self._estate.change(state, turn)
        self._arm(state.key)

    def _arm(self, name: str) -> None:
        expires = self._estate.checks[name].expires
        if expires is None:
            self._deadlines.set(name, None)
        else:
            self._deadlines.set(name, expires)
